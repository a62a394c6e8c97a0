"""What a search found, as it is answered."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from psycopg import Connection

from projections.api.members import known_all
from projections.catalogue.search import CataloguePage
from projections.precedents.precedents import PrecedentPage
from registry.http.pagination import select_fields

P = TypeVar("P", CataloguePage, PrecedentPage)


def answered(connection: Connection, found: P, fields: str, members: Mapping[str, str | None]) -> P:
    """The page with these fields of its items alone; an empty one only where all `members` asked for are some.

    `members` are by the name of the parameter. Raises `HttpProblem`.
    """
    if not found.items:
        known_all(connection, members)
    return msgspec.structs.replace(found, items=select_fields(found.items, fields))
