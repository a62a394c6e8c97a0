"""Rules of governance (docs/events.md, "Governance"), and a member's standing and roles at a leaf."""

import base64
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from registry.rules.errors import (
    AnchorConflict,
    Duplicate,
    IllegalTransition,
    MemberSuspended,
    RoleMissing,
    UnknownKey,
    UnknownMember,
    Voided,
)
from registry.wire import governance as wire
from registry.wire.events import Event
from registry.wire.keys import VerifierKey
from registry.wire.merkle import EMPTY_ROOT

_EMPTY_ROOT: Final = base64.b64encode(EMPTY_ROOT).decode()

CREATES: Final[Mapping[str, str]] = {
    "achievement.published.v1": "issuer",
    "achievement.revised.v1": "issuer",
    "achievement.joined.v1": "issuer",
    "credential.issued.v1": "issuer",
    "recognition.decided.v1": "recogniser",
    "recognition.assessed.v1": "recogniser",
    "agreement.declared.v1": "recogniser",
    "issuing.key.announced.v1": "issuer",
    "credential.reinstated.v1": "",  # needs no role, but an active member
}
"""The events that a suspended member may not publish, each with the role that it needs. Other events reduce harm."""


class KeyWindow(msgspec.Struct, frozen=True):
    """A key, and the tree sizes between which it signs: base at least `start`, size at most `end`."""

    key: VerifierKey
    start: int = 0
    end: int | None = None

    def counts(self, base: int, size: int) -> bool:
        """Return whether the key counts for a commit from `base` to `size`."""
        return self.start <= base and (self.end is None or size <= self.end)


class MemberRecord(msgspec.Struct, frozen=True):
    """Everything that governance states about one member. Lists are in governance's order."""

    content: wire.MemberRevised
    keys: tuple[KeyWindow, ...]
    anchors: tuple[wire.Head, ...] = ()
    roles: tuple[tuple[int, tuple[str, ...]], ...] = ()
    standings: tuple[tuple[int, wire.Standing], ...] = ((0, "active"),)
    voided: tuple[tuple[int, int], ...] = ()
    changed: int = 0
    """The size of the governance tree after the last event that affects the member's stream (a revision does not)."""

    @property
    def name(self) -> str:
        """The member's short name."""
        return self.content.member

    @property
    def standing(self) -> wire.Standing:
        """The member's current standing."""
        return self.standings[-1][1]

    @property
    def current_roles(self) -> tuple[str, ...]:
        """The member's current roles."""
        return self.roles[-1][1]

    def standing_at(self, leaf: int) -> wire.Standing:
        """Return the member's standing at a leaf of its log."""
        standing: wire.Standing = _at(self.standings, leaf)
        return standing

    def check(self, leaf: int, event_type: str) -> None:
        """Raise a `Refusal` where governance refuses an event of this member at that leaf."""
        for begin, end in self.voided:
            if begin <= leaf < end:
                raise Voided(f"leaves {begin} to {end} were voided", "$")
        role = CREATES.get(event_type)
        if role is None:
            return
        standing = self.standing_at(leaf)
        if standing != "active":
            raise MemberSuspended(f"the member is {standing}", "$")
        if role and role not in _at(self.roles, leaf):
            raise RoleMissing(f"the member is no {role}", "$")

    def to_check(self, first: int, last: int) -> frozenset[str] | None:
        """Return the event types that `check` may refuse among the leaves from `first` to `last`; None: any.

        Most members are active and have their roles all along, so that a batch need not check leaf by leaf.
        """
        if any(begin <= last and first < end for begin, end in self.voided):
            return None
        standings = {_at(self.standings, first)} | {s for size, s in self.standings if first < size <= last}
        roles = [_at(self.roles, first)] + [r for size, r in self.roles if first < size <= last]
        if standings != {"active"}:
            return frozenset(CREATES)
        return frozenset(t for t, role in CREATES.items() if role and not all(role in at_leaf for at_leaf in roles))


def _at(changes: tuple[tuple[int, Any], ...], leaf: int) -> Any:  # noqa: ANN401 - roles or a standing
    return next(value for size, value in reversed(changes) if size <= leaf)


class RootKeys(msgspec.Struct, frozen=True):
    """The keys that sign governance from the tree size `start` on, and how many of them must."""

    start: int
    keys: tuple[VerifierKey, ...]
    threshold: int


