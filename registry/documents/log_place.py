"""The place of a credential on its issuer's log, as a term of documents in JSON-LD.

The context is part of each document that uses it, as an object: no software need fetch anything to verify the document.
Its terms are URNs, which nobody resolves.
"""

from collections.abc import Mapping
from typing import Any, Final

TERM: Final = "logPlace"
_NAMES: Final = "urn:credential-registry:terms:"
CONTEXT: Final[Mapping[str, Any]] = {
    TERM: {
        "@id": f"{_NAMES}{TERM}",
        "@context": {
            "@protected": True,
            "origin": f"{_NAMES}origin",
            "credential": f"{_NAMES}credential",
            "receipt": f"{_NAMES}receipt",
        },
    }
}
"""Defines `logPlace` with `origin` (the name of the log), `credential` (its id there) and `receipt`."""


def make_place(origin: str, credential: str, receipt: str) -> dict[str, str]:
    """Return the value of the term."""
    return {"origin": origin, "credential": credential, "receipt": receipt}


def read_place(document: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the place that a document states; None where it states none, or in another form."""
    contexts, place = document.get("@context"), document.get(TERM)
    listed = contexts if isinstance(contexts, list) else [contexts]
    if CONTEXT not in listed or not isinstance(place, dict):
        return None
    texts = {name: place.get(name) for name in ("origin", "credential", "receipt")}
    return {name: text for name, text in texts.items() if isinstance(text, str)} or None
