"""Open Badges 3.0.3: an AchievementCredential of VC 2.0 with an `eddsa-rdfc-2022` proof."""

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from registry.documents import log_place
from registry.documents.contexts import CREDENTIALS_V2, OPEN_BADGES, OPEN_BADGES_EXTENSIONS
from registry.documents.data_integrity import MEDIA_TYPE, sign_document
from registry.documents.json_document import write_document
from registry.documents.json_ld import UnsafeDocument
from registry.export.badge_achievement import (
    as_number,
    make_achievement,
    make_results,
    name_others,
    omit_from_achievement,
)
from registry.export.badge_profile import make_profile, omit_from_profile
from registry.export.dates import first_second, last_second
from registry.export.document import Copy, DocumentSigner, Exported, ExportError, Omission, StatusPlaces
from registry.export.facts import PortableCredential
from registry.export.recipient import Identity, make_recipient, omit_from_recipient
from registry.export.texts import choose_text

SCHEMA: Final = "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json"
SCHEMA_TYPE: Final = "1EdTechJsonSchemaValidator2019"


def export_open_badge(
    credential: PortableCredential,
    copy: Copy,
    signer: DocumentSigner,
    language: str = "en",
    *,
    identity: Identity = "hashed",
) -> Exported:
    """Return a credential as a signed Open Badge.

    Raises `ExportError` for a suspended, revoked or replaced credential, one without anything that identifies the
    holder, and an open tie to the log before the credential stands there.
    """
    badge = make_open_badge(credential, copy, signer, language=language, identity=identity)
    omitted = list(list_omissions(credential, copy, language=language, identity=identity))
    return Exported(write_document(badge), MEDIA_TYPE, "json", omitted)


def export_named_badge(
    credential: PortableCredential, copy: Copy, signer: DocumentSigner, language: str = "en"
) -> Exported:
    """Return a signed Open Badge that says the person's name openly, for a certificate whose pages say it, too.

    Raises what `export_open_badge` raises.
    """
    return export_open_badge(credential, copy, signer, language, identity="plain")


def make_open_badge(
    credential: PortableCredential, copy: Copy, signer: DocumentSigner, *, language: str, identity: Identity
) -> dict[str, Any]:
    """Return the signed document. Raises `ExportError`."""
    _check(credential, signer)
    title = str(choose_text(credential.achievement.title, language))
    contexts: list[Any] = [CREDENTIALS_V2, OPEN_BADGES, OPEN_BADGES_EXTENSIONS]
    document: dict[str, Any] = {
        "@context": contexts,
        "id": copy.identifier,
        "type": ["VerifiableCredential", "AchievementCredential"],
        "name": title,
        "issuer": make_profile(credential.issuer, signer.issuer),
        "awardedDate": first_second(credential.awarding_date),
        "validFrom": first_second(copy.issued),
        "credentialSubject": _make_subject(credential, copy, language, identity),
        "credentialSchema": [{"id": SCHEMA, "type": SCHEMA_TYPE}],
    }
    if credential.valid_until is not None:
        document["validUntil"] = last_second(credential.valid_until)
    if copy.status is not None:
        document["credentialStatus"] = make_status(copy.status)
    if copy.tie == "open":
        if credential.place is None:
            raise ExportError("The issuing is not published yet, so that it has no place on the log. Try again later.")
        contexts.append(log_place.CONTEXT)
        document[log_place.TERM] = log_place.make_place(
            credential.issuer.origin, credential.credential, credential.place.receipt
        )
    return sign(document, signer, copy.issued)


def _make_subject(credential: PortableCredential, copy: Copy, language: str, identity: Identity) -> dict[str, Any]:
    subject: dict[str, Any] = {
        **make_recipient(credential.claims, copy, identity),
        "type": ["AchievementSubject"],
        "achievement": make_achievement(
            credential.achievement, credential.issuer, language, others=name_others(credential)
        ),
    }
    if credential.ects is not None:
        subject["creditsEarned"] = as_number(credential.ects)
    if "note" in credential.claims:
        subject["narrative"] = str(credential.claims["note"])
    if results := make_results(credential):
        subject["result"] = results
    return subject


def _check(credential: PortableCredential, signer: DocumentSigner) -> None:
    if signer.profile != "open":
        raise ExportError("Open Badges are signed with an Ed25519 key, profile `open`; this key is of another profile.")
    if credential.status == "suspended":
        raise ExportError("The credential is suspended, and a badge cannot say so. Export it when it is reinstated.")
    if credential.status in {"revoked", "replaced"}:
        raise ExportError(
            f"The credential is {credential.status}, and every verifier would refuse a copy of it."
            " Export the credential that replaces it, if there is one."
        )


def make_status(places: StatusPlaces) -> dict[str, Any]:
    """Return the entry in a Bitstring Status List 1.0: of revocations, as 1EdTech's schemas take one entry only."""
    return {
        "id": f"{places.bitstring_list}#{places.index}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": str(places.index),
        "statusListCredential": places.bitstring_list,
    }


def list_omissions(
    credential: PortableCredential, copy: Copy, *, language: str, identity: Identity
) -> Iterator[Omission]:
    """Yield the facts of a credential that its badge does not carry."""
    yield from omit_from_recipient(credential.claims, identity)
    yield from omit_from_achievement(credential.achievement, language)
    yield from omit_from_profile(credential.issuer)
    if credential.parts:
        yield Omission("parts", "An Open Badge is about one achievement. A Comprehensive Learner Record has the parts.")
    if credential.disclosures:
        yield Omission("disclosures", "They would show all that the credential says of the person.")
    if copy.status is not None:
        yield Omission("status.suspended", "An Open Badge has one entry in one status list: that of revocations.")
    if copy.tie == "disclosable" and credential.place is not None:
        yield Omission(
            "place",
            "An Open Badge shows its place on the log to everybody or to nobody; this copy shows it to nobody.",
        )


def sign(document: dict[str, Any], signer: DocumentSigner, day: date) -> dict[str, Any]:
    """Return a document with its proof, made on this day. Raises `ExportError`."""
    try:
        return sign_document(document, signer, first_second(day))
    except UnsafeDocument as error:
        raise ExportError(f"The credential cannot be written as JSON-LD: {error}. Correct the achievement.") from error
