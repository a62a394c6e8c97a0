"""Describes acts of governance in plain words, for the people who sign them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from registry.rules.governance import MemberRecord
from registry.values.plural import plural
from registry.wire import governance as wire
from registry.wire.keys import VerifierKey

_NO_CONTENT: Final = frozenset({"member", "keys", "roles"})
"""Fields of an admission that are not part of the member's content."""


def describe(data: Any, member: MemberRecord | None) -> str:  # noqa: ANN401 - any act; one sentence each
    """Return an act in plain words; `member` is the member's present state in governance."""
    match data:
        case wire.ConsortiumFounded():
            return (
                f"Found the consortium {data.consortium}, with {plural(len(data.root_keys), 'root key')} of which"
                f" {data.threshold} must sign: {_keys(data.root_keys)}."
            )
        case wire.RootKeysRotated():
            return (
                f"Replace all root keys by {plural(len(data.root_keys), 'new one')}, of which {data.threshold} must"
                f" sign: {_keys(data.root_keys)}."
            )
        case wire.MemberAdmitted():
            return (
                f"Admit {data.legal_name} ({data.country}) as {data.member}, {_roles(data.roles)},"
                f" signing with {_keys(data.keys)}."
            )
        case wire.MemberRevised():
            before = member.content if member is not None else None
            changes = list(_changes(before, data))
            return f"Change the description of {data.member}: {'; '.join(changes) or 'nothing changes'}."
        case wire.MemberKeyAdded():
            return f"Let {_keys([data.vkey])} sign for {data.member} from {_at(data.head)} on."
        case wire.MemberKeyRetired():
            return (
                f"Retire the key {_keys([data.vkey])} of {data.member} ({data.reason}): it signs nothing"
                f" beyond {_at(data.head)}."
            )
        case wire.MemberRolesChanged():
            before_roles = _roles(list(member.current_roles)) if member is not None else "unknown"
            return f"Make {data.member} {_roles(data.roles)} from {_at(data.head)} on (so far {before_roles})."
        case wire.MemberSuspended():
            return (
                f"Suspend {data.member} ({data.reason}) from {_at(data.head)} on: it can issue and decide nothing new,"
                " only reduce harm."
            )
        case wire.MemberReinstated():
            return f"Reinstate {data.member} ({data.reason}) from {_at(data.head)} on."
        case wire.MemberWithdrawn():
            return f"End the membership of {data.member} permanently ({data.reason}), from {_at(data.head)} on."
        case wire.MemberRangeVoided():
            return (
                f"Void {_range(data.from_, data.to)} of {data.member} ({data.reason}): they stay where they"
                f" are and have no effect. Anchored at {_at(data.head)}."
            )
        case _:
            raise TypeError(f"no words for {type(data).__name__}")


def signatures_needed(signed: int, needed: int) -> str:
    """Return how many signatures there are and are needed: `1 signature, 2 are needed`."""
    return f"{plural(signed, 'signature')}, {needed} {'is' if needed == 1 else 'are'} needed"


def content_of(data: wire.MemberRevised) -> dict[str, Any]:
    """Return a member's content as JSON values, without its name, keys and roles; absent fields are left out."""
    return {name: value for name, value in msgspec.to_builtins(data).items() if name not in _NO_CONTENT}


def _changes(before: wire.MemberRevised | None, after: wire.MemberRevised) -> Iterator[str]:
    """Yield the changes, field by field."""
    old, new = {} if before is None else content_of(before), content_of(after)
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield f"{name}: {_to_text(old.get(name))} → {_to_text(new.get(name))}"


def _to_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    return "none" if value in (None, []) else msgspec.json.encode(value).decode()


def _keys(texts: Sequence[str]) -> str:
    return ", ".join(VerifierKey.parse(text).label for text in texts)


def _roles(roles: Sequence[str]) -> str:
    return " and ".join(roles) if roles else "without a role"


def _range(begin: int, end: int) -> str:
    return f"the event {begin}" if end - begin == 1 else f"the events {begin} to {end - 1}"


def _at(head: wire.Head) -> str:
    return f"its head of {plural(head.size, 'event')} ({head.root[:12]}…)"
