"""Who is a member of the consortium, and how far this node has read."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from psycopg import Connection

from projections import contents
from projections.api.reading import Views, WaitFor
from registry.http import HttpProblem, Trouble

Name = Annotated[str, Parameter(description="A member's short name.", max_length=40)]


class MemberView(msgspec.Struct, frozen=True, rename="camel"):
    """A member as governance says."""

    member: str
    country: str
    standing: str
    roles: list[str]
    keys: list[str]
    """`vkey from to` in the order of admission; `to` is `-` while it counts."""
    content: dict[str, Any]
    """Legal name, identifiers, accreditations and the rest of what governance says of it."""


class Stream(msgspec.Struct, frozen=True, rename="camel"):
    """How far the views have come in a stream."""

    member: str
    size: int
    root: str
    governance: int
    """How much of governance they were made under."""


_NOBODY = "no member of that name, as far as this node has read governance"
_COLUMNS = "SELECT member, country, standing, roles, keys, content::text FROM members"


def member_view(connection: Connection, member: str) -> MemberView:
    """One member. Raises `HttpProblem` where there is none."""
    row = connection.execute(f"{_COLUMNS} WHERE member = %s", (member,)).fetchone()
    if row is None:
        raise nobody()
    return _view(*row)


def nobody() -> HttpProblem:
    """For a path that names no member."""
    return HttpProblem("not-found", _NOBODY, errors=[Trouble("path member", _NOBODY, "member")])


def known(connection: Connection, member: str) -> None:
    """Raise `HttpProblem` where a path names no member: asked where nothing was found, which may have two reasons."""
    if _unknown(connection, [member]):
        raise nobody()


def known_all(connection: Connection, asked: Mapping[str, str | None]) -> None:
    """Likewise of parameters, each by its name, that name members."""
    given = {name: member for name, member in asked.items() if member is not None}
    unknown = _unknown(connection, [*given.values()]) if given else set()
    troubles = [Trouble(f"query {name}", _NOBODY, name) for name, member in given.items() if member in unknown]
    if troubles:
        raise HttpProblem("unprocessable", errors=troubles)


def _unknown(connection: Connection, members: list[str]) -> set[str]:
    rows = connection.execute("SELECT member FROM members WHERE member = ANY(%s)", (members,))
    return set(members) - {member for (member,) in rows}


def _view(member: str, country: str, standing: str, roles: list[str], keys: list[str], content: str) -> MemberView:
    return MemberView(member, country, standing, roles, keys, contents.read(content))


@get("/v1/members", tags=["Members"], operation_id="listMembers", summary="List the members")
async def listed(views: Views, wait_for: WaitFor = "") -> Response[list[MemberView]]:
    """All members, in the order of their names."""
    return await views.answer(
        wait_for, lambda c: [_view(*row) for row in c.execute(f'{_COLUMNS} ORDER BY member COLLATE "C"')]
    )


@get(
    "/v1/members/{member:str}",
    tags=["Members"],
    operation_id="getMember",
    summary="One member",
)
async def one(views: Views, member: Name, wait_for: WaitFor = "") -> Response[MemberView]:
    """Its standing, roles, keys and what governance says of it."""
    return await views.answer(wait_for, lambda c: member_view(c, member))


@get("/v1/streams", tags=["Members"], operation_id="listStreams", summary="How far the views are")
async def streams(views: Views) -> Response[list[Stream]]:
    """Each stream's size and root in the views."""
    return await views.answer(
        "",
        lambda c: [
            Stream(*row)
            for row in c.execute(
                "SELECT member, size, encode(root, 'hex'), governance FROM positions ORDER BY member COLLATE \"C\""
            )
        ],
    )


ROUTES: list[HTTPRouteHandler] = [listed, one, streams]
