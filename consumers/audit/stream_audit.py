"""One stream of the log, replayed with public keys: form, signatures, tree and typed decode."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple

from consumers.audit.audit_report import Fault, StreamState, count, event_id
from consumers.audit.audit_state import Heads, is_still_valid, state_of, tree_of
from consumers.audit.record_faults import KEY_NOT_VALID, RecordFaults
from consumers.audit.records_digest import RecordsDigest
from consumers.disputes.settling import roots_at
from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import Batch, Waypoint, batches
from consumers.streams.verifier import FORM, MemberTrust
from projections.fold.fold import VerifiedCommit
from registry.log import ArchiveDamaged, LogError, NoSuchStream, SharedLog, TailLost
from registry.wire import commit as wire
from registry.wire.achievements import AchievementJoined
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.credentials import CredentialIssued
from registry.wire.events import Event, Refused, Skipped
from registry.wire.merkle import Tree
from registry.wire.recognition import AgreementDeclared, RecognitionAssessed, RecognitionDecided

DAMAGED: Final = "damaged"
"""The code of a stream that ends in the middle because its files are not what they were."""

OnStream = Callable[[str, int], None]
"""Receives a stream and the number of its leaves that have been verified."""


class Replayed(NamedTuple):
    """The result for one stream."""

    state: StreamState
    faults: list[Fault]
    events: int
    """Verified in this run."""
    repeated: int = 0
    """Records that repeat what the stream already holds."""
    there: bool = True
    """True if the log has this stream."""
    sealed_again: int = 0
    """Records that were refused for their key, and whose heads were signed again by a key that counts."""
    unread: str = ""
    """Why the stream could not be read to its end."""
    start: int = 0
    """The position at which reading began."""

    @property
    def whole(self) -> bool:
        """True if the stream was read to its end."""
        return not self.unread and all(fault.code != DAMAGED for fault in self.faults)


def replay_member(
    log: SharedLog,
    consortium: str,
    fold: GovernanceFold,
    member: str,
    since: StreamState | None = None,
    on_stream: OnStream | None = None,
) -> Replayed:
    """Replay one stream to its present end, or to where it can be read."""
    record = fold.state.members[member]
    trust = MemberTrust(consortium, record)
    run = _StreamRun(log, consortium, trust, member, frozenset(fold.state.members))
    # A report whose verdicts governance has changed since says nothing about this log any more.
    earlier = since if since is not None and since.size and is_still_valid(since, record) else None
    if earlier is not None:
        run.go_on_from(earlier)
    there, unread = True, ""
    damage: list[Fault] = []
    try:
        there = run.read(on_stream)
        run.settle()
        if earlier is not None and not run.gone_on:
            run.hold_against(earlier)
    except (ArchiveDamaged, TailLost) as error:
        damage.append(Fault("stream", member, DAMAGED, str(error), size=run.tree.size, ends_stream=True))
    except LogError as error:
        unread = str(error)
    state = state_of(
        member, run.tree, run.at, fold.size, run.refused, run.heads, skipped=run.skipped, record=record,
        doubtful=run.doubtful, mentions=run.mentions, digest=run.digest(),
    )  # fmt: skip
    return Replayed(
        state,
        [*run.faults(), *damage],
        run.tree.size - run.began,
        run.repeated,
        there,
        run.sealed_again,
        unread,
        run.start,
    )


class _StreamRun:
    """One pass over one stream."""

    def __init__(
        self, log: SharedLog, consortium: str, trust: MemberTrust, member: str, members: Collection[str]
    ) -> None:
        self._log = log
        self._trust = trust
        self._member = member
        self._members = members
        self._records = RecordFaults(consortium, member)
        self._others: list[Fault] = []
        self._disputed: list[tuple[SignedNote, int]] = []
        self._refused_for_key: list[tuple[Checkpoint, int]] = []
        """Heads after the tree's own that no key signed which counts, and where their records begin."""
        self._waypoints: list[Waypoint] = []
        self.tree = Tree()
        self.began = self.start = self.at = self.skipped = self.repeated = self.sealed_again = 0
        self.refused: dict[str, int] = {}
        self.mentions: dict[str, int] = {}
        self.heads = Heads()
        self.doubtful = False
        self._digest = RecordsDigest()
        self._last: int | None = None
        self.gone_on = False
        """True if this run goes on from an earlier report."""

    def go_on_from(self, state: StreamState) -> None:
        """Go on from an earlier report, where this log holds the very records that it verified."""
        try:
            digest = RecordsDigest.of_first(self._log, self._member, state.records)
        except LogError:
            return  # reading says what is wrong
        if not state.records_digest or (digest.records, str(digest)) != (state.records, state.records_digest):
            return
        self.gone_on = True
        self._digest = digest
        self.tree = tree_of(state)
        self.began, self.start, self.at, self.skipped = state.size, digest.end, digest.end, state.skipped
        self.refused, self.mentions = dict(state.refused), dict(state.mentions)
        self.heads, self.doubtful = Heads(state.heads), state.doubtful

    def read(self, on_stream: OnStream | None) -> bool:
        """Verify the stream to its present end; return whether the log has it."""
        self._waypoints = [Waypoint(self.tree, self.at)]
        try:
            for batch in batches(self._log, self._member, self._trust, self.tree, self.at):
                self._take(batch)
                if on_stream is not None:
                    on_stream(self._member, self.tree.size)
            self._log.end(self._member)
        except NoSuchStream:
            if self.at:
                raise
            return False
        return True

    def _take(self, batch: Batch) -> None:
        for commit in batch.commits:
            self._look_at(commit)
            last = commit.events[-1]
            self.heads.add(commit.tree.size, commit.note, last.time if isinstance(last, Event) else "")
        places = [commit.next for commit in batch.commits]
        for refused_record in batch.quarantined:
            before = bisect_right(places, refused_record.position)
            size = batch.commits[before - 1].tree.size if before else self.tree.size
            self._records.add(
                refused_record.position, refused_record.code, refused_record.detail, refused_record.record, size
            )
            if refused_record.code == KEY_NOT_VALID and refused_record.size is not None and refused_record.size > size:
                self._refused_for_key.append((wire.parse(refused_record.record).checkpoint, refused_record.position))
            count(self.refused, refused_record.code)
            self.doubtful = self.doubtful or refused_record.code not in FORM
        self._disputed += [(note, position) for note, _, position in batch.disputed]
        self._waypoints += batch.waypoints
        self.repeated += batch.repeats
        self._last = batch.last if batch.last is not None else self._last
        self.tree, self.at = batch.tree, batch.next

    def _look_at(self, commit: VerifiedCommit) -> None:
        for place, event in enumerate(commit.events):
            if isinstance(event, Event):
                # Nearly all are credentials without parts, which name nobody.
                data = event.data
                if type(data) is not CredentialIssued or data.parts:
                    for member in _names(data):
                        if member in self._members and member != self._member:
                            self.mentions.setdefault(member, commit.base + place)
            elif isinstance(event, Skipped):
                self.skipped += 1
            elif isinstance(event, Refused):
                leaf = commit.base + place
                detail = f"{event.path}: {event.detail}"
                identifier = event_id(commit.lines[place])
                self._others.append(Fault("event", self._member, event.code, detail, leaf=leaf, event=identifier))
                count(self.refused, event.code)

    def settle(self) -> None:
        """Compare the heads that were signed and not accepted with the tree."""
        heads = [note.checkpoint for note, _ in self._disputed] + [head for head, _ in self._refused_for_key]
        sizes = {head.size for head in heads if 0 < head.size <= self.tree.size}
        if not sizes:
            return
        earliest = self._waypoints[0].tree.size
        waypoints = self._waypoints if min(sizes) > earliest else [Waypoint(Tree(), 0), *self._waypoints]
        actual = roots_at(self._log, self._member, self._trust, waypoints, sizes)
        for note, position in self._disputed:
            size = note.checkpoint.size
            if size not in actual:
                continue
            root, own = actual[size]
            if root != note.checkpoint.root:
                self._others.append(fork_fault(self._member, note, root, own))
            else:
                self._records.forgive(position)
                self.repeated += 1

        for head, position in self._refused_for_key:
            if head.size in actual and actual[head.size][0] == head.root:
                self._records.forgive(position)
                self.sealed_again += 1

    def hold_against(self, since: StreamState) -> None:
        """Compare a stream that was read from its beginning with what an earlier report says of it."""
        if self.tree.size < since.size:
            self._others.append(shorter_fault(self._member, since, self.tree.size))
            return
        actual = roots_at(self._log, self._member, self._trust, self._waypoints, {since.size})
        if actual[since.size][0].hex() != since.root:
            self._others.append(rewritten_fault(self._member, since))

    def digest(self) -> RecordsDigest | None:
        """Return the digest of the records up to the head; None where they cannot be read again."""
        try:
            if self._last is not None:
                self._digest.read_on(self._log, self._member, self._last)
        except LogError:
            return None
        return self._digest

    def faults(self) -> list[Fault]:
        """Return all faults, records that were not taken in first."""
        return [*self._records.all(self.tree.size), *self._others]


