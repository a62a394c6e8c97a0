"""The state of a stream in a report, from which the next audit can go on."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from consumers.audit.audit_report import Head, NoReport, StreamState
from consumers.audit.records_digest import RecordsDigest
from registry.rules.governance import MemberRecord
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import Tree

_MAX_HEADS: Final = 64
"""The number of the newest heads of a stream that a report keeps; of those spread over it up to twice as many."""
MAX_KEPT_HEADS: Final = 3 * _MAX_HEADS


def tree_of(state: StreamState) -> Tree:
    """Return the tree of a stream as a report keeps it. Raises `NoReport` if the report contradicts itself."""
    try:
        tree = Tree(state.size, [bytes.fromhex(text) for text in state.hashes])
        root = tree.root.hex()
    except (ValueError, IndexError) as error:
        raise NoReport(f"the report's hashes of {state.member} cannot be read: {error}") from error
    if root != state.root:
        raise NoReport(f"the report contradicts itself: its hashes of {state.member} do not lead to its root")
    return tree


def is_still_valid(state: StreamState, record: MemberRecord) -> bool:
    """Return true if the verdicts on a stream are still valid under newer governance (SPEC.md, section 5)."""
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


class Heads:
    """Heads spread over a stream, thinned as it grows, and the newest ones: bounded, whatever the length."""

    def __init__(self, heads: Sequence[Head] = ()) -> None:
        self._spread: list[Head] = list(heads)
        self._stride = 1
        self._newest: deque[tuple[int, SignedNote, str]] = deque(maxlen=_MAX_HEADS)
        self._thin()

    def add(self, size: int, note: SignedNote, time: str) -> None:
        """Keep a head that the stream passed through."""
        self._newest.append((size, note, time))
        if not self._spread or size // self._stride != self._spread[-1].size // self._stride:
            self._spread.append(Head(size, str(note), time))
            self._thin()

    def _thin(self) -> None:
        while len(self._spread) > 2 * _MAX_HEADS:
            self._stride *= 2
            thinned: list[Head] = []
            for head in self._spread:
                if not thinned or head.size // self._stride != thinned[-1].size // self._stride:
                    thinned.append(head)
            self._spread = thinned

    def all(self) -> list[Head]:
        """Return all kept heads, ordered by size."""
        by_size = {head.size: head for head in self._spread}
        by_size |= {size: Head(size, str(note), time) for size, note, time in self._newest}
        return [by_size[size] for size in sorted(by_size)]

    def around(self, size: int) -> str | None:
        """Return the note of the first kept head at or after a size."""
        return next((head.note for head in self.all() if head.size >= size), None)


def state_of(
    member: str, tree: Tree, at: int, governance: int, refused: dict[str, int], heads: Heads, *,
    skipped: int, record: MemberRecord | None = None, doubtful: bool = False, mentions: dict[str, int] | None = None,
    digest: RecordsDigest | None = None,
) -> StreamState:  # fmt: skip
    """Return the state of a stream that was read up to the position `at`."""
    return StreamState(
        member, tree.size, tree.root.hex(), [h.hex() for h in tree.hashes], at, governance,
        len(record.anchors) if record is not None else 0, len(record.voided) if record is not None else 0,
        doubtful, skipped, refused, heads.all(), mentions or {},
        digest.records if digest is not None else 0, str(digest) if digest is not None else "",
        digest.end if digest is not None else 0,
    )  # fmt: skip
