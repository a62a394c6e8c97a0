"""The members' names for the frame of the first pages, which are about no member: read once, when the views answer."""

import asyncio
from typing import Any, Final

import structlog

from projections.api.reading import Views
from projections.core.errors import MissingViews
from projections.records.member_names import read_member_names
from registry.http import HttpProblem
from registry.server.pages.frame import Pages
from registry.supervision import DATABASE_ERRORS

_RETRY_SECONDS: Final = 2.0
_log = structlog.get_logger(__name__)


async def learn_names(views: Views, pages: Pages) -> None:
    """Read the members' names as soon as the views answer. Pages that show members read them again.

    The log has the first of several equal failures. One that does not pass by itself is raised.
    """
    logged = ""

    def read(connection: Any) -> dict[str, str]:  # noqa: ANN401 - a connection
        return read_member_names(connection)

    while not pages.has_names:
        try:
            pages.learn((await views.answer("", read)).content)
        except (*DATABASE_ERRORS, MissingViews, HttpProblem) as error:
            reason = str(error).strip() or type(error).__name__
            if reason != logged:
                _log.warning("pages.names_not_read", error=reason, again_in=_RETRY_SECONDS)
                logged = reason
        await asyncio.sleep(_RETRY_SECONDS)
