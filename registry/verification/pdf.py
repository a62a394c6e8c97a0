"""Files inside a PDF, read without running, drawing or fetching any of it."""

import io
import re
import zlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

MAX_BYTES: Final = 12_000_000
"""Of a PDF: one that we make has at most 4 MB inside."""
MAX_ATTACHMENTS: Final = 50
MAX_ATTACHED_BYTES: Final = 8_000_000
"""Of all files inside one PDF together, decompressed."""
_MAX_NODES: Final = 1_000
"""Nodes of the tree of names, and annotations, that are looked at."""
_MAX_PAGES: Final = 500
_MAX_NAME: Final = 200
_LIMITS: Final = Configuration(
    maximum_declared_stream_length=MAX_BYTES,
    array_based_stream_maximum_output_length=MAX_BYTES,
    lzw_maximum_output_length=MAX_BYTES,
    run_length_maximum_output_length=MAX_BYTES,
    zlib_maximum_output_length=MAX_BYTES,
    zlib_maximum_recovery_input_length=0,
    brotli_maximum_output_length=MAX_BYTES,
    stream_filters_maximum_length=2,
    stream_decoding_work_maximum_length=2 * MAX_BYTES,
    page_tree_maximum_entries=10_000,
    page_tree_maximum_page_entries=100_000,
    disable_legacy_handling=True,
)
_HEADER_BYTES: Final = 1_024
_SCRIPTS: Final = frozenset({"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition"})
_VERIFY: Final = re.compile(r"verify.{0,80}?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.DOTALL)
_MAX_ADDRESS: Final = 2_000
"""Characters of a link that are looked at."""


class UnreadablePdf(Exception):
    """A PDF whose files cannot be read safely. The message says why and what to do, and quotes nothing of it."""


class Attachment(msgspec.Struct, frozen=True):
    """A file inside a PDF. Its name, type and description are what the PDF says of it: nobody has checked them."""

    name: str
    media_type: str
    content: bytes
    description: str = ""

    def __repr__(self) -> str:
        return f"Attachment({len(self.content)} bytes)"  # a person is never shown by accident


class PdfContent(msgspec.Struct, frozen=True):
    """The content of a PDF that a verifier needs."""

    attachments: list[Attachment]
    linked: list[str]
    """The credentials to whose verification pages it links, each once."""
    has_scripts: bool = False
    """True for scripts, or actions that start programs, send forms or open other files. They were ignored."""
    has_signature: bool = False
    """True for a signature over the PDF itself, which was not checked."""

    def __repr__(self) -> str:
        return f"PdfContent({len(self.attachments)} attachments)"


def is_pdf(content: bytes) -> bool:
    """Tell whether a file claims to be a PDF (ISO 32000-2, 7.5.2: within the first 1,024 bytes)."""
    return b"%PDF-" in content[:_HEADER_BYTES]


def open_pdf(content: bytes) -> PdfContent:
    """Return the files inside a PDF and what a reader should know of it. Raises `UnreadablePdf`."""
    if len(content) > MAX_BYTES:
        raise UnreadablePdf(
            f"The PDF has over {MAX_BYTES:,} bytes. Take the files out of it and verify them one by one."
        )
    if not is_pdf(content):
        raise UnreadablePdf("The file is not a PDF.")
    try:
        with apply_configuration(_LIMITS):
            reader = PdfReader(io.BytesIO(content))
            if reader.is_encrypted:
                raise UnreadablePdf("The PDF is encrypted. Save it without a password, and verify that file.")
            return _read(reader)
    except (PyPdfError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # The library raises these, too, for objects of another kind than the format asks for.
        raise UnreadablePdf("The PDF is damaged: its files cannot be read. Ask for the original file.") from error


def _read(reader: PdfReader) -> PdfContent:
    catalog = _dictionary(reader.trailer.get("/Root"))
    form = _dictionary(catalog.get("/AcroForm"))
    annotations = list(_annotations(reader))
    actions = [_dictionary(each.get("/A")) for each in annotations]
    links = (str(action.get("/URI", ""))[:_MAX_ADDRESS] for action in actions if action.get("/S") == "/URI")
    # A verification page is found by any spelling of its address that the page answers.
    linked = [_VERIFY.search(unquote(unquote(link)).lower()) for link in links]
    return PdfContent(
        _attachments([*_named_files(catalog), *_array(catalog.get("/AF")), *_on_pages(annotations)]),
        list(dict.fromkeys(match[1] for match in linked if match)),
        _has_scripts(catalog, form, [*annotations, *actions]),
        bool(int(form.get("/SigFlags", 0)) & 1) or "/Perms" in catalog,
    )


def _has_scripts(catalog: DictionaryObject, form: DictionaryObject, objects: list[DictionaryObject]) -> bool:
    names, opening = _dictionary(catalog.get("/Names")), _dictionary(catalog.get("/OpenAction"))
    return (
        "/JavaScript" in names
        or "/AA" in catalog
        or "/XFA" in form
        or opening.get("/S") in _SCRIPTS
        or any(each.get("/S") in _SCRIPTS or "/AA" in each or "/Next" in each for each in objects)
    )


def _annotations(reader: PdfReader) -> Iterator[DictionaryObject]:
    left = _MAX_NODES
    for number, page in enumerate(reader.pages):
        if number >= _MAX_PAGES:
            raise UnreadablePdf(
                f"The PDF has over {_MAX_PAGES} pages. Take the files out of it and verify them one by one."
            )
        for each in _array(page.get("/Annots")):
            left -= 1
            if left < 0:
                raise UnreadablePdf(f"The PDF has over {_MAX_NODES:,} links and notes. Ask for the original file.")
            yield _dictionary(each)


def _on_pages(annotations: list[DictionaryObject]) -> list[Any]:
    return [each.raw_get("/FS") for each in annotations if each.get("/Subtype") == "/FileAttachment" and "/FS" in each]


def _named_files(catalog: DictionaryObject) -> Iterator[Any]:
    """Yield the file specifications of the tree of names (ISO 32000-2, 7.9.6)."""
    waiting: list[Any] = [_dictionary(catalog.get("/Names")).get("/EmbeddedFiles")]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node = _dictionary(waiting.pop())
        waiting += _array(node.get("/Kids"))
        yield from _array(node.get("/Names"))[1::2]
    raise UnreadablePdf(f"The PDF has over {_MAX_NODES:,} lists of files, or lists that hold themselves.")


def _attachments(specifications: list[Any]) -> list[Attachment]:
    """Return each file once, however often the PDF names it."""
    attachments: list[Attachment] = []
    streams: set[int] = set()
    left = MAX_ATTACHED_BYTES
    for specification in specifications:
        described = _dictionary(specification)
        files = _dictionary(described.get("/EF"))
        stream = files.get("/UF", files.get("/F"))
        stream = stream.get_object() if isinstance(stream, IndirectObject) else stream
        if not isinstance(stream, StreamObject) or id(stream) in streams:
            continue
        if len(attachments) >= MAX_ATTACHMENTS:
            raise UnreadablePdf(
                f"The PDF holds over {MAX_ATTACHMENTS} files. Take them out and verify them one by one."
            )
        streams.add(id(stream))
        content = _decompress(stream, left)
        left -= len(content)
        attachments.append(
            Attachment(
                str(described.get("/UF", described.get("/F", "")))[:_MAX_NAME],
                str(stream.get("/Subtype", ""))[1:_MAX_NAME],
                content,
                str(described.get("/Desc", ""))[:_MAX_NAME],
            )
        )
    return attachments


def _decompress(stream: StreamObject, most: int) -> bytes:
    """Return the content of a stream. A file is stored as it is, or compressed once by Deflate, as PDF/A-3 does."""
    raw: bytes = stream._data  # noqa: SLF001 - the library has no other way to the bytes before it decompresses them
    filters = [str(each) for each in _array(stream.get("/Filter"))]
    if filters not in ([], ["/FlateDecode"]) or stream.get("/DecodeParms") is not None:
        raise UnreadablePdf(
            "A file inside the PDF is compressed in an unusual way. Take it out and verify it by itself."
        )
    if filters:
        unzip = zlib.decompressobj()
        try:
            content = unzip.decompress(raw, most + 1)
        except zlib.error as error:
            raise UnreadablePdf("A file inside the PDF is damaged. Ask for the original file.") from error
        if not unzip.eof and len(content) <= most:
            raise UnreadablePdf("A file inside the PDF is cut off. Ask for the original file.")
    else:
        content = raw
    if len(content) > most:
        raise UnreadablePdf(
            f"The files inside the PDF have over {MAX_ATTACHED_BYTES:,} bytes."
            " Take them out and verify them one by one."
        )
    return content


def _dictionary(value: object) -> DictionaryObject:
    """Return what a value refers to where that is a dictionary; an empty one otherwise."""
    value = value.get_object() if isinstance(value, IndirectObject) else value
    return value if isinstance(value, DictionaryObject) else DictionaryObject()


def _array(value: object) -> list[Any]:
    """Return what a value refers to as a list: a single value alone, nothing as an empty one."""
    value = value.get_object() if isinstance(value, IndirectObject) else value
    if isinstance(value, ArrayObject):
        return list(value)
    return [] if value is None else [value]
