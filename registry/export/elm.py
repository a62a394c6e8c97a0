"""European Digital Credentials (JSON-LD) in the European Learning Model 3: the Commission's application profile.

The document is not sealed: a European Digital Credential counts as one once the institution seals it with its own
electronic seal, in the Commission's tools or its own.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final

from registry.documents.elm_context import CONTEXT
from registry.documents.json_document import write_document
from registry.export.dates import first_second, last_second
from registry.export.document import Copy, Exported, ExportError
from registry.export.elm_achievement import make_assessment, make_credit, make_specification
from registry.export.elm_nodes import (
    Node,
    Nodes,
    authority,
    concept,
    language_concept,
)
from registry.export.elm_omissions import list_omissions
from registry.export.elm_picture import draw_picture
from registry.export.elmo_xml import number
from registry.export.facts import Organisation, PortableCredential, PortablePart
from registry.values import elm_codes as codes
from registry.wire.achievements import AchievementContent

MEDIA_TYPE: Final = "application/ld+json"
_PROFILE: Final = ("e34929035b", "Generic")
_SCHEMA: Final = "http://data.europa.eu/snb/model/ap/edc-generic-full"
_BASE64: Final = "6146cde7dd"
_VERIFIED: Final = {
    "c598449d64": "Unsupervised without ID Verification",
    "df2880c5cb": "Unsupervised with ID Verification",
    "70be69aaf9": "Supervised with ID Verification",
}
PASSED: Final = "Passed"
"""The grade of a credential without one: the model requires a grade of an assessment, and an award was passed."""


def export_elm(credential: PortableCredential, copy: Copy, picture: bytes | None = None) -> Exported:
    """Return a credential as an unsealed European Digital Credential. Raises `ExportError`.

    `picture` is a PNG that viewers show; without one a plain card is drawn.
    """
    document = make_document(credential, copy, picture)
    return Exported(write_elm(document), MEDIA_TYPE, "jsonld", tuple(list_omissions(credential, copy)))


def make_document(credential: PortableCredential, copy: Copy, picture: bytes | None) -> Node:
    """Return the credential as an object of JSON. Raises `ExportError`."""
    if credential.status in ("revoked", "replaced"):
        raise ExportError(f"This credential is {credential.status}; a document would say that it holds.")
    nodes = Nodes()
    document: Node = {
        "@context": list(CONTEXT),
        "id": copy.identifier,
        "type": ["VerifiableCredential", "EuropeanDigitalCredential"],
        "credentialProfiles": concept("credential", _PROFILE[0], {"en": _PROFILE[1]}),
        "credentialSchema": {"id": _SCHEMA, "type": "ShaclValidator2017"},
        "issuer": nodes.organisation(credential.issuer),
        "issuanceDate": first_second(copy.issued),
        "issued": first_second(copy.issued),
        "validFrom": first_second(credential.awarding_date),
        "credentialSubject": _make_person(nodes, credential),
        "displayParameter": _make_display(nodes, credential, picture),
    }
    if credential.valid_until is not None:
        document["validUntil"] = last_second(credential.valid_until)
        document["expirationDate"] = last_second(credential.valid_until)
    if copy.tie == "open":
        document["identifier"] = nodes.make(
            "Identifier",
            "identifier",
            notation=f"{credential.issuer.origin}/{credential.credential}",
            schemeName="Credential on the log",
            schemeId=credential.verification_url,
        )
        if credential.place is not None:
            document["attachment"] = make_attachment(nodes, credential.place.receipt)
    return document


def write_elm(document: Mapping[str, Any]) -> bytes:
    """Return a document as JSON that people can read. Raises `ExportError` for a text that is not Unicode."""
    try:
        return write_document(document)
    except UnicodeEncodeError as error:
        raise ExportError("A text of the credential is not Unicode; correct it where it was entered.") from error


def _make_person(nodes: Nodes, credential: PortableCredential) -> Node:
    """Return the learner with the claim that the credential makes."""
    claims = credential.claims
    number_of_student = claims.get("studentNumber")
    return nodes.make(
        "Person",
        "person",
        givenName=_name(claims.get("givenName")),
        familyName=_name(claims.get("familyName")),
        fullName=_name(" ".join(filter(None, [claims.get("givenName"), claims.get("familyName")]))),
        dateOfBirth=f"{claims['dateOfBirth']}T00:00:00Z" if claims.get("dateOfBirth") else None,
        identifier=nodes.make("Identifier", "identifier", notation=str(number_of_student), schemeName="Student number")
        if number_of_student
        else None,
        hasClaim=[_make_claim(nodes, credential)],
    )


def _name(text: object) -> dict[str, str] | None:
    return {"en": str(text)} if text else None


def _make_claim(nodes: Nodes, credential: PortableCredential) -> Node:
    achievement = credential.achievement
    awarding_bodies = credential.awarding_bodies or [credential.issuer]
    process = make_award(nodes, awarding_bodies, first_second(credential.awarding_date))
    return nodes.make(
        "LearningAchievement",
        "learningAchievement",
        title=dict(achievement.title),
        awardedBy=process,
        creditReceived=make_credit(nodes, credential.ects),
        provenBy=[_make_assessment(nodes, credential, process)],
        specifiedBy=make_specification(nodes, achievement, credential.issuer),
        hasPart=[_make_part(nodes, part, part.achievement) for part in credential.parts if part.achievement],
    )


def _make_part(nodes: Nodes, part: PortablePart, achievement: AchievementContent) -> Node:
    """Return a part, whose date and grade its whole does not know."""
    if part.issuer is None:
        raise ExportError(f"The issuer of the part {part.part.credential} is not known. Wait until it has arrived.")
    return nodes.make(
        "LearningAchievement",
        "learningAchievement",
        title=dict(achievement.title),
        awardedBy=make_award(nodes, [part.issuer], None),
        creditReceived=make_credit(nodes, part.part.ects),
        specifiedBy=make_specification(nodes, achievement, part.issuer),
    )


def make_award(nodes: Nodes, bodies: Any, date: str | None) -> Node:  # noqa: ANN401 - a sequence of organisations
    """Return who awarded it, and when."""
    organisations: list[Organisation] = list(bodies)
    return nodes.make(
        "AwardingProcess",
        "awardingProcess",
        awardingBody=[nodes.organisation(organisation) for organisation in organisations],
        awardingDate=date,
        location=nodes.location(organisations[0].content.country, organisations[0].content.locality),
    )


def _make_assessment(nodes: Nodes, credential: PortableCredential, process: Node) -> Node:
    """Return the graded assessment, of the first of the achievement's kinds; all are in its specification."""
    achievement = credential.achievement
    scheme = achievement.grading_scheme
    supervised = "none" if achievement.supervision == "none" else "unspecified"
    item = codes.item_of(codes.SUPERVISION, (supervised, achievement.identity_verified))
    return nodes.make(
        "LearningAssessment",
        "learningAssessment",
        title=dict(achievement.title),
        awardedBy=process,
        grade=nodes.note({"en": str(credential.claims.get("grade") or PASSED)}),
        idVerification=concept("supervision-verification", item, {"en": _VERIFIED[item]}) if item else None,
        specifiedBy=make_assessment(nodes, achievement.assessments[0], scheme.title if scheme is not None else None),
    )


