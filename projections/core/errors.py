"""Errors of queries to the views.

InvalidQuery          a search has an impossible condition
TooCostly             an answer would take more work than one answer may
MissingViews          there are no views yet, or another version of the project rebuilds them

`registry.cursors.InvalidCursor` is raised for a cursor of another search.
"""

from psycopg.errors import UndefinedTable as MissingViews

__all__ = ["InvalidQuery", "MissingViews", "TooCostly"]


class InvalidQuery(Exception):
    """A search has an impossible condition. `name` is the field of the query."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class TooCostly(Exception):
    """An answer would take more work than one answer may. The message names the limit."""
