"""Narrow the page of a search to the fields that are asked for."""

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from psycopg import Connection

from projections.api.members import require_members
from projections.catalogue.search import CataloguePage
from projections.precedents.precedents import PrecedentPage
from registry.http.pagination import select_fields

P = TypeVar("P", CataloguePage, PrecedentPage)


def narrow_page(connection: Connection, page: P, fields: str, members: Mapping[str, str | None]) -> P:
    """Return the page with only these fields of its items.

    Raises `HttpProblem` if the page is empty and one of `members`, by the name of their parameters, does not exist.
    """
    if not page.items:
        require_members(connection, members)
    return msgspec.structs.replace(page, items=select_fields(page.items, fields))
