"""Events that Kafka removed from the intake topic before this node read them: remembered until a person acknowledges.

Kafka stores the position of a group of readers for some days only, and forgets it with the topic. So the node also
remembers which event of each partition it reads next.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

_COLUMNS = "number, topic, partition, first, last, noticed, acknowledged, acknowledged_by"


class LostEvents(msgspec.Struct, frozen=True):
    """A range of offsets of one partition that this node never read."""

    number: int
    topic: str
    partition: int
    first: int
    last: int | None
    """The last offset of the range; None where the topic was made again, and the number of lost events is unknown."""
    noticed: datetime
    acknowledged: datetime | None = None
    acknowledged_by: str | None = None

    @property
    def sentence(self) -> str:
        """Explanation: what happened, and what to do."""
        return (
            f"{lost_range(self.topic, self.partition, self.first, self.last)} Noticed {self.noticed:%Y-%m-%d %H:%M}Z."
            f" Send the events again, then run `registry intake acknowledge {self.number}`"
        )


def lost_range(topic: str, partition: int, first: int, last: int | None) -> str:
    """Say in a sentence which offsets are lost."""
    if last is None:
        return (
            f"Topic {topic} was emptied or made again (partition {partition}): it ends before offset {first:,}, which"
            " this node was to read next. Events that it held and this node had not read are lost."
        )
    offsets = f"offset {first:,}" if first == last else f"offsets {first:,} to {last:,}"
    return f"Kafka removed events of {topic} before this node read them: {offsets} of partition {partition}."


class IntakePositions:
    """The node's memory of its intake topic. Opens a connection for each use; may be shared by threads."""

    def __init__(self, dsn: str) -> None:
        """`dsn` is the node's database."""
        self._dsn = dsn

    @contextmanager
    def _connect(self) -> Iterator["psycopg.Connection[DictRow]"]:
        with psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def next(self, topic: str, partition: int) -> int | None:
        """Return the offset that is read next; None where none was ever read."""
        with self._connect() as connection:
            row = connection.execute(
                "SELECT next FROM intake.positions WHERE topic = %s AND partition = %s", (topic, partition)
            ).fetchone()
        return None if row is None else int(row["next"])

    def advance(self, topic: str, positions: dict[int, int]) -> None:
        """Remember the offsets that are read next, by partition."""
        with self._connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO intake.positions (topic, partition, next) VALUES (%s, %s, %s)"
                " ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next",
                [(topic, partition, offset) for partition, offset in positions.items()],
            )

    def note_loss(self, topic: str, partition: int, first: int, last: int | None) -> None:
        """Remember a range that is lost. The same range is remembered once."""
        with self._connect() as connection:
            connection.execute(
                "INSERT INTO intake.lost (topic, partition, first, last, noticed) VALUES (%s, %s, %s, %s, now())"
                " ON CONFLICT DO NOTHING",
                (topic, partition, first, last),
            )

    def losses(self, *, acknowledged: bool = False) -> list[LostEvents]:
        """Return the ranges that are not acknowledged, the oldest first; all of them where `acknowledged`."""
        with self._connect() as connection:
            return lost_events(connection, acknowledged=acknowledged)

    def acknowledge(self, numbers: list[int], by: str) -> list[LostEvents]:
        """Note that a person knows of these, and return them. One that was acknowledged before stays as it was."""
        with self._connect() as connection:
            rows = connection.execute(
                "UPDATE intake.lost SET acknowledged = now(), acknowledged_by = %s"  # noqa: S608 - names of our own
                f" WHERE number = ANY(%s) AND acknowledged IS NULL RETURNING {_COLUMNS}",
                (by, numbers),
            ).fetchall()
        return [LostEvents(**row) for row in sorted(rows, key=lambda row: row["number"])]


def lost_events(connection: "psycopg.Connection[Any]", *, acknowledged: bool = False) -> list[LostEvents]:
    """Return the ranges that are not acknowledged, the oldest first; all of them where `acknowledged`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            f"SELECT {_COLUMNS} FROM intake.lost WHERE acknowledged IS NULL OR %s ORDER BY number",  # noqa: S608 - names of our own
            (acknowledged,),
        ).fetchall()
    return [LostEvents(**row) for row in rows]
