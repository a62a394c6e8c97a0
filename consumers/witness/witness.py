"""A witness: it follows every stream and cosigns its heads, never two for one size.

Before a cosignature leaves, its head is written to the disk. A witness that is killed starts again with every head
that it ever cosigned, and goes on from there.

| it dies before | written down | cosigned | when it comes back |
|---|---|---|---|
| read | earlier heads | earlier heads | reads on |
| write down | earlier heads | earlier heads | finds the same heads, or later ones, again |
| cosign | these too | earlier heads | cosigns these, or later ones |
| keep | these too | these, not kept | cosigns the same heads again, at a later time |
"""

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from consumers.disputes.settling import Settling
from consumers.governance.governance import GovernanceFold
from consumers.governance.governance_reader import GovernanceReader
from consumers.streams.cursor import START, Cursor, Mark, confirm, mark_of, still_stands
from consumers.streams.stream import REPLAY_BYTES, Waypoint
from consumers.streams.verifier import DISPUTABLE, OK, MemberTrust, Verifier
from consumers.witness.cosignatures import Cosignatures
from consumers.witness.evidence import Caught, Evidence
from consumers.witness.journal import Journal, Seen
from consumers.witness.requests import Answer, parse_request
from registry.log import (
    GOVERNANCE,
    HistoryRewritten,
    LogError,
    NoSuchStream,
    SharedLog,
    origin_of,
)
from registry.wire.checkpoint import SignedNote
from registry.wire.cosignature import CosignerKey, cosign
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.keys import Signer, VerifierKey
from registry.wire.merkle import EMPTY_ROOT, Tree, root_of, verify_consistency

_log = structlog.get_logger(__name__)
_MAX_DISPUTED: Final = 10_000
"""Sizes of disputed heads that are held in memory for one stream."""


class _Followed:
    """One stream as this witness reads it."""

    def __init__(self) -> None:
        self.tree = Tree()
        self.last: int | None = None
        """The position of the record that led to the tree."""
        self.next = 0
        self.mark: Mark | None = None
        """The newest record that was read."""
        self.note: SignedNote | None = None
        self.judged = 0
        """The size of governance under which it was read."""
        self.agreed = 0
        """The size of the newest cosigned head that is known to be this stream's."""
        self.disputed: dict[int, dict[bytes, str]] = {}
        """Disputed heads that are not compared with the stream yet: by size and root, one note each."""
        self.settling: Settling | None = None
        """The reading that computes the stream's own roots at some of their sizes."""

    @property
    def passed_disputed(self) -> list[int]:
        """The sizes of disputed heads that the tree has passed: their roots can be known."""
        return [size for size in self.disputed if size <= self.tree.size]

    def dispute(self, size: int, root: bytes, note: str) -> None:
        """Keep a head to be compared with the stream."""
        self.disputed.setdefault(size, {}).setdefault(root, note)


