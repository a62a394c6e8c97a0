"""The store of batches: their contents, their states, and their rows that were not taken in."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, LiteralString

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

from registry.batches.batch import (
    Batch,
    IncomingBatch,
    Kind,
    Media,
    OwnBatch,
    ReadingOptions,
    State,
    Term,
    UnknownBatch,
    WrongState,
)
from registry.batches.batch_file import BatchFile, BatchFileWriter, DamagedBatchFile
from registry.batches.batch_table import BATCH_COLUMNS, read_batch
from registry.batches.files import BatchFiles
from registry.batches.imports.other_rows import RowIndexes
from registry.batches.preparers import list_preparers
from registry.batches.queue import BatchQueue
from registry.batches.row_problem import RowProblem
from registry.batches.text_redaction import forget_texts, refuse_scheduled, rewrite_texts
from registry.batches.texts import BatchTexts, decrypt_key, encrypt_key
from registry.intake.rows.spreadsheet import is_spreadsheet
from registry.values.actors import person_of
from registry.vault.vault import Vault, random_id, retry_read


class BatchStore:
    """The node's batches. Opens a connection for each use; may be shared by threads."""

    def __init__(
        self, dsn: str, vault: Vault, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`folder` is where the batches' files are."""
        self._dsn = dsn
        self._vault = vault
        self._files = BatchFiles(folder)
        self._clock = clock
        self.queue = BatchQueue(self._connect, vault, self._files, clock)
        """The batches as their worker sees them."""
        self.row_indexes = RowIndexes()
        """The rows of imports that are being corrected."""

    def _connect(self) -> "psycopg.Connection[DictRow]":
        return psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row)

    # Receiving

    def begin(
        self,
        name: str,
        kind: Kind,
        media: Media,
        by: str,
        request: str,
        dry_run: bool,  # noqa: FBT001 - called in a thread by position
        term: Term | None = None,
        reading: ReadingOptions | None = None,
        *,
        also: "Callable[[psycopg.Connection[DictRow], str], None] | None" = None,
    ) -> IncomingBatch:
        """Begin a batch, or find the one that this request of this system began before.

        One that never arrived completely begins again: its sender has given up the first attempt.

        `also` writes more about the batch with this id in the same transaction. Raises `OSError` where the disk is
        full.
        """
        hashed = self._vault.hash_for_lookup("request", request)
        batch, key = random_id(), os.urandom(32)
        encrypted_name = BatchTexts(batch, key).encrypt("name", name)
        with self._connect() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('batch of ' || %s))", (by + hashed.hex(),))
            before = connection.execute(  # locked: it may arrive just now, and is not deleted then
                "SELECT batch::text, state FROM intake.batches WHERE by = %s AND request = %s FOR UPDATE", (by, hashed)
            ).fetchone()
            if before is not None and before["state"] not in ("receiving", "incomplete"):
                return IncomingBatch(before["batch"], None)
            if before is not None:
                connection.execute("DELETE FROM intake.batches WHERE batch = %s", (before["batch"],))
                self._files.delete(before["batch"])
            connection.execute(
                "INSERT INTO intake.batches"
                " (batch, sealed_name, kind, media, dry_run, by, request, key, created, awarded_from, awarded_until,"
                " dates, keep_text, state)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'receiving')",
                (
                    batch, encrypted_name, kind, media, dry_run, by, hashed, encrypt_key(self._vault, batch, key),
                    self._clock(), *(term or (None, None)), *(reading or ReadingOptions()),
                ),
            )  # fmt: skip
            if also is not None:
                also(connection, batch)
            # Within the transaction: where the disk is full, no batch begins either.
            file = BatchFileWriter(self._files.path(batch), key)
        return IncomingBatch(batch, file)

    def complete(
        self,
        batch: str,
        file: BatchFileWriter,
        publish_at: datetime | None,
        release_above: int = 0,
        content: bytes | None = None,
        *,
        awaits_release: bool = False,
        also: "Callable[[psycopg.Connection[DictRow]], None] | None" = None,
    ) -> Batch:
        """Let a batch that has arrived wait for its turn, its day, or a second person.

        `content` is a hash of the batch's options and content (`has_content`).

        A batch of more lines than `release_above` waits for a second person (0: none does), and so does one that
        `awaits_release`, whatever its size. The lines of a spreadsheet are counted before its turn (`count_lines`):
        until then they are 0, and it waits for no second person.

        `also` writes more in the same transaction: where it raises, the batch has not arrived.

        Raises `WrongState` where the same request began again meanwhile, and `OSError` where the disk is full.
        """
        try:
            file.close()
        except FileNotFoundError as error:  # `begin` of the same request deleted it
            raise WrongState("The same request was sent again meanwhile; that one counts.") from error
        try:
            is_counted = not is_spreadsheet(self.get_content(batch))
        except (UnknownBatch, DamagedBatchFile) as error:
            if self._files.path(batch).exists():
                raise
            raise WrongState("The same request was sent again meanwhile; that one counts.") from error
        lines = file.lines if is_counted else 0
        release = awaits_release or 0 < release_above < lines
        state = "awaitingRelease" if release else "scheduled" if publish_at is not None else "waiting"
        with self._connect() as connection, connection.transaction():
            updated = connection.execute(
                "UPDATE intake.batches SET state = %s, bytes = %s, lines = %s, publish_at = %s, release_above = %s,"
                " content = %s WHERE batch = %s AND state = 'receiving'",
                (
                    state, file.size, lines, publish_at, None if is_counted or awaits_release else release_above,
                    None if content is None else self._vault.digest(content), batch,
                ),
            ).rowcount  # fmt: skip
            if not updated:
                raise WrongState("The same request was sent again meanwhile; that one counts.")
            if also is not None:
                also(connection)
            connection.execute("NOTIFY intake_batches")
        return self.get(batch)

    def find_of_request(self, by: str, request: str) -> Batch:
        """Return the batch that a request began last. Raises `UnknownBatch`."""
        hashed = self._vault.hash_for_lookup("request", request)
        batches = self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE by = %s AND request = %s",  # noqa: S608 - a constant
            (by, hashed),
        )
        if not batches:
            raise UnknownBatch("this request began no batch")
        return batches[0]

    def has_content(self, batch: str, content: bytes) -> bool:
        """Return True if a batch has the options and the content with this hash.

        Return False if that cannot be known any more: rows were removed from the batch, or it ended long ago.
        """

        def read() -> bool:
            with self._connect() as connection:
                row = connection.execute("SELECT content FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
            return row is not None and row["content"] == self._vault.digest(content)

        return retry_read(read)

    def break_off(self, batch: str, file: BatchFileWriter) -> None:
        """Delete a batch whose sender went away, sent content that is not accepted, or filled the disk."""
        file.abandon()
        with self._connect() as connection:
            connection.execute(
                "UPDATE intake.batches SET state = 'incomplete' WHERE batch = %s AND state = 'receiving'", (batch,)
            )
            row = connection.execute("SELECT state FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
        if row is None or row["state"] == "incomplete":  # else it had arrived before something else failed
            self._files.delete(batch)

    # Reading

    def get(self, batch: str) -> Batch:
        """Return the batch with this id. Raises `UnknownBatch`."""
        batches = self._read(f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE batch = %s", (batch,))  # noqa: S608 - a constant
        if not batches:
            raise UnknownBatch(f"there is no batch {batch}")
        return batches[0]

    def _read(self, statement: LiteralString, values: Any) -> list[Batch]:  # noqa: ANN401 - as psycopg takes them
        def read() -> list[Batch]:
            with self._connect() as connection:
                return [read_batch(self._vault, row) for row in connection.execute(statement, values).fetchall()]

        return retry_read(read)

    def list_newest(self, limit: int, before: tuple[str, str] | None = None) -> list[Batch]:
        """Return batches, the newest first, after a place in this order (a time in ISO form, a batch's id)."""
        return self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches"  # noqa: S608 - a constant
            " WHERE %(at)s::timestamptz IS NULL OR (created, batch) < (%(at)s::timestamptz, %(batch)s::uuid)"
            " ORDER BY intake.batches.created DESC, intake.batches.batch DESC LIMIT %(limit)s",
            {"at": before and before[0], "batch": before and before[1], "limit": limit},
        )

    def list_waiting_changes(self, most_lines: int, limit: int) -> list[Batch]:
        """Return batches of status changes with few lines that wait for a second person, the oldest first."""
        return self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE state = 'awaitingRelease'"  # noqa: S608 - a constant
            " AND kind = 'statusChanges' AND lines <= %s ORDER BY intake.batches.created LIMIT %s",
            (most_lines, limit),
        )

    def list_ended_changes(self, limit: int) -> list[Batch]:
        """Return the batches of status changes that are done, failed or cancelled, the newest first."""
        return self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE kind = 'statusChanges' AND NOT dry_run"  # noqa: S608 - a constant
            " AND state IN ('done', 'failed', 'cancelled') ORDER BY intake.batches.created DESC LIMIT %s",
            (limit,),
        )

    def list_open_changes(self, limit: int) -> list[Batch]:
        """Return the batches of status changes that wait or are worked through, the newest first."""
        return self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE kind = 'statusChanges' AND NOT dry_run"  # noqa: S608 - a constant
            " AND state IN ('awaitingRelease', 'scheduled', 'waiting', 'working')"
            " ORDER BY intake.batches.created DESC LIMIT %s",
            (limit,),
        )

    def list_problems(
        self, batch: str, limit: int, after: tuple[int, int] = (0, 0)
    ) -> list[tuple[tuple[int, int], RowProblem]]:
        """Return the problems of a batch in their order, each with its place, after the place `after`."""
        return self._read_problems(
            batch,
            "SELECT line, number, code, sealed FROM intake.problems WHERE batch = %(batch)s"
            " AND (line, number) > (%(line)s, %(number)s) ORDER BY line, number LIMIT %(limit)s",
            {"batch": batch, "line": after[0], "number": after[1], "limit": limit},
        )

    def _read_problems(
        self, batch: str, statement: LiteralString, values: dict[str, Any]
    ) -> list[tuple[tuple[int, int], RowProblem]]:
        def read() -> list[tuple[tuple[int, int], RowProblem]]:
            # One snapshot for the rows and for the key that decrypts them.
            with self._connect() as connection, connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                batch_row = connection.execute("SELECT key FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
                rows = connection.execute(statement, values).fetchall()
            if batch_row is None:
                return []
            texts = BatchTexts.of(self._vault, batch, batch_row["key"])
            return [
                ((row["line"], row["number"]), texts.decrypt_problem(row["line"], row["code"], row["sealed"]))
                for row in rows
            ]

        return retry_read(read)

    def describe_faulty_rows(self, batch: str) -> dict[int, str]:
        """Return, by its line, all that is wrong with each row that was not taken in."""
        problems = self._read_problems(
            batch,
            "SELECT line, number, code, sealed FROM intake.problems WHERE batch = %(batch)s ORDER BY line, number",
            {"batch": batch},
        )
        rows: dict[int, list[str]] = {}
        for _, problem in problems:
            detail = f"{problem.field}: {problem.detail}" if problem.field else problem.detail
            rows.setdefault(problem.line, []).append(detail)
        return {line: "; ".join(details) for line, details in rows.items()}

    def get_content(self, batch: str) -> BatchFile:
        """Return a batch's content. Raises `UnknownBatch`; reading it raises `DamagedBatchFile` where it is missing."""

        def read() -> BatchFile:
            with self._connect() as connection:
                row = connection.execute(
                    "SELECT sealed_name, key, rewritten FROM intake.batches WHERE batch = %s", (batch,)
                ).fetchone()
            if row is None:
                raise UnknownBatch(f"there is no batch {batch}")
            return self._content_file(batch, row)

        return retry_read(read)

    def find_corrected_lines(self, batch: str, pattern: re.Pattern[bytes]) -> list[int]:
        """Return the lines of an import for which somebody typed what this pattern finds."""
        with self._connect() as connection:
            key = connection.execute("SELECT key FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
            rows = connection.execute(
                "SELECT line, sealed FROM intake.row_corrections WHERE import = %s", (batch,)
            ).fetchall()
        if key is None or not rows:
            return []
        texts = BatchTexts.of(self._vault, batch, key["key"])
        return [
            row["line"]
            for row in rows
            if pattern.search(msgspec.json.encode(texts.decrypt(f"correction {row['line']}", row["sealed"])))
        ]

    def list_with_content(self) -> list[Batch]:
        """Return the batches whose content is on the disk, the oldest first."""
        return self._read(
            f"SELECT {BATCH_COLUMNS} FROM intake.batches"  # noqa: S608 - a constant
            " WHERE intake.batches.batch::text = ANY (%s) AND state <> 'receiving' ORDER BY intake.batches.created",
            (self._files.list_batches(),),
        )

    def forget(self, batch: str) -> None:
        """Delete a batch's content, and what its problems and notes quote of it."""
        with self._connect() as connection, connection.transaction():
            forget_texts(connection, self._vault, batch)
        self.row_indexes.drop(batch)
        self._files.delete(batch)

    def _content_file(self, batch: str, row: DictRow) -> BatchFile:
        key = decrypt_key(self._vault, batch, row["key"])
        name = BatchTexts(batch, key).decrypt("name", row["sealed_name"])
        return BatchFile(self._files.path(batch, row["rewritten"]), key, name or "")

    # Deciding about a batch

    def release(self, batch: str, by: str) -> Batch:
        """Let a batch go on, as a second person. Raises `UnknownBatch`, `WrongState`, `OwnBatch`."""
        waiting = self.get(batch)
        if waiting.state != "awaitingRelease":
            raise WrongState(f"The batch is {waiting.state} and waits for no release.")
        with self._connect() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            person = person_of(cursor, by)
            if person_of(cursor, waiting.by) == person:
                raise OwnBatch(f"you sent this batch in, as {waiting.by}; another person releases it")
            if any(person_of(cursor, each) == person for each in list_preparers(cursor, batch)):
                raise OwnBatch("you prepared rows of this batch; another person releases it")
            updated = connection.execute(
                "UPDATE intake.batches SET released_by = %s,"
                " state = CASE WHEN publish_at IS NULL THEN 'waiting' ELSE 'scheduled' END"
                " WHERE batch = %s AND state = 'awaitingRelease'",
                (by, batch),
            ).rowcount
            connection.execute("NOTIFY intake_batches")
        if not updated:
            raise WrongState(f"The batch is {self.get(batch).state} and waits for no release.")
        return self.get(batch)

    def list_preparers(self, batch: str) -> list[str]:
        """Return who sent a batch in, and who uploaded or corrected rows of it: none of them releases it."""
        with self._connect() as connection, connection.cursor() as cursor:
            return [self.get(batch).by, *list_preparers(cursor, batch)]

    def is_prepared_by(self, batch: str, actor: str) -> bool:
        """Return whether the person behind an actor sent a batch, or prepared rows of it. Raises `UnknownBatch`."""
        preparers = self.list_preparers(batch)
        with self._connect() as connection, connection.cursor() as cursor:
            person = person_of(cursor, actor)
            return any(person_of(cursor, each) == person for each in preparers)

    def cancel(
        self,
        batch: str,
        states: Sequence[State] = ("awaitingRelease", "scheduled", "waiting"),
        also: "Callable[[psycopg.Connection[DictRow]], None] | None" = None,
    ) -> Batch:
        """Cancel a batch that has not begun, or the scheduled rows of one that has; only in one of these states.

        `also` writes more in the same transaction: where it raises, the batch is not cancelled.

        Raises `UnknownBatch`, and `WrongState` for one that is being worked through or has ended.
        """
        self.get(batch)
        with self._connect() as connection, connection.transaction():
            updated = connection.execute(
                "UPDATE intake.batches SET state = 'cancelled', finished = %s WHERE batch = %s AND state = ANY (%s)",
                (self._clock(), batch, list(states)),
            ).rowcount
            if not updated:
                raise _cannot_cancel(self.get(batch).state)
            refuse_scheduled(connection, self._vault, batch, "cancelled", "the batch was cancelled before this day")
            if also is not None:
                also(connection)
        cancelled = self.get(batch)
        if not cancelled.refused:
            self._files.delete(batch)
        return cancelled

    def redact(
        self, batch: str, redact: Callable[[BatchFile], Iterator[bytes | int]], lines: Sequence[int], why: RowProblem
    ) -> None:
        """Write a batch's content again without some of its rows, and delete what was quoted of these rows.

        `redact` yields the bytes that stay and the line of each removed row, of which only the line feeds stay.
        Removed rows that were still to be taken in are listed as refused, for the reason `why` and at their own lines.
        `lines` are further lines of which no quotation may stay.

        Raises `UnknownBatch`, and `WrongState` where it is being worked through.
        """
        with self._connect() as connection, connection.transaction():
            row = connection.execute(
                f"SELECT {BATCH_COLUMNS}, rewritten FROM intake.batches WHERE batch = %s FOR UPDATE",  # noqa: S608 - a constant
                (batch,),
            ).fetchone()
            if row is None:
                raise UnknownBatch(f"there is no batch {batch}")
            if row["state"] == "working":
                raise WrongState("The batch is being worked through. Try again when it is done.")
            key, removed = os.urandom(32), list[int]()
            # A file and a key of its own: until the transaction commits, the old file is the content.
            rewritten = row["rewritten"] + 1
            file = BatchFileWriter(self._files.path(batch, rewritten), key)
            try:
                for piece in redact(self._content_file(batch, row)):
                    if isinstance(piece, int):
                        removed.append(piece)
                    else:
                        file.write(piece)
                file.close()
            except BaseException:  # it is raised again
                file.abandon()
                raise
            with connection.cursor() as cursor:
                rewrite_texts(cursor, self._vault, row, key, removed, {*removed, *lines}, why)
        self.row_indexes.drop(batch)
        self._files.delete_before(batch, rewritten)


def _cannot_cancel(state: State) -> WrongState:
    if state == "working":
        return WrongState(
            "The batch is being worked through and cannot be cancelled now: rows of it may have taken effect. Wait"
            " until it is done; its scheduled rows can be cancelled then."
        )
    return WrongState(f"The batch is {state} and cannot be cancelled.")
