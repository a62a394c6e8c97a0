"""The log alone: every stream replayed with public keys, in processes, without a database.

Form, signatures, tree and typed decode. What the events make of each other is for the views to tell. A stream
that an earlier report has verified is gone on with, as long as governance lets what was judged stand.
"""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from multiprocessing.queues import Queue
from typing import Final, NamedTuple

from consumers.audit_report import Fault, Head, StreamState, count, event_id
from consumers.governance import GovernanceFold
from consumers.rebuild import Source
from consumers.receipts import commits_from
from consumers.stream import Waypoint, batches
from consumers.verifier import CLAIMS, FORM, OK, REPEAT, MemberTrust, Verifier
from registry.log import GOVERNANCE, NoSuchStream, SharedLog, TailLost, open_log
from registry.rules.governance import MemberRecord
from registry.wire.checkpoint import SignedNote
from registry.wire.events import Event, Refused, Skipped
from registry.wire.merkle import Tree, root_of

_KEPT: Final = 64
"""A report keeps so many heads spread over a stream, and as many of the newest."""

_HEARD_EVERY: Final = 0.2

OnStream = Callable[[str, int], None]
"""Told a stream and how many of its leaves have been verified."""


class Replayed(NamedTuple):
    """What a stream came to."""

    state: StreamState
    faults: list[Fault]
    events: int
    """Verified in this run."""


def replay_all(
    source: Source,
    *,
    only: Sequence[str] = (),
    since: Sequence[StreamState] = (),
    workers: int | None = None,
    on_stream: OnStream | None = None,
) -> tuple[GovernanceFold, list[Replayed]]:
    """Replay governance and all members' streams, or some; streams in the order of their names."""
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        earlier = {state.member: state for state in since}
        fold, governance = _governance(log, source, earlier.get(GOVERNANCE))
        if unknown := sorted(set(only) - set(fold.state.members)):
            # Left out in silence, a misspelt name would end in "all is well".
            raise NoSuchStream(f"governance has admitted no member {', '.join(unknown)}")
        members = sorted(name for name in fold.state.members if not only or name in only)
        found: list[Replayed] = []
        if (workers or os.cpu_count() or 1) == 1 or len(members) < 2:
            found += [
                replay_member(log, source.consortium, fold, member, earlier.get(member), on_stream)
                for member in members
            ]
        else:
            found = _in_processes(
                source, members, earlier, min(workers or os.cpu_count() or 1, len(members)), on_stream
            )
        return fold, [governance, *sorted(found, key=lambda one: one.state.member)]
    finally:
        log.close()


def _in_processes(
    source: Source, members: Sequence[str], earlier: dict[str, StreamState], workers: int, on_stream: OnStream | None
) -> list[Replayed]:
    context = multiprocessing.get_context("spawn")
    said: Queue[tuple[str, int]] = context.Queue()
    found: list[Replayed] = []
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_tell, initargs=(said,)) as pool:
        waiting: set[Future[Replayed]] = {pool.submit(_work, source, m, earlier.get(m)) for m in members}
        while waiting:
            done, waiting = wait(waiting, timeout=_HEARD_EVERY, return_when=FIRST_COMPLETED)
            while not said.empty():
                heard = said.get()
                if on_stream is not None:
                    on_stream(*heard)
            found += [future.result() for future in done]
    if on_stream is not None:
        for one in found:  # what was said last may not have been heard
            on_stream(one.state.member, one.state.size)
    return found


_worker: dict[str, tuple[SharedLog, GovernanceFold]] = {}
"""A process's own log and governance, kept from one stream to the next."""

_telling: "list[Queue[tuple[str, int]]]" = []
"""Where a process says how far it has come."""


def _tell(said: "Queue[tuple[str, int]]") -> None:
    _telling.append(said)


def _work(source: Source, member: str, since: StreamState | None) -> Replayed:
    if source.url not in _worker:
        log = open_log(source.url, source.consortium, read_only=True)
        _worker[source.url] = log, _governance(log, source, None)[0]
    log, fold = _worker[source.url]
    return replay_member(log, source.consortium, fold, member, since, lambda *heard: _telling[0].put(heard))


