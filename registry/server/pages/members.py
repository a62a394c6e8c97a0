"""The members of the consortium: who may issue and recognise, with which keys, and how far their logs were read."""

from datetime import datetime
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get

from projections.api.members import (
    MemberView,
    OwnStream,
    Stream,
    member_view,
    member_views,
    read_streams,
    with_own_facts,
)
from projections.api.reading import Views
from projections.records.member_names import read_member_names
from registry.http.responses import POSITION
from registry.server.pages.frame import Pages
from registry.server.pages.verifying import Freshness

TONES: Final = {"active": "ok", "suspended": "warn", "withdrawn": "quiet"}


class SigningKey(NamedTuple):
    """A key, and the sizes of the member's tree between which its signatures count; no end while it does."""

    name: str
    begin: int
    end: int | None


def read_keys(lines: list[str]) -> list[SigningKey]:
    """Return the keys of `MemberView.keys`, the newest first."""
    keys = []
    for line in reversed(lines):
        name, begin, end = line.rsplit(" ", 2)
        keys.append(SigningKey(name, int(begin), None if end == "-" else int(end)))
    return keys


class _Members(NamedTuple):
    members: list[MemberView]
    streams: dict[str, Stream]
    names: dict[str, str]


@get("/members", include_in_schema=False)
async def list_members(
    request: Request[Any, Any, Any], views: Views, pages: Pages, freshness: Freshness
) -> Response[str]:
    """List the universities of the consortium."""

    def read(connection: Any) -> _Members:  # noqa: ANN401 - a connection
        streams = {stream.member: stream for stream in read_streams(connection)}
        return _Members(member_views(connection), streams, read_member_names(connection))

    response = await views.answer("", read)
    result: _Members = response.content
    return pages.render(
        request,
        "members.html",
        position=response.headers[POSITION],
        names=result.names,
        members=result.members,
        streams=result.streams,
        last_read={view.member: freshness.last_read(view.member) for view in result.members},
        tones=TONES,
    )


class _Member(NamedTuple):
    view: MemberView
    stream: Stream | None
    names: dict[str, str]


@get("/members/{member:str}", include_in_schema=False)
async def show_member(
    request: Request[Any, Any, Any],
    views: Views,
    own: OwnStream,
    pages: Pages,
    freshness: Freshness,
    member: str,
) -> Response[str]:
    """Show one university: standing, roles, accreditations, keys and the head of its log."""

    def read(connection: Any) -> _Member:  # noqa: ANN401 - a connection
        view = with_own_facts(member_view(connection, member), own, connection)
        stream = next((stream for stream in read_streams(connection) if stream.member == member), None)
        return _Member(view, stream, read_member_names(connection))

    response = await views.answer("", read)
    result: _Member = response.content
    last_read: datetime = freshness.last_read(member)
    return pages.render(
        request,
        "member.html",
        position=response.headers[POSITION],
        names=result.names,
        member=result.view,
        content=result.view.content,
        stream=result.stream,
        keys=read_keys(result.view.keys),
        last_read=last_read,
        tones=TONES,
    )


ROUTES: Final = [list_members, show_member]
