"""Comprehensive Learner Record 2.0: a learner's portfolio, each credential in it signed as an Open Badge of its own.

Stacking is an association between achievements: the part `isPartOf` the whole (CLR 2.0, Association). Of a part that
another member awarded there is the achievement alone: only its issuer can sign a credential.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.documents.contexts import CLR, CREDENTIALS_V2, OPEN_BADGES, OPEN_BADGES_EXTENSIONS
from registry.documents.data_integrity import MEDIA_TYPE
from registry.documents.json_document import write_document
from registry.export.badge_achievement import achievement_id, make_achievement
from registry.export.badge_profile import make_profile, omit_from_profile
from registry.export.dates import first_second
from registry.export.document import Copy, DocumentSigner, Exported, ExportError, Omission
from registry.export.facts import PortableCredential, PortablePart, Portfolio
from registry.export.open_badges import (
    SCHEMA_TYPE,
    list_omissions,
    make_open_badge,
    make_status,
    sign,
)
from registry.export.recipient import Identity, make_recipient

SCHEMA: Final = "https://purl.imsglobal.org/spec/clr/v2p0/schema/json/clr_v2p0_clrcredential_schema.json"
MAX_CREDENTIALS: Final = 50
"""Credentials in one record. Verifiers check each, and the whole."""


def export_clr(
    portfolio: Portfolio,
    copy: Copy,
    copies: Mapping[str, Copy],
    signer: DocumentSigner,
    language: str = "en",
    *,
    identity: Identity = "hashed",
) -> Exported:
    """Return a portfolio as a signed record.

    Args:
        portfolio: The credentials. Those that are not active are left out, and listed.
        copy: What the record has of its own.
        copies: What each credential in it has of its own, by its id.
        signer: The key of the university.
        language: The language of texts, where they are in it.
        identity: How the person is named.

    Raises `ExportError` where no credential is left, where there are too many, and for what makes a badge impossible.

    """
    credentials = [each for each in portfolio.credentials if each.status == "active"]
    if not credentials:
        raise ExportError("There is no credential that a record could hold: there is none, or none is active.")
    if len(credentials) > MAX_CREDENTIALS:
        raise ExportError(f"A record holds {MAX_CREDENTIALS} credentials at most; export some of them.")
    missing = [each.credential for each in credentials if each.credential not in copies]
    if missing:
        raise ExportError(f"The credential {missing[0]} has no copy of its own in this record.")
    subject: dict[str, Any] = {
        **make_recipient(portfolio.person, copy, identity),
        "type": ["ClrSubject"],
        "verifiableCredential": [
            make_open_badge(each, copies[each.credential], signer, language=language, identity=identity)
            for each in credentials
        ],
    }
    subject |= _list_parts(credentials, language)
    document: dict[str, Any] = {
        "@context": [CREDENTIALS_V2, CLR, OPEN_BADGES, OPEN_BADGES_EXTENSIONS],
        "id": copy.identifier,
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": f"Learner record of {portfolio.issuer.content.legal_name}",
        "issuer": make_profile(portfolio.issuer, signer.issuer),
        "validFrom": first_second(copy.issued),
        "credentialSubject": subject,
        "credentialSchema": [{"id": SCHEMA, "type": SCHEMA_TYPE}],
    }
    if copy.status is not None:
        document["credentialStatus"] = make_status(copy.status)
    omitted = list(_list_omissions(portfolio, copies, language, identity))
    return Exported(write_document(sign(document, signer, copy.issued)), MEDIA_TYPE, "json", omitted)


def _list_parts(credentials: list[PortableCredential], language: str) -> dict[str, Any]:
    """Return the associations of parts with their wholes, and the achievements of parts that others awarded."""
    present = {_identify(each) for each in credentials}
    achievements: dict[str, Any] = {}
    associations = []
    for whole in credentials:
        for part in whole.parts:
            identifier = _identify_part(part)
            if identifier is None or part.achievement is None or part.issuer is None:
                continue
            if identifier not in present:
                achievements[identifier] = make_achievement(part.achievement, part.issuer, language)
            association = {
                "type": "Association",
                "associationType": "isPartOf",
                "sourceId": identifier,
                "targetId": _identify(whole),
            }
            if association not in associations:
                associations.append(association)
    parts: dict[str, Any] = {"achievement": list(achievements.values()), "association": associations}
    return {name: value for name, value in parts.items() if value}


def _identify(credential: PortableCredential) -> str:
    content = credential.achievement
    return achievement_id(credential.issuer, content.achievement, content.version)


def _identify_part(part: PortablePart) -> str | None:
    if part.achievement is None or part.issuer is None:
        return None
    return achievement_id(part.issuer, part.achievement.achievement, part.achievement.version)


def _list_omissions(
    portfolio: Portfolio, copies: Mapping[str, Copy], language: str, identity: Identity
) -> Iterator[Omission]:
    yield from omit_from_profile(portfolio.issuer)
    for index, credential in enumerate(portfolio.credentials):
        path = f"credentials[{index}]"
        if credential.status != "active":
            yield Omission(path, f"The credential is {credential.status}.")
            continue
        for omission in list_omissions(credential, copies[credential.credential], language=language, identity=identity):
            if not omission.path.startswith("issuer.") and omission.path != "parts":
                yield Omission(f"{path}.{omission.path}", omission.reason)
        for place, part in enumerate(credential.parts):
            if _identify_part(part) is None:
                yield Omission(f"{path}.parts[{place}]", "What was awarded has not arrived at this node yet.")
            else:
                yield Omission(f"{path}.parts[{place}].ects", "An association does not say how many credits count.")
    for index, _ in enumerate(portfolio.recognitions):
        yield Omission(f"recognitions[{index}]", "A learner record has no place for decisions about credentials.")
