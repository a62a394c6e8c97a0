"""Redaction of a batch's texts: values of erased rows are removed, and the rest is encrypted under a new key."""

import os
from collections.abc import Collection, Sequence
from typing import Any, Final

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from registry.batches.batch import DOCUMENTS, ENDED
from registry.batches.row_problem import RowProblem
from registry.batches.texts import BatchTexts, encrypt_key, lock_texts
from registry.intake.rows.xlsx_values import without_values
from registry.vault.vault import Vault

_TEXTS: Final = ("name", "notes", "error")


def rewrite_texts(
    cursor: Cursor[DictRow],
    vault: Vault,
    row: DictRow,
    key: bytes,
    removed: Sequence[int],
    quoted: Collection[int],
    why: RowProblem,
) -> None:
    """Replace the key of a batch, and encrypt its texts again under the new one.

    `row` is the batch's, locked. Rows `removed` that were still to be taken in are listed as refused, for the reason
    `why`. No value of the `quoted` lines stays.
    """
    batch = row["batch"]
    old, new = BatchTexts.of(vault, batch, row["key"]), BatchTexts(batch, key)
    unscheduled = cursor.execute(
        "DELETE FROM intake.held_rows WHERE batch = %s AND line = ANY(%s) RETURNING line", (batch, list(removed))
    ).fetchall()
    _redact_problems(cursor, batch, old, new, quoted)
    _redact_corrections(cursor, batch, old, new, quoted)
    to_take_in = {deleted["line"] for deleted in unscheduled} | {line for line in removed if line > row["done_lines"]}
    refused = [line for line in removed if line in to_take_in] if row["state"] not in ENDED else []
    new.write_numbered(cursor, [(0, msgspec.structs.replace(why, line=line, where=f"line {line}")) for line in refused])
    texts = {text: old.decrypt(text, row[f"sealed_{text}"]) for text in _TEXTS}
    if texts["error"] is not None and 1 in quoted:  # where the first line names no columns, the error quotes it
        texts["error"] = "its first line named no columns"
    _write_texts(cursor, vault, batch, key, texts)
    cursor.execute(
        "UPDATE intake.batches SET rewritten = rewritten + 1, refused = refused + %s, held = held - %s"
        " WHERE batch = %s",
        (len(refused), len(unscheduled), batch),
    )


def forget_texts(connection: Connection[DictRow], vault: Vault, batch: str) -> None:
    """Delete the texts of a batch that quote its rows, and the key that decrypted them."""
    with connection.cursor() as cursor:
        old = lock_texts(cursor, vault, batch)
        if old is None:
            return
        key = os.urandom(32)
        new = BatchTexts(batch, key)
        _redact_problems(cursor, batch, old, new, None)
        _redact_corrections(cursor, batch, old, new, None)
        row = cursor.execute(
            "SELECT sealed_name, sealed_error FROM intake.batches WHERE batch = %s", (batch,)
        ).fetchone()
        assert row is not None  # noqa: S101 - it is locked
        texts = {"name": old.decrypt("name", row["sealed_name"]), "error": old.decrypt("error", row["sealed_error"])}
        _write_texts(cursor, vault, batch, key, {**texts, "notes": None})


def refuse_scheduled(connection: Connection[DictRow], vault: Vault, batch: str, code: str, detail: str) -> None:
    """List the scheduled rows of a batch as refused: they no longer wait."""
    with connection.cursor() as cursor:
        texts = lock_texts(cursor, vault, batch)
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
        texts.write_numbered(cursor, ((0, problem) for problem in problems))
        cursor.execute("UPDATE intake.batches SET refused = refused + held, held = 0 WHERE batch = %s", (batch,))


def _redact_problems(
    cursor: Cursor[DictRow], batch: str, old: BatchTexts, new: BatchTexts, lines: Collection[int] | None
) -> None:
    """Encrypt a batch's problems again, without the values of some lines (None: of all)."""
    rows = cursor.execute(
        "DELETE FROM intake.problems WHERE batch = %s RETURNING line, number, code, sealed", (batch,)
    ).fetchall()
    problems = [(row["number"], old.decrypt_problem(row["line"], row["code"], row["sealed"])) for row in rows]
    new.write_numbered(
        cursor,
        (
            (number, _without_values(problem) if lines is None or problem.line in lines else problem)
            for number, problem in problems
        ),
    )


def _redact_corrections(
    cursor: Cursor[DictRow], batch: str, old: BatchTexts, new: BatchTexts, lines: Collection[int] | None
) -> None:
    """Encrypt the corrections of an import's rows again; of some lines (None: of all), delete what was typed.

    A note on why a batch was sent back may name anybody, so it is deleted.
    """
    rows = cursor.execute(
        "SELECT line, sealed FROM intake.row_corrections WHERE import = %s FOR UPDATE", (batch,)
    ).fetchall()
    for row in rows:
        purpose = f"correction {row['line']}"
        cells, keep_text = old.decrypt(purpose, row["sealed"])
        is_quoted = lines is None or row["line"] in lines
        cursor.execute(
            "UPDATE intake.row_corrections SET sealed = %s, state = CASE WHEN %s THEN 'leftOut' ELSE state END"
            " WHERE import = %s AND line = %s",
            (new.encrypt(purpose, [{} if is_quoted else cells, keep_text]), is_quoted, batch, row["line"]),
        )
    cursor.execute("UPDATE intake.hand_overs SET sealed_note = NULL WHERE import = %s", (batch,))


def _without_values(problem: RowProblem) -> RowProblem:
    return msgspec.structs.replace(problem, value="", detail=without_values(problem.detail))


def _write_texts(cursor: Cursor[DictRow], vault: Vault, batch: str, key: bytes, texts: dict[str, Any]) -> None:
    new = BatchTexts(batch, key)
    encrypted = {name: None if text is None else new.encrypt(name, text) for name, text in texts.items()}
    cursor.execute(
        "UPDATE intake.batches SET key = %(key)s, sealed_name = %(name)s, sealed_notes = %(notes)s,"
        " sealed_error = %(error)s, content = NULL WHERE batch = %(batch)s",
        {**encrypted, "key": encrypt_key(vault, batch, key), "batch": batch},
    )