class Witness:
    """Follows one log, and cosigns heads of its streams."""

    def __init__(
        self,
        log: SharedLog,
        consortium: str,
        founded: bytes,
        name: str,
        signer: Signer,
        folder: Path,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        step: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`signer` has the witness's key; `step` receives each step's name before it is taken (tests stop there)."""
        self._log = log
        self._consortium = consortium
        self._founded = founded
        self._name = name
        self._signer = signer
        self._clock = clock
        self._step = step
        self.key = CosignerKey.of(name, signer.vkey.public)
        self.journal = Journal(folder / "heads.journal")
        self.kept = Cosignatures(folder / "cosignatures", [self.key])
        self._evidence = Evidence(folder / "caught.jsonl")
        self._governance_reader = GovernanceReader(GovernanceFold(consortium, founded))
        self._governance_note: SignedNote | None = None
        self._followed: dict[str, _Followed] = {}
        self.faults: dict[str, str] = {}
        """By stream: its fault when it was last followed."""

    @property
    def caught(self) -> list[Caught]:
        """The logs that showed two histories."""
        return self._evidence.all

    # Following

    @property
    def _governance(self) -> GovernanceFold:
        return self._governance_reader.fold

    def follow(self) -> int:
        """Read all streams to their present ends and cosign their newest heads; return the number of commits read.

        A stream that cannot be read, or lacks entries that were read before, is logged and does not delay the others.
        Raises `LogError` if governance was never read and cannot be.
        """
        self._step("read")
        faults: dict[str, str] = {}
        commits = self._follow_governance(faults)
        compared = []
        for member in sorted(self._governance.state.members):
            try:
                commits += self._follow(member)
                if not self._followed[member].passed_disputed:
                    compared.append(self._followed[member])
            except LogError as error:
                faults[member] = str(error)  # its cosigned heads stay
        for stream, fault in faults.items():
            if self.faults.get(stream) != fault:
                _log.error("witness.log_fault", member=stream, error=fault)
        self.faults = faults
        self._cosign_new(compared)
        return commits

    def positions(self) -> dict[str, int]:
        """Return the position at which reading goes on in each stream."""
        return {GOVERNANCE: self._governance_reader.next} | {name: f.next for name, f in self._followed.items()}

    def wait(self, seconds: float) -> None:
        """Wait until there is more to read, or for `seconds`."""
        self._log.wait(self.positions(), seconds)

    def _follow_governance(self, faults: dict[str, str]) -> int:
        commits = 0
        try:
            for fold, records in self._governance_reader.follow(self._log):
                for _, verdict, _ in records:
                    if verdict.code == OK and verdict.commit is not None:
                        if fold is self._governance:
                            self._governance_note = verdict.commit.note
                        commits += 1
                    elif verdict.code in DISPUTABLE and verdict.commit is not None:
                        self._compare_governance(verdict.commit.note)
        except LogError as error:
            if not self._governance.size:
                raise
            faults[GOVERNANCE] = str(error)  # governance as it was read stays in force
        return commits

    def _compare_governance(self, note: SignedNote) -> None:
        size, fold = note.checkpoint.size, self._governance
        if size <= fold.size and root_of(fold.leaves[:size]) != note.checkpoint.root and self._governance_note:
            self._evidence.add(Caught(self._consortium, size, (str(note), str(self._governance_note))))

    def _follow(self, member: str) -> int:
        record = self._governance.state.members[member]
        followed = self._followed.setdefault(member, _Followed())
        if record.changed > followed.judged:
            # Governance has changed what counts of this member: other commits may be valid now.
            followed = self._followed[member] = _Followed()
            followed.judged = self._governance.size
        origin = origin_of(self._consortium, member)
        trust = MemberTrust(self._consortium, record)
        followed = self._place_of(member, trust, followed)
        verifier = Verifier(trust, followed.tree)
        cosigned_head = self.journal.seen.get(origin)
        caught = self._evidence.has(origin)
        commits = 0
        try:
            # A member that signs many heads waits until they are settled: memory is bounded.
            while len(followed.disputed) < _MAX_DISPUTED and (
                records := self._log.read(member, followed.next, REPLAY_BYTES)
            ):
                for each in records:
                    verdict = verifier.judge(each.data)
                    if verdict.code == OK and verdict.commit is not None:
                        followed.note, followed.last = verdict.commit.note, each.position
                        commits += 1
                        head = followed.note.checkpoint
                        if cosigned_head is not None and (head.size, _encode(head.root)) == (
                            cosigned_head.size,
                            cosigned_head.root,
                        ):
                            followed.agreed = cosigned_head.size
                    elif verdict.code in DISPUTABLE and verdict.commit is not None and not caught:
                        disputed = verdict.commit.checkpoint
                        followed.dispute(disputed.size, disputed.root, str(verdict.commit.note))
                followed.tree, followed.next, followed.mark = verifier.tree, records[-1].next, mark_of(records[-1])
        except NoSuchStream:
            return 0  # admitted, and has published nothing yet
        self._compare_disputed(member, trust, followed)
        return commits

    def _place_of(self, member: str, trust: MemberTrust, followed: _Followed) -> _Followed:
        """Find the place where reading goes on, also if the bytes before it have changed.

        Another history is read from its beginning, and then compared with the heads that this witness has cosigned.
        """
        if followed.mark is None or still_stands(self._log, member, followed.mark):
            return followed
        try:
            cursor = Cursor(followed.tree, followed.last, followed.next)
            here = confirm(self._log, member, trust, cursor, rewind=True)
        except HistoryRewritten:
            here = START
        if here.tree != followed.tree:
            followed = self._followed[member] = _Followed()
            followed.judged = self._governance.size
        followed.last, followed.next = here.last, here.next
        return followed

    def _compare_disputed(self, member: str, trust: MemberTrust, followed: _Followed) -> None:
        """Compare disputed heads, and the cosigned one, with the stream: a bounded part of it."""
        origin = origin_of(self._consortium, member)
        cosigned_head = self.journal.seen.get(origin)
        unsure = cosigned_head is not None and followed.agreed < cosigned_head.size <= followed.tree.size
        if cosigned_head is not None and unsure and (cosigned := self.kept.at(origin, cosigned_head.size)) is not None:
            followed.dispute(cosigned_head.size, base64.b64decode(cosigned_head.root), str(cosigned))
        if self._evidence.has(origin):
            followed.disputed.clear()
        self._compare(origin, followed, followed.tree.size, followed.tree.root, str(followed.note))
        if followed.settling is None and (sizes := followed.passed_disputed):
            followed.settling = Settling(self._log, member, trust, Waypoint(Tree(), 0), sizes)
        if followed.settling is not None:
            try:
                roots = followed.settling.advance()
            except LogError:
                followed.settling = None  # the reading begins again
                raise
            for size, (actual, own) in roots.items():
                self._compare(origin, followed, size, actual, own)
            if not followed.settling.wanted:
                followed.settling = None
        if len(followed.disputed) >= _MAX_DISPUTED and not followed.passed_disputed:
            # All of them lie beyond the end that was read; they must not stop the reading.
            followed.disputed = {
                size: followed.disputed[size] for size in sorted(followed.disputed)[: _MAX_DISPUTED // 2]
            }
        if cosigned_head is not None and unsure and cosigned_head.size not in followed.disputed:
            followed.agreed = cosigned_head.size

    def _compare(self, origin: str, followed: _Followed, size: int, actual: bytes, own: str) -> None:
        """Compare the disputed heads of a size with the tree's own root there."""
        for root, note in followed.disputed.pop(size, {}).items():
            if root != actual:
                self._evidence.add(Caught(origin, size, (note, own)))

    def _cosign_new(self, streams: list[_Followed]) -> None:
        """Write down and cosign the newest heads of governance and of the streams that were compared."""
        notes = [f.note for f in streams if f.note is not None]
        if self._governance_note is not None:
            notes.append(self._governance_note)
        fresh = []
        for followed in streams:
            followed.agreed = max(followed.agreed, followed.tree.size)
        for note in notes:
            head = note.checkpoint
            cosigned_head = self.journal.seen.get(head.origin)
            if not self._evidence.has(head.origin) and (
                cosigned_head is None or head.size > cosigned_head.size or self._is_unfinished(cosigned_head, note)
            ):
                fresh.append(note)
        self._cosign(fresh)

    def _is_unfinished(self, cosigned_head: Seen, note: SignedNote) -> bool:
        """True if the head was written down and the witness died before it kept its cosignature."""
        head = note.checkpoint
        same = (head.size, _encode(head.root)) == (cosigned_head.size, cosigned_head.root)
        return same and self.kept.at(head.origin, head.size) is None

    def _cosign(self, notes: list[SignedNote]) -> list[SignedNote]:
        self._step("write down")
        self.journal.write(
            Seen(note.checkpoint.origin, note.checkpoint.size, _encode(note.checkpoint.root)) for note in notes
        )
        cosigned = []
        for note in notes:
            self._step("cosign")
            line = cosign(self._name, self._signer, note.text, self._clock())
            others = tuple(s for s in note.signatures if (s.name, s.key_id) != (line.name, line.key_id))
            cosigned_note = SignedNote(note.checkpoint, note.text, (*others, line))
            self._step("keep")
            self.kept.add(cosigned_note)
            cosigned.append(cosigned_note)
        return cosigned

    # C2SP tlog-witness

    def add_checkpoint(self, body: str) -> Answer:
        """Answer an add-checkpoint request, as C2SP tlog-witness says."""
        try:
            old, path, note = parse_request(body)
        except (MalformedNote, InvalidProof) as error:
            return Answer(400, str(error))
        head = note.checkpoint
        keys, needed = self._keys_of(head.origin, head.size)
        if not keys and needed == 0:
            return Answer(404, "this witness does not know that log")
        lines = note.by(keys)
        message = note.text.encode()
        if len(lines) < needed or not all(key.verifies(line.signature, message) for key, line in lines):
            return Answer(403, "not signed by a valid key")
        if not self._compare_requested(note):
            return Answer(503, "this head is being compared with the log; ask again in a minute")
        if old > head.size:
            return Answer(400, "the old size is larger than the checkpoint's")
        cosigned_head = self.journal.seen.get(head.origin)
        size, root = (
            (cosigned_head.size, base64.b64decode(cosigned_head.root)) if cosigned_head is not None else (0, EMPTY_ROOT)
        )
        if old != size:
            return Answer(409, f"{size}\n", "text/x.tlog.size")
        try:
            if head.size == 0 and head.root != EMPTY_ROOT:
                raise InvalidProof("this is not the root of the empty tree")  # noqa: TRY301 - one answer for all proofs
            verify_consistency(size, root, head.size, head.root, path)
        except InvalidProof as error:
            if size == head.size and (other := self.kept.at(head.origin, size)) is not None:
                self._evidence.add(Caught(head.origin, size, (str(note), str(other))))
            return Answer(422, str(error))
        if self._evidence.has(head.origin):
            return Answer(403, "this log has shown two histories")
        [cosigned] = self._cosign([note])
        line = next(s for s in cosigned.signatures if (s.name, s.key_id) == (self.key.name, self.key.key_id))
        return Answer(200, f"{line}\n")

    def _compare_requested(self, note: SignedNote) -> bool:
        """Compare a validly signed head with the stream; return true if that is done.

        A head that the stream has passed is the stream's own, or evidence of two histories.
        """
        head = note.checkpoint
        member = head.origin.partition("/")[2]
        record, followed = self._governance.state.members.get(member), self._followed.get(member)
        if record is None or followed is None or followed.note is None or head.size > followed.tree.size:
            return True
        if head.size:
            followed.dispute(head.size, head.root, str(note))
        self._compare_disputed(member, MemberTrust(self._consortium, record), followed)
        return head.size not in followed.disputed

    def _keys_of(self, origin: str, size: int) -> tuple[list[VerifierKey], int]:
        """Return the keys that may sign a head of this size, and how many must; (none, 0) for an unknown log."""
        state = self._governance.state
        if origin == self._consortium and state.roots:
            roots = state.roots[-1]
            return list(roots.keys), roots.threshold
        consortium, _, member = origin.partition("/")
        record = state.members.get(member)
        if consortium != self._consortium or record is None:
            return [], 0
        return [w.key for w in record.keys if w.start < size and (w.end is None or size <= w.end)], 1


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()