def _names(data: Any) -> Iterator[str]:  # noqa: ANN401 - any event's data
    """Return the members whose achievements or credentials an event names."""
    if isinstance(data, CredentialIssued):
        yield from (part.member for part in data.parts or ())
    elif isinstance(data, RecognitionDecided):
        yield from (basis.achievement.member for basis in data.basis if basis.achievement is not None)
    elif isinstance(data, RecognitionAssessed | AchievementJoined):
        yield data.achievement.member
    elif isinstance(data, AgreementDeclared) and isinstance(data.achievements, list):
        yield from (ref.member for ref in data.achievements)


def shorter_fault(member: str, since: StreamState, size: int) -> Fault:
    """Return the fault of a log that ends before what an earlier report verified."""
    detail = (
        f"an earlier report verified {since.size:,} events, and this log ends at {size:,}: its end is missing,"
        " or it was rewritten"
    )
    if not size:
        them = "1 event, and this log has none of it" if since.size == 1 else None
        detail = f"an earlier report verified {them or f'{since.size:,} events, and this log has none of them'}"
    return Fault(
        "history", member, "shorter", detail, size=since.size, evidence=[head.note for head in since.heads[-1:]]
    )


def rewritten_fault(member: str, since: StreamState) -> Fault:
    """Return the fault of a log with another history than an earlier report verified."""
    detail = f"at {since.size:,} events this log has another history than the one that an earlier report verified"
    return Fault("history", member, "fork", detail, size=since.size, evidence=[head.note for head in since.heads[-1:]])


def fork_fault(member: str, note: SignedNote, actual: bytes, other: str | None) -> Fault:
    """Return the fault of a head that was signed and contradicts the tree, with both notes."""
    size = note.checkpoint.size
    detail = f"signed a head at {size} whose root is not the tree's own, {actual.hex()}"
    return Fault("fork", member, "fork", detail, size=size, evidence=[str(note), *([other] if other else [])])
