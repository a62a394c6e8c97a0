"""Previews: the size of each document and what it lacks. Nothing is signed, reserved or recorded."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from registry.export.document import Copy, DocumentSigner, Exported, ExportError, Omission, Profile
from registry.export.formats import Format

_HOLDER: Final[Mapping[str, str]] = {
    "kty": "EC",
    "crv": "P-256",
    "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
    "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
}
"""A key that nobody holds: the base point of P-256."""
_IDENTIFIER: Final = "urn:uuid:00000000-0000-4000-8000-000000000000"


class Preview(NamedTuple):
    """A document that could be made."""

    format: Format
    size: int | None
    """In bytes; None where it cannot be made."""
    omitted: Sequence[Omission] = ()
    problem: str = ""
    """Why it cannot be made."""


class _UnsignedPreview:
    """A key of which only the public half is used: its signatures are zeros."""

    def __init__(self, signer: DocumentSigner) -> None:
        self.profile: Profile = signer.profile
        self.thumbprint = signer.thumbprint
        self.jwk = signer.jwk
        self.x5c = signer.x5c
        self.issuer = signer.issuer
        self.verification_method = signer.verification_method

    def sign(self, content: bytes) -> bytes:
        """Return 64 zeros."""
        del content
        return bytes(64)


Write = Callable[[Format, Copy, DocumentSigner | None], Exported]


def preview(
    formats: Sequence[Format], day: date, find_signer: Callable[[Profile], DocumentSigner], write: Write
) -> list[Preview]:
    """Return a preview in each of these formats."""
    previews = []
    for format_ in formats:
        copy = Copy(identifier=_IDENTIFIER, issued=day, holder=_HOLDER if format_.needs_holder else None)
        try:
            signer = _UnsignedPreview(find_signer(format_.profiles[0])) if format_.is_signed else None
            exported = write(format_, copy, signer)
        except ExportError as error:
            previews.append(Preview(format_, None, problem=str(error)))
        else:
            previews.append(Preview(format_, len(exported.content), exported.omitted))
    return previews
