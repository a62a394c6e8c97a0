"""Fold a batch of one member's verified commits into its rows (docs/decisions/0002).

A batch first reads the state of all that its events touch. The events take effect on it in stream order; then each
view's rows are written in one statement. The rows depend on the member's stream and on governance alone, not on how the
stream was cut into batches.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

import msgspec
from psycopg import Connection
from psycopg.errors import UniqueViolation

from projections.catalogue.achievements import AchievementRows
from projections.catalogue.search_rows import SearchRows
from projections.core import state
from projections.core.copy import copy, line
from projections.core.positions import Position
from projections.credentials.credentials import CredentialRows
from projections.fold.published import Overlay
from projections.fold.seals import SealRows
from projections.issuing_keys.rows import IssuingKeyRows
from projections.precedents.rows import PrecedentRows
from projections.recognition.recognition import RecognitionRows
from registry.rules import stream
from registry.rules.errors import MemberSuspended, Refusal, RoleMissing, Voided
from registry.rules.governance import MemberRecord
from registry.rules.stream import AffectedKeys, MemberState
from registry.wire.checkpoint import SignedNote
from registry.wire.credentials import CredentialIssued
from registry.wire.events import MEMBER_TYPES, Event, Refused, Skipped
from registry.wire.merkle import Tree


class VerifiedCommit(NamedTuple):
    """A verified commit, decoded: the tree after it, its first leaf, its events and their lines."""

    tree: Tree
    base: int
    events: Sequence[Event[Any] | Skipped | Refused]
    lines: Sequence[bytes]
    next: int
    """The place in the log after the commit."""
    note: SignedNote
    """The signed head."""


def fold(
    connection: Connection,
    record: MemberRecord,
    position: Position,
    commits: Sequence[VerifiedCommit],
    marked: Collection[int] = (),
) -> tuple[Position, list[Position]]:
    """Let the commits that follow `position` take effect.

    Return the position after them, which is not saved yet, and the positions at the `marked` sizes, in order.
    """
    try:
        with connection.transaction():
            return _Batch(connection, record, position).run(commits, marked, careful=False)
    except (UniqueViolation, _UnreadCredential):
        # A credential may have been issued twice: read those that the batch issues before judging.
        return _Batch(connection, record, position).run(commits, marked, careful=True)


class _UnreadCredential(Exception):
    """A verdict depends on whether a credential that the batch issues exists already, which was not read."""


class RowCollector(Protocol):
    """Rows of some views that a batch changes. It collects events first, and writes at the end of the batch."""

    TYPES: ClassVar[frozenset[str]]
    """The types of effective events that it takes."""

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:
        """Collect what an effective event changes; `raw` is the event's line."""

    def write(self, connection: Connection, states: MemberState) -> None:
        """Write the rows; `states` are the states after the batch."""


_Taker = Callable[[Event[Any], int, bytes], None]