def _make_display(nodes: Nodes, credential: PortableCredential, picture: bytes | None) -> Node:
    achievement = credential.achievement
    tag = "en" if "en" in achievement.title else next(iter(achievement.title))
    language = language_concept(tag) or authority("language", "UND")
    if picture is None:
        parts = [f"{number(credential.ects)} ECTS" if credential.ects is not None else ""]
        parts += [f"EQF level {achievement.eqf_level}" if achievement.eqf_level is not None else ""]
        line = " · ".join(filter(None, parts))
        picture = draw_picture(achievement.title[tag], credential.issuer.content.legal_name, line)
    image = make_media(nodes, picture, "PNG")
    detail = nodes.make("DisplayDetail", "displayDetail", image=image, page=1)
    display = nodes.make("IndividualDisplay", "individualDisplay", language=language, displayDetail=[detail])
    return nodes.make(
        "DisplayParameter",
        "displayParameter",
        title=dict(achievement.title),
        language=[language],
        primaryLanguage=language,
        individualDisplay=[display],
    )


def make_media(nodes: Nodes, content: bytes, file_type: str) -> Node:
    """Return a file inside of the document, of a type of the Publications Office's table."""
    return nodes.make(
        "MediaObject",
        "mediaObject",
        content=base64.b64encode(content).decode(),
        contentEncoding=concept("encoding", _BASE64, {"en": "base64"}),
        contentType=authority("file-type", file_type, {"en": file_type}),
    )


def make_attachment(nodes: Nodes, receipt: str) -> Node:
    """Return the receipt as an attachment: with it, anybody verifies the place on the log without a server."""
    return make_media(nodes, receipt.encode(), "TXT") | {"title": {"en": "Receipt of the log"}}
