"""The desk's first page: what waits, what failed, and what others did to the university's credentials."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from litestar import Request, Response, get

from projections.api.reading import Views
from projections.feed import worklist
from projections.feed.recent import RecentNotice, count_kinds, read_newest
from projections.feed.worklist import Worklist
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.application.held_rows import HeldRows
from registry.application.registry import Registry
from registry.batches.batch_counts import LATELY, BatchCounts, count_batches
from registry.http import HttpProblem, requires
from registry.http.responses import POSITION
from registry.intake.drafts import Drafts
from registry.server.pages.frame import Pages

NEWEST: Final = 12
"""Notices on the page."""
MAX_COUNTED: Final = 100
"""Items of the worklist that are counted: each is worked out."""
_DECIDED: Final = (
    "credential.recognised",
    "credential.decision.superseded",
    "credential.decision.withdrawn",
)
_PARTS: Final = (
    "credential.part.suspended",
    "credential.part.revoked",
    "credential.part.replaced",
    "credential.impaired",
    "credential.voided",
)


class PrivateNumbers(NamedTuple):
    """The numbers of what waits on this node. A number is None for a reader without the scope to follow it."""

    batches: BatchCounts | None
    held_rows: int | None
    drafts: int | None


class OthersNumbers(NamedTuple):
    """The numbers of what others did lately to credentials of the university, and how much of it is to be looked at."""

    decisions: int
    stacked: int
    parts: int
    to_look_at: int | None
    """None where it costs too much to find out."""
    more_to_look_at: bool
    """True if there is more than was counted."""


def count_others(kinds: Mapping[str, int], items: Worklist | None) -> OthersNumbers:
    """Return the numbers that notices by kind, and the beginning of the worklist, come to."""
    return OthersNumbers(
        sum(kinds.get(kind, 0) for kind in _DECIDED),
        kinds.get("credential.stacked", 0),
        sum(kinds.get(kind, 0) for kind in _PARTS),
        None if items is None else len(items.items),
        items is not None and items.next is not None,
    )


def _count_private(registry: Registry, scopes: AbstractSet[str]) -> PrivateNumbers:
    return PrivateNumbers(
        count_batches(registry.cursor()) if "batches:read" in scopes else None,
        HeldRows(registry).count() if "learners:decide" in scopes else None,
        Drafts(registry).count() if "achievements:write" in scopes else None,
    )


class _Others(NamedTuple):
    notices: list[RecentNotice]
    kinds: dict[str, int]
    names: dict[str, str]


async def count_items(views: Views, member: str) -> Worklist | None:
    """Return the beginning of the worklist; None where finding it out costs too much now."""
    try:
        response = await views.answer(
            "", lambda connection: worklist.read(connection, member, limit=MAX_COUNTED), cost="scan"
        )
    except HttpProblem as problem:
        if problem.kind != "too-costly":
            raise
        return None
    return response.content


@get("/desk", include_in_schema=False, **requires("university:read"))
async def show_desk(request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages) -> Response[str]:
    """Show what waits for the university's registrars."""
    member, scopes = request.app.state.member, request.user.scopes

    def count() -> PrivateNumbers:
        with private.reading() as registry:
            return _count_private(registry, scopes)

    def read(connection: Any) -> _Others:  # noqa: ANN401 - a connection
        names = read_member_names(connection)
        if "feed:read" not in scopes:
            return _Others([], {}, names)
        since = datetime.now(UTC) - LATELY
        return _Others(read_newest(connection, member, limit=NEWEST), count_kinds(connection, member, since), names)

    own = await run_sync(count)
    items = await count_items(views, member)
    response = await views.answer("", read, "search")
    others: _Others = response.content
    return pages.render(
        request,
        "desk/dashboard.html",
        private=True,
        position=response.headers[POSITION],
        names=others.names,
        own=own,
        others=count_others(others.kinds, items),
        notices=others.notices,
        own_member=member,
        days=LATELY.days,
        scopes=scopes,
    )


@get("/desk/feed", include_in_schema=False, sync_to_thread=True, **requires("university:read", "feed:read"))
def show_feed(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[str]:
    """Show the feed, the newest notices first; `before` is where the page begins."""
    text = str(request.query_params.get("before", ""))
    before = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    with views.snapshot() as snapshot:
        notices = read_newest(snapshot.connection, request.app.state.member, before, _PER_PAGE + 1)
        names = read_member_names(snapshot.connection)
    return pages.render(
        request,
        "desk/feed.html",
        private=True,
        position=snapshot.position,
        names=names,
        notices=notices[:_PER_PAGE],
        own_member=request.app.state.member,
        next=notices[_PER_PAGE - 1].id if len(notices) > _PER_PAGE else None,
        first=before is None,
    )


_PER_PAGE: Final = 50
ROUTES: Final = [show_desk, show_feed]
