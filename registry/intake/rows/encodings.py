"""Encodings of text files: UTF-8, UTF-16, or Windows-1252 as spreadsheets in Western Europe save it."""

import codecs
import re
from typing import Final, NamedTuple

from registry.intake.rows.report import IntakeError, Readable

_CHUNK: Final = 1024 * 1024
_HEAD: Final = 4096
_UTF32: Final = (b"\xff\xfe\0\0", b"\0\0\xfe\xff")
_UTF8_CHARACTER: Final = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_NOT_WINDOWS_1252: Final = re.compile(
    # Bytes that Windows-1252 does not define.
    rb"[\x81\x8d\x8f\x90\x9d]"
    # A symbol next to a letter: a letter of Windows-1250, ISO 8859-15 or Mac Roman.
    rb"|[A-Za-z\xc0-\xff][\x83\x86-\x89\x8b\x95\x98\x99\x9b\xa1-\xa9\xac-\xb3\xb5-\xb9\xbc-\xbf\xd7\xf7]"
    rb"|[\x83\x86-\x88\x8b\x95\x98\x99\x9b\xa2-\xa6\xa8\xa9\xac-\xb3\xb5-\xb9\xbc-\xbe\xd7\xf7][A-Za-z\xc0-\xff]"
    # A capital, a dash or an opening quotation mark within letters: vowels of Mac Roman.
    rb"|[a-z][\x8a\x8e\x9f]|[A-Za-z][\x8a\x8e\x9f][a-z]|[A-Za-z][\x96\x97][a-z]|[A-Za-z]\x91"
    # An apostrophe within a long word, which is an i with an accent there.
    rb"|[A-Za-z]{3}\x92(?!s\b)[a-z]"
    # Three accented letters in a row: Cyrillic or Greek.
    rb"|[\xc0-\xff]{3}"
)
"""Sequences that text in a Western European language does not have in Windows-1252."""
WINDOWS_1252_NOTE: Final = (
    "read as Windows-1252, since it is not UTF-8: check the accented letters of names with --dry-run, or save the file"
    " as CSV UTF-8"
)


class Encoding(NamedTuple):
    """The encoding of a file."""

    codec: str
    errors: str
    """The codec's error handler, which lets invalid bytes pass: the row that has them is refused."""
    note: str | None = None
    """Note for the reader of the result; None for Unicode."""


_UTF8: Final = Encoding("utf-8", "surrogateescape")


def encoding_of(content: Readable) -> Encoding:
    """Return a file's encoding. Reads all of it once. Raises `IntakeError` for UTF-32.

    A file that is neither UTF-8 nor plausible Windows-1252 is read as UTF-8, and each row with a byte that is not UTF-8
    is refused: a guess would spell names wrong.
    """
    with content.open("rb") as file:
        head = file.read(_HEAD)
        if head.startswith(_UTF32):
            raise IntakeError(f"{content} is UTF-32; save it as UTF-8")
        if (utf16 := _utf16(head)) is not None:
            return Encoding(utf16, "replace")
        decoder = codecs.getincrementaldecoder("utf-8")()
        tail = b""
        is_utf8, has_utf8, is_windows = True, False, True
        has_line_feed = False
        piece = head
        while piece:
            if is_utf8:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    is_utf8 = False
            has_line_feed = has_line_feed or b"\n" in piece
            if not piece.isascii():
                # Search the last bytes of the previous piece again: a sequence may be in both pieces.
                text = tail + piece
                has_utf8 = has_utf8 or _UTF8_CHARACTER.search(text) is not None
                is_windows = is_windows and _NOT_WINDOWS_1252.search(text) is None
            if not is_utf8 and (has_utf8 or not is_windows):
                return _UTF8
            tail = piece[-3:]
            piece = file.read(_CHUNK)
    if is_utf8 and not _is_cut_short(decoder):
        return _UTF8
    # A file whose lines end in carriage returns only comes from an old Macintosh, in another encoding.
    if has_utf8 or not is_windows or not has_line_feed:
        return _UTF8
    return Encoding("cp1252", "surrogateescape", WINDOWS_1252_NOTE)


def _is_cut_short(decoder: codecs.IncrementalDecoder) -> bool:
    """Return True if the file ends within a character."""
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return False


def _utf16(head: bytes) -> str | None:
    """Return the UTF-16 codec by a byte order mark, or by the zero bytes that Western text has in it."""
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le"
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be"
    even, odd = head[::2], head[1::2]
    if len(head) < 4:
        return None
    if odd.count(0) > len(odd) // 2 and even.count(0) < len(even) // 8 + 1:
        return "utf-16-le"
    if even.count(0) > len(even) // 2 and odd.count(0) < len(odd) // 8 + 1:
        return "utf-16-be"
    return None
