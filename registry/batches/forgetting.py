"""What a batch no longer says: texts without the values of rows that were erased, under another key of the batch's."""

import os
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from registry.batches.batch import DOCUMENTS, ENDED
from registry.batches.row_problem import RowProblem
from registry.batches.texts import BatchTexts, locked, seal_key
from registry.intake.rows.xlsx_values import without_values
from registry.vault.vault import Vault

_TEXTS: Final = ("name", "notes", "error")


def rewrite_texts(
    cursor: Cursor[DictRow],
    vault: Vault,
    row: DictRow,
    key: bytes,
    gone: Sequence[int],
    quoted: Collection[int],
    why: RowProblem,
) -> None:
    """Give a batch another key, and seal its texts again under it.

    `row` is the batch's, locked. Rows `gone` that were still to be taken in are listed as refused: `why`. Of the
    `quoted` lines no value stays.
    """
    batch = row["batch"]
    old, new = BatchTexts.of(vault, batch, row["key"]), BatchTexts(batch, key)
    lost = cursor.execute(
        "DELETE FROM intake.held_rows WHERE batch = %s AND line = ANY(%s) RETURNING line", (batch, list(gone))
    ).fetchall()
    _quote_less(cursor, batch, old, new, quoted)
    waiting = {one["line"] for one in lost} | {line for line in gone if line > row["done_lines"]}
    refused = [line for line in gone if line in waiting] if row["state"] not in ENDED else []
    new.write_numbered(cursor, [(0, msgspec.structs.replace(why, line=line, where=f"line {line}")) for line in refused])
    texts = {what: old.open(what, row[f"sealed_{what}"]) for what in _TEXTS}
    if texts["error"] is not None and 1 in quoted:  # of a file whose first line names no columns it quotes that line
        texts["error"] = "its first line named no columns"
    _write_texts(cursor, vault, batch, key, texts)
    cursor.execute(
        "UPDATE intake.batches SET rewritten = rewritten + 1, refused = refused + %s, held = held - %s"
        " WHERE batch = %s",
        (len(refused), len(lost), batch),
    )


def forget_texts(connection: Connection[DictRow], vault: Vault, batch: str) -> None:
    """Keep nothing of what a batch quoted of its rows, and no key that opens what it quoted before."""
    with connection.cursor() as cursor:
        old = locked(cursor, vault, batch)
        if old is None:
            return
        key = os.urandom(32)
        new = BatchTexts(batch, key)
        _quote_less(cursor, batch, old, new, None)
        row = cursor.execute(
            "SELECT sealed_name, sealed_error FROM intake.batches WHERE batch = %s", (batch,)
        ).fetchone()
        assert row is not None  # noqa: S101 - it is locked
        texts = {"name": old.open("name", row["sealed_name"]), "error": old.open("error", row["sealed_error"])}
        _write_texts(cursor, vault, batch, key, {**texts, "notes": None})


def give_up_held(connection: Connection[DictRow], vault: Vault, batch: str, code: str, detail: str) -> None:
    """List the rows of a batch that wait for their day as refused: they wait no longer."""
    with connection.cursor() as cursor:
        texts = locked(cursor, vault, batch)
        rows = cursor.execute(
            "WITH gone AS (DELETE FROM intake.held_rows WHERE batch = %s RETURNING batch, line, day)"
            " SELECT line, day, media FROM gone JOIN intake.batches USING (batch)",
            (batch,),
        ).fetchall()
        if texts is None or not rows:
            return
        problems = [
            RowProblem(
                row["line"],
                f"{'award' if row['media'] in DOCUMENTS else 'line'} {row['line']}",
                "valid_from",
                row["day"].isoformat(),
                code,
                detail,
            )
            for row in rows
        ]
        texts.write_numbered(cursor, ((0, one) for one in problems))
        cursor.execute("UPDATE intake.batches SET refused = refused + held, held = 0 WHERE batch = %s", (batch,))


def _quote_less(
    cursor: Cursor[DictRow], batch: str, old: BatchTexts, new: BatchTexts, lines: Collection[int] | None
) -> None:
    """Seal a batch's problems again, without the values of some lines (None: of all)."""
    rows = cursor.execute(
        "DELETE FROM intake.problems WHERE batch = %s RETURNING line, number, code, sealed", (batch,)
    ).fetchall()
    problems = [(row["number"], old.open_problem(row["line"], row["code"], row["sealed"])) for row in rows]
    new.write_numbered(
        cursor,
        ((number, _without_values(one) if lines is None or one.line in lines else one) for number, one in problems),
    )


def _without_values(problem: RowProblem) -> RowProblem:
    return msgspec.structs.replace(problem, value="", detail=without_values(problem.detail))


def _write_texts(cursor: Cursor[DictRow], vault: Vault, batch: str, key: bytes, texts: dict[str, Any]) -> None:
    new = BatchTexts(batch, key)
    sealed = {what: None if text is None else new.seal(what, text) for what, text in texts.items()}
    cursor.execute(
        "UPDATE intake.batches SET key = %(key)s, sealed_name = %(name)s, sealed_notes = %(notes)s,"
        " sealed_error = %(error)s WHERE batch = %(batch)s",
        {**sealed, "key": seal_key(vault, batch, key), "batch": batch},
    )
