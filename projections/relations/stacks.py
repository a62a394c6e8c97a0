"""Compute flags from what credentials say of each other across members: parts and replacements.

Flags are not stored. The rows that credentials reach through their parts are read at once (`reach`), and the flags are
computed from them, so that they resolve by themselves when another member's stream grows.

A set of credentials is an integer with one bit for each credential, so that unions are cheap.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Generic, NamedTuple, TypeVar

from psycopg import Connection

from projections.core.errors import TooCostly
from projections.relations import reach
from projections.relations.reach import MAX_LEVELS, MAX_PARTS, GraphNode, Key, Reach

__all__ = [
    "CIRCULAR",
    "IMPAIRED",
    "MISMATCH",
    "NOT_JUDGED",
    "PENDING",
    "TOO_DEEP",
    "GraphNode",
    "Key",
    "Listed",
    "Stacks",
    "read_some",
]  # fmt: skip

PENDING = "pending"
MISMATCH = "learner-mismatch"
IMPAIRED = "impaired"
CIRCULAR = "circular"
TOO_DEEP = "too-deep"
NOT_JUDGED = "not-judged"
"""Replaces flags that would take more work than one answer may."""

T = TypeVar("T")
R = TypeVar("R")


class Listed(NamedTuple, Generic[T]):
    """A page of a list."""

    items: list[T]
    more: bool
    """True if there are more. A page may end early if its items are costly."""


class Deep(NamedTuple):
    """All parts of credentials, however deep, as sets of bits, and the credentials that are too deep."""

    parts: Mapping[int, int]
    """By the credential's place. A circular credential is among its own parts."""
    too_deep: frozenset[int]


