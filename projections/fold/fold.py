"""A batch of one member's verified commits, folded into its rows (docs/decisions/0002).

Within a batch a thing's events take effect in stream order, on states read at once; then the rows are
written, each view's in one statement. What the rows come out as depends on the member's stream and on
governance alone, whatever the batches were.
"""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

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
from projections.precedents.rows import PrecedentRows
from projections.recognition.recognition import RecognitionRows
from registry.rules import stream
from registry.rules.errors import MemberSuspended, Refusal, RoleMissing, Voided
from registry.rules.governance import MemberRecord
from registry.rules.stream import AffectedKeys, MemberState
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.checkpoint import SignedNote
from registry.wire.credentials import CredentialIssued, StatusSealed
from registry.wire.events import Event, Refused, Skipped
from registry.wire.merkle import Tree


class Folded(NamedTuple):
    """A verified commit, decoded: the tree after it, its first leaf, its events and their lines."""

    tree: Tree
    base: int
    events: Sequence[Event[Any] | Skipped | Refused]
    lines: Sequence[bytes]
    next: int
    """Where the log goes on after it."""
    note: SignedNote
    """Its head, as signed."""


def fold(
    connection: Connection,
    record: MemberRecord,
    position: Position,
    commits: Sequence[Folded],
    marked: Collection[int] = (),
) -> tuple[Position, list[Position]]:
    """Let the commits that follow `position` take effect.

    Gives the position after them, not yet saved, and those at the sizes that are `marked`, in their order.
    """
    try:
        with connection.transaction():
            return _Batch(connection, record, position).run(commits, marked, careful=False)
    except (UniqueViolation, _Unseen):
        # A credential is, or may have been, issued a second time: look before judging.
        return _Batch(connection, record, position).run(commits, marked, careful=True)


class _Unseen(Exception):
    """A verdict hangs on whether a credential that the batch issues was there before, and nobody has looked."""


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
        self._rows = (
            CredentialRows(record.name),
            AchievementRows(record.name),
            RecognitionRows(record.name),
            SealRows(record.name),
            SearchRows(record.name),
            PrecedentRows(record.name),
        )

    def run(
        self, commits: Sequence[Folded], marked: Collection[int], *, careful: bool
    ) -> tuple[Position, list[Position]]:
        touched = AffectedKeys.empty()
        for commit in commits:
            for event in commit.events:
                if isinstance(event, Event):
                    touched.add(event)
        self._careful = careful or self._position.diverged
        things = state.load(self._connection, self._member, touched, issued=self._careful)
        overlay = Overlay(self._connection, self._member, touched) if self._position.diverged else None
        if overlay is not None:
            self._published = overlay.published(things)
        passed: list[Position] = []
        for commit in commits:
            self._take(commit, things)
            if commit.tree.size in marked:
                passed.append(self._after(commit))
        if self._published is not None:
            overlay = overlay or Overlay(self._connection, self._member, touched)
            overlay.save(things, self._published)
        copy(self._connection, "refusals", "member, leaf, code, path, detail, line", self._refusals)
        for rows in self._rows:
            rows.write(self._connection, things)
        return self._after(commits[-1]), passed

    def _after(self, commit: Folded) -> Position:
        return msgspec.structs.replace(
            self._position,
            tree=commit.tree,
            next=commit.next,
            skipped=self._position.skipped + self._skipped,
            diverged=self._published is not None,
        )

    def _take(self, commit: Folded, things: MemberState) -> None:
        credentials, achievements, recognition, seals, search, precedents = self._rows
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
                apply(things, event)
            except Refusal as refusal:
                effective = False
                self._look_first(refusal, data, things)
                self._refuse(leaf, refusal.code, refusal.path, refusal.detail, commit)
                if isinstance(refusal, _BY_GOVERNANCE) and self._published is None:
                    # Up to here the member's leaves alone led to the same.
                    self._published = _copy(things)
                if isinstance(refusal, Voided) and isinstance(data, CredentialIssued):
                    credentials.voided(data.credential, leaf)
            published = effective if self._published is None else self._publish(event)
            if (changed := stream.changed_credential(event)) is not None:
                credentials.changed(changed, leaf, event, effective=effective, published=published)
            if not effective:
                continue
            if isinstance(data, CredentialIssued):
                credentials.issued(data, leaf)
            elif isinstance(data, AchievementContent | AchievementRetired | AchievementJoined):
                achievements.take(event, leaf, commit.lines[leaf - commit.base])
                search.take(event)
            elif isinstance(data, StatusSealed):
                seals.sealed(data, leaf)
            elif event.type == "learner.erased.v1":
                credentials.erased(data.learner, leaf)
            elif event.type not in _STATUS_EVENTS:
                recognition.take(event, leaf, commit.lines[leaf - commit.base])
                precedents.take(event, leaf)

    def _look_first(self, refusal: Refusal, data: Any, things: MemberState) -> None:  # noqa: ANN401 - any event's
        """Raise `_Unseen` where the refusal, or what it leads to, is certain only of credentials that were read.

        `duplicate` comes before what the rules refuse; and what a member published beside its effective events is
        told from all that it issued before.
        """
        by_governance = isinstance(refusal, _BY_GOVERNANCE)
        unseen = isinstance(data, CredentialIssued) and data.credential not in things.credentials
        if not self._careful and (by_governance or unseen):
            raise _Unseen

    def _publish(self, event: Event[Any]) -> bool:
        """Let the event take effect by the member's leaves alone; whether it did."""
        assert self._published is not None  # noqa: S101 - asked only then
        try:
            stream.apply(self._published, event)
        except Refusal:
            return False
        return True

    def _refuse(self, leaf: int, code: str, path: str, detail: str, commit: Folded) -> None:
        raw = commit.lines[leaf - commit.base]
        self._refusals.append(line((self._member, leaf, code, path, detail, raw)))


_BY_GOVERNANCE = (Voided, MemberSuspended, RoleMissing)
_STATUS_EVENTS = frozenset({"credential.suspended.v1", "credential.reinstated.v1", "credential.revoked.v1"})


def _copy(things: MemberState) -> MemberState:
    copied = MemberState()
    copied.achievements.update(things.achievements)
    copied.credentials.update(things.credentials)
    copied.decisions.update(things.decisions)
    copied.assessments.update(things.assessments)
    copied.agreements.update(things.agreements)
    copied.joined |= things.joined
    copied.erased |= things.erased
    return copied
