"""Compares two audit reports of one consortium: whether both auditors saw the same histories."""

import msgspec

from consumers.audit.audit_contradictions import find_contradictions
from consumers.audit.audit_report import AuditReport, StreamState
from consumers.audit.audit_verdict import INCONCLUSIVE, NOT_WELL, WELL
from consumers.audit.signed_notes import is_signed
from consumers.disputes.settling import root_at
from consumers.governance.governance import GovernanceFold
from consumers.streams.stream import Waypoint
from consumers.streams.verifier import MemberTrust
from consumers.witness.cosignatures import parse_note
from registry.log import NoSuchStream, SharedLog, TailLost
from registry.wire.errors import MalformedNote
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree


class Difference(msgspec.Struct, frozen=True):
    """A stream of which two auditors saw different histories: proof that needs no trust in either."""

    member: str
    size: int
    """The first size at which both hold a signed head, and the heads contradict each other."""
    agreed: int
    """The last size before it at which their heads are the same (0: none)."""
    notes: tuple[str, str]


class Undecided(msgspec.Struct, frozen=True):
    """A stream for which the reports leave open whether both auditors saw the same."""

    member: str
    agreed: int
    """The last size at which their heads are the same (0: none)."""
    reach: int
    """The size up to which both have read; between the two they share no head."""


class Shorter(msgspec.Struct, frozen=True):
    """A stream of which one auditor saw less than the other."""

    member: str
    report: int
    """The report that ends first: 1 or 2."""
    size: int
    """The size at which it ends."""
    of: int
    """The size at which the other ends."""


class Comparison(msgspec.Struct, frozen=True):
    """The result of comparing two reports."""

    same: bool
    """True if both saw the same heads."""
    differences: list[Difference]
    undecided: list[Undecided]
    unsigned: list[str]
    """Streams of which a report holds a contradicting head that no key of the member, as the first report names
    them, has signed: it proves only that the report cannot be relied on."""
    shorter: list[Shorter] = []
    not_well: list[int] = []
    """Which of the two reports (1, 2) was itself not well."""
    contradictory: list[int] = []
    """Which of the two reports (1, 2) contradicts its own signed heads and keys: nothing can be concluded from it."""

    @property
    def verdict(self) -> str:
        """`well` if both saw the same heads, `not well` if they saw two histories, else `inconclusive`."""
        if self.differences or self.unsigned:
            return NOT_WELL
        return WELL if self.same and not (self.not_well or self.contradictory) else INCONCLUSIVE

    def sentence(self, first_name: str, second_name: str) -> str:
        """Return the result in a sentence, with the names of the two reports."""
        names = " and ".join((first_name, second_name)[report - 1] for report in self.not_well)
        contradictory = "".join(
            f"{(first_name, second_name)[report - 1]} contradicts itself: what it says is not what the signed heads and"
            " the keys in it prove; rely on nothing in it. "
            for report in self.contradictory
        )
        return contradictory + self._result(first_name, second_name) + (f" Itself not well: {names}." if names else "")

    def _result(self, first_name: str, second_name: str) -> str:
        if self.differences:
            names = ", ".join(difference.member for difference in self.differences)
            return f"Not the same: {names} showed two histories."
        if self.unsigned:
            return "A report holds heads that the members never signed; do not rely on it."
        ends = [
            f"{(first_name, second_name)[s.report - 1]} ends at {s.size:,} of {s.of:,} in {s.member}"
            for s in self.shorter
        ]
        if self.undecided:
            names = ", ".join(doubt.member for doubt in self.undecided)
            return f"Undecided: the reports share too few heads of {names}. " + "".join(f"{end}. " for end in ends)
        if ends:
            return f"The same as far as both go; {'; '.join(ends)}."
        return "The signed heads that both hold are the same." if self.contradictory else "Both saw the same histories."


