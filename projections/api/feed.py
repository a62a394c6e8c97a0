"""Routes for the university's feed, page by page or as a stream.

Pages are for systems that poll; the stream (server-sent events) is for systems that stay connected. Both return the
same CloudEvents in the same order, and both go on after the last one that a system has read.
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

_POLL_SECONDS: Final = 0.25
_QUIET_SECONDS: Final = 15.0
"""Time without events after which a comment keeps the connection open."""
_MAX_STREAMS: Final = 100

After = Annotated[int, Parameter(gt=-1, le=2**53 - 1, description="Events after this one; 0: from the first.")]


class Whose(NamedTuple):
    """The member whose feed this node has."""

    member: str
    origin: str


class FeedPage(msgspec.Struct, frozen=True):
    """A part of the feed."""

    items: list[CloudEvent]
    """CloudEvents 1.0, the oldest first."""
    next: int
    """Pass it as `after` to read on, now or later. If there are no items, it is the `after` of this request."""


@get(
    "/v1/feed",
    tags=["Feed"],
    operation_id="readFeed",
    summary="What happened to the university's own",
    sync_to_thread=True,
    **requires("feed:read"),
)
def page(views: Views, whose: Whose, after: After = 0, limit: Limit = LIMIT) -> Response[FeedPage]:
    """List what other members, or governance, did that concerns this university's credentials and achievements."""
    with views.snapshot() as moment:
        notices = feed.read(moment.connection, whose.member, after, limit)
        if not notices:
            _require_reached(moment.connection, whose.member, after, "query after")
        events = [feed.cloud_event(notice, whose.origin) for notice in notices]
        return answer(FeedPage(events, notices[-1].id if notices else after), moment.position)


class Streams:
    """The number of open streams of this process, and whether the process is ending."""

    def __init__(self, ending: Callable[[], bool]) -> None:
        """`ending` returns whether the process is ending, which open streams would delay."""
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
            _require_reached(moment.connection, whose.member, place, where)

    if place:
        await run_sync(check)
    if streams.open >= _MAX_STREAMS:
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
            notices = await run_sync(read)
            for notice in notices:
                event = feed.cloud_event(notice, whose.origin)
                yield ServerSentEventMessage(data=msgspec.json.encode(event).decode(), id=notice.id, event=event.type)
                after, quiet = notice.id, 0.0
            if not notices:
                await asyncio.sleep(_POLL_SECONDS)
                quiet += _POLL_SECONDS
                if quiet >= _QUIET_SECONDS:
                    yield ServerSentEventMessage(data=None, comment="still here")
                    quiet = 0.0
    finally:
        streams.open -= 1


def _require_reached(connection: Connection, member: str, after: int, where: str) -> None:
    """Raise `HttpProblem` for a place beyond the feed's end. A system that waited there would miss events."""
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
