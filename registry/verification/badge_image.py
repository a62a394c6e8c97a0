"""Finds the credential that is baked into an image (Open Badges 3.0, section 5.3): PNG and SVG."""

import struct
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from lxml import etree

from registry.verification.checks import Check, OpenedDocument
from registry.verification.credential_form import MAX_BYTES
from registry.verification.ports import KeyResolver
from registry.verification.verifiable_credentials import open_credential

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"openbadgecredential"
_OLD_KEYWORD: Final = b"openbadges"
_MAX_CHUNKS: Final = 20_000
_ELEMENT: Final = "{https://purl.imsglobal.org/ob/v3p0}credential"
_OLD_NAMESPACE: Final = "{http://openbadges.org}assertion"


class NoCredential(ValueError):
    """An image without a credential, with several, or damaged. The message says which."""


def open_badge_image(content: bytes, keys: KeyResolver, *, at: datetime) -> OpenedDocument:
    """Open the credential in an image. It never raises for what is in the file."""
    try:
        return open_credential(extract(content), keys, at=at)
    except NoCredential as error:
        kind = "png-badge" if content.startswith(_SIGNATURE) else "svg-badge"
        check = Check("parsed", "failed", f"No credential can be read from this image: {error}.")
        return OpenedDocument(format=kind, checks=[check])


def extract(content: bytes) -> bytes:
    """Return the one credential in an image, JSON or a token. Raises `NoCredential`."""
    baked = list(_find_in_png(content) if content.startswith(_SIGNATURE) else _find_in_svg(content))
    if len(baked) != 1:
        raise NoCredential(
            "the image has no credential in it" if not baked else f"the image has {len(baked)} credentials in it"
        )
    if len(baked[0]) > MAX_BYTES:
        raise NoCredential(f"the credential in the image has more than {MAX_BYTES // 1024 // 1024} MB")
    return baked[0].strip()


def _find_in_png(content: bytes) -> Iterator[bytes]:
    for kind, data in _read_chunks(content):
        keyword, _, rest = data.partition(b"\0")
        if kind == b"iTXt" and keyword == _KEYWORD:
            yield _read_text(rest)
        elif kind in {b"iTXt", b"tEXt", b"zTXt"} and keyword == _OLD_KEYWORD:
            raise NoCredential("the image holds an assertion of Open Badges 2, which cannot be verified here")
        elif kind in {b"tEXt", b"zTXt"} and keyword == _KEYWORD:
            raise NoCredential("the image holds its credential in a chunk that Open Badges does not use")


def _read_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the chunks of a PNG (PNG, section 5.3)."""
    at = len(_SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        if at + 12 > len(content):
            raise NoCredential("the image is cut off")
        length, kind = struct.unpack_from(">I4s", content, at)
        data = content[at + 8 : at + 8 + length]
        if len(data) < length or at + 12 + length > len(content):
            raise NoCredential("the image is cut off")
        (check,) = struct.unpack_from(">I", content, at + 8 + length)
        if kind in {b"iTXt", b"tEXt", b"zTXt"} and zlib.crc32(kind + data) != check:
            raise NoCredential("the image is damaged: a text in it has another check sum")
        yield kind, data
        if kind == b"IEND":
            return
        at += 12 + length
    raise NoCredential(f"the image has more than {_MAX_CHUNKS:,} chunks")


def _read_text(rest: bytes) -> bytes:
    """Return the text of an iTXt chunk after its keyword (PNG, section 11.3.3.4)."""
    compressed, method = rest[:1], rest[1:2]
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3:
        raise NoCredential("the text in the image cannot be read")
    if compressed == b"\0":
        return parts[2]
    if method != b"\0":
        raise NoCredential("the text in the image is compressed in an unknown way")
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(parts[2], MAX_BYTES + 1)
    except zlib.error as error:
        raise NoCredential("the text in the image cannot be read: its compression is damaged") from error
    if reader.unconsumed_tail:
        raise NoCredential(f"the credential in the image has more than {MAX_BYTES // 1024 // 1024} MB")
    return text


def _find_in_svg(content: bytes) -> Iterator[bytes]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise NoCredential("the image is no SVG that can be read") from error
    definition = root.getroottree().docinfo.internalDTD
    if definition is not None and list(definition.iterentities()):  # type: ignore[union-attr] # not in the stubs
        raise NoCredential("the image defines entities, which an image does not need")
    if next(root.iter(_OLD_NAMESPACE), None) is not None:
        raise NoCredential("the image holds an assertion of Open Badges 2, which cannot be verified here")
    for element in root.iter(_ELEMENT):
        token = element.get("verify")
        yield (token or "".join(str(text) for text in element.itertext())).encode()
