"""The queue of batches: which one is due, how the worker records that it is done, and when its content is deleted."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from psycopg import Connection
from psycopg.rows import DictRow

from registry.batches.batch import Batch, State
from registry.batches.batch_file import BatchFile
from registry.batches.batch_table import BATCH_COLUMNS, read_batch
from registry.batches.files import BatchFiles
from registry.batches.line_count import count_lines, find_uncounted
from registry.batches.text_redaction import forget_texts, refuse_scheduled
from registry.batches.texts import lock_texts
from registry.intake.rows.report import bounded_notes
from registry.vault.vault import Vault

CONTENT_RETENTION: Final = timedelta(days=90)
"""Time after its end for which a batch's content is kept, so that its refused rows can be corrected."""
_MAX_RECEIVING: Final = timedelta(days=1)
"""Time after which a batch that has not arrived will not."""
_PAGE_ROWS: Final = 10_000
_MAX_ERROR_CHARACTERS: Final = 4000
_DUE: Final = (
    "(state IN ('working', 'waiting') OR (state = 'scheduled' AND publish_at <= %(now)s)) AND release_above IS NULL"
)


class BatchQueue:
    """The batches as their worker sees them. May be shared by threads."""

    def __init__(
        self,
        connect: Callable[[], Connection[DictRow]],
        vault: Vault,
        files: BatchFiles,
        clock: Callable[[], datetime],
    ) -> None:
        self._connect = connect
        self._vault = vault
        self._files = files
        self._clock = clock

    def find_uncounted(self) -> str | None:
        """Return the next batch with a spreadsheet whose lines were not counted, or None."""
        with self._connect() as connection:
            return find_uncounted(connection)

    def count_lines(self, batch: str, content: BatchFile) -> None:
        """Count the lines of a batch, which takes seconds."""
        with self._connect() as connection:
            count_lines(connection, batch, content)

    def take_up(self) -> Batch | None:
        """Return the next batch that is due, now in the state `working`; one that was begun comes first."""
        with self._connect() as connection:
            row = connection.execute(
                f"UPDATE intake.batches SET state = 'working', started = coalesce(started, %(now)s)"  # noqa: S608 - constants
                f" WHERE batch = (SELECT batch FROM intake.batches WHERE {_DUE}"
                f" ORDER BY state = 'working' DESC, created LIMIT 1) AND {_DUE} RETURNING {BATCH_COLUMNS}",
                {"now": self._clock()},
            ).fetchone()
        return read_batch(self._vault, row) if row is not None else None

    def replace_notes(self, batch: str, notes: Sequence[str]) -> None:
        """Store the notes of a batch in place of those before; their number and length are bounded."""
        with self._connect() as connection, connection.transaction(), connection.cursor() as cursor:
            if (texts := lock_texts(cursor, self._vault, batch)) is not None:
                cursor.execute(
                    "UPDATE intake.batches SET sealed_notes = %s WHERE batch = %s",
                    (texts.encrypt("notes", bounded_notes(notes)), batch),
                )

    def restart(self, batch: str) -> None:
        """Forget how far a batch was, so that it begins again. Only for one that changes nothing."""
        with self._connect() as connection, connection.transaction():
            connection.execute("DELETE FROM intake.problems WHERE batch = %s", (batch,))
            connection.execute(
                "UPDATE intake.batches SET done_lines = 0, unchanged = 0, refused = 0 WHERE batch = %s", (batch,)
            )

    def list_scheduled_lines(self, batch: str, *, due: bool) -> Iterator[int]:
        """Yield the lines of a batch's scheduled rows in their order; where `due`, only of those whose day has come."""
        after = 0
        while True:
            with self._connect() as connection:
                rows = connection.execute(
                    "SELECT line FROM intake.held_rows WHERE batch = %s AND line > %s AND day <= %s"
                    " ORDER BY line LIMIT %s",
                    (batch, after, self._clock().astimezone(UTC).date() if due else date.max, _PAGE_ROWS),
                ).fetchall()
            for row in rows:
                yield (after := row["line"])
            if len(rows) < _PAGE_ROWS:
                return

    def is_mapped(self, batch: str) -> bool:
        """Return True if this node made a batch's file of a table with other columns' names."""
        with self._connect() as connection:
            row = connection.execute("SELECT is_mapped FROM intake.imports WHERE import = %s", (batch,)).fetchone()
        return row is not None and row["is_mapped"]

    def finish(self, batch: str, error: str | None = None) -> State:
        """Record that the worker is done with a batch, and return its new state.

        It is done, waits for the day of its scheduled rows, or has failed. Its content is kept as long as rows are
        scheduled, or a page may have to show, correct or hand them over.
        """
        with self._connect() as connection, connection.transaction():
            if error:
                refuse_scheduled(
                    connection, self._vault, batch, "failed", "the batch could go no further before this day"
                )
            scheduled = connection.execute(
                "SELECT min(day)::timestamp AT TIME ZONE 'UTC' AS next FROM intake.held_rows WHERE batch = %s", (batch,)
            ).fetchone()
            next_day = None if error or scheduled is None else scheduled["next"]
            state: State = "failed" if error else "done" if next_day is None else "scheduled"
            with connection.cursor() as cursor:
                texts = lock_texts(cursor, self._vault, batch)
            encrypted = texts.encrypt("error", error[:_MAX_ERROR_CHARACTERS]) if error and texts is not None else None
            row = connection.execute(
                "UPDATE intake.batches SET state = %s, sealed_error = %s, publish_at = coalesce(%s, publish_at),"
                " finished = %s WHERE batch = %s"
                " RETURNING refused, EXISTS (SELECT FROM intake.imports WHERE import = batch)"
                " OR EXISTS (SELECT FROM intake.hand_overs h WHERE h.batch = intake.batches.batch) AS is_shown",
                (state, encrypted, next_day, None if state == "scheduled" else self._clock(), batch),
            ).fetchone()
        if state == "done" and row is not None and not row["refused"] and not row["is_shown"]:
            self._files.delete(batch)
        return state

    def tidy(self) -> int:
        """Delete the content of batches that ended long ago or never arrived, and files that a redaction replaced.

        What problems and notes quote of a content is deleted with it, and so is its hash. Return the number of batches.
        """
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT batch::text FROM intake.batches WHERE finished < %s OR (state = 'receiving' AND created < %s)",
                (self._clock() - CONTENT_RETENTION, self._clock() - _MAX_RECEIVING),
            ).fetchall()
            redacted = connection.execute(
                "SELECT batch::text, rewritten FROM intake.batches WHERE rewritten > 0"
            ).fetchall()
            connection.execute(
                "DELETE FROM intake.row_effects e USING intake.batches b WHERE b.batch = e.batch AND b.finished < %s",
                (self._clock() - CONTENT_RETENTION,),
            )
            connection.execute(
                "UPDATE intake.batches SET content = NULL WHERE content IS NOT NULL AND finished < %s",
                (self._clock() - CONTENT_RETENTION,),
            )
        with_files = set(self._files.list_batches())
        ended = [row["batch"] for row in rows if row["batch"] in with_files]
        for batch in ended:
            with self._connect() as connection, connection.transaction():
                forget_texts(connection, self._vault, batch)
            self._files.delete(batch)
        for row in redacted:
            if row["batch"] in with_files:  # a process may have died before it deleted them
                self._files.delete_before(row["batch"], row["rewritten"])
        return len(ended)
