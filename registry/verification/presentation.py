"""Unpacks a verifiable presentation (VC 1.1 and 2.0): what counts are the credentials inside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import msgspec

from registry.documents.jose import InvalidJws, parse_jws
from registry.documents.strict_json import parse_object
from registry.verification.checks import Check
from registry.verification.several import encode_document

if TYPE_CHECKING:
    from registry.verification.verifier import VerificationReport

_ENVELOPE: Final = "data:application/vp+jwt,"
_HOLDER: Final = (
    "A file does not show who presents it. Compare the name with an identity document, or ask for a presentation."
)


class Presentation(msgspec.Struct, frozen=True):
    """The credentials of a presentation. The signature of the person who presents them is not checked."""

    contents: Sequence[bytes]
    fault: str = ""
    disclosures: Sequence[str] = ()

    def check(self, contained: Sequence["VerificationReport"]) -> list[Check]:
        """Return the checks of the presentation as a whole."""
        if self.fault or not contained:
            return [Check("parsed", "failed", self.fault or "The list is empty.")]
        return [
            Check("parsed", "passed", f"The file is a list of {len(contained)} documents."),
            Check("holder", "notChecked", _HOLDER),
        ]


def open_presentation(content: bytes) -> Presentation:
    """Return the credentials of a presentation: JSON, a token, or an EnvelopedVerifiablePresentation."""
    try:
        document = _read(content)
    except (InvalidJws, ValueError) as error:
        return Presentation([], f"The list cannot be read: {error}.")
    stated = document.get("verifiableCredential", [])
    items = stated if isinstance(stated, list) else [stated]
    if not all(isinstance(item, dict | str) for item in items):
        return Presentation([], "The file is a JSON array, and not a list of documents.")
    return Presentation([encode_document(item) for item in items])


def _read(content: bytes) -> dict[str, Any]:
    """Return the presentation in a file. Raises `InvalidJws`, `ValueError`."""
    document = parse_object(content) if content.startswith(b"{") else parse_jws(content.decode("ascii")).claims()
    address = document.get("id")
    if isinstance(address, str) and address.startswith(_ENVELOPE):
        document = parse_jws(address.removeprefix(_ENVELOPE)).claims()
    inner = document.get("vp", document)
    if not isinstance(inner, dict):
        raise InvalidJws("its claim vp is not an object")
    return inner
