"""Who is a member of the consortium, and how far this node has read."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter
from psycopg import Connection

from projections.api.reading import Views, WaitFor
from projections.core import contents
from registry.http import FieldError, HttpProblem

Name = Annotated[str, Parameter(description="A member's short name.", max_length=40)]


class MemberView(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A member as governance says."""

    member: str
    country: str
    standing: str
    roles: list[str]
    keys: list[str]
    """`vkey from to` in the order of admission; `to` is `-` while it counts."""
    content: dict[str, Any]
    """Legal name, identifiers, accreditations and the rest of what governance says of it."""
    refused_events: int | None = None
    """Of the node's own member only, as are those that follow: events on its log that had no effect."""
    quarantined_commits: int | None = None
    """Commits on its log that nobody accepts: what they hold exists for nobody."""
    disputed_heads: int | None = None
    """Heads that it signed and that contradict its own log."""
    key_standing: str | None = None
    """Of this node's signing key: `counts`, `retired`, `not-yet`, `unknown`, `unreadable` or `not-checked`."""
    faults: list[str] | None = None
    """What is wrong with its stream, each with the command that repairs it."""


class OwnFacts(NamedTuple):
    """What became of what this node's own member published, judged as everybody else judges it."""

    refused_events: int
    quarantined_commits: int
    disputed_heads: int
    key_standing: str
    faults: list[str]


class OwnStream(NamedTuple):
    """Whose node this is, and how its own stream is looked at."""

    member: str
    read: Callable[[Connection], OwnFacts]


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
    return HttpProblem("not-found", _NOBODY, errors=[FieldError("path member", _NOBODY, "member")])


def known(connection: Connection, member: str) -> None:
    """Raise `HttpProblem` where a path names no member: asked where nothing was found, which may have two reasons."""
    if _unknown(connection, [member]):
        raise nobody()


def known_all(connection: Connection, asked: Mapping[str, str | None]) -> None:
    """Likewise of parameters, each by its name, that name members."""
    given = {name: member for name, member in asked.items() if member is not None}
    unknown = _unknown(connection, [*given.values()]) if given else set()
    troubles = [FieldError(f"query {name}", _NOBODY, name) for name, member in given.items() if member in unknown]
    if troubles:
        raise HttpProblem("unprocessable", errors=troubles)


def _unknown(connection: Connection, members: list[str]) -> set[str]:
    rows = connection.execute("SELECT member FROM members WHERE member = ANY(%s)", (members,))
    return set(members) - {member for (member,) in rows}


def _view(member: str, country: str, standing: str, roles: list[str], keys: list[str], content: str) -> MemberView:
    return MemberView(member, country, standing, roles, keys, contents.read(content))


def _with_own(view: MemberView, own: OwnStream, connection: Connection) -> MemberView:
    """The member's view; of the node's own member with what became of its stream."""
    if view.member != own.member:
        return view
    return msgspec.structs.replace(view, **own.read(connection)._asdict())


@get("/v1/members", tags=["Members"], operation_id="listMembers", summary="List the members")
async def listed(views: Views, own: OwnStream, wait_for: WaitFor = "") -> Response[list[MemberView]]:
    """All members, in the order of their names."""
    return await views.answer(
        wait_for,
        lambda c: [_with_own(_view(*row), own, c) for row in c.execute(f'{_COLUMNS} ORDER BY member COLLATE "C"')],
    )


@get(
    "/v1/members/{member:str}",
    tags=["Members"],
    operation_id="getMember",
    summary="One member",
)
async def one(views: Views, own: OwnStream, member: Name, wait_for: WaitFor = "") -> Response[MemberView]:
    """Its standing, roles, keys and what governance says of it."""
    return await views.answer(wait_for, lambda c: _with_own(member_view(c, member), own, c))


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
