"""The members' names for the frame of the first pages, which are about no member: read once, when the views answer."""

import asyncio
from typing import Any, Final

from projections.api.reading import Views
from projections.core.errors import MissingViews
from projections.records.member_names import read_member_names
from registry.http import HttpProblem
from registry.server.pages.frame import Pages
from registry.supervision import DATABASE_ERRORS

_RETRY_SECONDS: Final = 2.0


async def learn_names(views: Views, pages: Pages) -> None:
    """Read the members' names as soon as the views answer. Pages that show members read them again."""

    def read(connection: Any) -> dict[str, str]:  # noqa: ANN401 - a connection
        return read_member_names(connection)

    while not pages.has_names:
        try:
            pages.learn((await views.answer("", read)).content)
        except (*DATABASE_ERRORS, MissingViews, HttpProblem):
            pass
        await asyncio.sleep(_RETRY_SECONDS)