class Stacks:
    """Credentials and all that they rest on."""

    def __init__(self, read: Reach) -> None:
        self._nodes = read.nodes
        self._voided = read.voided
        self._parts = read.parts
        self._separate = read.separate
        self._cut = read.replacements_cut
        self._keys: list[Key] = list(
            dict.fromkeys((*read.nodes, *(part for parts in read.parts.values() for part in parts)))
        )
        self._places = {key: place for place, key in enumerate(self._keys)}
        self._own: dict[int, Decimal] = {}

    @classmethod
    def read(cls, connection: Connection, roots: Iterable[Key]) -> "Stacks":
        """Read what these credentials rest on. Raises `TooCostly` if that is more than one answer may read."""
        return cls(reach.read(connection, roots))

    def __contains__(self, key: object) -> bool:
        return key in self._nodes

    def flags(self, key: Key) -> list[str]:
        """Return the flags of a known credential that was asked for, in alphabetical order."""
        node = self._nodes[key]
        direct = self._parts.get(key, ())
        flags = []
        if any(part not in self._nodes and part not in self._voided for part in direct):
            flags.append(PENDING)
        if node.learner is not None and any(
            (part := self._nodes.get(other)) is not None and part.learner not in (None, node.learner)
            for other in direct
        ):
            flags.append(MISMATCH)
        if self.too_deep(key):
            flags.append(TOO_DEEP)
        else:
            if self._faults(key):
                flags.append(IMPAIRED)
            if self.circular(key):
                flags.append(CIRCULAR)
        return sorted(flags)

    def status(self, key: Key) -> str | None:
        """Return a credential's status; None where it is not known."""
        node = self._nodes.get(key)
        return None if node is None else node.status

    def too_deep(self, key: Key) -> bool:
        """Return whether a credential has more levels of parts, or more parts, than are followed."""
        if key in self._separate:
            return self._separate[key] is None
        return self._places[key] in self._deep.too_deep

    def circular(self, key: Key) -> bool:
        """Return whether a credential that is not too deep is, however deep, a part of itself."""
        if key in self._separate:
            return key in (self._separate[key] or ())
        place = self._places[key]
        return bool(self._deep.parts.get(place, 0) >> place & 1) and place not in self._deep.too_deep

    def deep_parts(self, key: Key) -> frozenset[Key]:
        """Return all parts of a credential, however deep, itself among them where it is circular.

        Empty where it is too deep.
        """
        if key in self._separate:
            return self._separate[key] or frozenset()
        return frozenset(self._keys[place] for place in _places(self._follow(key)))

    def would_be_too_deep(self, parts: Iterable[Key]) -> bool:
        """Return whether a credential with these parts, all of them roots of this read, would be too deep."""
        level, followed, levels = set(parts), set[Key](), 0
        if any(key in self._separate for key in level):
            whole = level.union(*(self._separate.get(key) or () for key in level))
            return len(whole) > MAX_PARTS or any(key in self._separate and self.too_deep(key) for key in level)
        while level:
            followed |= level
            levels += 1
            if levels > MAX_LEVELS or len(followed) > MAX_PARTS:
                return True
            level = {part for key in level for part in self._parts.get(key, ())} - followed
        return False

    def faults(self, key: Key) -> list[Key]:
        """Return the parts, however deep, that impair a credential; none where it is too deep."""
        return sorted(self._faults(key))

    def reference_flags(self, keys: Iterable[Key]) -> list[str]:
        """Return the flags of a decision that names these credentials openly."""
        flags = set()
        for key in keys:
            if key not in self._nodes and key not in self._voided:
                flags.add(PENDING)
            elif self.spoils(key) or (key in self._nodes and IMPAIRED in self.flags(key)):
                flags.add(IMPAIRED)
        return sorted(flags)

    def spoils(self, key: Key) -> bool:
        """Return whether this credential impairs the credentials that it is a part of."""
        node = self._nodes.get(key)
        if node is None:
            return key in self._voided
        if node.status == "revoked":
            return True
        if node.status != "replaced":
            return False
        last = self._last_replacement[key]
        if last.status == "replaced" and self._cut:
            return True
        return last.status == "revoked" or (last.achievement, last.version, last.ects) != (
            node.achievement,
            node.version,
            node.ects,
        )

    def culprit(self, key: Key) -> Key:
        """Return the credential whose end makes this one impair the credentials that it is a part of.

        It is the credential itself or one of its replacements: the last, if that was revoked, or the one before it.
        """
        node = self._nodes.get(key)
        while node is not None and node.replaced_by is not None:
            after = key[0], node.replaced_by
            if (following := self._nodes.get(after)) is None:
                break
            if following.replaced_by is None and following.status != "revoked":
                break
            key, node = after, following
        return key

    def own_ects(self, key: Key) -> Decimal:
        """Return what a credential adds: its ECTS less what its parts add, however deep; never below 0.

        Raises `TooCostly` where its parts are more rows than one answer may read.
        """
        if key in self._separate and self._separate[key] is not None:
            raise TooCostly("the parts of this credential are too many rows to add up its credits")
        if self.too_deep(key):
            return Decimal(0)
        deep = self._follow(key)
        # Parts first: a credential that reaches fewer parts comes before those that need its sum.
        missing = [place for place in _places(deep) if place not in self._own]
        for place in sorted(missing, key=lambda place: self._deep.parts.get(place, 0).bit_count()):
            self._own[place] = self._sum(place)
        place = self._places[key]
        if place not in self._own:
            self._own[place] = self._sum(place)
        return self._own[place]

    def _sum(self, place: int) -> Decimal:
        node = self._nodes.get(self._keys[place])
        deep = self._deep.parts.get(place, 0)
        if node is None or place in self._deep.too_deep or deep >> place & 1:
            return Decimal(0)
        ects = node.ects or Decimal(0)
        return max(Decimal(0), ects - sum((self._own[part] for part in _places(deep)), Decimal(0)))

    def _follow(self, key: Key) -> int:
        place = self._places[key]
        return 0 if place in self._deep.too_deep else self._deep.parts.get(place, 0)

    def _faults(self, key: Key) -> list[Key]:
        if key in self._separate:
            return [part for part in self._separate[key] or () if self.spoils(part)]
        return [self._keys[place] for place in _places(self._follow(key) & self._spoiled)]

    @cached_property
    def _deep(self) -> Deep:
        return _follow_all(
            {self._places[key]: [self._places[part] for part in parts] for key, parts in self._parts.items()}
        )

    @cached_property
    def _spoiled(self) -> int:
        spoiled = 0
        for place, key in enumerate(self._keys):
            if self.spoils(key):
                spoiled |= 1 << place
        return spoiled

    @cached_property
    def _last_replacement(self) -> dict[Key, GraphNode]:
        """The last replacement of each replaced credential: the end of a chain within one stream."""
        last: dict[Key, GraphNode] = {}
        for start, node in self._nodes.items():
            chain, key, end = [], start, node
            while key not in last and end.replaced_by is not None:
                chain.append(key)
                following = self._nodes.get((key[0], end.replaced_by))
                if following is None:
                    break
                key, end = (key[0], end.replaced_by), following
            end = last.get(key, end)
            last.update(dict.fromkeys(chain, end))
            last.setdefault(key, end)
        return last


def read_some(items: Sequence[T], read: Callable[[Sequence[T]], R]) -> tuple[R, int]:
    """Read these items at once, or the first quarter of them if that is too costly, and so on.

    Return the result and the number of items read. Raises `TooCostly` if one item alone is too costly.
    """
    while True:
        try:
            return read(items), len(items)
        except TooCostly:
            if len(items) <= 1:
                raise
            items = items[: max(1, len(items) // 4)]


def _follow_all(parts: Mapping[int, Sequence[int]]) -> Deep:
    """Follow all parts at the same time, one more level in each round."""
    direct: dict[int, int] = {}
    for place, own in parts.items():
        union = 0
        for part in own:
            union |= 1 << part
        direct[place] = union
    reached, grown = direct, set(direct)
    for _ in range(MAX_LEVELS):  # a set that grows in the last round has too many levels
        further: dict[int, int] = {}
        grown = set()
        for place, own in parts.items():
            union = direct[place]
            for part in own:
                union |= reached.get(part, 0)
            further[place] = union
            if union != reached[place]:
                grown.add(place)
        reached = further
        if not grown:
            break
    many = {place for place, union in reached.items() if union.bit_count() > MAX_PARTS}
    return Deep(reached, frozenset(grown | many))


def _places(bits: int) -> list[int]:
    """Return the places of the bits that are set, in ascending order."""
    return [place for place, bit in enumerate(bin(bits)[:1:-1]) if bit == "1"]
