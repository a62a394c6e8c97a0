"""The lag of a running node's views behind the log."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from psycopg import Connection

from projections.core.positions import Position
from registry.application.owner import table_exists
from registry.log import LogError, SharedLog
from registry.publishing.publishing_lock import is_publishing
from registry.store.translation import read_stored_time

STILL_SECONDS: Final = 60.0
"""If views do not move for longer, although the log has more for them, projecting counts as stuck."""


class LagWatch:
    """Remembers, from check to check, since when each stream's place in the views has not moved."""

    def __init__(self) -> None:
        self._still: dict[str, tuple[int, float]] = {}
        """By stream: the next position to read, and the monotonic time when the log first had more after it."""
        self._began = datetime.now(UTC)
        self._read_at: dict[str, datetime] = {}

    def last_read(self, stream: str) -> datetime:
        """Return when the views last had all that the log had of a stream; at first, when the watch began."""
        return self._read_at.get(stream, self._began)

    def faults(self, log: SharedLog, positions: Mapping[str, Position]) -> dict[str, str]:
        """Return a sentence for each stream that has not moved for a minute, although the log has more."""
        sentences: dict[str, str] = {}
        for name, position in sorted(positions.items()):
            try:
                more = log.end(name) > position.next
            except LogError:
                continue  # the check of the log reports it
            before = self._still.get(name)
            if not more or before is None or before[0] != position.next:
                self._still.pop(name, None)
                if more:
                    self._still[name] = position.next, time.monotonic()
                else:
                    self._read_at[name] = datetime.now(UTC)
            elif (seconds := time.monotonic() - before[1]) > STILL_SECONDS:
                sentences[name] = (
                    f"the views have not read on in the stream {name} for {seconds / 60:,.0f} minutes, and the log has"
                    f" more of it: entries after {position.tree.size:,} are not shown. See this node's log, and restart"
                    " the node"
                )
        return sentences


def own_lag(connection: Connection, member: str) -> str | None:
    """Return a fault if a publishing node's older events are not in its views; None if they are."""
    if not (table_exists(connection, "public.registry_events") and table_exists(connection, "publisher.commits")):
        return None
    if not is_publishing(connection):
        return None  # the node does not run: the command that updates the views is run by hand
    row = connection.execute(
        "SELECT state FROM public.registry_events WHERE notification_id = (SELECT min(last) FROM publisher.commits"
        " WHERE next IS NOT NULL AND size > coalesce((SELECT size FROM positions WHERE member = %s), 0))",
        (member,),
    ).fetchone()
    if row is None:
        return None
    since = read_stored_time(row[0])
    if (datetime.now(UTC) - since).total_seconds() < STILL_SECONDS:
        return None
    return (
        f"events that this node published are not in its views since {since:%Y-%m-%d %H:%M} UTC: its answers are"
        " older than that. See this node's log, and restart the node"
    )
