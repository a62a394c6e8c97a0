"""Addresses of databases, as settings and commands name them."""

from typing import Final
from urllib.parse import urlsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

_SERVERS: Final = ("postgresql", "postgres")


class BadDatabaseAddress(ValueError):
    """An address that names no database. The message does not repeat it: it may hold a password."""


def check_database_address(url: str) -> None:
    """Raise `BadDatabaseAddress` for an address in an unknown form. Connects to nothing."""
    scheme, _, rest = url.partition(":")
    path, _, name = rest.rpartition("#")
    if scheme == "embedded" and path and name:
        return
    if scheme not in _SERVERS:
        raise BadDatabaseAddress("write postgresql://USER@HOST/NAME, or embedded:FOLDER#NAME to have one started")
    try:
        conninfo_to_dict(url)
        urlsplit(url)
    except (ProgrammingError, ValueError):
        raise BadDatabaseAddress("this address cannot be read; write postgresql://USER@HOST:PORT/NAME") from None
