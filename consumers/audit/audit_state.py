"""What an audit keeps of one stream, so that the next one can go on from there."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from consumers.audit.audit_report import Head, NoReport, StreamState
from consumers.audit.records_digest import RecordsDigest
from registry.rules.governance import MemberRecord
from registry.wire.checkpoint import SignedNote
from registry.wire.merkle import Tree

_KEPT: Final = 64
"""How many heads spread over a stream a report keeps, and how many of the newest."""


def tree_of(state: StreamState) -> Tree:
    """Return the tree of a stream as a report keeps it. Raises `NoReport` where it contradicts itself."""
    try:
        tree = Tree(state.size, [bytes.fromhex(text) for text in state.hashes])
        root = tree.root.hex()
    except (ValueError, IndexError) as error:
        raise NoReport(f"the report's hashes of {state.member} are none: {error}") from error
    if root != state.root:
        raise NoReport(f"the report contradicts itself: its hashes of {state.member} do not lead to its root")
    return tree


def stands(state: StreamState, record: MemberRecord) -> bool:
    """Return whether what was judged stays as it is under what governance has said since (SPEC.md, section 5)."""
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

    def __init__(self, known: Sequence[Head] = ()) -> None:
        self._spread: list[Head] = list(known)
        self._stride = 1
        self._newest: deque[tuple[int, SignedNote, str]] = deque(maxlen=_KEPT)
        self._thin()

    def add(self, size: int, note: SignedNote, time: str) -> None:
        """Keep a head that the stream passed through."""
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
        """Return all that are kept, by size."""
        found = {head.size: head for head in self._spread}
        found |= {size: Head(size, str(note), time) for size, note, time in self._newest}
        return [found[size] for size in sorted(found)]

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
