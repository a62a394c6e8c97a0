"""The contexts and names of a credential: what its RDF says must be what a reader finds in its JSON.

A proof over RDF holds for every JSON-LD document with the same statements, and readers look for names in JSON.
So whatever lets both differ is refused: contexts that redefine what is read, and properties under other names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.documents import log_place
from registry.verification.credential_form import types_of

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
_WITH_CONTEXTS: Final = frozenset({"VerifiableCredential", "EnvelopedVerifiableCredential", "DataIntegrityProof"})
"""Types of the objects that have contexts of their own."""
_HARMLESS: Final = frozenset({"@id", "@type", "@json", "@vocab", "@set", "@list"})
_CREDENTIALS: Final = "https://www.w3.org/2018/credentials#"
_DATES: Final = frozenset({"validFrom", "validUntil", "issuanceDate", "expirationDate"})
_DECISIVE: Final = {
    name: _CREDENTIALS + name for name in (*sorted(_DATES), "issuer", "credentialStatus", "credentialSubject")
} | {log_place.TERM: log_place.CONTEXT[log_place.TERM]["@id"]}
"""Properties of a credential that decide whether it holds, and their addresses in the contexts of VC 1.1 and 2.0."""


def find_context_fault(document: Mapping[str, Any]) -> str | None:
    """Return how the contexts of a document could make it say something else than what was signed; None if they don't.

    The proof of a document is over its RDF, and a reader reads its JSON: a context that changes the meaning of a term
    lets both differ. The shipped contexts protect their terms, but not all of them.
    """
    for within, contexts in _contexts(document):
        if not within:
            return "a part of it that is no credential has contexts of its own"
        for context in contexts:
            if not isinstance(context, Mapping) or context == log_place.CONTEXT:
                continue
            if (term := _find_read(context)) is not None:
                return f"a context written out in it redefines the term {term!r}"
            if (keyword := _find_keyword(context)) is not None:
                return f"a context written out in it renames the keyword {keyword}"
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
                has_contexts = bool(_WITH_CONTEXTS & set(types_of(value)))
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


def _find_keyword(context: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a keyword that a context uses as a value, but for those that lose nothing and move nothing."""
    if isinstance(context, str):
        return context if context.startswith("@") and context not in _HARMLESS else None
    inner = context.values() if isinstance(context, Mapping) else context if isinstance(context, list) else ()
    return next((keyword for value in inner if (keyword := _find_keyword(value)) is not None), None)


def find_hidden_property(document: Mapping[str, Any], node: Mapping[str, Any]) -> str | None:
    """Return how a document states under another name, or in another form, what a reader looks for; None if nowhere.

    `"https://www.w3.org/2018/credentials#validUntil": …` is the same RDF as `"validUntil": …`, so the proof holds, and
    who reads the JSON would not see that the credential ends. `node` is the document in expanded form.
    """
    for term, address in _DECISIVE.items():
        stated = node.get(address)
        if stated is None:
            continue
        value = document.get(term)
        if value is None:
            return f"its {term} stands under another name"
        if term in _DATES and not isinstance(value, str):
            return f"its {term} is not a plain text"
        if len(stated) != (len(value) if isinstance(value, list) else 1):
            return f"it has its {term} more than once"
    return None
