"""The store of imports: their corrections, their hand-overs, and what was sent back."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg.rows import DictRow, dict_row

from registry.batches.batch import Batch, IncomingBatch, Kind, Media, ReadingOptions, Term, UnknownBatch, WrongState
from registry.batches.batch_counts import WITH_PROBLEMS
from registry.batches.batch_table import BATCH_COLUMNS, read_batch
from registry.batches.imports.content import Awards
from registry.batches.imports.import_view import Correction, CorrectionCount, CorrectionState, HandOver, ImportView
from registry.batches.row_problem import RowProblem
from registry.batches.store import BatchStore
from registry.batches.texts import BatchTexts
from registry.values.actors import actor_names, person_of
from registry.vault.vault import Vault

MAX_PROBLEMS: Final = 10_000
"""Problems of one import that are read for its page."""
_MAX_LISTED: Final = 200


class ChangedCorrection(Exception):
    """Somebody else decided about this row meanwhile."""


class ChangedImport(Exception):
    """The import was changed since the form was made."""


class ImportStore:
    """The imports of a node. Opens a connection for each use; may be shared by threads."""

    def __init__(self, dsn: str, vault: Vault, batch_store: BatchStore) -> None:
        self._dsn = dsn
        self._vault = vault
        self.batch_store = batch_store

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[DictRow]]:
        with (
            psycopg.connect(self._dsn, autocommit=True, row_factory=dict_row) as connection,
            connection.transaction(),
        ):
            yield connection

    # Receiving

    def begin(
        self,
        name: str,
        kind: Kind,
        media: Media,
        by: str,
        request: str,
        reading: ReadingOptions,
        previous: str | None = None,
        term: Term | None = None,
        *,
        is_mapped: bool = False,
    ) -> IncomingBatch:
        """Begin an import as `BatchStore.begin` begins a batch; `is_mapped` where the node makes its file of a table.

        Raises `OSError` where the disk is full.
        """

        def insert(connection: psycopg.Connection[DictRow], batch: str) -> None:
            connection.execute(
                "INSERT INTO intake.imports (import, previous, is_mapped) VALUES (%s, %s, %s)",
                (batch, previous, is_mapped),
            )

        return self.batch_store.begin(name, kind, media, by, request, True, term, reading, also=insert)  # noqa: FBT003 - as there

    # Reading

    def get(self, identifier: str) -> ImportView:
        """Return an import. Raises `UnknownBatch`."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return self._read(connection, identifier)

    def _read(self, connection: psycopg.Connection[DictRow], identifier: str) -> ImportView:
        row = connection.execute(
            f"SELECT {BATCH_COLUMNS}, version, previous::text, closed"  # noqa: S608 - a constant
            " FROM intake.batches JOIN intake.imports ON import = batch WHERE batch = %s",
            (identifier,),
        ).fetchone()
        if row is None:
            raise UnknownBatch(f"there is no import {identifier}")
        own = {name: row.pop(name) for name in ("version", "previous", "closed")}
        texts = BatchTexts.of(self._vault, identifier, row["key"])
        counts = connection.execute(
            "SELECT state, batch::text, count(*) AS rows FROM intake.row_corrections WHERE import = %s GROUP BY 1, 2",
            (identifier,),
        ).fetchall()
        return ImportView(
            read_batch(self._vault, row),
            own["version"],
            own["previous"],
            own["closed"],
            [CorrectionCount(**count) for count in counts],
            self._read_hand_overs(connection, identifier, texts),
        )

    def _read_hand_overs(
        self, connection: psycopg.Connection[DictRow], identifier: str, texts: BatchTexts
    ) -> list[HandOver]:
        columns = ", ".join(f"b.{column.strip()}" for column in BATCH_COLUMNS.split(","))
        rows = connection.execute(
            f"SELECT {columns}, h.is_first, h.rows, h.learners, h.awards, h.returned_by, h.sealed_note"  # noqa: S608 - constants
            " FROM intake.hand_overs h JOIN intake.batches b ON b.batch = h.batch WHERE h.import = %s"
            " ORDER BY b.created DESC",
            (identifier,),
        ).fetchall()
        names = ("is_first", "rows", "learners", "awards", "returned_by", "sealed_note")
        hand_overs = []
        for row in rows:
            own = {name: row.pop(name) for name in names}
            batch = read_batch(self._vault, row)
            hand_overs.append(
                HandOver(
                    batch,
                    identifier,
                    own["is_first"],
                    own["rows"],
                    own["learners"],
                    msgspec.convert(own["awards"], list[Awards]),
                    own["returned_by"],
                    texts.decrypt(f"note {batch.batch}", own["sealed_note"]),
                )
            )
        return hand_overs

    def list_newest(self, limit: int, before: tuple[str, str] | None = None) -> list[ImportView]:
        """Return imports, the newest first, after a place in this order (a time in ISO form, an import's id)."""
        with self._transaction() as connection:
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            rows = connection.execute(
                "SELECT batch::text FROM intake.imports JOIN intake.batches ON batch = import"
                " WHERE (%(at)s::timestamptz IS NULL OR (created, batch) < (%(at)s::timestamptz, %(import)s::uuid))"
                " ORDER BY created DESC, batch DESC LIMIT %(limit)s",
                {"at": before and before[0], "import": before and before[1], "limit": min(limit, _MAX_LISTED)},
            ).fetchall()
            return [self._read(connection, row["batch"]) for row in rows]

    def list_awaiting_release(self, limit: int) -> list[Batch]:
        """Return the batches that wait for a second person, the one that waits longest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE state = 'awaitingRelease'"  # noqa: S608 - a constant
                " ORDER BY intake.batches.created LIMIT %s",
                (limit,),
            ).fetchall()
        return [read_batch(self._vault, row) for row in rows]

    def list_released(self, limit: int) -> list[Batch]:
        """Return the batches that a second person released, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE released_by IS NOT NULL"  # noqa: S608 - a constant
                " ORDER BY intake.batches.created DESC LIMIT %s",
                (limit,),
            ).fetchall()
        return [read_batch(self._vault, row) for row in rows]

    def list_with_problems(self, since: datetime, limit: int) -> list[Batch]:
        """Return the batches that ended since then and were refused in whole or in part, the newest first."""
        with self._transaction() as connection:
            rows = connection.execute(
                f"SELECT {BATCH_COLUMNS} FROM intake.batches WHERE {WITH_PROBLEMS}"  # noqa: S608 - constants
                " ORDER BY finished DESC LIMIT %(limit)s",
                {"since": since, "limit": limit},
            ).fetchall()
        return [read_batch(self._vault, row) for row in rows]

    def find_hand_over(self, batch: str) -> HandOver | None:
        """Return how a batch was made from an import; None if it was not."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT import::text, key FROM intake.hand_overs h JOIN intake.batches b ON b.batch = h.import"
                " WHERE h.batch = %s",
                (batch,),
            ).fetchone()
            if row is None:
                return None
            texts = BatchTexts.of(self._vault, row["import"], row["key"])
            hand_overs = self._read_hand_overs(connection, row["import"], texts)
        return next((each for each in hand_overs if each.batch.batch == batch), None)

    def find_made_by(self, by: str, request: str) -> HandOver | None:
        """Return the hand-over that this request of this person made; None if it made none."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT batch::text FROM intake.batches WHERE by = %s AND request = %s",
                (by, self._vault.hash_for_lookup("request", request)),
            ).fetchone()
        return None if row is None else self.find_hand_over(row["batch"])

    def list_corrections(self, identifier: str) -> dict[int, Correction]:
        """Return what was decided about faulty rows, by line."""
        with self._transaction() as connection:
            key = connection.execute("SELECT key FROM intake.batches WHERE batch = %s", (identifier,)).fetchone()
            rows = connection.execute(
                "SELECT line, version, state, by, sealed, batch::text FROM intake.row_corrections WHERE import = %s"
                " ORDER BY line",
                (identifier,),
            ).fetchall()
        if key is None:
            raise UnknownBatch(f"there is no import {identifier}")
        texts = BatchTexts.of(self._vault, identifier, key["key"])
        return {row["line"]: _read_correction(texts, row) for row in rows}

    def list_problems(self, identifier: str) -> list[RowProblem]:
        """Return the problems of an import's rows in their order, 10,000 at most."""
        return [problem for _, problem in self.batch_store.list_problems(identifier, MAX_PROBLEMS)]

    def list_faulty_lines(self, identifier: str) -> set[int]:
        """Return the lines of all rows that were wrong when they were checked."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT DISTINCT line FROM intake.problems WHERE batch = %s", (identifier,)
            ).fetchall()
        return {row["line"] for row in rows}

    def names(self, actors: list[str]) -> dict[str, str]:
        """Return the names of persons and systems, by actor."""
        with self._transaction() as connection, connection.cursor() as cursor:
            return actor_names(cursor, actors)

    def persons(self, actors: list[str]) -> dict[str, str]:
        """Return the persons behind actors, by actor. One person may act under several names."""
        with self._transaction() as connection, connection.cursor() as cursor:
            return {actor: person_of(cursor, actor) for actor in actors}

    # Changing

    def correct(
        self,
        identifier: str,
        line: int,
        version: int,
        state: CorrectionState,
        cells: Mapping[str, str],
        by: str,
        *,
        keep_text: bool = False,
    ) -> None:
        """Store what a clerk decided about a faulty row. `version` is that of the decision before it; 0 for none.

        Raises `UnknownBatch`, `WrongState` for a row that was not wrong, and `ChangedCorrection`.
        """
        with self._change(identifier) as (connection, texts):
            problem = connection.execute(
                "SELECT FROM intake.problems WHERE batch = %s AND line = %s LIMIT 1", (identifier, line)
            ).fetchone()
            if problem is None:
                raise WrongState(f"Row {line} is not one of the rows that are wrong.")
            updated = connection.execute(
                "INSERT INTO intake.row_corrections AS c (import, line, version, state, by, sealed)"  # noqa: S608 - a constant
                " SELECT %(import)s, %(line)s, 1, %(state)s, %(by)s, %(sealed)s"
                " WHERE %(version)s = 0 OR EXISTS (SELECT FROM intake.row_corrections"
                " WHERE import = %(import)s AND line = %(line)s)"
                " ON CONFLICT (import, line) DO UPDATE SET version = c.version + 1, state = excluded.state,"
                " by = excluded.by, sealed = excluded.sealed, batch = NULL"
                f" WHERE c.version = %(version)s AND NOT {_HANDED_OVER}",
                {
                    "import": identifier, "line": line, "version": version, "state": state, "by": by,
                    "sealed": texts.encrypt(_purpose(line), [dict(cells), keep_text]),
                },
            ).rowcount  # fmt: skip
            if not updated:
                raise ChangedCorrection(f"row {line} was decided about meanwhile")

    def undo(self, identifier: str, line: int, version: int) -> None:
        """Forget what was decided about a row: it is to be corrected again. Raises as `correct` does."""
        with self._change(identifier) as (connection, _):
            deleted = connection.execute(
                "DELETE FROM intake.row_corrections AS c"  # noqa: S608 - a constant
                f" WHERE import = %s AND line = %s AND version = %s AND NOT {_HANDED_OVER}",
                (identifier, line, version),
            ).rowcount
            if not deleted:
                raise ChangedCorrection(f"row {line} was decided about meanwhile")

    def find_columns(self, header: list[str]) -> dict[int, str]:
        """Return what the columns of tables with this header stand for, as somebody said last; empty if nobody did."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT columns FROM intake.column_mappings WHERE header = %s", (self._hash_header(header),)
            ).fetchone()
        return {} if row is None else {int(place): name for place, name in row["columns"].items()}

    def remember_columns(self, header: list[str], columns: Mapping[int, str], by: str) -> None:
        """Remember what the columns of tables with this header stand for."""
        with self._transaction() as connection:
            connection.execute(
                "INSERT INTO intake.column_mappings (header, columns, by) VALUES (%s, %s, %s)"
                " ON CONFLICT (header) DO UPDATE SET columns = excluded.columns, by = excluded.by",
                (self._hash_header(header), json.dumps(columns), by),
            )

    def _hash_header(self, header: list[str]) -> bytes:
        return self._vault.hash_for_lookup("request", json.dumps(header))

    def add_hand_over(
        self,
        connection: psycopg.Connection[DictRow],
        hand_over: HandOver,
        version: int,
        lines: list[int],
        *,
        closes: bool,
    ) -> None:
        """Store that a batch was made from an import, with the corrections of these lines.

        It is part of the transaction in which the batch begins to wait for release: no batch waits without its
        preparers. The import is closed where it `closes`. Raises `ChangedImport` where the import has another version
        meanwhile.
        """
        self._count_change(connection, hand_over.imported_as)
        self._check_version(connection, hand_over.imported_as, version + 1)
        connection.execute(
            "INSERT INTO intake.hand_overs (batch, import, is_first, rows, learners, awards)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (
                hand_over.batch.batch, hand_over.imported_as, hand_over.is_first, hand_over.rows,
                hand_over.learners, json.dumps(msgspec.to_builtins(hand_over.awards)),
            ),
        )  # fmt: skip
        connection.execute(
            "UPDATE intake.row_corrections SET batch = %s WHERE import = %s AND line = ANY (%s)",
            (hand_over.batch.batch, hand_over.imported_as, lines),
        )
        if closes:
            connection.execute("UPDATE intake.imports SET closed = true WHERE import = %s", (hand_over.imported_as,))
            self.batch_store.row_indexes.drop(hand_over.imported_as)

    def close(self, identifier: str, version: int, *, closed: bool = True) -> None:
        """Close an import: what was not handed over is not issued from it; or open it again.

        Raises `ChangedImport`.
        """
        with self._change(identifier) as (connection, _):
            self._check_version(connection, identifier, version + 1)
            connection.execute("UPDATE intake.imports SET closed = %s WHERE import = %s", (closed, identifier))
        self.batch_store.row_indexes.drop(identifier)

    def send_back(self, hand_over: HandOver, by: str, note: str) -> None:
        """Cancel a batch that waits for release, and tell its import why. Raises `WrongState`."""

        def write_note(connection: psycopg.Connection[DictRow]) -> None:
            texts = self._count_change(connection, hand_over.imported_as)
            connection.execute(
                "UPDATE intake.hand_overs SET returned_by = %s, sealed_note = %s WHERE batch = %s",
                (by, texts.encrypt(f"note {hand_over.batch.batch}", note), hand_over.batch.batch),
            )
            connection.execute("UPDATE intake.imports SET closed = false WHERE import = %s", (hand_over.imported_as,))

        self.batch_store.cancel(hand_over.batch.batch, ("awaitingRelease",), write_note)

    @contextmanager
    def _change(self, identifier: str) -> Iterator[tuple[psycopg.Connection[DictRow], BatchTexts]]:
        """Yield a transaction in which an import has its next version, and the import's texts."""
        with self._transaction() as connection:
            yield connection, self._count_change(connection, identifier)

    def _count_change(self, connection: psycopg.Connection[DictRow], identifier: str) -> BatchTexts:
        """Give an import its next version, and return its texts. Raises `UnknownBatch`."""
        row = connection.execute(
            "UPDATE intake.imports i SET version = version + 1 FROM intake.batches b"
            " WHERE import = %s AND b.batch = i.import RETURNING b.key",
            (identifier,),
        ).fetchone()
        if row is None:
            raise UnknownBatch(f"there is no import {identifier}")
        return BatchTexts.of(self._vault, identifier, row["key"])

    @staticmethod
    def _check_version(connection: psycopg.Connection[DictRow], identifier: str, version: int) -> None:
        row = connection.execute(
            "SELECT FROM intake.imports WHERE import = %s AND version = %s", (identifier, version)
        ).fetchone()
        if row is None:
            raise ChangedImport("The import was changed since this page was made.")


_HANDED_OVER: Final = (
    "EXISTS (SELECT FROM intake.hand_overs h JOIN intake.batches b ON b.batch = h.batch"
    " WHERE h.batch = c.batch AND b.state NOT IN ('cancelled', 'incomplete', 'failed'))"
)


def _purpose(line: int) -> str:
    return f"correction {line}"


def _read_correction(texts: BatchTexts, row: Any) -> Correction:  # noqa: ANN401 - a row of the database
    cells, keep_text = texts.decrypt(_purpose(row["line"]), row["sealed"])
    return Correction(row["line"], row["version"], row["state"], row["by"], cells, keep_text, row["batch"])
