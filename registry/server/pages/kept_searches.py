"""Searches by person after their form was sent: the results stand under a number, so that Back needs no form again."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Request

from registry.accounts.services import AccountServices
from registry.server.pages.browser_session import cookie_of, session_of

Room = Literal["desk", "office"]
"""The room of a search: in another one, its number stands for nothing."""
_ROOM: Final = "room"


def keep_search(
    request: Request[Any, Any, Any], services: AccountServices, room: Room, query: Mapping[str, str]
) -> str | None:
    """Keep a search for the session that sent it, and return its number; None without a session, as of an API key."""
    session, secret = session_of(request), cookie_of(request, services.site.session_cookie)
    if session is None or secret is None:
        return None
    return services.searches.keep(session.session, secret, {**query, _ROOM: room})


def read_kept_search(
    request: Request[Any, Any, Any], services: AccountServices, room: Room, search: UUID
) -> dict[str, str] | None:
    """Return the search of a room with this number; None where this session does not have it any more."""
    session, secret = session_of(request), cookie_of(request, services.site.session_cookie)
    if session is None or secret is None:
        return None
    query = services.searches.read(session.session, secret, str(search))
    return None if query is None or query.pop(_ROOM, None) != room else query
