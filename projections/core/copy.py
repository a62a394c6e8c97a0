"""Write rows to a table in bulk, in COPY's text form."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Connection

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x08": "\\b", "\x0b": "\\v", "\x0c": "\\f"}
_SPECIAL = re.compile("[\\\\\t\n\r\x08\x0b\x0c]")

NULL = "\\N"


def text(value: str) -> str:
    """Escape a text. U+0000, which PostgreSQL cannot store, becomes the replacement character."""
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], value.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def field(value: Any) -> str:  # noqa: ANN401 - any column's value
    """Return one value of a row as text: None, bool, number, text, bytes, or a list of texts or numbers."""
    if value is None:
        return NULL
    if value is True or value is False:
        return "t" if value else "f"
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bytes):
        return "\\\\x" + value.hex()
    if isinstance(value, list | tuple):
        quoted = ('"' + str(item).replace("\\", "\\\\").replace('"', '\\"') + '"' for item in value)
        return text("{" + ",".join(quoted) + "}")
    return str(value)


def line(values: Iterable[Any]) -> str:
    """Return a row's line, with its LF."""
    return "\t".join(map(field, values)) + "\n"


def copy(connection: Connection, table: str, columns: str, lines: Sequence[str]) -> None:
    """Write rows, each a line in COPY's text form, into a table."""
    if lines:
        with connection.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as out:
            out.write("".join(lines))
