"""Routes for the consortium's members, and for the positions of the views."""

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
    """A member as governance describes it."""

    member: str
    country: str
    standing: str
    roles: list[str]
    keys: list[str]
    """`vkey from to` in the order of admission; `to` is `-` while it counts."""
    content: dict[str, Any]
    """Legal name, identifiers, accreditations and the rest of its description."""
    refused_events: int | None = None
    """Events on its log that had no effect. This and the following are set for the node's own member only."""
    quarantined_commits: int | None = None
    """Commits on its log that nobody accepts, so that their events do not exist for anybody."""
    disputed_heads: int | None = None
    """Heads that it signed and that contradict its log."""
    key_standing: str | None = None
    """State of this node's signing key: `counts`, `retired`, `not-yet`, `unknown`, `unreadable` or `not-checked`."""
    faults: list[str] | None = None
    """Faults of its stream, each with the command that repairs it."""


class OwnFacts(NamedTuple):
    """Facts about the stream of this node's own member, as everybody else judges it."""

    refused_events: int
    quarantined_commits: int
    disputed_heads: int
    key_standing: str
    faults: list[str]


class OwnStream(NamedTuple):
    """The node's own member, and the function that reads the facts about its stream."""

    member: str
    read: Callable[[Connection], OwnFacts]


class Stream(msgspec.Struct, frozen=True, rename="camel"):
    """The position of the views in one stream."""

    member: str
    size: int
    root: str
    governance: int
    """The size of governance under which the views were made."""


_NOBODY = "no member of that name, as far as this node has read governance"
_COLUMNS = "SELECT member, country, standing, roles, keys, content::text FROM members"


def member_view(connection: Connection, member: str) -> MemberView:
    """Return one member. Raises `HttpProblem` if it does not exist."""
    row = connection.execute(f"{_COLUMNS} WHERE member = %s", (member,)).fetchone()
    if row is None:
        raise nobody()
    return _view(*row)


def member_views(connection: Connection) -> list[MemberView]:
    """Return all members, in the order of their names."""
    return [_view(*row) for row in connection.execute(f'{_COLUMNS} ORDER BY member COLLATE "C"')]


def read_streams(connection: Connection) -> list[Stream]:
    """Return the position of the views in each stream, in the order of their names."""
    return [
        Stream(*row)
        for row in connection.execute(
            "SELECT member, size, encode(root, 'hex'), governance FROM positions ORDER BY member COLLATE \"C\""
        )
    ]


def nobody() -> HttpProblem:
    """Return the problem for a path whose member does not exist."""
    return HttpProblem("not-found", _NOBODY, errors=[FieldError("path member", _NOBODY, "member")])


def require_member(connection: Connection, member: str) -> None:
    """Raise `HttpProblem` if the member of a path does not exist, which is one reason why nothing is found."""
    if _unknown(connection, [member]):
        raise nobody()


def require_members(connection: Connection, parameters: Mapping[str, str | None]) -> None:
    """Raise `HttpProblem` if members, by the name of their query parameter, do not exist."""
    members = {name: member for name, member in parameters.items() if member is not None}
    unknown = _unknown(connection, [*members.values()]) if members else set()
    errors = [FieldError(f"query {name}", _NOBODY, name) for name, member in members.items() if member in unknown]
    if errors:
        raise HttpProblem("unprocessable", errors=errors)


def _unknown(connection: Connection, members: list[str]) -> set[str]:
    rows = connection.execute("SELECT member FROM members WHERE member = ANY(%s)", (members,))
    return set(members) - {member for (member,) in rows}


def _view(member: str, country: str, standing: str, roles: list[str], keys: list[str], content: str) -> MemberView:
    return MemberView(member, country, standing, roles, keys, contents.read(content))


def with_own_facts(view: MemberView, own: OwnStream, connection: Connection) -> MemberView:
    """Add the facts about its stream to the node's own member."""
    if view.member != own.member:
        return view
    return msgspec.structs.replace(view, **own.read(connection)._asdict())


@get("/v1/members", tags=["Members"], operation_id="listMembers", summary="List the members")
async def list_members(views: Views, own: OwnStream, wait_for: WaitFor = "") -> Response[list[MemberView]]:
    """Return all members, in the order of their names."""
    return await views.answer(wait_for, lambda c: [with_own_facts(view, own, c) for view in member_views(c)])


@get(
    "/v1/members/{member:str}",
    tags=["Members"],
    operation_id="getMember",
    summary="One member",
)
async def get_member(views: Views, own: OwnStream, member: Name, wait_for: WaitFor = "") -> Response[MemberView]:
    """Return its standing, roles, keys and description."""
    return await views.answer(wait_for, lambda c: with_own_facts(member_view(c, member), own, c))


@get("/v1/streams", tags=["Members"], operation_id="listStreams", summary="How far the views are")
async def list_streams(views: Views) -> Response[list[Stream]]:
    """Return each stream's size and root in the views."""
    return await views.answer("", read_streams)


ROUTES: list[HTTPRouteHandler] = [list_members, get_member, list_streams]
