"""The form of a verifiable credential in JSON: what it must have before its proof is looked at."""

from collections.abc import Mapping
from typing import Any, Final

from registry.documents.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from registry.documents.json_ld import UnsafeDocument, check_shape
from registry.documents.strict_json import parse_object

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_MEMBERS: Final = 50
"""Credentials within a learner record."""
OPEN_BADGE: Final = frozenset({"AchievementCredential", "OpenBadgeCredential"})
LEARNER_RECORD: Final = "ClrCredential"


class MalformedCredential(ValueError):
    """A file that is no verifiable credential in JSON. The message says what is wrong."""


def parse_document(content: bytes) -> dict[str, Any]:
    """Return a JSON object within the bounds. Raises `MalformedCredential`."""
    if len(content) > MAX_BYTES:
        raise MalformedCredential(f"it has more than {MAX_BYTES // 1024 // 1024} MB")
    try:
        return parse_object(content)
    except ValueError as error:
        raise MalformedCredential(str(error)) from error


def check_form(document: Mapping[str, Any]) -> None:
    """Refuse what is no credential of VC 1.1 or 2.0. Raises `MalformedCredential`."""
    contexts = document.get("@context")
    if not isinstance(contexts, list) or not contexts or contexts[0] not in (CREDENTIALS_V1, CREDENTIALS_V2):
        raise MalformedCredential("its first context is not that of verifiable credentials")
    if "VerifiableCredential" not in types_of(document):
        raise MalformedCredential("its type is not VerifiableCredential")
    if issuer_of(document) is None:
        raise MalformedCredential("it names no issuer")
    if not isinstance(document.get("credentialSubject"), dict | list):
        raise MalformedCredential("it has no subject")
    if isinstance(document.get("id"), dict | list):
        raise MalformedCredential("its id is not a text")
    if len(list_members(document)) > MAX_MEMBERS:
        raise MalformedCredential(f"it has more than {MAX_MEMBERS} credentials in it")
    try:
        check_shape(document)
    except UnsafeDocument as error:
        raise MalformedCredential(str(error)) from error


def types_of(value: Mapping[str, Any]) -> list[str]:
    """Return the types of an object."""
    stated = value.get("type")
    return [kind for kind in (stated if isinstance(stated, list) else [stated]) if isinstance(kind, str)]


def issuer_of(document: Mapping[str, Any]) -> str | None:
    """Return the identifier of a credential's issuer; None where it names none."""
    issuer = document.get("issuer")
    identifier = issuer.get("id") if isinstance(issuer, dict) else issuer
    return identifier if isinstance(identifier, str) and identifier else None


def subjects_of(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the subjects of a credential."""
    stated = document.get("credentialSubject")
    return [each for each in (stated if isinstance(stated, list) else [stated]) if isinstance(each, dict)]


def list_members(document: Mapping[str, Any]) -> list[Any]:
    """Return the credentials within a learner record."""
    members: list[Any] = []
    for subject in subjects_of(document):
        stated = subject.get("verifiableCredential", [])
        members += stated if isinstance(stated, list) else [stated]
    return members
