"""Bytes to verified commits: the extension rule (docs/decisions/0001), with constant memory.

A verifier keeps a tree's size and compact range and asks a `Trust` which keys count. It judges a record and,
where the record extends the log, moves on; whatever else the record is, nothing changes. What the events say
is not judged here.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from registry.log import origin_of
from registry.rules import signatures
from registry.rules.governance import Governance, MemberRecord, RootKeys
from registry.wire import commit as wire
from registry.wire.commit import Commit
from registry.wire.errors import MalformedCommit
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree

OK: Final = "ok"
REPEAT: Final = "repeat"
DISPUTABLE: Final = frozenset({"fork", "stale", "not-an-extension"})
"""Verdicts on a validly signed head that is not accepted: kept, and settled when the tree has its size."""
FORM: Final = frozenset({"too-large", "malformed", "unknown-member"})
"""Verdicts that no governance can change."""


class Verdict(NamedTuple):
    """The judgement of a record: a code of registry/wire/SPEC.md, the commit if it could be read, and the reason."""

    code: str
    commit: Commit | None
    detail: str = ""
    leaves: Sequence[bytes] = ()
    """The commit's leaf hashes, where the verdict is `ok`."""


class Trust(Protocol):
    """The keys whose signatures make a commit of one log valid, and the heads that its stream must pass through."""

    origin: str

    def keys_for(self, commit: Commit) -> tuple[Sequence[VerifierKey], int]:
        """The keys that count for this commit, and how many of them must have signed."""
        ...

    @property
    def anchors(self) -> Sequence[tuple[int, bytes]]:
        """Size and root, in no order."""
        ...


class MemberTrust:
    """Trust in a member's log: what governance says of its keys and anchors."""

    def __init__(self, consortium: str, record: MemberRecord) -> None:
        self.origin = origin_of(consortium, record.name)
        self._windows = record.keys
        self.anchors: Sequence[tuple[int, bytes]] = [(a.size, a.root_bytes) for a in record.anchors]

    def keys_for(self, commit: Commit) -> tuple[Sequence[VerifierKey], int]:
        """Those whose window the commit lies in; one of them must have signed."""
        base, size = commit.base, commit.checkpoint.size
        return [window.key for window in self._windows if window.counts(base, size)], 1


class RootTrust:
    """Trust in the consortium's own log: the root keys in force at a commit's base, by their threshold."""

    anchors: Sequence[tuple[int, bytes]] = ()

    def __init__(self, governance: Governance, founding: RootKeys | None = None) -> None:
        """`founding` are the keys to start from while governance has none."""
        self.origin = governance.consortium
        self._governance = governance
        self._founding = founding

    def keys_for(self, commit: Commit) -> tuple[Sequence[VerifierKey], int]:
        """The root keys in force at the base; none where the founding is not the one that is trusted."""
        roots = self._governance.roots_at(commit.base) or self._founding
        return (roots.keys, roots.threshold) if roots is not None else ((), 1)


class Verifier:
    """Judges the records of one stream, in stream order."""

    def __init__(self, trust: Trust, tree: Tree | None = None) -> None:
        self.trust = trust
        self.tree = tree or Tree()

    def judge(self, record: bytes) -> Verdict:
        """Judge a record; if it is `ok`, the tree has grown by its events."""
        try:
            commit = wire.parse(record)
        except MalformedCommit as error:
            return Verdict(error.code, None, str(error))
        return self.judge_commit(commit)

    def judge_commit(self, commit: Commit) -> Verdict:
        """Judge a commit that has been parsed, as `judge` does."""
        if (no := find_refusal(self.trust, commit)) is not None:
            return Verdict(no[0], commit, no[1])
        checkpoint = commit.checkpoint
        size, base = checkpoint.size, commit.base
        tree = self.tree
        if size == tree.size:
            if checkpoint.root == tree.root:
                return Verdict(REPEAT, commit, f"the head at {size} once more")
            return Verdict("fork", commit, f"another root at {size}, the current size")
        if size < tree.size:
            return Verdict("stale", commit, f"a head at {size}, and the tree has {tree.size} leaves")
        if base != tree.size:
            return Verdict("not-an-extension", commit, f"extends {base} leaves, and the tree has {tree.size}")
        leaves = commit.leaves()
        extended = tree.extend(leaves)
        if extended.root != checkpoint.root:
            return Verdict("not-an-extension", commit, f"its events do not lead to its root at {size}")
        self.tree = extended
        return Verdict(OK, commit, leaves=leaves)


def find_refusal(trust: Trust, commit: Commit) -> tuple[str, str] | None:
    """Return the code and the reason if a commit is invalid whatever tree it extends; None if it may be valid.

    Checks its origin, its signatures, and the anchors.
    """
    checkpoint = commit.checkpoint
    if checkpoint.origin != trust.origin:
        return "unknown-member", f"{checkpoint.origin[:80]!r} is not {trust.origin!r}"
    keys, needed = trust.keys_for(commit)
    if (no := signatures.find_fault(commit.note, keys, needed)) is not None:
        code, detail = no
        return code, f"{detail} from {commit.base} on" if code == "key-not-valid" else detail
    size, base = checkpoint.size, commit.base
    for anchored, root in trust.anchors:
        if base < anchored < size:
            return "off-anchor", f"steps from {base} to {size} over the anchor at {anchored}"
        if size == anchored and checkpoint.root != root:
            return "off-anchor", f"another root than the anchor's at {size}"
    return None
