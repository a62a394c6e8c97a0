"""Conversion of a database of an older version, in which the master key encrypted values and some texts were open."""

import os
from typing import Any, Final, LiteralString

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Cursor
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier

from registry.batches.row_problem import RowProblem
from registry.batches.texts import BatchTexts
from registry.vault.ciphers import OpenRing, derive_key, open_bytes
from registry.vault.keys import SHARED, KeyRing
from registry.vault.vault import Learner, Vault

_OLD: Final = """
SELECT EXISTS (
    SELECT FROM information_schema.columns
    WHERE table_schema = 'intake' AND table_name = 'batches' AND column_name = 'name'
) AS old
"""
_SEALED: Final[dict[tuple[str, str, str], LiteralString]] = {
    ("vault", "decisions", "sealed"): """
        SELECT ctid::text AS place, decision::text AS purpose, sealed AS value FROM vault.decisions
        WHERE learner IS NULL""",
    ("intake", "waiting", "sealed"): """
        SELECT ctid::text AS place, 'waiting ' || draft AS purpose, sealed AS value FROM intake.waiting""",
    ("webhooks", "endpoints", "secret"): """
        SELECT ctid::text AS place, 'webhook ' || endpoint AS purpose, secret AS value FROM webhooks.endpoints""",
    ("webhooks", "endpoints", "previous"): """
        SELECT ctid::text AS place, 'webhook ' || endpoint AS purpose, previous AS value FROM webhooks.endpoints
        WHERE previous IS NOT NULL""",
}
"""Values that the master key encrypted, with the same form and purpose as those of the shared key."""
_DROPPED: Final[tuple[LiteralString, ...]] = (
    "ALTER TABLE intake.batches DROP COLUMN name, DROP COLUMN notes, DROP COLUMN error",
    'ALTER TABLE intake.problems DROP COLUMN "where", DROP COLUMN field, DROP COLUMN value, DROP COLUMN detail',
    """ALTER TABLE intake.drafts DROP COLUMN title, DROP COLUMN codes, DROP COLUMN read, DROP COLUMN given,
    DROP COLUMN odd""",
    "ALTER TABLE access.requests DROP COLUMN headers",
)
_CONVERTED: Final = (
    ("vault", "learners"), ("vault", "decisions"), ("intake", "waiting"), ("webhooks", "endpoints"),
    ("intake", "batches"), ("intake", "problems"), ("intake", "drafts"), ("access", "requests"),
)  # fmt: skip


def convert(cursor: Cursor[DictRow], vault: Vault) -> tuple[tuple[str, str], ...]:
    """Encrypt all values again under the vault's keys, which are made if there are none; return the converted tables.

    Call it in a transaction, before `vault.keys` has rows.
    """
    if vault.keys.ring() is None:
        vault.keys.write_ring(KeyRing.create(os.urandom, derive_key(vault.keys.master(), b"lookup")))
    row = cursor.execute(_OLD).fetchone()
    assert row is not None  # noqa: S101 - a select without a table gives one row
    if not row["old"]:
        return ()
    old, new = AESGCM(derive_key(vault.keys.master(), b"wrapping")), OpenRing(vault.ring)
    for row in cursor.execute("SELECT learner::text, key FROM vault.learners").fetchall():
        key = open_bytes(old, row["key"], row["learner"], "key")
        wrapped = vault.wrap(Learner(row["learner"], key, AESGCM(key)))
        cursor.execute("UPDATE vault.learners SET key = %s WHERE learner = %s", (wrapped, row["learner"]))
    for (schema, table, column), select in _SEALED.items():
        for row in cursor.execute(select).fetchall():
            value = open_bytes(old, row["value"], "-", row["purpose"])
            cursor.execute(
                SQL("UPDATE {} SET {} = %s WHERE ctid = %s::tid").format(Identifier(schema, table), Identifier(column)),
                (new.seal(SHARED, value, "-", row["purpose"]), row["place"]),
            )
    _batches(cursor, old, new)
    _drafts(cursor, vault)
    _answers(cursor, vault)
    for statement in _DROPPED:
        cursor.execute(statement)
    return _CONVERTED


def _batches(cursor: Cursor[DictRow], old: AESGCM, new: OpenRing) -> None:
    for batch in cursor.execute("SELECT batch::text, key, name, notes, error FROM intake.batches").fetchall():
        purpose = f"batch {batch['batch']}"
        key = open_bytes(old, batch["key"], "-", purpose)
        texts = BatchTexts(batch["batch"], bytes.fromhex(msgspec.json.decode(key)))
        sealed = {what: texts.encrypt(what, batch[what]) for what in ("name", "notes", "error") if batch[what]}
        cursor.execute(
            "UPDATE intake.batches SET key = %s, sealed_name = %s, sealed_notes = %s, sealed_error = %s"
            " WHERE batch = %s",
            (new.seal(SHARED, key, "-", purpose), *map(sealed.get, ("name", "notes", "error")), batch["batch"]),
        )
        problems = cursor.execute(
            'SELECT ctid::text AS place, line, "where", field, value, code, detail FROM intake.problems'
            " WHERE batch = %s",
            (batch["batch"],),
        ).fetchall()
        cursor.executemany(
            "UPDATE intake.problems SET sealed = %s WHERE ctid = %s::tid",
            [(texts.encrypt_problem(RowProblem(**row)), place) for row in problems if (place := row.pop("place"))],
        )


def _drafts(cursor: Cursor[DictRow], vault: Vault) -> None:
    for draft in cursor.execute("SELECT draft::text, title, codes, read, given, odd FROM intake.drafts").fetchall():
        identifier = draft.pop("draft")
        cursor.execute(
            "UPDATE intake.drafts SET sealed = %s WHERE draft = %s",
            (vault.seal_own(f"draft {identifier}", draft), identifier),
        )


def _answers(cursor: Cursor[DictRow], vault: Vault) -> None:
    rows = cursor.execute(
        "SELECT ctid::text AS place, encode(key, 'hex') AS key, headers, body FROM access.requests"
        " WHERE body IS NOT NULL"
    ).fetchall()
    for row in rows:
        answer: list[Any] = [(row["headers"] or {}).get("Location"), msgspec.json.decode(row["body"])]
        cursor.execute(
            "UPDATE access.requests SET body = %s WHERE ctid = %s::tid",
            (vault.seal_own(f"answer {row['key']}", answer), row["place"]),
        )
