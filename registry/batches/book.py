"""The book of batches: what was sent in, by which system, what state it is in, and which rows were not taken in."""

import os
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

from registry.batches.batch import (
    Batch,
    Begun,
    Kind,
    Media,
    Reading,
    SecondPerson,
    State,
    Term,
    UnknownBatch,
    WrongState,
)
from registry.batches.contents import Contents
from registry.batches.forgetting import forget_texts, give_up_held, rewrite_texts
from registry.batches.line_count import count_lines, find_uncounted
from registry.batches.row_problem import RowProblem
from registry.batches.spool import Spool, Spooled
from registry.batches.texts import BatchTexts, key_of, locked, seal_key
from registry.intake.rows.report import bounded_notes
from registry.intake.rows.xlsx import is_spreadsheet
from registry.values.actors import person_of
from registry.vault.vault import Vault, random_id, read_again

KEPT: Final = timedelta(days=90)
_PAGE: Final = 10_000
_MAX_ERROR: Final = 4000
"""Characters of why a batch failed."""


_COLUMNS: Final = (
    "batch::text, kind, media, state, dry_run, bytes, lines, done_lines, issued, unchanged, refused, held,"
    " created, by, publish_at, released_by, started, finished, awarded_from, awarded_until, dates, keep_text,"
    " key, sealed_name, sealed_notes, sealed_error"
)


