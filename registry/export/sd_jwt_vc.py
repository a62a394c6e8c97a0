"""A credential as SD-JWT VC (`dc+sd-jwt`), for wallets: the learner discloses claim by claim.

Source: draft-ietf-oauth-sd-jwt-vc (the version is `credential_type.DRAFT`), RFC 9901, Token Status List. What is
disclosable and what is not is in docs/attestation-rulebook.md.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec

from registry.documents.sd_jwt import Disclosable, issue_sd_jwt
from registry.export.credential_type import (
    COMMON_TYPES,
    hash_type_metadata,
    make_type_identifier,
    make_type_metadata,
)
from registry.export.document import Copy, DocumentSigner, Exported, ExportError, Omission
from registry.export.facts import Organisation, PortableCredential, PortablePart

MEDIA_TYPE: Final = "application/dc+sd-jwt"
TYPE: Final = "dc+sd-jwt"
_DIGESTS: Final = 16
"""Digests at the top of each credential, decoys among them: a credential with a grade looks like one without."""
PERSON_CLAIMS: Final = {
    "familyName": "family_name",
    "givenName": "given_name",
    "dateOfBirth": "birthdate",
    "nationalId": "personal_administrative_number",
    "studentNumber": "student_number",
    "grade": "grade",
    "originalGrade": "original_grade",
    "note": "note",
}
"""The claims of a person: the name in this format by the name on the log."""
_PUBLIC_FIELDS: Final = ("kty", "crv", "x", "y")


def export_sd_jwt_vc(credential: PortableCredential, copy: Copy, signer: DocumentSigner) -> Exported:
    """Return a credential as SD-JWT VC. Raises `ExportError`."""
    vct = make_type_identifier(credential.issuer)
    if vct is None:
        raise ExportError(
            "A wallet looks up the type and the status of a credential at the issuer's public address, and this node"
            " has none. Set public_url."
        )
    if credential.status in {"revoked", "replaced"}:
        raise ExportError(
            f"This credential is {credential.status}, and a wallet would refuse it. Export the credential in force."
        )
    if signer.profile == "eudi" and not signer.x5c:
        raise ExportError(
            "The profile eudi needs a chain of certificates (x5c), and the key has none. Announce a key with a chain."
        )
    claims = _make_claims(credential, copy, signer, vct)
    text = issue_sd_jwt(claims, signer, _make_header(signer), digests=_DIGESTS)
    return Exported(text.encode(), MEDIA_TYPE, "sd-jwt", _list_omissions(credential, copy))


def _make_header(signer: DocumentSigner) -> dict[str, Any]:
    if signer.profile == "eudi":
        # the chain proves the key; with its name, the issuer's metadata can, too
        return {"typ": TYPE, "x5c": list(signer.x5c), "kid": signer.thumbprint}
    return {"typ": TYPE, "kid": signer.verification_method}


def _make_claims(credential: PortableCredential, copy: Copy, signer: DocumentSigner, vct: str) -> dict[str, Any]:
    issuer = credential.issuer
    claims: dict[str, Any] = {
        # with a certificate the issuer is an address that the certificate names; else a DID whose document has the key
        "iss": issuer.url if signer.profile == "eudi" else signer.issuer,
        "vct": vct,
        "vct#integrity": _hash_metadata(vct),
        "aka_vcts": [COMMON_TYPES[credential.achievement.kind]],
        "iat": _to_seconds(copy.issued),
        "nbf": _to_seconds(copy.issued),
        "issuing_authority": issuer.content.legal_name,
        "issuing_country": issuer.content.country,
        "awarding_bodies": [_describe_organisation(body) for body in credential.awarding_bodies],
        "awarding_date": credential.awarding_date.isoformat(),
        "achievement": _describe_achievement(credential),
    }
    if credential.valid_until is not None:
        claims["exp"] = _to_seconds(credential.valid_until + timedelta(days=1))  # the day itself counts
    if credential.ects is not None:
        claims["ects"] = credential.ects
    if copy.holder is not None:
        claims["cnf"] = {"jwk": {field: copy.holder[field] for field in _PUBLIC_FIELDS if field in copy.holder}}
    if copy.status is not None:
        claims["status"] = {"status_list": {"idx": copy.status.index, "uri": copy.status.token_list}}
    for name, claim in PERSON_CLAIMS.items():
        if credential.claims.get(name) is not None:
            claims[claim] = Disclosable(credential.claims[name])
    if credential.parts:
        claims["parts"] = Disclosable([_describe_part(part) for part in credential.parts])
    if (entry := _describe_entry(credential, copy)) is not None:
        claims["log_entry"] = entry if copy.tie == "open" else Disclosable(entry)
    return claims


def _describe_achievement(credential: PortableCredential) -> dict[str, Any]:
    """Return the achievement in the words of the log; its awarding bodies are a claim of their own."""
    content: dict[str, Any] = msgspec.to_builtins(credential.achievement)
    del content["awardingBodies"]
    return content


def _describe_organisation(organisation: Organisation) -> dict[str, Any]:
    content = organisation.content
    return {
        "name": content.legal_name,
        "country": content.country,
        "identifiers": [{"scheme": item.scheme, "value": item.value} for item in content.identifiers],
    }


def _describe_part(part: PortablePart) -> dict[str, Any]:
    """Return a part without its id: the id is the same in all copies."""
    values: dict[str, Any] = {"ects": part.part.ects}
    if part.issuer is not None:
        values["issuer"] = part.issuer.content.legal_name
    if part.achievement is not None:
        values["title"] = dict(part.achievement.title)
    return values


def _describe_entry(credential: PortableCredential, copy: Copy) -> dict[str, Any] | None:
    """Return the tie to the log. The log's disclosures hold all claims, so they are disclosed apart."""
    if copy.tie == "none" or credential.place is None:
        return None
    return {
        "origin": credential.issuer.origin,
        "credential": credential.credential,
        "receipt": credential.place.receipt,
        "disclosures": Disclosable(list(credential.disclosures)),
    }


def _list_omissions(credential: PortableCredential, copy: Copy) -> Sequence[Omission]:
    omissions = [
        Omission("learner", "The learner's number on the log is the same in all copies, and would link them."),
    ]
    if copy.tie == "none":
        omissions.append(Omission("place", "This copy is not tied to the log."))
    elif credential.place is None:
        omissions.append(Omission("place", "The credential is not yet on the log. Export it again later."))
    if credential.parts:
        omissions.append(Omission("parts.credential", "The numbers of the parts are the same in all copies."))
    if "cnf" in credential.claims:
        omissions.append(Omission("claims.cnf", "Each copy has a key of its own in the place of the log's."))
    if credential.status == "suspended":
        omissions.append(Omission("status", "The status is in the status list, where it can change."))
    if any(body.content.accreditations for body in credential.awarding_bodies):
        omissions.append(
            Omission("awardingBodies.accreditations", "Accreditations change; a verifier finds them with the issuer.")
        )
    return omissions


@lru_cache(maxsize=64)
def _hash_metadata(vct: str) -> str:
    return hash_type_metadata(make_type_metadata(vct))


def _to_seconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp())