class Governance(msgspec.Struct, frozen=True):
    """The consortium according to its log: root keys, first to last, and members."""

    consortium: str
    roots: tuple[RootKeys, ...] = ()
    members: Mapping[str, MemberRecord] = {}

    def apply(self, event: Event[Any], leaf: int) -> "Governance":
        """Return the consortium after this event, which is at that leaf of its log. Raises a `Refusal`."""
        data = event.data
        if isinstance(data, wire.ConsortiumFounded):
            if leaf != 0:
                raise IllegalTransition("the consortium is founded once, at leaf 0")
            return self._with_keys(0, data.root_keys, data.threshold)
        if isinstance(data, wire.RootKeysRotated):
            return self._with_keys(leaf + 1, data.root_keys, data.threshold)
        if isinstance(data, wire.MemberAdmitted):
            if data.member in self.members:
                raise Duplicate(f"{data.member} is a member already", "$.data.member")
            keys = tuple(KeyWindow(VerifierKey.parse(text)) for text in data.keys)
            record = MemberRecord(data, keys, roles=((0, tuple(data.roles)),), changed=leaf + 1)
            return self._with(record)
        member = self.members.get(data.member)
        if member is None:
            raise UnknownMember(f"no member {data.member} was admitted", "$.data.member")
        if isinstance(data, wire.MemberRevised):
            return self._with(msgspec.structs.replace(member, content=data))
        return self._with(_change(member, data, leaf))

    def roots_at(self, base: int) -> RootKeys | None:
        """Return the root keys in force for a governance commit from that base; None before the founding."""
        return next((roots for roots in reversed(self.roots) if roots.start <= base), None)

    def _with_keys(self, start: int, keys: list[str], threshold: int) -> "Governance":
        parsed = tuple(VerifierKey.parse(text) for text in keys)
        return msgspec.structs.replace(self, roots=(*self.roots, RootKeys(start, parsed, threshold)))

    def _with(self, record: MemberRecord) -> "Governance":
        return msgspec.structs.replace(self, members={**self.members, record.name: record})


def _change(record: MemberRecord, data: Any, leaf: int) -> MemberRecord:  # noqa: ANN401 - any anchored event
    """Return the member after an event that carries an anchor."""
    windows = {str(window.key): window for window in record.keys}
    if isinstance(data, wire.MemberKeyAdded):
        _check_key_id(record, VerifierKey.parse(data.vkey))
    if isinstance(data, wire.MemberKeyRetired) and data.vkey not in windows:
        raise UnknownKey("the member has no such key", "$.data.vkey")
    head: wire.Head = data.head
    _check_anchor(record, head)
    changes: dict[str, Any] = {}
    if isinstance(data, wire.MemberKeyAdded):
        changes["keys"] = (*record.keys, KeyWindow(VerifierKey.parse(data.vkey), head.size))
    elif isinstance(data, wire.MemberKeyRetired):
        if windows[data.vkey].end is not None:
            raise IllegalTransition("that key is retired already", "$.data.vkey")
        changes["keys"] = tuple(
            msgspec.structs.replace(window, end=head.size) if str(window.key) == data.vkey else window
            for window in record.keys
        )
    elif isinstance(data, wire.MemberRolesChanged):
        changes["roles"] = (*record.roles, (head.size, tuple(data.roles)))
    elif isinstance(data, wire.MemberRangeVoided):
        changes["voided"] = (*record.voided, (data.from_, data.to))
    else:
        standing = _next_standing(record.standing, data)
        changes["standings"] = (*record.standings, (head.size, standing))
    return msgspec.structs.replace(record, anchors=(*record.anchors, head), changed=leaf + 1, **changes)


def _check_key_id(record: MemberRecord, key: VerifierKey) -> None:
    """Refuse a key whose id the member ever had: a signature line names a key by its id of four bytes alone."""
    for window in record.keys:
        if window.key.key_id == key.key_id:
            same = "that key" if window.key == key else f"another key with the id {key.key_id.hex()}"
            had = "has" if window.end is None else "had"
            raise Duplicate(f"the member {had} {same} already; add a new key", "$.data.vkey")


def _check_anchor(record: MemberRecord, head: wire.Head) -> None:
    if head.size == 0 and head.root != _EMPTY_ROOT:
        raise AnchorConflict("this is not the root of the empty tree", "$.data.head")
    if record.anchors:
        last = record.anchors[-1]
        if head.size < last.size:
            raise AnchorConflict(f"there is an anchor at {last.size} already", "$.data.head")
        if head.size == last.size and head.root != last.root:
            raise AnchorConflict(f"another root is anchored at {last.size}", "$.data.head")


def _next_standing(now: wire.Standing, data: Any) -> wire.Standing:  # noqa: ANN401 - three event types
    if now == "withdrawn":
        raise IllegalTransition("the member has withdrawn")
    if isinstance(data, wire.MemberWithdrawn):
        return "withdrawn"
    to: wire.Standing = "suspended" if isinstance(data, wire.MemberSuspended) else "active"
    if to == now:
        raise IllegalTransition(f"the member is {now} already")
    return to
