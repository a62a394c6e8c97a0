"""Opens verifiable credentials of VC 1.1 and 2.0, with proofs or as tokens: Open Badges 3.0, CLR 2.0, and others."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from registry.documents import log_place
from registry.verification.checks import Check, OpenedDocument, check_certificate
from registry.verification.credential_claims import read_claims
from registry.verification.credential_form import (
    LEARNER_RECORD,
    OPEN_BADGE,
    MalformedCredential,
    check_form,
    issuer_of,
    list_members,
    parse_document,
    types_of,
)
from registry.verification.credential_proofs import CheckedCredential, CheckedSignature, check_proofs
from registry.verification.credential_schema import check_schema
from registry.verification.credential_tokens import find_token, open_token
from registry.verification.ports import KeyResolver
from registry.verification.several import encode_document
from registry.verification.status_places import read_status

FORMAT: Final = "vc"
_FORMATS: Final = {LEARNER_RECORD: "clr-2.0"} | dict.fromkeys(OPEN_BADGE, "open-badges-3.0")
_WORDS: Final = {
    "clr-2.0": "a Comprehensive Learner Record 2.0",
    "open-badges-3.0": "an Open Badge 3.0",
    FORMAT: "a verifiable credential",
}


def open_credential(content: bytes, keys: KeyResolver, *, at: datetime) -> OpenedDocument:
    """Open a credential: JSON, a token (JWT), or an EnvelopedVerifiableCredential. It never raises for what is in it.

    Args:
        content: The bytes of the file.
        keys: Finds the issuer's key.
        at: Now.

    """
    try:
        document, signature = check_credential(content, keys, at)
        return _judge(document, signature)
    except MalformedCredential as error:
        return _refuse(FORMAT, Check("parsed", "failed", f"This is not a readable verifiable credential: {error}."))


def check_credential(content: bytes, keys: KeyResolver, at: datetime) -> CheckedCredential:
    """Return the credential in a file, and the check of its signature. Raises `MalformedCredential`.

    A status list is such a credential, too. What it says counts only where the check passed.
    """
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    if text.startswith(b"eyJ"):
        return open_token(text, keys, at)
    document = parse_document(text)
    enveloped = find_token(document)
    if enveloped is not None:
        return open_token(enveloped, keys, at)
    check_form(document)
    return CheckedCredential(document, check_proofs(document, keys, at))


def _judge(document: Mapping[str, Any], signature: CheckedSignature) -> OpenedDocument:
    """Return what a credential says, once its signature was checked. Raises `MalformedCredential`."""
    kind = name_format(document)
    checks = [Check("parsed", "passed", f"The file is {_WORDS[kind]}."), check_schema(document)]
    if signature.key is None:
        return _refuse(kind, *checks, signature.check, issuer=issuer_of(document))
    if signature.check.result == "failed":
        return _refuse(kind, *checks, signature.check, issuer=issuer_of(document))
    checks.append(signature.check)
    if (revocation := signature.key.revocation) is not None:
        checks.append(check_certificate(revocation))
    return OpenedDocument(
        format=kind,
        checks=checks,
        issuer=issuer_of(document),
        key=signature.key.jwk,
        key_source=signature.key.source,
        claims=read_claims(document),
        status=read_status(document),
        members=[encode_document(member) for member in list_members(document)],
        tie=log_place.read_place(document),
    )


def name_format(document: Mapping[str, Any]) -> str:
    """Return the format of a credential by its types."""
    return next((_FORMATS[kind] for kind in types_of(document) if kind in _FORMATS), FORMAT)


def _refuse(kind: str, *checks: Check, issuer: str | None = None) -> OpenedDocument:
    """Return a document of which nothing is claimed."""
    return OpenedDocument(format=kind, checks=checks, issuer=issuer)
