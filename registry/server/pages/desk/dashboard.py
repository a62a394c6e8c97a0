"""The desk's first page: what waits, what failed, and what others did to the university's credentials."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get

from projections.api.reading import Views
from projections.feed import worklist
from projections.feed.recent import RecentNotice, count_kinds, read_newest
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.application.held_rows import HeldRows
from registry.application.registry import Registry
from registry.batches.batch_counts import LATELY, BatchCounts, count_batches
from registry.http import requires
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
    to_look_at: int
    more_to_look_at: bool
    """True if there is more than was counted."""


def count_others(kinds: Mapping[str, int], items: int, *, more: bool) -> OthersNumbers:
    """Return the numbers that notices by kind, and the items of the worklist, come to."""
    return OthersNumbers(
        sum(kinds.get(kind, 0) for kind in _DECIDED),
        kinds.get("credential.stacked", 0),
        sum(kinds.get(kind, 0) for kind in _PARTS),
        items,
        more,
    )


def _count_private(registry: Registry, scopes: AbstractSet[str]) -> PrivateNumbers:
    return PrivateNumbers(
        count_batches(registry.cursor()) if "batches:read" in scopes else None,
        HeldRows(registry).count() if "learners:decide" in scopes else None,
        Drafts(registry).count() if "achievements:write" in scopes else None,
    )


@get("/desk", include_in_schema=False, sync_to_thread=True, **requires("university:read"))
def show_desk(request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages) -> Response[str]:
    """Show what waits for the university's registrars."""
    member, scopes = request.app.state.member, request.user.scopes
    with private.reading() as registry:
        own = _count_private(registry, scopes)
    notices: list[RecentNotice] = []
    kinds: dict[str, int] = {}
    with views.snapshot() as snapshot:
        page = worklist.read(snapshot.connection, member, limit=MAX_COUNTED)
        if "feed:read" in scopes:
            notices = read_newest(snapshot.connection, member, limit=NEWEST)
            kinds = count_kinds(snapshot.connection, member, datetime.now(UTC) - LATELY)
        names = read_member_names(snapshot.connection)
    return pages.render(
        request,
        "desk/dashboard.html",
        private=True,
        position=snapshot.position,
        names=names,
        own=own,
        others=count_others(kinds, len(page.items), more=page.next is not None),
        notices=notices,
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
