"""The consortium's own log, folded: who is a member, with which keys, in which standing.

It is small, and every verdict on a member's stream depends on the whole of it; so it is folded from its
first record at every start and held in memory.
"""

from functools import partial
from typing import NamedTuple

from consumers.streams.verifier import OK, RootTrust, Verdict, Verifier
from registry.log import GOVERNANCE, HistoryRewritten, SharedLog, TailLost
from registry.log.founding import check_founding
from registry.rules.errors import Refusal
from registry.rules.founding import foreign
from registry.rules.governance import Governance, RootKeys
from registry.wire.commit import Commit
from registry.wire.errors import InvalidEvent
from registry.wire.events import Event, Reader, Refused, Skipped, data_of
from registry.wire.governance import ConsortiumFounded, MemberRevised
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree, leaf_hash, root_of


class RefusedLeaf(NamedTuple):
    """An event that has no effect: where, what it is called, the JSON path at fault, why, and its line."""

    leaf: int
    code: str
    path: str
    detail: str
    line: bytes


class Change(NamedTuple):
    """One event that took effect on a member: its leaf in governance, its time and its type."""

    leaf: int
    time: str
    type: str
    vkey: str | None = None
    """The key that it is about, where it is about one."""
    reason: str | None = None
    """Why, where the event says so."""


class GovernanceFold:
    """Folds governance's records; `state` is what they say, `size` the tree size that it is of."""

    def __init__(self, consortium: str, founded: bytes) -> None:
        """`founded` is the hash of leaf 0 (32 bytes), which a verifier knows beforehand."""
        self.founded = founded
        self.state = Governance(consortium)
        self.skipped = 0
        self.last_time = ""
        """When governance last spoke, as its newest event says."""
        self.leaves: list[bytes] = []
        """All leaf hashes: governance is small, and the roots of its older heads are computed from these."""
        self.contents: dict[str, bytes] = {}
        """Each member's content: the data of the event that gave it last, byte for byte."""
        self.changes: dict[str, list[Change]] = {}
        """Each member's events that took effect, in the order of governance."""
        self._reader = Reader(consortium)
        self._verifier = Verifier(RootTrust(self.state))

    def begin_again(self) -> "GovernanceFold":
        """Return an empty fold of the same consortium and founding."""
        return GovernanceFold(self.state.consortium, self.founded)

    def read(self, log: SharedLog) -> "GovernanceFold":
        """Fold all of a log's governance; return this fold. Raises `NoSuchStream` and other errors of the log."""
        for record in log.records(GOVERNANCE):
            self.take(record.data)
        return self

    @property
    def tree(self) -> Tree:
        """The governance log's tree."""
        return self._verifier.tree

    @property
    def size(self) -> int:
        """The governance log's tree size."""
        return self._verifier.tree.size

    def take(self, record: bytes) -> tuple[Verdict, list[RefusedLeaf]]:
        """Judge the next record; if it is a commit that extends the log, apply its events."""
        base = self._verifier.tree
        self._verifier.trust = RootTrust(self.state, self._founding(record) if base.size == 0 else None)
        verdict = self._verifier.judge(record)
        if verdict.code != OK or verdict.commit is None:
            return verdict, []
        return verdict, self._apply(verdict.commit)

    def _apply(self, commit: Commit) -> list[RefusedLeaf]:
        refused: list[RefusedLeaf] = []
        self.leaves += commit.leaves()
        events = self._reader.decode_all(commit)
        for leaf, (event, line) in enumerate(zip(events, commit.lines, strict=True), commit.base):
            if isinstance(event, Refused):
                refused.append(RefusedLeaf(leaf, event.code, event.path, event.detail, line))
            elif isinstance(event, Skipped):
                self.skipped += 1
            else:
                self.last_time = event.time
                try:
                    self.state = self.state.apply(event, leaf)
                except Refusal as refusal:
                    refused.append(RefusedLeaf(leaf, refusal.code, refusal.path, refusal.detail, line))
                else:
                    if (member := getattr(event.data, "member", None)) is not None:
                        vkey = getattr(event.data, "vkey", None)
                        reason = getattr(event.data, "reason", None)
                        self.changes.setdefault(member, []).append(Change(leaf, event.time, event.type, vkey, reason))
                    if isinstance(event.data, MemberRevised):  # which an admission is, too
                        self.contents[event.data.member] = data_of(line)
        return refused

    def _founding(self, record: bytes) -> RootKeys | None:
        """Return the keys that the first record's founding names, if it is the founding that is trusted."""
        parts = record.split(b"\n\n")
        line = parts[2].split(b"\n", 1)[0] if len(parts) == 3 else b""
        if leaf_hash(line) != self.founded:
            return None
        try:
            event = self._reader.decode_one(line)
        except InvalidEvent:  # the hash that is trusted is not that of a founding: no key counts
            return None
        if not isinstance(event, Event) or not isinstance(event.data, ConsortiumFounded):
            return None
        keys = tuple(VerifierKey.parse(text) for text in event.data.root_keys)
        return RootKeys(0, keys, event.data.threshold)


def refold(log: SharedLog, fold: GovernanceFold) -> tuple[GovernanceFold, int]:
    """Fold governance from its first record again; return the fold and the position at which reading goes on.

    For a reader whose place in the log turned out to be wrong. Raises `LogGone` or `ForeignLog`, `TailLost` where the
    log is shorter than what `fold` knows, and `HistoryRewritten` where it holds other events.
    """
    check_log_of(log, fold, fold.size)
    again, position = fold.begin_again(), 0
    for record in log.records(GOVERNANCE):
        again.take(record.data)
        position = record.next
    check_same(again, fold.tree)
    return again, position


def check_same(fold: GovernanceFold, tree: Tree) -> None:
    """Raise `TailLost` or `HistoryRewritten` where governance as folded does not continue what was known before."""
    if root_of(fold.leaves[: tree.size]) != tree.root and fold.size >= tree.size:
        raise HistoryRewritten(
            f"the log holds another governance: entries 1 to {tree.size:,} are not those that were read and verified"
            " here before. Keep both copies, and ask the consortium"
        )
    if fold.size < tree.size:
        raise TailLost(
            f"governance on the log is shorter than what was read here before: {fold.size:,} of {tree.size:,} entries."
            " It was cut, or replaced by an older copy. What was read is kept. Restore the log from another copy"
        )


def check_log_of(log: SharedLog, fold: GovernanceFold, read: int = 0) -> None:
    """Raise `LogGone`, `ForeignLog` or `NoSuchStream` where a log is not the one that a fold is of.

    `read` is how many entries of governance are known of it.
    """
    check_founding(log, partial(foreign, consortium=fold.state.consortium, founded=fold.founded), read)