def _governance(log: SharedLog, source: Source, since: StreamState | None) -> tuple[GovernanceFold, Replayed]:
    """Governance is small: read from its beginning every time."""
    fold = GovernanceFold(source.consortium, source.founded)
    faults: list[Fault] = []
    refused: dict[str, int] = {}
    heads = _Heads()
    notes: list[SignedNote] = []
    at = 0
    for record in log.records(GOVERNANCE):
        verdict, leaves = fold.take(record.data)
        at = record.next
        if verdict.code == OK and verdict.commit is not None:
            heads.add(fold.size, verdict.commit.note, fold.last_time)
        elif verdict.code != REPEAT:
            size = verdict.commit.checkpoint.size if verdict.commit is not None else None
            faults.append(Fault("record", GOVERNANCE, verdict.code, verdict.detail, record.position, size))
            count(refused, verdict.code)
            if verdict.code in CLAIMS and verdict.commit is not None:
                notes.append(verdict.commit.note)
        for leaf in leaves:
            detail = f"{leaf.path}: {leaf.detail}"
            faults.append(Fault("event", GOVERNANCE, leaf.code, detail, leaf=leaf.leaf, event=event_id(leaf.line)))
            count(refused, leaf.code)
    for note in notes:
        size = note.checkpoint.size
        if size <= fold.size and root_of(fold.leaves[:size]) != note.checkpoint.root:
            faults.append(_fork(GOVERNANCE, note, root_of(fold.leaves[:size]), heads.around(size)))
    if since is not None and (since.size > fold.size or root_of(fold.leaves[: since.size]).hex() != since.root):
        faults.append(
            Fault("history", GOVERNANCE, "fork", "the earlier report saw another governance log", size=since.size)
        )
    state = _state(GOVERNANCE, fold.tree, at, fold.size, refused, heads, skipped=fold.skipped)
    return fold, Replayed(state, faults, fold.size)


def replay_member(
    log: SharedLog,
    consortium: str,
    fold: GovernanceFold,
    member: str,
    since: StreamState | None = None,
    on_stream: OnStream | None = None,
) -> Replayed:
    """Replay one stream to its present end."""
    record = fold.state.members[member]
    trust = MemberTrust(f"{consortium}/{member}", record)
    state = since if since is not None and stands(since, record) else None
    faults: list[Fault] = []
    if state is not None and state.size and not _still_there(log, state):
        detail = "the log no longer holds the head that an earlier report verified: it lost its tail, or was rewritten"
        faults.append(Fault("history", member, "fork", detail, size=state.size, evidence=[state.heads[-1].note]))
        state = None
    tree = Tree(state.size, [bytes.fromhex(h) for h in state.hashes]) if state is not None else Tree()
    began, at = tree.size, state.next if state is not None else 0
    refused = dict(state.refused) if state is not None else {}
    skipped = state.skipped if state is not None else 0
    heads = _Heads(state.heads if state is not None else ())
    doubtful = state.doubtful if state is not None else False
    waypoints = [Waypoint(tree, at)]
    claims: list[SignedNote] = []
    try:
        for batch in batches(log, member, trust, tree, at):
            for commit in batch.commits:
                odd = [leaf for leaf, event in enumerate(commit.events) if not isinstance(event, Event)]
                for place in odd:
                    event, leaf = commit.events[place], commit.base + place
                    if isinstance(event, Skipped):
                        skipped += 1
                    elif isinstance(event, Refused):
                        line = commit.lines[place]
                        detail = f"{event.path}: {event.detail}"
                        faults.append(Fault("event", member, event.code, detail, leaf=leaf, event=event_id(line)))
                        count(refused, event.code)
                last = commit.events[-1]
                heads.add(commit.tree.size, commit.note, last.time if isinstance(last, Event) else "")
            for kept in batch.quarantined:
                faults.append(_record_fault(member, kept.position, kept.code, kept.detail, kept.record))
                count(refused, kept.code)
                doubtful = doubtful or kept.code not in FORM
            claims += [note for note, _, _ in batch.claims]
            waypoints += batch.waypoints
            tree, at = batch.tree, batch.next
            if on_stream is not None:
                on_stream(member, tree.size)
    except NoSuchStream:
        pass  # admitted, and has published nothing yet
    for note in claims:
        size = note.checkpoint.size
        if waypoints[0].tree.size < size <= tree.size:
            actual, own = passed(log, member, trust, waypoints, size)
            if actual != note.checkpoint.root:
                faults.append(_fork(member, note, actual, own))
        elif 0 < size <= waypoints[0].tree.size:
            doubtful = True  # a head from before this run: the next audit looks at the whole again
    made = _state(member, tree, at, fold.size, refused, heads, skipped=skipped, record=record, doubtful=doubtful)
    return Replayed(made, faults, tree.size - began)