class Book:
    """The node's batches. Opens a connection for each use; may be shared by threads."""

    def __init__(
        self, dsn: str, vault: Vault, folder: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`folder` holds the batches' files."""
        self._dsn = dsn
        self._vault = vault
        self._contents = Contents(folder)
        self._clock = clock

    def _connect(self) -> "psycopg.Connection[DictRow]":
        return psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row)

    # Receiving

    def receive(
        self,
        name: str,
        kind: Kind,
        media: Media,
        by: str,
        request: str,
        dry_run: bool,  # noqa: FBT001 - called in a thread by position
        term: Term | None = None,
        reading: Reading | None = None,
    ) -> "Begun":
        """Begin a batch, or find the one that this request of this system began before.

        One that never arrived whole is begun anew: whoever sends it again has given the first attempt up. Raises
        `OSError` where the disk is full.
        """
        hashed = self._vault.hashed("request", request)
        batch, key = random_id(), os.urandom(32)
        name_sealed = BatchTexts(batch, key).seal("name", name)
        with self._connect() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('batch of ' || %s))", (by + hashed.hex(),))
            before = connection.execute(
                "SELECT batch::text, state FROM intake.batches WHERE by = %s AND request = %s", (by, hashed)
            ).fetchone()
            if before is not None and before["state"] not in ("receiving", "incomplete"):
                return Begun(before["batch"], None)
            if before is not None:
                connection.execute("DELETE FROM intake.batches WHERE batch = %s", (before["batch"],))
                self._contents.drop(before["batch"])
            connection.execute(
                "INSERT INTO intake.batches"
                " (batch, sealed_name, kind, media, dry_run, by, request, key, created, awarded_from, awarded_until,"
                " dates, keep_text, state)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'receiving')",
                (
                    batch, name_sealed, kind, media, dry_run, by, hashed, seal_key(self._vault, batch, key),
                    self._clock(), *(term or (None, None)), *(reading or Reading()),
                ),
            )  # fmt: skip
            # On a disk that takes no more, no batch is begun either.
            spool = Spool(self._contents.path(batch), key)
        return Begun(batch, spool)

    def received(self, batch: str, spool: Spool, publish_at: datetime | None, release_above: int = 0) -> Batch:
        """All of it has arrived: it waits for its turn, its day, or a second person.

        One of more lines than `release_above` waits for a second person; 0: none does. The lines of a spreadsheet are
        counted before its turn (`count_lines`): until then they are 0, and it waits for nobody.

        Raises `WrongState` where it was begun anew meanwhile, and `OSError` where the disk is full.
        """
        spool.close()
        is_counted = not is_spreadsheet(self.content(batch))
        lines = spool.lines if is_counted else 0
        release = 0 < release_above < lines
        state = "awaitingRelease" if release else "scheduled" if publish_at is not None else "waiting"
        with self._connect() as connection:
            moved = connection.execute(
                "UPDATE intake.batches SET state = %s, bytes = %s, lines = %s, publish_at = %s, release_above = %s"
                " WHERE batch = %s AND state = 'receiving'",
                (state, spool.size, lines, publish_at, None if is_counted else release_above, batch),
            ).rowcount
            connection.execute("NOTIFY intake_batches")
        if not moved:
            raise WrongState("The same request was sent again meanwhile; that one counts.")
        return self.one(batch)

    def broken_off(self, batch: str, spool: Spool) -> None:
        """The system went away in the middle, sent what is not taken, or the disk is full: nothing of it is kept."""
        spool.abandon()
        with self._connect() as connection:
            connection.execute(
                "UPDATE intake.batches SET state = 'incomplete' WHERE batch = %s AND state = 'receiving'", (batch,)
            )
            row = connection.execute("SELECT state FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
        if row is None or row["state"] == "incomplete":  # else it had arrived whole before something else failed
            self._contents.drop(batch)

    # Reading

    def one(self, batch: str) -> Batch:
        """A batch. Raises `UnknownBatch`."""
        found = self._read(f"SELECT {_COLUMNS} FROM intake.batches WHERE batch = %s", (batch,))  # noqa: S608 - names of our own
        if not found:
            raise UnknownBatch(f"there is no batch {batch}")
        return found[0]

    def _read(self, statement: LiteralString, values: Any) -> list[Batch]:  # noqa: ANN401 - as psycopg takes them
        def read() -> list[Batch]:
            with self._connect() as connection:
                return [self._opened(row) for row in connection.execute(statement, values).fetchall()]

        return read_again(read)

    def _opened(self, row: DictRow) -> Batch:
        """Return the batch that a row of `_COLUMNS` is; a name, notes and an error are opened for it."""
        texts = BatchTexts.of(self._vault, row["batch"], row.pop("key"))
        name, notes, error = (texts.open(what, row.pop(f"sealed_{what}")) for what in ("name", "notes", "error"))
        return Batch(name=name or "", notes=notes or [], error=error, **row)

    def newest(self, limit: int, before: tuple[str, str] | None = None) -> list[Batch]:
        """Batches, the newest first, from after a place (its time in ISO form, its id) on."""
        return self._read(
            f"SELECT {_COLUMNS} FROM intake.batches"  # noqa: S608 - names of our own
            " WHERE %(at)s::timestamptz IS NULL OR (created, batch) < (%(at)s::timestamptz, %(batch)s::uuid)"
            " ORDER BY intake.batches.created DESC, intake.batches.batch DESC LIMIT %(limit)s",
            {"at": before and before[0], "batch": before and before[1], "limit": limit},
        )

    def problems(
        self, batch: str, limit: int, after: tuple[int, int] = (0, 0)
    ) -> list[tuple[tuple[int, int], RowProblem]]:
        """Rows that were not taken in, in their order, each with its place; from after a place on."""
        return self._problems(
            batch,
            "SELECT line, number, code, sealed FROM intake.problems WHERE batch = %(batch)s"
            " AND (line, number) > (%(line)s, %(number)s) ORDER BY line, number LIMIT %(limit)s",
            {"batch": batch, "line": after[0], "number": after[1], "limit": limit},
        )

    def _problems(
        self, batch: str, statement: LiteralString, values: dict[str, Any]
    ) -> list[tuple[tuple[int, int], RowProblem]]:
        def read() -> list[tuple[tuple[int, int], RowProblem]]:
            # The rows and the key that seals them are to be of one moment.
            with self._connect() as connection, connection.transaction():
                connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                row = connection.execute("SELECT key FROM intake.batches WHERE batch = %s", (batch,)).fetchone()
                rows = connection.execute(statement, values).fetchall()
            if row is None:
                return []
            texts = BatchTexts.of(self._vault, batch, row["key"])
            return [
                ((one["line"], one["number"]), texts.open_problem(one["line"], one["code"], one["sealed"]))
                for one in rows
            ]

        return read_again(read)

    def faulty_rows(self, batch: str) -> dict[int, str]:
        """Return all that is wrong with each row that was not taken in, by its line."""
        found = self._problems(
            batch,
            "SELECT line, number, code, sealed FROM intake.problems WHERE batch = %(batch)s ORDER BY line, number",
            {"batch": batch},
        )
        rows: dict[int, list[str]] = {}
        for _, one in found:
            rows.setdefault(one.line, []).append(f"{one.field}: {one.detail}" if one.field else one.detail)
        return {line: "; ".join(problems) for line, problems in rows.items()}

    def content(self, batch: str) -> Spooled:
        """A batch's content. Raises `UnknownBatch`; reading raises `SpoolDamaged` where it is gone."""

        def read() -> Spooled:
            with self._connect() as connection:
                row = connection.execute(
                    "SELECT sealed_name, key, rewritten FROM intake.batches WHERE batch = %s", (batch,)
                ).fetchone()
            if row is None:
                raise UnknownBatch(f"there is no batch {batch}")
            return self._spooled(batch, row)

        return read_again(read)

    def with_content(self) -> list[Batch]:
        """Batches whose content is on the disk, in the order in which they came."""
        return self._read(
            f"SELECT {_COLUMNS} FROM intake.batches"  # noqa: S608 - names of our own
            " WHERE intake.batches.batch::text = ANY (%s) AND state <> 'receiving' ORDER BY intake.batches.created",
            (self._contents.batches(),),
        )

    def forget(self, batch: str) -> None:
        """Keep nothing of what stood in a batch: neither its content nor what was quoted of it."""
        with self._connect() as connection, connection.transaction():
            forget_texts(connection, self._vault, batch)
        self._contents.drop(batch)

    def _spooled(self, batch: str, row: DictRow) -> Spooled:
        key = key_of(self._vault, batch, row["key"])
        name = BatchTexts(batch, key).open("name", row["sealed_name"])
        return Spooled(self._contents.path(batch, row["rewritten"]), key, name or "")

    # Deciding about a batch

    def release(self, batch: str, by: str) -> Batch:
        """A second person lets it go on. Raises `UnknownBatch`, `WrongState`, `SecondPerson`."""
        found = self.one(batch)
        if found.state != "awaitingRelease":
            raise WrongState(f"The batch is {found.state} and waits for no release.")
        with self._connect() as connection:
            cursor = connection.cursor(row_factory=dict_row)
            if person_of(cursor, found.by) == person_of(cursor, by):
                raise SecondPerson(f"you sent this batch in, as {found.by}; somebody else releases it")
            moved = connection.execute(
                "UPDATE intake.batches SET released_by = %s,"
                " state = CASE WHEN publish_at IS NULL THEN 'waiting' ELSE 'scheduled' END"
                " WHERE batch = %s AND state = 'awaitingRelease'",
                (by, batch),
            ).rowcount
            connection.execute("NOTIFY intake_batches")
        if not moved:
            raise WrongState(f"The batch is {self.one(batch).state} and waits for no release.")
        return self.one(batch)

    def cancel(self, batch: str) -> Batch:
        """Drop a batch that has not begun, or the rows of one that are held.

        Raises `UnknownBatch`, and `WrongState` for one that is being worked through or has ended.
        """
        self.one(batch)
        with self._connect() as connection, connection.transaction():
            moved = connection.execute(
                "UPDATE intake.batches SET state = 'cancelled', finished = %s"
                " WHERE batch = %s AND state IN ('awaitingRelease', 'scheduled', 'waiting')",
                (self._clock(), batch),
            ).rowcount
            if not moved:
                raise _not_cancelled(self.one(batch).state)
            give_up_held(connection, self._vault, batch, "cancelled", "the batch was cancelled before this day")
        cancelled = self.one(batch)
        if not cancelled.refused:
            self._contents.drop(batch)
        return cancelled

    def leave_out(
        self, batch: str, rows: Callable[[Spooled], Iterator[bytes | int]], lines: Sequence[int], why: RowProblem
    ) -> None:
        """Write a batch's content anew, without some of its rows, and keep nothing of what was quoted of these.

        `rows` gives what stays, as bytes, and the line of each row that goes, in whose place nothing but its line feeds
        stays. Those that were still to be taken in are told as refused: `why`, at their own lines. `lines` are others
        of which nothing stays quoted.

        Raises `UnknownBatch`, and `WrongState` where it is being worked through.
        """
        with self._connect() as connection, connection.transaction():
            row = connection.execute(
                f"SELECT {_COLUMNS}, rewritten FROM intake.batches WHERE batch = %s FOR UPDATE",  # noqa: S608 - names of our own
                (batch,),
            ).fetchone()
            if row is None:
                raise UnknownBatch(f"there is no batch {batch}")
            if row["state"] == "working":
                raise WrongState("The batch is being worked through. Try again when it is done.")
            key, gone = os.urandom(32), list[int]()
            # A key and a file of its own: until the transaction ends, the one before is the content.
            again = row["rewritten"] + 1
            spool = Spool(self._contents.path(batch, again), key)
            try:
                for one in rows(self._spooled(batch, row)):
                    if isinstance(one, int):
                        gone.append(one)
                    else:
                        spool.write(one)
                spool.close()
            except BaseException:  # whatever it was, it goes on its way
                spool.abandon()
                raise
            with connection.cursor() as cursor:
                rewrite_texts(cursor, self._vault, row, key, gone, {*gone, *lines}, why)
        self._contents.drop_before(batch, again)

    # Working through

    def find_uncounted(self) -> str | None:
        """Return the next spreadsheet's batch whose lines were not counted, or None."""
        with self._connect() as connection:
            return find_uncounted(connection)

    def count_lines(self, batch: str) -> None:
        """Count the lines of a batch, which takes seconds. Raises `UnknownBatch`."""
        content = self.content(batch)
        with self._connect() as connection:
            count_lines(connection, batch, content)

    def take_up(self) -> Batch | None:
        """The next batch that is due, from now on being worked through; one that was begun comes first."""
        with self._connect() as connection:
            row = connection.execute(
                f"UPDATE intake.batches SET state = 'working', started = coalesce(started, %(now)s)"  # noqa: S608 - names of our own
                f" WHERE batch = (SELECT batch FROM intake.batches WHERE {_DUE}"
                f" ORDER BY state = 'working' DESC, created LIMIT 1) AND {_DUE} RETURNING {_COLUMNS}",
                {"now": self._clock()},
            ).fetchone()
        return self._opened(row) if row is not None else None

    def note(self, batch: str, notes: Sequence[str]) -> None:
        """Keep what is to be said of it, in the place of what was said before; how much of it is bounded."""
        with self._connect() as connection, connection.transaction(), connection.cursor() as cursor:
            if (texts := locked(cursor, self._vault, batch)) is not None:
                cursor.execute(
                    "UPDATE intake.batches SET sealed_notes = %s WHERE batch = %s",
                    (texts.seal("notes", bounded_notes(notes)), batch),
                )

    def again(self, batch: str) -> None:
        """Forget how far it was: it changes nothing, and is worked through from its beginning."""
        with self._connect() as connection, connection.transaction():
            connection.execute("DELETE FROM intake.problems WHERE batch = %s", (batch,))
            connection.execute(
                "UPDATE intake.batches SET done_lines = 0, unchanged = 0, refused = 0 WHERE batch = %s", (batch,)
            )

    def held(self, batch: str, *, due: bool) -> Iterator[int]:
        """The lines of its rows that are held, in their order; only those whose day has come where `due`."""
        after = 0
        while True:
            with self._connect() as connection:
                rows = connection.execute(
                    "SELECT line FROM intake.held_rows WHERE batch = %s AND line > %s AND day <= %s"
                    " ORDER BY line LIMIT %s",
                    (batch, after, self._clock().astimezone(UTC).date() if due else date.max, _PAGE),
                ).fetchall()
            for row in rows:
                yield (after := row["line"])
            if len(rows) < _PAGE:
                return

    def finish(self, batch: str, error: str | None = None) -> State:
        """It is done, waits for the day of rows that are held, or can go no further; which of these.

        Its content is kept as long as rows are held, or may have to be corrected.
        """
        with self._connect() as connection, connection.transaction():
            if error:
                give_up_held(connection, self._vault, batch, "failed", "the batch could go no further before this day")
            held = connection.execute(
                "SELECT min(day)::timestamp AT TIME ZONE 'UTC' AS next FROM intake.held_rows WHERE batch = %s", (batch,)
            ).fetchone()
            then = None if error or held is None else held["next"]
            state: State = "failed" if error else "done" if then is None else "scheduled"
            with connection.cursor() as cursor:
                texts = locked(cursor, self._vault, batch)
            sealed = texts.seal("error", error[:_MAX_ERROR]) if error and texts is not None else None
            row = connection.execute(
                "UPDATE intake.batches SET state = %s, sealed_error = %s, publish_at = coalesce(%s, publish_at),"
                " finished = %s WHERE batch = %s RETURNING refused",
                (state, sealed, then, None if state == "scheduled" else self._clock(), batch),
            ).fetchone()
        if state == "done" and row is not None and not row["refused"]:
            self._contents.drop(batch)
        return state

    def tidy(self) -> int:
        """Drop the content of batches that ended long ago, of those that never arrived, and what was written anew.

        With a content goes what was quoted of it.
        """
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT batch::text FROM intake.batches WHERE finished < %s OR (state = 'receiving' AND created < %s)",
                (self._clock() - KEPT, self._clock() - timedelta(days=1)),
            ).fetchall()
            anew = connection.execute(
                "SELECT batch::text, rewritten FROM intake.batches WHERE rewritten > 0"
            ).fetchall()
        there = set(self._contents.batches())
        ended = [row["batch"] for row in rows if row["batch"] in there]
        for batch in ended:
            self.forget(batch)
        for row in anew:
            if row["batch"] in there:  # a process may have died before it dropped them
                self._contents.drop_before(row["batch"], row["rewritten"])
        return len(ended)


_DUE: Final = (
    "(state IN ('working', 'waiting') OR (state = 'scheduled' AND publish_at <= %(now)s)) AND release_above IS NULL"
)


def _not_cancelled(state: State) -> WrongState:
    if state == "working":
        return WrongState(
            "The batch is being worked through and cannot be cancelled now: rows of it may have taken effect. Wait"
            " until it is done; rows that are held can be cancelled then."
        )
    return WrongState(f"The batch is {state} and cannot be cancelled.")
