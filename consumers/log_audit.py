"""The log alone: every stream replayed with public keys, in processes, without a database.

Form, signatures, tree and typed decode. What the events make of each other is for the views to tell. A stream
that an earlier report has verified is gone on with, as long as governance lets what was judged stand.
"""

import os
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from consumers.audit_report import Fault, StreamState, count, event_id
from consumers.audit_state import Heads, stands, state_of
from consumers.governance import GovernanceFold
from consumers.processes import Report, run_in_processes
from consumers.rebuild import Source
from consumers.record_faults import RecordFaults
from consumers.stream import Batch, Waypoint, batches
from consumers.verifier import CLAIMS, FORM, OK, REPEAT, MemberTrust, Verifier
from projections.fold import Folded
from registry.log import GOVERNANCE, ArchiveDamaged, LogError, NoSuchStream, SharedLog, TailLost, open_log
from registry.wire import commit as wire
from registry.wire.achievements import AchievementJoined
from registry.wire.checkpoint import SignedNote
from registry.wire.credentials import CredentialIssued
from registry.wire.errors import MalformedCommit
from registry.wire.events import Event, Refused, Skipped
from registry.wire.merkle import Tree, root_of
from registry.wire.recognition import AgreementDeclared, RecognitionAssessed, RecognitionDecided

DAMAGED: Final = "damaged"
"""The code of a stream that ends in the middle because its files are not what they were."""

OnStream = Callable[[str, int], None]
"""Told a stream and how many of its leaves have been verified."""


class Replayed(NamedTuple):
    """What a stream came to."""

    state: StreamState
    faults: list[Fault]
    events: int
    """Verified in this run."""
    repeated: int = 0
    """Records that say once more what the stream holds already."""
    there: bool = True
    """Whether the log has such a stream at all."""
    unread: str = ""
    """Why the stream could not be read to its end."""

    @property
    def whole(self) -> bool:
        """Whether the stream was read to its end."""
        return not self.unread and all(fault.code != DAMAGED for fault in self.faults)


