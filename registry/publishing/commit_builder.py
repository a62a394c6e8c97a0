"""Stored events to commits that are not signed yet: which events are next, and which are withheld."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from eventsourcing.postgres import PostgresApplicationRecorder

from registry.application.acceptance import Acceptance, NotAccepted
from registry.publishing.commit_store import CommitStore, StoredCommit, UnsignedCommit, WithheldEvent
from registry.publishing.errors import StoreChanged
from registry.store.translation import EVENTS, EventRow, Translator, read_stored_time
from registry.wire.commit import MAX_COMMIT
from registry.wire.merkle import Tree, leaf_hashes

EVENTS_PER_COMMIT: Final = 256
COMMITS_AT_ONCE: Final = 32
"""The number of commits that are stored, signed and appended together when there is a backlog."""
_MAX_HEAD_BYTES: Final = 32 * 1024
"""The greatest length of a commit's checkpoint and signatures."""


class NextCommits(NamedTuple):
    """The next commits, the events withheld from them, and the notification id up to which events were read."""

    commits: list[UnsignedCommit]
    withheld: list[WithheldEvent]
    read: int


class CommitBuilder:
    """A builder of commits from one node's stored events."""

    def __init__(self, recorder: PostgresApplicationRecorder, origin: str, acceptance: Acceptance | None) -> None:
        """Without `acceptance`, no event is withheld."""
        self._recorder = recorder
        self._translator = Translator(origin)
        self._acceptance = acceptance

    def build_next(self, tree: Tree, read: int, withheld: Collection[WithheldEvent]) -> NextCommits:
        """Build commits that extend `tree` from the events stored after the notification id `read`.

        `withheld` are the events that are withheld already: later events of their aggregates are withheld, too.
        """
        notifications = self._recorder.select_notifications(
            read, EVENTS_PER_COMMIT * COMMITS_AT_ONCE, inclusive_of_start=False
        )
        refusals = self._refusals({n.topic for n in notifications}, tree.size)
        blocked = {event.aggregate: event for event in withheld}
        filling, newly_withheld = _Filling(tree), list[WithheldEvent]()
        for notification in notifications:
            line = self._line(notification)
            read = int(notification.id)
            if line is None:
                continue
            aggregate = str(notification.originator_id)
            refusal = refusals.get(notification.topic)
            if refusal is not None or aggregate in blocked:
                before = blocked.get(aggregate)
                code = before.code if before is not None else refusal.code if refusal is not None else ""
                reason = before.reason if before is not None else str(refusal)
                blocked[aggregate] = WithheldEvent(read, aggregate, notification.topic, code, reason)
                newly_withheld.append(blocked[aggregate])
            else:
                filling.add(read, line, notification.state)
        return NextCommits(filling.commits(), newly_withheld, read)

    def build_released(self, tree: Tree, withheld: Sequence[WithheldEvent]) -> list[UnsignedCommit]:
        """Build commits of the withheld events that consumers would accept now, in their order."""
        refusals = self._refusals({event.topic for event in withheld}, tree.size)
        blocked: set[str] = set()
        filling = _Filling(tree)
        for event in withheld:
            if event.topic in refusals or event.aggregate in blocked:
                blocked.add(event.aggregate)
                continue
            [notification] = self._between(event.notification, event.notification)
            line = self._line(notification)
            if line is not None:
                filling.add(event.notification, line, notification.state)
        return [commit._replace(released=numbers, stored=None) for commit, numbers in filling.with_numbers()]

    def build_again(self, tree: Tree, rows: Sequence[StoredCommit], store: CommitStore) -> list[UnsignedCommit]:
        """Build commits again that were written down. Raises `StoreChanged` if one comes out different."""
        commits: list[UnsignedCommit] = []
        for row in rows:
            stored = {int(n.id): n for n in self._between(row.first, row.last)}
            numbers = store.notifications_of(row, stored)
            lines = [line for number in sorted(numbers) if (line := self._line(stored[number])) is not None]
            after = tree.extend(leaf_hashes(lines))
            if after.size != row.size or after.root != row.root:
                raise StoreChanged(
                    f"the stored events {row.first} to {row.last} no longer make the commit to {row.size} that was"
                    " written down for them; nothing was published. Restore the database."
                )
            commits.append(UnsignedCommit(tree, after, lines, row.first, row.last))
            tree = after
        return commits

    def _between(self, first: int, last: int) -> list[Any]:
        notifications: list[Any] = []
        while first <= last and (
            more := self._recorder.select_notifications(first, EVENTS_PER_COMMIT * COMMITS_AT_ONCE, last)
        ):
            notifications += more
            first = int(more[-1].id) + 1
        return notifications

    def _line(self, notification: Any) -> bytes | None:  # noqa: ANN401 - the library's Notification
        return self._translator.write_line(
            EventRow(
                str(notification.originator_id), notification.originator_version, notification.topic, notification.state
            )
        )

    def _refusals(self, topics: Collection[str], leaf: int) -> dict[str, NotAccepted]:
        """Return which of these topics consumers would refuse from a leaf on, and why."""
        if self._acceptance is None:
            return {}
        published = {topic: kind for topic in topics if (kind := EVENTS[topic].PUBLISHED) is not None}
        if not published or self._refusal(published.values(), leaf) is None:
            return {}
        return {t: refusal for t, kind in published.items() if (refusal := self._refusal([kind], leaf)) is not None}

    def _refusal(self, kinds: Collection[str], leaf: int) -> NotAccepted | None:
        assert self._acceptance is not None  # noqa: S101 - the only caller has checked
        try:
            self._acceptance.check_events(kinds, leaf)
        except NotAccepted as refusal:
            return refusal
        return None


class _Filling:
    """Commits that are being filled with lines: at most 256 events, and not over a commit's size."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._closed: list[tuple[UnsignedCommit, tuple[int, ...]]] = []
        self._lines: list[bytes] = []
        self._numbers: list[int] = []
        self._bytes = 0
        self._first = b""
        """The stored state of the first event of the commit that is being filled."""

    def add(self, number: int, line: bytes, state: bytes) -> None:
        if len(self._lines) == EVENTS_PER_COMMIT or self._bytes + len(line) + 1 > MAX_COMMIT - _MAX_HEAD_BYTES:
            self._close()
        if not self._lines:
            self._first = state
        self._lines.append(line)
        self._numbers.append(number)
        self._bytes += len(line) + 1

    def commits(self) -> list[UnsignedCommit]:
        return [commit for commit, _ in self.with_numbers()]

    def with_numbers(self) -> list[tuple[UnsignedCommit, tuple[int, ...]]]:
        self._close()
        return self._closed

    def _close(self) -> None:
        if self._lines:
            after = self._tree.extend(leaf_hashes(self._lines))
            commit = UnsignedCommit(self._tree, after, self._lines, self._numbers[0], self._numbers[-1])
            commit = commit._replace(stored=read_stored_time(self._first).timestamp())
            self._closed.append((commit, tuple(self._numbers)))
            self._tree, self._lines, self._numbers, self._bytes = after, [], [], 0