def compare(first_report: AuditReport, second_report: AuditReport) -> Comparison:
    """Find, stream by stream, the first size at which the reports' signed heads contradict each other.

    Raises `OtherConsortium`, and `MalformedNote` for a head or a key that cannot be read.
    """
    if (first_report.consortium, first_report.founded) != (second_report.consortium, second_report.founded):
        raise OtherConsortium(
            f"one report is of {first_report.consortium}, the other of {second_report.consortium}, or of another"
            " founding"
        )
    theirs = {state.member: state for state in second_report.streams}
    shorter = _shorter(first_report, second_report)
    keys = {member.member: [VerifierKey.parse(use.vkey) for use in member.keys] for member in first_report.members}
    differences: list[Difference] = []
    undecided: list[Undecided] = []
    unsigned: list[str] = []
    for state in first_report.streams:
        if (second := theirs.get(state.member)) is None:
            continue
        if not (_ends_in_its_head(state) and _ends_in_its_head(second)):
            unsigned.append(state.member)
            continue
        shared = _shared_heads(state, second)
        contradicting = [(size, notes) for size, notes in shared if _root(notes[0]) != _root(notes[1])]
        first = contradicting[0][0] if contradicting else None
        agreed = max((size for size, _ in shared if first is None or size < first), default=0)
        reach = min(state.size, second.size)
        if contradicting:
            size, notes = contradicting[0]
            if all(is_signed(note, keys.get(state.member, [])) for note in notes):
                differences.append(Difference(state.member, size, agreed, notes))
            else:
                unsigned.append(state.member)
        elif agreed < reach:
            undecided.append(Undecided(state.member, agreed, reach))
    reports = list(enumerate((first_report, second_report), 1))
    return msgspec.structs.replace(
        _comparison(differences, undecided, unsigned, shorter),
        not_well=[number for number, report in reports if report.verdict == NOT_WELL],
        contradictory=[number for number, report in reports if find_contradictions(report)],
    )


def _comparison(
    differences: list[Difference], undecided: list[Undecided], unsigned: list[str], shorter: list[Shorter]
) -> Comparison:
    same = not (differences or undecided or unsigned or shorter)
    return Comparison(same, differences, undecided, unsigned, shorter)


def _shorter(first_report: AuditReport, second_report: AuditReport) -> list[Shorter]:
    """Return the streams of which one report has less; a stream that it does not name is one of 0 events."""
    ours = {state.member: state.size for state in first_report.streams}
    theirs = {state.member: state.size for state in second_report.streams}
    shorter = []
    for member in sorted(ours.keys() | theirs.keys()):
        mine, yours = ours.get(member, 0), theirs.get(member, 0)
        if mine != yours:
            shorter.append(Shorter(member, 1 if mine < yours else 2, min(mine, yours), max(mine, yours)))
    return shorter


def settle_undecided(
    comparison: Comparison, first_report: AuditReport, second_report: AuditReport, log: SharedLog
) -> Comparison:
    """Settle undecided streams by a log: compare each report's newest head with the log's tree.

    A stream stays undecided if the log is shorter, or has another history itself.
    """
    fold = GovernanceFold(first_report.consortium, bytes.fromhex(first_report.founded)).read(log)
    differences, undecided, unsigned = list(comparison.differences), [], list(comparison.unsigned)
    for doubt in comparison.undecided:
        record_of = fold.state.members.get(doubt.member)
        states = [
            s
            for report in (first_report, second_report)
            for s in report.streams
            if s.member == doubt.member and s.heads
        ]
        if record_of is None or len(states) < 2:
            undecided.append(doubt)
            continue
        keys = [window.key for window in record_of.keys]
        if not all(is_signed(state.heads[-1].note, keys) for state in states):
            unsigned.append(doubt.member)
            continue
        trust = MemberTrust(first_report.consortium, record_of)
        try:
            roots = [(s, *root_at(log, doubt.member, trust, [Waypoint(Tree(), 0)], s.size)) for s in states]
        except (TailLost, NoSuchStream):
            undecided.append(doubt)
            continue
        wrong = [(state, note) for state, root, note in roots if root.hex() != state.root]
        if len(wrong) == 1:
            state, note = wrong[0]
            differences.append(Difference(doubt.member, state.size, doubt.agreed, (state.heads[-1].note, note)))
        elif wrong:
            undecided.append(doubt)  # the log is a third history, which decides nothing about these two
    settled = _comparison(differences, undecided, unsigned, comparison.shorter)
    return msgspec.structs.replace(settled, not_well=comparison.not_well, contradictory=comparison.contradictory)


def _ends_in_its_head(state: StreamState) -> bool:
    """True if the size and root of a stream in a report are those of its newest head, whose note is there."""
    if not state.heads:
        return True
    try:
        checkpoint = parse_note(state.heads[-1].note).checkpoint
    except MalformedNote:
        return False
    return (checkpoint.size, checkpoint.root.hex()) == (state.size, state.root)


class OtherConsortium(ValueError):
    """The two reports are of different consortia."""


def _shared_heads(first_report: StreamState, second_report: StreamState) -> list[tuple[int, tuple[str, str]]]:
    """Return the sizes at which both hold a head, with their notes, by size."""
    theirs = {head.size: head.note for head in second_report.heads}
    return [(head.size, (head.note, theirs[head.size])) for head in first_report.heads if head.size in theirs]


def _root(note: str) -> str:
    """Return the root that a note states. Raises `MalformedNote`."""
    lines = note.split("\n", 3)
    if len(lines) < 4:
        raise MalformedNote("a head in a report is not a signed note")
    return lines[2]
