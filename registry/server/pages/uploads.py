"""A form with one file, read as it arrives: first its fields, then the file in pieces, which is never in memory."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from registry.api.batch_body import read_pieces
from registry.http.problems import HttpProblem

_MAX_FIELDS: Final = 20
_MAX_FIELD_BYTES: Final = 4096
_MAX_FILE_NAME: Final = 200
_CUT_OFF: Final = "the upload was cut off before its end; nothing of it was stored. Send the form again"
Event = Any
"""A segment, bytes of it, or None at its end: the parser has no types."""


class Upload:
    """A form that is being received. Its fields must stand before its file."""

    def __init__(self, request: Request[Any, Any, Any], timeout_seconds: float) -> None:
        """Read nothing yet. Raises `HttpProblem` where the request is not such a form."""
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary:
            raise HttpProblem("unsupported-media-type", "send the form as multipart/form-data")
        self._events = _read_events(request, boundary, timeout_seconds)
        self.fields: dict[str, str] = {}
        self.file_name = ""
        """The name that the sender's machine has for the file, made safe to show."""
        self.has_file = False

    async def read_fields(self) -> None:
        """Read the form up to its file. Raises `HttpProblem`."""
        name, value = "", b""
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                if event.filename is not None:
                    self.file_name, self.has_file = clean_file_name(event.filename), bool(event.filename)
                    return
                name, value = event.name or "", b""
            elif event is None:
                self.fields[name] = value.decode(errors="replace")
            else:
                value += event
                if len(value) > _MAX_FIELD_BYTES:
                    raise HttpProblem("too-large", f"a field of this form has {_MAX_FIELD_BYTES:,} bytes at most")

    async def read_file(self) -> AsyncIterator[bytes]:
        """Yield the pieces of the file. Raises `HttpProblem` where the form ends before the file does."""
        async for event in self._events:
            if event is None:
                break
            if isinstance(event, bytes | bytearray):
                yield bytes(event)
        async for _ in self._events:  # up to the end of the form, which shows that it is whole
            pass

    async def discard(self, most_bytes: int) -> None:
        """Read the rest and forget it, so that the browser reads the answer; `most_bytes` at most."""
        size = 0
        async with aclosing(self._events) as events:
            async for event in events:
                size += len(event) if isinstance(event, bytes | bytearray) else 0
                if size > most_bytes:
                    break


async def _read_events(
    request: Request[Any, Any, Any], boundary: str, timeout_seconds: float
) -> AsyncGenerator[Event, None]:
    try:
        with PushMultipartParser(boundary, max_segment_count=_MAX_FIELDS) as parser:
            async for piece in read_pieces(request.stream(), timeout_seconds):
                for event in parser.parse(piece) if piece else ():
                    yield event
    except MultipartError as error:
        raise HttpProblem("invalid", _CUT_OFF) from error


def clean_file_name(name: str) -> str:
    """Return a file's name without its folders and without characters that are not seen or that turn the text."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return " ".join("".join(char for char in last if char.isprintable()).split())[:_MAX_FILE_NAME]