def replay_all(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: Sequence[StreamState] = (),
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> tuple[GovernanceFold, list[Replayed]]:
    """Replay governance and all members' streams, or some; streams in the order of their names.

    Raises `NoSuchStream` where the log has no governance, or governance no such member.
    """
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        earlier = {state.member: state for state in since}
        fold, governance = _governance(log, source, earlier.get(GOVERNANCE))
        if unknown := sorted(set(only) - set(fold.state.members)):
            # Left out in silence, a misspelt name would end in "verified".
            raise NoSuchStream(f"governance has admitted no member {', '.join(unknown)}")
        members = sorted(name for name in fold.state.members if not only or name in only)
        count = min(workers or os.cpu_count() or 1, len(members))
        if count < 2:
            found = [
                replay_member(log, source.consortium, fold, member, earlier.get(member), on_stream)
                for member in members
            ]
        else:
            jobs = [(source, member, earlier.get(member)) for member in members]
            found = run_in_processes(_replay_one, jobs, count, on_stream or _ignore)
            if on_stream is not None:
                for replayed in found:
                    on_stream(replayed.state.member, replayed.state.size)
        return fold, [governance, *sorted(found, key=lambda replayed: replayed.state.member)]
    finally:
        log.close()


def _ignore(member: str, size: int) -> None:
    """Nobody watches."""


_worker: dict[str, tuple[SharedLog, GovernanceFold]] = {}
"""A process's own log and governance, kept from one stream to the next."""


def _replay_one(report: Report, source: Source, member: str, since: StreamState | None) -> Replayed:
    if source.url not in _worker:
        log = open_log(source.url, source.consortium, read_only=True)
        _worker[source.url] = log, _governance(log, source, None)[0]
    log, fold = _worker[source.url]
    return replay_member(log, source.consortium, fold, member, since, report)


def require_governance(log: SharedLog, url: str) -> None:
    """Raise `NoSuchStream` where a log has no governance: nothing in it can be judged."""
    if GOVERNANCE not in log.streams():
        raise NoSuchStream(
            f"there is no governance log at {url}; an audit needs it: it says who is a member, with which keys"
        )


def _governance(log: SharedLog, source: Source, since: StreamState | None) -> tuple[GovernanceFold, Replayed]:
    """Governance is small: read from its beginning every time."""
    require_governance(log, source.url)
    fold = GovernanceFold(source.consortium, source.founded)
    records = RecordFaults(source.consortium, GOVERNANCE)
    events: list[Fault] = []
    refused: dict[str, int] = {}
    heads = Heads()
    notes: list[tuple[SignedNote, int]] = []
    at = repeated = 0
    for record in log.records(GOVERNANCE):
        before = fold.size
        verdict, leaves = fold.take(record.data)
        at = record.next
        if verdict.code == OK and verdict.commit is not None:
            heads.add(fold.size, verdict.commit.note, fold.last_time)
        elif verdict.code == REPEAT:
            repeated += 1
        else:
            records.add(record.position, verdict.code, verdict.detail, record.data, before)
            count(refused, verdict.code)
            if verdict.code in CLAIMS and verdict.commit is not None:
                notes.append((verdict.commit.note, record.position))
        for leaf in leaves:
            detail = f"{leaf.path}: {leaf.detail}"
            events.append(Fault("event", GOVERNANCE, leaf.code, detail, leaf=leaf.leaf, event=event_id(leaf.line)))
            count(refused, leaf.code)
    forks: list[Fault] = []
    for note, position in notes:
        size = note.checkpoint.size
        if 0 < size <= fold.size:
            if (own := root_of(fold.leaves[:size])) != note.checkpoint.root:
                forks.append(_fork(GOVERNANCE, note, own, heads.around(size)))
            else:
                records.forgive(position)
                repeated += 1
    faults = [*records.all(fold.size), *forks, *events]
    if not fold.size and faults:
        faults = [_other_founding(source, faults)]
    if since is not None and since.size > fold.size:
        faults.append(_shorter(GOVERNANCE, since, fold.size))
    elif since is not None and root_of(fold.leaves[: since.size]).hex() != since.root:
        faults.append(_rewritten(GOVERNANCE, since))
    state = state_of(GOVERNANCE, fold.tree, at, fold.size, refused, heads, skipped=fold.skipped)
    return fold, Replayed(state, faults, fold.size, repeated)


def _other_founding(source: Source, faults: Sequence[Fault]) -> Fault:
    """Explain a governance log of which nothing counts."""
    detail = (
        f"governance does not begin with a founding of {source.consortium} whose hash is {source.founded.hex()}:"
        " it is another consortium's, or was altered; nothing on this log can be judged"
    )
    return msgspec.structs.replace(
        faults[0], code="other-founding", detail=detail, further=len(faults) - 1, consequences=list(faults[:20])
    )


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
    trust = MemberTrust(f"{consortium}/{member}", record)
    run = _Run(log, consortium, trust, member, frozenset(fold.state.members))
    # What governance has judged anew since is no measure for this log any more.
    earlier = since if since is not None and since.size and stands(since, record) else None
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
        damage.append(Fault("stream", member, DAMAGED, str(error), size=run.tree.size))
    except LogError as error:
        unread = str(error)
    state = state_of(
        member, run.tree, run.at, fold.size, run.refused, run.heads, skipped=run.skipped, record=record,
        doubtful=run.doubtful, mentions=run.mentions,
    )  # fmt: skip
    return Replayed(state, [*run.faults(), *damage], run.tree.size - run.began, run.repeated, there, unread)


class _Run:
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
        self._claims: list[tuple[SignedNote, int]] = []
        self._waypoints: list[Waypoint] = []
        self.tree = Tree()
        self.began = self.at = self.skipped = self.repeated = 0
        self.refused: dict[str, int] = {}
        self.mentions: dict[str, int] = {}
        self.heads = Heads()
        self.doubtful = False
        self.gone_on = False
        """Whether this run goes on from an earlier report."""

    def go_on_from(self, state: StreamState) -> None:
        """Go on from an earlier report, where this log holds the head at which it ended."""
        try:
            place = _place_after(self._log, state)
        except LogError:
            place = None  # reading says what is wrong
        if place is None:
            return
        self.gone_on = True
        self.tree = Tree(state.size, [bytes.fromhex(text) for text in state.hashes])
        self.began, self.at, self.skipped = state.size, place, state.skipped
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
        for kept in batch.quarantined:
            before = bisect_right(places, kept.position)
            size = batch.commits[before - 1].tree.size if before else self.tree.size
            self._records.add(kept.position, kept.code, kept.detail, kept.record, size)
            count(self.refused, kept.code)
            self.doubtful = self.doubtful or kept.code not in FORM
        self._claims += [(note, position) for note, _, position in batch.claims]
        self._waypoints += batch.waypoints
        self.repeated += batch.repeats
        self.tree, self.at = batch.tree, batch.next

    def _look_at(self, commit: Folded) -> None:
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
        """Hold the heads that were signed and not accepted against the tree."""
        sizes = {note.checkpoint.size for note, _ in self._claims if 0 < note.checkpoint.size <= self.tree.size}
        if not sizes:
            return
        earliest = self._waypoints[0].tree.size
        waypoints = self._waypoints if min(sizes) > earliest else [Waypoint(Tree(), 0), *self._waypoints]
        actual = roots_at(self._log, self._member, self._trust, waypoints, sizes)
        for note, position in self._claims:
            size = note.checkpoint.size
            if size not in actual:
                continue
            root, own = actual[size]
            if root != note.checkpoint.root:
                self._others.append(_fork(self._member, note, root, own))
            else:
                self._records.forgive(position)
                self.repeated += 1

    def hold_against(self, since: StreamState) -> None:
        """Hold a stream that was read from its beginning against what an earlier report says of it."""
        if self.tree.size < since.size:
            self._others.append(_shorter(self._member, since, self.tree.size))
            return
        actual = roots_at(self._log, self._member, self._trust, self._waypoints, {since.size})
        if actual[since.size][0].hex() != since.root:
            self._others.append(_rewritten(self._member, since))

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


def _place_after(log: SharedLog, state: StreamState) -> int | None:
    """Return where the log goes on after the head at which an earlier report ended; None where it has no such head.

    A copy of a log has its records at other places, so that only the head itself tells.
    """
    near = log.seek(state.member, state.size - 1)
    for begin in (near, 0) if near else (0,):
        for record in log.records(state.member, begin):
            try:
                head = wire.parse(record.data).checkpoint
            except MalformedCommit:
                continue
            if (head.size, head.root.hex()) == (state.size, state.root):
                return record.next
            if head.size > state.size and begin:
                break  # the hint was wrong: look through all
    return None


def _shorter(member: str, since: StreamState, size: int) -> Fault:
    detail = (
        f"an earlier report verified {since.size:,} events, and this log ends at {size:,}: its end is missing,"
        " or it was rewritten"
    )
    if not size:
        them = "1 event, and this log has none of it" if since.size == 1 else None
        detail = f"an earlier report verified {them or f'{since.size:,} events, and this log has none of them'}"
    return Fault("history", member, "shorter", detail, size=since.size, evidence=[since.heads[-1].note])


def _rewritten(member: str, since: StreamState) -> Fault:
    detail = f"at {since.size:,} events this log has another history than the one that an earlier report verified"
    return Fault("history", member, "fork", detail, size=since.size, evidence=[since.heads[-1].note])


def _fork(member: str, note: SignedNote, actual: bytes, other: str | None) -> Fault:
    size = note.checkpoint.size
    detail = f"signed a head at {size} whose root is not the tree's own, {actual.hex()}"
    return Fault("fork", member, "fork", detail, size=size, evidence=[str(note), *([other] if other else [])])


def passed(
    log: SharedLog, member: str, trust: MemberTrust, waypoints: Sequence[Waypoint], size: int
) -> tuple[bytes, str]:
    """Return the tree's root at a size that it has passed, and the note of the commit that reached it."""
    return roots_at(log, member, trust, waypoints, {size})[size]


def roots_at(
    log: SharedLog, member: str, trust: MemberTrust, waypoints: Sequence[Waypoint], sizes: Collection[int]
) -> dict[int, tuple[bytes, str]]:
    """Return, for sizes that the tree has passed, its root and the note of the commit that reached it.

    The stream is read once, from the last waypoint before the smallest size. Raises `TailLost`.
    """
    wanted = sorted(sizes)
    found: dict[int, tuple[bytes, str]] = {}
    first = wanted[0]
    start = next(point for point in reversed(waypoints) if point.tree.size < first or not point.tree.size)
    verifier, at = Verifier(trust, start.tree), start.position
    while records := log.read(member, at):
        for record in records:
            before = verifier.tree
            verdict = verifier.judge(record.data)
            if verdict.code != OK or verdict.commit is None:
                continue
            while len(found) < len(wanted) and wanted[len(found)] <= verifier.tree.size:
                size = wanted[len(found)]
                found[size] = before.extend(verdict.leaves[: size - before.size]).root, str(verdict.commit.note)
            if len(found) == len(wanted):
                return found
        at = records[-1].next
    raise TailLost(f"the log of {member} no longer reaches {wanted[-1]} leaves: it lost its end while it was read")
