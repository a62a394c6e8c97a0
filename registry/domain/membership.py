"""The consortium: its members, and the acts of governance that change them.

Its events are only on its own log, where a threshold of root keys signs them (`registry/ceremony/ceremony.py`). So this
class is built from governance as it was read, and makes the events that are to be signed.
"""

from typing import Any

from registry.rules.governance import Governance
from registry.wire.events import Event, encode
from registry.wire.governance import (
    ConsortiumFounded,
    MemberAdmitted,
    MemberKeyAdded,
    MemberKeyRetired,
    MemberRangeVoided,
    MemberReinstated,
    MemberRevised,
    MemberRolesChanged,
    MemberSuspended,
    MemberWithdrawn,
    RootKeysRotated,
)

TYPES: dict[type[Any], str] = {
    ConsortiumFounded: "consortium.founded.v1",
    RootKeysRotated: "consortium.keys.rotated.v1",
    MemberAdmitted: "member.admitted.v1",
    MemberRevised: "member.revised.v1",
    MemberKeyAdded: "member.key.added.v1",
    MemberKeyRetired: "member.key.retired.v1",
    MemberRolesChanged: "member.roles.changed.v1",
    MemberSuspended: "member.suspended.v1",
    MemberReinstated: "member.reinstated.v1",
    MemberWithdrawn: "member.withdrawn.v1",
    MemberRangeVoided: "member.range.voided.v1",
}
"""The event type of each act of governance."""


class Consortium:
    """The consortium after `size` events of its log, and the events that are to be added."""

    def __init__(self, governance: Governance, size: int) -> None:
        self.governance = governance
        self._size = size
        self.lines: list[bytes] = []
        """The new events as they will be published, without LF."""

    def act(self, data: Any, time: str) -> None:  # noqa: ANN401 - any of TYPES
        """Add an act of governance. Raises a refusal where the rules forbid it, and changes nothing then."""
        kind = TYPES[type(data)]
        leaf = self._size + len(self.lines)
        name = self.governance.consortium
        event: Event[Any] = Event("1.0", f"governance-{leaf}", name, kind, data.subject or name, time, data)
        self.governance = self.governance.apply(event, leaf)
        self.lines.append(encode(event))
