"""Reading of documents: the content shows which format it is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from registry.intake.formats import xml_document
from registry.intake.formats.bundles import Bundle, inherit
from registry.intake.formats.document import Document
from registry.intake.formats.elm import ElmDocument
from registry.intake.formats.elmo import ElmoDocument
from registry.intake.formats.envelopes import Wrapped, unwrap
from registry.intake.formats.euhemc import EuHemcDocument
from registry.intake.formats.openbadges import OpenBadge
from registry.intake.formats.openbadges2 import OpenBadge2
from registry.intake.rows.report import IntakeError

MAX_BYTES: Final = 8 * 1024 * 1024
_JSON: Final = (EuHemcDocument, OpenBadge2, OpenBadge, ElmDocument)
"""Formats in JSON, the narrower first."""
_NAMES: Final = (
    "European Learning Model, European higher-education micro-credential, Open Badges 2.0 and 3.0, Comprehensive"
    " Learner Record 2.0, EMREX ELMO, and these in a presentation, a JWT or a JAdES signature"
)
_NO_TEXT: Final[Mapping[bytes, str]] = {
    b"PK\x03\x04": "is a zip archive (or a spreadsheet's own format); unpack it, or save it as CSV UTF-8",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"BZh": "is compressed with bzip2; unpack it first",
    b"\xfd7zXZ": "is compressed with xz; unpack it first",
    b"%PDF": "is a PDF; send the data that it was made from",
    b"\x89PNG": "is a picture; send the badge's JSON",
}


def refuse_other(head: bytes, name: str) -> None:
    """Raise `IntakeError` for content that begins like an archive, a picture or a PDF. Nothing is ever unpacked."""
    for start, why in _NO_TEXT.items():
        if head.startswith(start):
            raise IntakeError(f"{name} {why}")


def is_xml(head: bytes) -> bool:
    """Return True if a file begins as XML does, in any encoding."""
    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")
    return start.startswith(b"<")


def read_document(content: bytes, name: str) -> Document:
    """Read a document in any of the formats. Raises `IntakeError`.

    The result has `awards`, to be issued, and `external()`, for an office that reads another issuer's credential.
    """
    if len(content) > MAX_BYTES:
        raise IntakeError(f"{name} has over {MAX_BYTES:,} bytes; a document is one learner's")
    refuse_other(content, name)
    if is_xml(content):
        root = xml_document.load(content, name)
        if not ElmoDocument.recognises(root):
            raise IntakeError(f"{name} is XML, and no ELMO: its root is {xml_document.local(root)[:80]}")
        return ElmoDocument(name, root)
    credentials = unwrap(content, name)
    if len(credentials) == 1 and credentials[0].record is None:
        return _read_json(name, credentials[0])
    return _read_several(name, credentials)


def _read_several(name: str, credentials: list[Wrapped]) -> Document:
    """Read several credentials; one that cannot be read becomes a refused award."""
    documents: list[Document] = []
    unread: list[tuple[str, str]] = []
    for wrapped in credentials:
        try:
            documents.append(_read_json(name, wrapped))
        except IntakeError as error:
            unread.append((wrapped.path, str(error)))
    if not documents:
        raise IntakeError(unread[0][1])
    bundle = Bundle(name, documents, unread)
    for record in {
        wrapped.record.path: wrapped.record for wrapped in credentials if wrapped.record is not None
    }.values():
        bundle.join(record)
    return bundle


def _read_json(name: str, wrapped: Wrapped) -> Document:
    content = inherit(wrapped.content, wrapped.record)
    for kind in _JSON:
        if kind.recognises(content):
            document = kind(name, content, wrapped.path)
            document.notes += wrapped.notes
            for outer, path in wrapped.outer:
                document.check_wrapper(outer, path)
            document.signed = document.signed or wrapped.signed
            return document
    where = "" if wrapped.path == "$" else f" at {wrapped.path}"
    raise IntakeError(
        f"{name} is of no known format{where}; it has neither credentialSubject.hasClaim nor .achievement. Known are"
        f" {_NAMES}"
    )


def read_file(path: Path) -> Document:
    """Read a file. Raises `IntakeError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise IntakeError(f"{path} has over {MAX_BYTES:,} bytes; a document is one learner's")
        return read_document(path.read_bytes(), str(path))
    except OSError as error:
        raise IntakeError(f"cannot read {path}: {error.strerror}") from error
