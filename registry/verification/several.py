"""Opens a list of documents in one JSON array, as wallets and storage export them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from registry.documents.strict_json import parse_json
from registry.verification.checks import Check

if TYPE_CHECKING:
    from registry.verification.verifier import VerificationReport


class Several(msgspec.Struct, frozen=True):
    """A list of documents."""

    contents: Sequence[bytes]
    fault: str = ""
    disclosures: Sequence[str] = ()

    def check(self, contained: Sequence["VerificationReport"]) -> list[Check]:
        """Return the checks of the list as a whole."""
        if self.fault or not contained:
            return [Check("parsed", "failed", self.fault or "The list is empty.")]
        return [Check("parsed", "passed", f"The file is a list of {len(contained)} documents.")]


def open_several(content: bytes) -> Several:
    """Return the documents of a list."""
    try:
        items = parse_json(content)
    except ValueError as error:
        return Several([], f"The list cannot be read: {error}.")
    if not isinstance(items, list) or not all(isinstance(item, dict | str) for item in items):
        return Several([], "The file is a JSON array, and not a list of documents.")
    return Several([encode_document(item) for item in items])


def encode_document(item: object) -> bytes:
    """Return a document of the list; a text is one that is no JSON, for example a JWT."""
    return item.encode() if isinstance(item, str) else json.dumps(item, ensure_ascii=False).encode()
