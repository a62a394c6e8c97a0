"""Stored events to drafts of commits: which events are next, and which are held back."""

from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple

from eventsourcing.postgres import PostgresApplicationRecorder

from registry.application.acceptance import Acceptance, NotAccepted
from registry.publishing.commit_store import CommitStore, Draft, Held, Row
from registry.publishing.errors import StoreChanged
from registry.store.translation import EVENTS, EventRow, Translator, read_stored_time
from registry.wire.commit import MAX_COMMIT
from registry.wire.merkle import Tree, leaf_hashes

PER_COMMIT: Final = 256
AT_ONCE: Final = 32
"""The number of commits that are stored, signed and appended together when there is a backlog."""
_HEAD_ROOM: Final = 32 * 1024
"""The greatest number of bytes of a commit's checkpoint and signatures."""


class Drafts(NamedTuple):
    """The next commits, the events held back from them, and the notification id up to which events were read."""

    commits: list[Draft]
    held: list[Held]
    read: int


class Drafter:
    """Drafts commits from one node's stored events."""

    def __init__(self, recorder: PostgresApplicationRecorder, origin: str, acceptance: Acceptance | None) -> None:
        """Without `acceptance`, nothing is held back."""
        self._recorder = recorder
        self._translator = Translator(origin)
        self._acceptance = acceptance

    def next(self, tree: Tree, read: int, held: Collection[Held]) -> Drafts:
        """Draft commits that extend `tree` from the events stored after the notification id `read`.

        `held` are the events that are held back already: later events of their aggregates are held back, too.
        """
        notifications = self._recorder.select_notifications(read, PER_COMMIT * AT_ONCE, inclusive_of_start=False)
        refusals = self._refusals({n.topic for n in notifications}, tree.size)
        behind = {event.aggregate: event for event in held}
        drafting, kept = _Drafting(tree), list[Held]()
        for notification in notifications:
            line = self._line(notification)
            read = int(notification.id)
            if line is None:
                continue
            aggregate = str(notification.originator_id)
            refusal = refusals.get(notification.topic)
            if refusal is not None or aggregate in behind:
                before = behind.get(aggregate)
                code = before.code if before is not None else refusal.code if refusal is not None else ""
                reason = before.reason if before is not None else str(refusal)
                behind[aggregate] = Held(read, aggregate, notification.topic, code, reason)
                kept.append(behind[aggregate])
            else:
                drafting.add(read, line, notification.state)
        return Drafts(drafting.drafts(), kept, read)

    def released(self, tree: Tree, held: Sequence[Held]) -> list[Draft]:
        """Draft commits of the held events that consumers would accept now, in their order."""
        refusals = self._refusals({event.topic for event in held}, tree.size)
        behind: set[str] = set()
        drafting = _Drafting(tree)
        for event in held:
            if event.topic in refusals or event.aggregate in behind:
                behind.add(event.aggregate)
                continue
            [notification] = self._between(event.notification, event.notification)
            line = self._line(notification)
            if line is not None:
                drafting.add(event.notification, line, notification.state)
        return [draft._replace(released=numbers, stored=None) for draft, numbers in drafting.with_numbers()]

    def again(self, tree: Tree, rows: Sequence[Row], store: CommitStore) -> list[Draft]:
        """Draft commits that were written down once more. Raises `StoreChanged` where they come out different."""
        drafts: list[Draft] = []
        for row in rows:
            stored = {int(n.id): n for n in self._between(row.first, row.last)}
            wanted = store.notifications_of(row, stored)
            lines = [line for number in sorted(wanted) if (line := self._line(stored[number])) is not None]
            after = tree.extend(leaf_hashes(lines))
            if after.size != row.size or after.root != row.root:
                raise StoreChanged(
                    f"the stored events {row.first} to {row.last} no longer make the commit to {row.size} that was"
                    " written down for them; nothing was published. Restore the database."
                )
            drafts.append(Draft(tree, after, lines, row.first, row.last))
            tree = after
        return drafts

    def _between(self, first: int, last: int) -> list[Any]:
        found: list[Any] = []
        while first <= last and (more := self._recorder.select_notifications(first, PER_COMMIT * AT_ONCE, last)):
            found += more
            first = int(more[-1].id) + 1
        return found

    def _line(self, notification: Any) -> bytes | None:  # noqa: ANN401 - the library's Notification
        return self._translator.write_line(
            EventRow(
                str(notification.originator_id), notification.originator_version, notification.topic, notification.state
            )
        )

    def _refusals(self, topics: Collection[str], leaf: int) -> dict[str, NotAccepted]:
        """Which topics among these consumers would refuse from a leaf on, and why."""
        if self._acceptance is None:
            return {}
        published = {topic: kind for topic in topics if (kind := EVENTS[topic].PUBLISHED) is not None}
        if not published or self._refusal(published.values(), leaf) is None:
            return {}
        return {t: refusal for t, kind in published.items() if (refusal := self._refusal([kind], leaf)) is not None}

    def _refusal(self, kinds: Collection[str], leaf: int) -> NotAccepted | None:
        assert self._acceptance is not None  # noqa: S101 - asked by the only caller
        try:
            self._acceptance.check_events(kinds, leaf)
        except NotAccepted as refusal:
            return refusal
        return None


class _Drafting:
    """Commits of at most 256 events and of a commit's size, as lines are added."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._done: list[tuple[Draft, tuple[int, ...]]] = []
        self._lines: list[bytes] = []
        self._numbers: list[int] = []
        self._bytes = 0
        self._first = b""
        """The stored state of the first event of the commit that is being filled."""

    def add(self, number: int, line: bytes, state: bytes) -> None:
        if len(self._lines) == PER_COMMIT or self._bytes + len(line) + 1 > MAX_COMMIT - _HEAD_ROOM:
            self._close()
        if not self._lines:
            self._first = state
        self._lines.append(line)
        self._numbers.append(number)
        self._bytes += len(line) + 1

    def drafts(self) -> list[Draft]:
        return [draft for draft, _ in self.with_numbers()]

    def with_numbers(self) -> list[tuple[Draft, tuple[int, ...]]]:
        self._close()
        return self._done

    def _close(self) -> None:
        if self._lines:
            after = self._tree.extend(leaf_hashes(self._lines))
            draft = Draft(self._tree, after, self._lines, self._numbers[0], self._numbers[-1])
            draft = draft._replace(stored=read_stored_time(self._first).timestamp())
            self._done.append((draft, tuple(self._numbers)))
            self._tree, self._lines, self._numbers, self._bytes = after, [], [], 0
