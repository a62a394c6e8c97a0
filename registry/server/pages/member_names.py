"""The members' names for the pages: read when the views first answer, and again when governance has grown."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import structlog

from projections.api.reading import Views
from projections.core.errors import MissingViews
from projections.records.member_names import read_member_names
from registry.http import HttpProblem
from registry.http.responses import POSITION, Position
from registry.server.pages.frame import Pages
from registry.supervision import DATABASE_ERRORS

_RETRY_SECONDS: Final = 2.0
_log = structlog.get_logger(__name__)


def _read(connection: Any) -> dict[str, str]:  # noqa: ANN401 - a connection
    return read_member_names(connection)


async def names_at(views: Views, pages: Pages, position: Position) -> Mapping[str, str]:
    """Return the members' names at a position of the views, or later. They are read if these are not known."""
    if not pages.has_names_at(position):
        await _learn(views, pages)
    return pages.names


async def _learn(views: Views, pages: Pages) -> None:
    response = await views.answer("", _read)
    pages.learn(response.content, response.headers.get(POSITION, ""))


async def learn_names(views: Views, pages: Pages) -> None:
    """Read the members' names as soon as the views answer. Pages that show members read them again.

    The log has the first of several equal failures. One that does not pass by itself is raised.
    """
    logged = ""
    while not pages.names:
        try:
            await _learn(views, pages)
        except (*DATABASE_ERRORS, MissingViews, HttpProblem) as error:
            reason = str(error).strip() or type(error).__name__
            if reason != logged:
                _log.warning("pages.names_not_read", error=reason, again_in=_RETRY_SECONDS)
                logged = reason
        await asyncio.sleep(_RETRY_SECONDS)
