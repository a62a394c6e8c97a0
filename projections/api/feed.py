"""What happened to mine: the university's feed, page by page or as it grows.

Pages are for systems that ask now and then; the stream (server-sent events) is for those that stay connected. Both
give the same CloudEvents in the same order, and both go on after the last one that a system has taken.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from anyio.to_thread import run_sync
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import HeaderParameter, Parameter
from litestar.response import ServerSentEvent, ServerSentEventMessage
from psycopg import Connection

from projections.api.reading import Limit, Views
from projections.feed import feed
from projections.feed.feed import CloudEvent
from registry.http import FieldError, HttpProblem, answer, requires
from registry.http.pagination import LIMIT

_POLL: Final = 0.25
_QUIET: Final = 15.0
"""Seconds without news after which a comment keeps the connection open."""
_STREAMS: Final = 100

After = Annotated[int, Parameter(gt=-1, le=2**53 - 1, description="Events after this one; 0: from the first.")]


class Whose(NamedTuple):
    """Whose feed this node gives."""

    member: str
    origin: str


class FeedPage(msgspec.Struct, frozen=True):
    """A part of the feed."""

    items: list[CloudEvent]
    """CloudEvents 1.0, the oldest first."""
    next: int
    """Give it as `after` to read on, now or later; where nothing came it is what was given."""


@get(
    "/v1/feed",
    tags=["Feed"],
    operation_id="readFeed",
    summary="What happened to the university's own",
    sync_to_thread=True,
    **requires("feed:read"),
)
def page(views: Views, whose: Whose, after: After = 0, limit: Limit = LIMIT) -> Response[FeedPage]:
    """What other members, or governance, did that concerns this university's credentials and achievements."""
    with views.snapshot() as moment:
        found = feed.read(moment.connection, whose.member, after, limit)
        if not found:
            _reached(moment.connection, whose.member, after, "query after")
        events = [feed.cloud_event(notice, whose.origin) for notice in found]
        return answer(FeedPage(events, found[-1].id if found else after), moment.position)


class Streams:
    """How many streams are open in this process, and whether they are to end."""

    def __init__(self, ending: Callable[[], bool]) -> None:
        """`ending` says whether the process is ending: streams would keep it waiting."""
        self.open = 0
        self.ending = ending


@get(
    "/v1/feed/stream",
    tags=["Feed"],
    operation_id="streamFeed",
    summary="The feed as it grows",
    media_type="text/event-stream",
    opt={"uncompressed": True},
    **requires("feed:read"),
)
async def stream(
    views: Views,
    whose: Whose,
    streams: Streams,
    after: After = 0,
    last_event_id: Annotated[
        str,
        HeaderParameter(name="Last-Event-ID", max_length=20, description="What browsers send to go on; as `after`."),
    ] = "",
) -> ServerSentEvent:
    """Server-sent events, each with its id and a CloudEvent as data. Connect again with the last id that you have."""
    place, where = (_place(last_event_id), "header Last-Event-ID") if last_event_id else (after, "query after")

    def check() -> None:
        with views.snapshot() as moment:
            _reached(moment.connection, whose.member, place, where)

    if place:
        await run_sync(check)
    if streams.open >= _STREAMS:
        raise HttpProblem("too-many-requests", "too many streams are open", headers={"Retry-After": "30"})
    return ServerSentEvent(_events(views, whose, streams, place))


async def _events(views: Views, whose: Whose, streams: Streams, after: int) -> AsyncIterator[Any]:
    def read() -> list[feed.Notice]:
        with views.snapshot() as moment:
            return feed.read(moment.connection, whose.member, after, LIMIT)

    streams.open += 1
    quiet = 0.0
    try:
        yield ServerSentEventMessage(data=None, comment="connected", retry=2000)
        while not streams.ending():
            found = await run_sync(read)
            for notice in found:
                event = feed.cloud_event(notice, whose.origin)
                yield ServerSentEventMessage(data=msgspec.json.encode(event).decode(), id=notice.id, event=event.type)
                after, quiet = notice.id, 0.0
            if not found:
                await asyncio.sleep(_POLL)
                quiet += _POLL
                if quiet >= _QUIET:
                    yield ServerSentEventMessage(data=None, comment="still here")
                    quiet = 0.0
    finally:
        streams.open -= 1


def _reached(connection: Connection, member: str, after: int, where: str) -> None:
    """Raises `HttpProblem` for a place that the feed has not come to: whoever waited there would miss what comes."""
    newest = feed.newest(connection, member)
    if after > newest:
        detail = f"is of another feed: the newest event here is {newest}; read on from there, or from 0"
        raise HttpProblem("unprocessable", errors=[FieldError(where, detail, value=str(after))])


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise HttpProblem(
            "unprocessable", errors=[FieldError("header Last-Event-ID", "is the id of no event", value=text)]
        )
    return int(text)


ROUTES: list[HTTPRouteHandler] = [page, stream]
