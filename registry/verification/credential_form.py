"""The form of a verifiable credential in JSON: what it must have before its proof is looked at."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.documents import log_place
from registry.documents.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from registry.documents.json_ld import UnsafeDocument, check_shape
from registry.documents.strict_json import parse_object

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_MEMBERS: Final = 100
"""Credentials within a learner record."""
OPEN_BADGE: Final = frozenset({"AchievementCredential", "OpenBadgeCredential"})
LEARNER_RECORD: Final = "ClrCredential"
_READ: Final = frozenset(
    {
        "id", "type", "issuer", "credentialSubject", "achievement", "name", "result", "resultDescription", "value",
        "resultType", "creditsEarned", "alignment", "targetType", "targetCode", "identifier", "identityHash",
        "identityType", "hashed", "salt", "awardedDate", "validFrom", "validUntil", "issuanceDate", "expirationDate",
        "credentialStatus", "statusPurpose", "statusListIndex", "statusListCredential", "verifiableCredential",
        "holder", "proof", "narrative", log_place.TERM, "origin", "credential", "receipt",
    }
)  # fmt: skip
"""Terms that the verifier reads. The signature is over what they mean, so no document may say what they mean."""


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
    if not isinstance(contexts, list) or not contexts or contexts[0] not in {CREDENTIALS_V1, CREDENTIALS_V2}:
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


def find_context_fault(document: Mapping[str, Any]) -> str | None:
    """Return how the contexts of a document could make it say something else than what was signed; None if they don't.

    The proof of a document is over its RDF, and a reader reads its JSON: a context that changes the meaning of a term
    lets both differ. The shipped contexts protect their terms, but not all of them.
    """
    for within, contexts in _contexts(document):
        if not within:
            return "a part of it that is no credential has contexts of its own"
        for context in contexts:
            if isinstance(context, Mapping) and context != log_place.CONTEXT and (term := _find_read(context)):
                return f"a context written out in it redefines the term {term!r}"
    return None


def _contexts(document: Mapping[str, Any]) -> Iterator[tuple[bool, list[Any]]]:
    """Yield the contexts of each object that has any, and True if the object is a credential."""
    waiting: list[Any] = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            if "@context" in value:
                stated = value["@context"]
                # a proof repeats the contexts of its document (vc-di-eddsa, section 3.3)
                has_contexts = "VerifiableCredential" in types_of(value) or value.get("type") == "DataIntegrityProof"
                yield has_contexts, stated if isinstance(stated, list) else [stated]
            waiting += [inner for name, inner in value.items() if name != "@context"]


def _find_read(context: Mapping[str, Any]) -> str | None:
    """Return a term that the verifier reads and a context defines, however deep."""
    waiting: list[Any] = [context]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, Mapping):
            for key, inner in value.items():
                # `id` and `type` as other names of the keywords are in nearly every context
                name = str(key)
                if name in _READ and not (name in {"id", "type"} and inner == f"@{name}"):
                    return name
                waiting.append(inner)
    return None


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
