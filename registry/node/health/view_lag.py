"""Whether a node that runs keeps its views up with the log."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from psycopg import Connection

from projections.core.positions import Position
from registry.application.owner import table_exists
from registry.log import LogError, SharedLog
from registry.publishing.publisher import publishes
from registry.store.translation import stored_at

STILL_SECONDS: Final = 60.0
"""Views that do not move for longer, although the log has more for them, say that projecting is stuck."""


class LagWatch:
    """Remembers, look by look, since when each stream's place in the views has not moved."""

    def __init__(self) -> None:
        self._still: dict[str, tuple[int, float]] = {}
        """By stream: where reading goes on, and the monotonic time when that was first seen with more behind it."""

    def faults(self, log: SharedLog, positions: Mapping[str, Position]) -> dict[str, str]:
        """The streams that have not moved for a minute, although the log has more, each with a sentence."""
        sentences: dict[str, str] = {}
        for name, position in sorted(positions.items()):
            try:
                more = log.end(name) > position.next
            except LogError:
                continue  # what is wrong with the log is said by whoever looks at the log
            before = self._still.get(name)
            if not more or before is None or before[0] != position.next:
                self._still.pop(name, None)
                if more:
                    self._still[name] = position.next, time.monotonic()
            elif (seconds := time.monotonic() - before[1]) > STILL_SECONDS:
                sentences[name] = (
                    f"the views have not read on in the stream {name} for {seconds / 60:,.0f} minutes, and the log has"
                    f" more of it: what was published since entry {position.tree.size:,} is not shown. See this node's"
                    " log, and restart it"
                )
        return sentences


def own_lag(connection: Connection, member: str) -> str | None:
    """Say that events which this node published a while ago are not in its views, while it publishes; else None."""
    if not (table_exists(connection, "public.registry_events") and table_exists(connection, "publisher.commits")):
        return None
    if not publishes(connection):
        return None  # nobody runs: the views are brought up by `registry views update`
    row = connection.execute(
        "SELECT state FROM public.registry_events WHERE notification_id = (SELECT min(last) FROM publisher.commits"
        " WHERE next IS NOT NULL AND size > coalesce((SELECT size FROM positions WHERE member = %s), 0))",
        (member,),
    ).fetchone()
    if row is None:
        return None
    since = stored_at(row[0])
    if (datetime.now(UTC) - since).total_seconds() < STILL_SECONDS:
        return None
    return (
        f"events that this node published are not in its views since {since:%Y-%m-%d %H:%M} UTC: what it answers is"
        " older than that. See this node's log, and restart it"
    )
