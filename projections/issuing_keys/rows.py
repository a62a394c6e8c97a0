"""Write what a batch changes in the keys with which a member signs documents."""

from typing import Any, ClassVar

from psycopg import Connection

from projections.core.contents import to_column
from projections.core.copy import copy, line
from registry.rules.stream import MemberState
from registry.wire.events import Event, data_of
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded


class IssuingKeyRows:
    """A batch's changes of issuing keys."""

    TYPES: ClassVar = frozenset({"issuing.key.announced.v1", "issuing.key.ended.v1"})

    def __init__(self, member: str) -> None:
        self._member = member
        self._announced: list[str] = []
        self._ended: list[tuple[int, str, str, str]] = []

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:
        """Add an effective event of a key; `raw` is its line."""
        data = event.data
        if isinstance(data, IssuingKeyAnnounced):
            values = (self._member, data.key, leaf, event.time, data.profiles, to_column(data_of(raw)))
            self._announced.append(line(values))
        elif isinstance(data, IssuingKeyEnded):
            self._ended.append((leaf, event.time, data.reason, data.key))

    def write(self, connection: Connection, states: MemberState) -> None:  # noqa: ARG002 - as all collectors
        """Write the new keys, then the ends."""
        copy(connection, "issuing_keys", "member, key, leaf, announced, profiles, content", self._announced)
        for leaf, time, reason, key in self._ended:
            connection.execute(
                "UPDATE issuing_keys SET ended = %s, ended_at = %s, reason = %s WHERE member = %s AND key = %s",
                (leaf, time, reason, self._member, key),
            )