def _still_there(log: SharedLog, state: StreamState) -> bool:
    """Whether the commit that led to a state's head still stands before the place where the state goes on."""
    if log.end(state.member) < state.next:
        return False
    for parsed in commits_from(log, state.member, state.size - 1):
        if parsed.checkpoint.size >= state.size:
            return (parsed.checkpoint.size, parsed.checkpoint.root.hex()) == (state.size, state.root)
    return False


def stands(state: StreamState, record: MemberRecord) -> bool:
    """Whether what was judged stays as it is under what governance has said since (SPEC.md, section 5)."""
    if record.changed <= state.governance or state.next == 0:
        return True
    return (
        not state.doubtful
        and all(
            anchor.size > state.size or (anchor.size == state.size and anchor.root_bytes.hex() == state.root)
            for anchor in record.anchors[state.anchors :]
        )
        and all(begin >= state.size for begin, _ in record.voided[state.voids :])
    )


class _Heads:
    """Heads spread over a stream, thinned as it grows, and the newest ones: bounded, whatever the length."""

    def __init__(self, known: Sequence[Head] = ()) -> None:
        self._spread: list[Head] = list(known)
        self._stride = 1
        self._newest: deque[tuple[int, SignedNote, str]] = deque(maxlen=_KEPT)
        self._thin()

    def add(self, size: int, note: SignedNote, time: str) -> None:
        """The stream passed through this head."""
        self._newest.append((size, note, time))
        if not self._spread or size // self._stride != self._spread[-1].size // self._stride:
            self._spread.append(Head(size, str(note), time))
            self._thin()

    def _thin(self) -> None:
        while len(self._spread) > 2 * _KEPT:
            self._stride *= 2
            kept: list[Head] = []
            for head in self._spread:
                if not kept or head.size // self._stride != kept[-1].size // self._stride:
                    kept.append(head)
            self._spread = kept

    def all(self) -> list[Head]:
        """All that are kept, by size."""
        found = {head.size: head for head in self._spread}
        found |= {size: Head(size, str(note), time) for size, note, time in self._newest}
        return [found[size] for size in sorted(found)]

    def around(self, size: int) -> str | None:
        """The first kept head at or after a size."""
        return next((head.note for head in self.all() if head.size >= size), None)


def _state(
    member: str, tree: Tree, at: int, governance: int, refused: dict[str, int], heads: _Heads, *,
    skipped: int, record: MemberRecord | None = None, doubtful: bool = False,
) -> StreamState:  # fmt: skip
    return StreamState(
        member, tree.size, tree.root.hex(), [h.hex() for h in tree.hashes], at, governance,
        len(record.anchors) if record is not None else 0, len(record.voided) if record is not None else 0,
        doubtful, skipped, refused, heads.all(),
    )  # fmt: skip


def _record_fault(member: str, position: int, code: str, detail: str, record: bytes) -> Fault:
    lines = bytes(record[:400]).split(b"\n", 2)
    readable = len(lines) == 3 and lines[1].isdigit() and len(lines[1]) < 20
    return Fault("record", member, code, detail, position, int(lines[1]) if readable else None)


def _fork(member: str, note: SignedNote, actual: bytes, other: str | None) -> Fault:
    size = note.checkpoint.size
    detail = f"signed a head at {size} whose root is not the tree's own, {actual.hex()}"
    return Fault("fork", member, "fork", detail, size=size, evidence=[str(note), *([other] if other else [])])


def passed(
    log: SharedLog, member: str, trust: MemberTrust, waypoints: Sequence[Waypoint], size: int
) -> tuple[bytes, str]:
    """The tree's root at a size that it has passed, and the note of the commit that reached it."""
    start = next(waypoint for waypoint in reversed(waypoints) if waypoint.tree.size < size or not waypoint.tree.size)
    verifier, at = Verifier(trust, start.tree), start.position
    while records := log.read(member, at):
        for record in records:
            before = verifier.tree
            verdict = verifier.judge(record.data)
            if verdict.code == OK and verdict.commit is not None and verifier.tree.size >= size:
                return before.extend(verdict.leaves[: size - before.size]).root, str(verdict.commit.note)
        at = records[-1].next
    raise TailLost(f"the log of {member} no longer reaches {size} leaves: it lost its end while it was read")