class _Batch:
    def __init__(self, connection: Connection, record: MemberRecord, position: Position) -> None:
        self._connection = connection
        self._record = record
        self._member = record.name
        self._position = position
        self._refusals: list[str] = []
        self._skipped = 0
        self._published: MemberState | None = None
        self._careful = True
        self._credentials = CredentialRows(record.name)
        self._collectors: tuple[RowCollector, ...] = (
            self._credentials,
            AchievementRows(record.name),
            RecognitionRows(record.name),
            SealRows(record.name),  # after the status changes that it checks seals against
            SearchRows(record.name),
            PrecedentRows(record.name),
            IssuingKeyRows(record.name),
        )
        self._takers: dict[str, list[_Taker]] = {
            event_type: [rows.take for rows in self._collectors if event_type in rows.TYPES]
            for event_type in MEMBER_TYPES
        }

    def run(
        self, commits: Sequence[VerifiedCommit], marked: Collection[int], *, careful: bool
    ) -> tuple[Position, list[Position]]:
        affected = AffectedKeys.empty()
        for commit in commits:
            for event in commit.events:
                if isinstance(event, Event):
                    affected.add(event)
        self._careful = careful or self._position.diverged
        states = state.load(self._connection, self._member, affected, issued=self._careful)
        overlay = Overlay(self._connection, self._member, affected) if self._position.diverged else None
        if overlay is not None:
            self._published = overlay.read_published(states)
        passed: list[Position] = []
        for commit in commits:
            self._take(commit, states)
            if commit.tree.size in marked:
                passed.append(self._after(commit))
        if self._published is not None:
            overlay = overlay or Overlay(self._connection, self._member, affected)
            overlay.save(states, self._published)
        copy(self._connection, "refusals", "member, leaf, code, path, detail, line", self._refusals)
        for rows in self._collectors:
            rows.write(self._connection, states)
        return self._after(commits[-1]), passed

    def _after(self, commit: VerifiedCommit) -> Position:
        return msgspec.structs.replace(
            self._position,
            tree=commit.tree,
            next=commit.next,
            skipped=self._position.skipped + self._skipped,
            diverged=self._published is not None,
        )

    def _take(self, commit: VerifiedCommit, states: MemberState) -> None:
        credentials, takers = self._credentials, self._takers
        check, apply = self._record.check, stream.apply
        to_check = self._record.to_check(commit.base, commit.tree.size - 1)
        for leaf, event in enumerate(commit.events, commit.base):
            if isinstance(event, Skipped):
                self._skipped += 1
                continue
            if isinstance(event, Refused):
                self._refuse(leaf, event.code, event.path, event.detail, commit)
                continue
            data = event.data
            effective = True
            try:
                if to_check is None or event.type in to_check:
                    check(leaf, event.type)
                apply(states, event)
            except Refusal as refusal:
                effective = False
                self._require_read(refusal, data, states)
                self._refuse(leaf, refusal.code, refusal.path, refusal.detail, commit)
                if isinstance(refusal, _BY_GOVERNANCE) and self._published is None:
                    # Until here the member's leaves alone had the same effect.
                    self._published = _copy(states)
                if isinstance(refusal, Voided) and isinstance(data, CredentialIssued):
                    credentials.void(data.credential, leaf)
            published = effective if self._published is None else self._publish(event)
            if (changed := stream.changed_credential(event)) is not None:
                credentials.change(changed, leaf, event, effective=effective, published=published)
            if effective:
                for take in takers[event.type]:
                    take(event, leaf, commit.lines[leaf - commit.base])

    def _require_read(self, refusal: Refusal, data: Any, states: MemberState) -> None:  # noqa: ANN401 - any event's
        """Raise `_UnreadCredential` if the refusal, or what it leads to, depends on credentials that were not read.

        `duplicate` precedes other refusals of the rules; and what a member published, unlike what is effective, follows
        from all that it issued before.
        """
        by_governance = isinstance(refusal, _BY_GOVERNANCE)
        unseen = isinstance(data, CredentialIssued) and data.credential not in states.credentials
        if not self._careful and (by_governance or unseen):
            raise _UnreadCredential

    def _publish(self, event: Event[Any]) -> bool:
        """Let the event take effect by the member's leaves alone. Return whether it did."""
        assert self._published is not None  # noqa: S101 - the caller checked
        try:
            stream.apply(self._published, event)
        except Refusal:
            return False
        return True

    def _refuse(self, leaf: int, code: str, path: str, detail: str, commit: VerifiedCommit) -> None:
        raw = commit.lines[leaf - commit.base]
        self._refusals.append(line((self._member, leaf, code, path, detail, raw)))


_BY_GOVERNANCE = (Voided, MemberSuspended, RoleMissing)


def _copy(states: MemberState) -> MemberState:
    copied = MemberState()
    copied.achievements.update(states.achievements)
    copied.credentials.update(states.credentials)
    copied.decisions.update(states.decisions)
    copied.assessments.update(states.assessments)
    copied.agreements.update(states.agreements)
    copied.joined |= states.joined
    copied.erased |= states.erased
    copied.issuing_keys.update(states.issuing_keys)
    return copied
