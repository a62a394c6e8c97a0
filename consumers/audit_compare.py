"""Two auditors' reports of one consortium: did they see the same histories?"""

import msgspec

from consumers.audit_report import AuditReport, StreamState


class Difference(msgspec.Struct, frozen=True):
    """A stream of which two auditors saw different histories: proof that needs no trust in either."""

    member: str
    size: int
    """The first size at which both hold a signed head, and the heads contradict each other."""
    agreed: int
    """The last size before it at which their heads are the same (0: none)."""
    notes: tuple[str, str]


class Comparison(msgspec.Struct, frozen=True):
    """What comparing two reports came to."""

    same: bool
    differences: list[Difference]
    undecided: list[str]
    """Streams of which the reports share no head: nothing can be said of these."""


def compare(one: AuditReport, other: AuditReport) -> Comparison:
    """Find, stream by stream, the first size at which the reports' signed heads contradict each other."""
    if (one.consortium, one.founded) != (other.consortium, other.founded):
        raise OtherConsortium(
            f"one report is of {one.consortium}, the other of {other.consortium}, or of another founding"
        )
    theirs = {state.member: state for state in other.streams}
    differences: list[Difference] = []
    undecided: list[str] = []
    for state in one.streams:
        if (second := theirs.get(state.member)) is None:
            continue
        shared = _shared(state, second)
        contradicting = [size for size, notes in shared if _root(notes[0]) != _root(notes[1])]
        if contradicting:
            size = contradicting[0]
            agreed = max((at for at, notes in shared if at < size), default=0)
            notes = next(notes for at, notes in shared if at == size)
            differences.append(Difference(state.member, size, agreed, notes))
        elif not shared and state.size and second.size:
            undecided.append(state.member)
    return Comparison(not differences and not undecided, differences, undecided)


class OtherConsortium(ValueError):
    """Two reports that are not of one consortium."""


def _shared(one: StreamState, other: StreamState) -> list[tuple[int, tuple[str, str]]]:
    """The sizes at which both hold a head, with their notes, by size."""
    theirs = {head.size: head.note for head in other.heads}
    return [(head.size, (head.note, theirs[head.size])) for head in one.heads if head.size in theirs]


def _root(note: str) -> str:
    return note.split("\n", 3)[2]
