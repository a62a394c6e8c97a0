"""The log explorer: all logs, one log, one entry under a head for ever, and that one head begins with another."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from anyio import CapacityLimiter, to_thread
from litestar import Request, Response, get
from litestar.response import Redirect

from projections.api.reading import Views
from projections.records.member_names import read_member_names
from projections.records.streams import StreamFaults, StreamState, read_faults, read_refusal, read_states
from registry.http import FieldError, HttpProblem
from registry.http.access import ANYBODY
from registry.http.forwarded import base_path_of
from registry.http.responses import POSITION, answer
from registry.log import GOVERNANCE
from registry.node.adapters.explorer import Explorer
from registry.server.pages.entries import (
    is_public,
    read_envelope,
    set_out,
    view_entry,
    view_extension,
    view_head,
)
from registry.server.pages.frame import Pages

_PER_PAGE: Final = 50
_THREADS: Final = CapacityLimiter(4)
"""Threads that read the log for readers: others wait in the event loop, and take no thread from the API."""
T = TypeVar("T")
_PLACE: Final = re.compile(r"(0|[1-9][0-9]{0,17})(?:@([1-9][0-9]{0,17}))?")
_NUMBER: Final = re.compile(r"[0-9][0-9.,\s]{0,20}")


class _Logs(NamedTuple):
    streams: list[StreamState]
    names: dict[str, str]


class _Log(NamedTuple):
    stream: StreamState
    faults: StreamFaults
    names: dict[str, str]


class _Place(NamedTuple):
    stream: StreamState
    refused: str | None
    names: dict[str, str]


async def _read_log(read: Callable[..., T], *arguments: Any) -> T:  # noqa: ANN401 - passed on
    return await to_thread.run_sync(partial(read, *arguments), limiter=_THREADS)


def _sees_learners(request: Request[Any, Any, Any]) -> bool:
    """Return whether the reader is staff of this member who may read what the log says of learners."""
    caller = request.user
    return caller is not ANYBODY and caller.member == request.app.state.member and "university:read" in caller.scopes


def _wants_page(request: Request[Any, Any, Any]) -> bool:
    """Return whether the reader is a person: a browser asks for HTML, a program for anything or JSON."""
    return request.query_params.get("as") != "json" and "text/html" in request.headers.get("accept", "")


def _state_of(connection: Any, member: str) -> StreamState:  # noqa: ANN401 - a connection
    stream = next((each for each in read_states(connection) if each.member == member), None)
    if stream is None:
        raise HttpProblem("not-found", "no log of that name, as far as this node has read")
    return stream


@get("/log", include_in_schema=False)
async def list_logs(request: Request[Any, Any, Any], views: Views, pages: Pages, explorer: Explorer) -> Response[Any]:
    """Show every log: its size and head, its witnesses, and what was not accepted."""

    def read(connection: Any) -> _Logs:  # noqa: ANN401 - a connection
        return _Logs(read_states(connection), read_member_names(connection))

    response = await views.answer("", read)
    logs: _Logs = response.content
    witnessed = await _read_log(explorer.newest_witnessed, [stream.member for stream in logs.streams])
    return pages.render(
        request,
        "log.html",
        position=response.headers[POSITION],
        names=logs.names,
        streams=sorted(logs.streams, key=lambda stream: (stream.member != GOVERNANCE, stream.member)),
        witnessed=witnessed,
        witnesses=explorer.witnesses,
    )


@get("/log/{member:str}", include_in_schema=False)
async def show_log(
    request: Request[Any, Any, Any], views: Views, pages: Pages, explorer: Explorer, member: str
) -> Response[Any]:
    """Show one log: its head, its entries, and what was not accepted. `before` is where the page of entries ends."""

    def read(connection: Any) -> _Log:  # noqa: ANN401 - a connection
        return _Log(_state_of(connection, member), read_faults(connection, member), read_member_names(connection))

    response = await views.answer("", read)
    log: _Log = response.content
    size, typed = log.stream.size, str(request.query_params.get("entry", "")).strip()
    leaf = _number(typed)
    if typed and leaf is not None and leaf < size:
        return Redirect(f"{base_path_of(request.scope)}/log/{member}/{leaf}@{size}", status_code=303)
    end = min(_number(str(request.query_params.get("before", ""))) or size, size)
    commits = await _read_log(explorer.page, member, size, end, _PER_PAGE) if size else []
    witnessed = await _read_log(explorer.newest_witnessed, [member])
    return pages.render(
        request,
        "log_member.html",
        position=response.headers[POSITION],
        names=log.names,
        status=422 if typed else 200,
        private=_sees_learners(request),
        member=member,
        stream=log.stream,
        faults=log.faults,
        commits=commits,
        typed=typed[:60],
        first=max(0, end - _PER_PAGE),
        end=end,
        per_page=_PER_PAGE,
        read_envelope=read_envelope,
        is_readable=lambda line, origin: _sees_learners(request) or is_public(line, origin),
        witnessed=witnessed.get(member),
        witnesses=explorer.witnesses,
    )


def _number(typed: str) -> int | None:
    """Return the number that somebody typed, perhaps with separators of thousands; None if it is none."""
    return int(re.sub(r"\D", "", typed)) if _NUMBER.fullmatch(typed) else None


@get("/log/{member:str}/{place:str}", include_in_schema=False)
async def show_entry(
    request: Request[Any, Any, Any], views: Views, pages: Pages, explorer: Explorer, member: str, place: str
) -> Response[Any]:
    """Show one entry and its proof under a head, as HTML or JSON. `place` is `leaf@size`, which never changes."""
    parsed = _PLACE.fullmatch(place)
    if parsed is None:
        raise HttpProblem("not-found", "an entry's address ends in its number, an @ and the size of a head: 1042@1508")
    leaf = int(parsed[1])

    def read(connection: Any) -> _Place:  # noqa: ANN401 - a connection
        return _Place(
            _state_of(connection, member), read_refusal(connection, member, leaf), read_member_names(connection)
        )

    response = await views.answer("", read)
    read_place: _Place = response.content
    size, position = read_place.stream.size, response.headers[POSITION]
    under = int(parsed[2]) if parsed[2] else size
    if leaf >= under:
        raise HttpProblem("not-found", f"the head of size {under} covers the entries 0 to {under - 1}")
    if parsed[2] is None:
        return Redirect(f"{base_path_of(request.scope)}/log/{member}/{leaf}@{size}", status_code=303)
    entry = await _read_log(explorer.entry, member, size, leaf, under)
    sees_learners = _sees_learners(request)
    view = view_entry(member, entry, read_place.refused, sees_learners=sees_learners)
    if not _wants_page(request):
        return _as_json(view, position, private=sees_learners)
    page = pages.render(
        request,
        "log_entry.html",
        position=position,
        names=read_place.names,
        private=sees_learners,
        member=member,
        entry=view,
        envelope=read_envelope(entry.line),
        event_text=set_out(entry.line) if view.event is not None else "",
        steps=entry.steps,
        brought=view_head(entry.brought),
        proof=msgspec.json.encode(view).decode(),
        newest=size,
        address=pages.address(request, f"/log/{member}/{leaf}@{under}", {}),
    )
    page.headers["Vary"] += ", Accept"
    return page


@get("/log/{member:str}/consistency", include_in_schema=False)
async def show_consistency(
    request: Request[Any, Any, Any], views: Views, pages: Pages, explorer: Explorer, member: str
) -> Response[Any]:
    """Show that the head of size `to` begins with that of size `from`, as HTML or JSON."""

    def read(connection: Any) -> _Place:  # noqa: ANN401 - a connection
        return _Place(_state_of(connection, member), None, read_member_names(connection))

    response = await views.answer("", read)
    read_place: _Place = response.content
    size, position = read_place.stream.size, response.headers[POSITION]
    old, new = (_size_of(request, name, default) for name, default in (("from", None), ("to", size)))
    if old > new:
        raise HttpProblem("unprocessable", errors=[FieldError("query from", f"is larger than to={new}", "from")])
    extension = await _read_log(explorer.extension, member, size, old, new)
    view = view_extension(member, extension)
    if not _wants_page(request):
        return _as_json(view, position)
    page = pages.render(
        request,
        "log_consistency.html",
        position=position,
        names=read_place.names,
        member=member,
        extension=view,
        steps=extension.steps,
        proof=msgspec.json.encode(view).decode(),
    )
    page.headers["Vary"] += ", Accept"
    return page


def _size_of(request: Request[Any, Any, Any], name: str, default: int | None) -> int:
    """Return the size of a head that the query names. Raises `HttpProblem` if it is none."""
    number = _number(str(request.query_params.get(name, "") or default or ""))
    if not number:
        raise HttpProblem("unprocessable", errors=[FieldError(f"query {name}", "expected the size of a head", name)])
    return number


def _as_json(view: msgspec.Struct, position: str, *, private: bool = False) -> Response[Any]:
    cache = "no-store" if private else "no-cache"
    return answer(view, position, Vary="Accept", Cache_Control=cache)


ROUTES: Final = [list_logs, show_log, show_entry, show_consistency]
