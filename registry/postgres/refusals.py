"""Connections that PostgreSQL refuses because it has enough of them."""

import re
from typing import Final

_FULL: Final = re.compile(
    r"sorry, too many clients already|remaining connection slots are reserved"
    r"|too many connections for (?:role|database)"
)
"""The server's English words for SQLSTATE 53300: libpq passes no code of a connection that it could not open."""


def explain_refusal(failure: BaseException) -> str | None:
    """Return a sentence about a connection that was refused because the database has enough; None for other errors."""
    text = " ".join(str(failure).split())
    match = _FULL.search(text)
    if match is None:
        return None
    return f"The database is at its limit of connections and refuses another one ({match[0]})."
