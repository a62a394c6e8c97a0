"""Rewriting tables after an erasure: when it is due, what hinders it, and what no rewrite reaches."""

import contextlib
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.conninfo import make_conninfo
from psycopg.rows import dict_row

from registry.privacy import erased_bytes
from registry.privacy.erased_bytes import (
    REWRITTEN,
    find_copies,
    find_deadline,
    is_rewrite_due,
    note_deletion,
    rewrite_tables,
)

ERASED = datetime(2030, 6, 1, 23, 30, tzinfo=UTC)


@pytest.fixture
def connection(dsn):
    with contextlib.closing(psycopg.connect(dsn, autocommit=True, row_factory=dict_row)) as connected:
        yield connected


def note(connection, at=ERASED):
    with connection.transaction():
        note_deletion(connection.cursor())
    connection.execute("UPDATE privacy.erased_bytes SET erased = %s", (at,))


def test_it_is_due_the_days_of_the_rule_after_an_erasure_and_never_while_the_rule_is_off(connection):
    assert not is_rewrite_due(connection, 1, ERASED)
    note(connection)
    assert not is_rewrite_due(connection, 1, ERASED)
    assert is_rewrite_due(connection, 1, ERASED + timedelta(minutes=31))
    assert not is_rewrite_due(connection, 2, ERASED + timedelta(minutes=31))
    assert not is_rewrite_due(connection, None, ERASED + timedelta(days=99))
    assert str(find_deadline(connection, 1, ERASED.date()).gone_by) == "2030-06-02"
    assert find_deadline(connection, None, ERASED.date()).gone_by is None


def test_a_rewrite_takes_every_table_with_encrypted_values_and_is_noted_in_the_journal(connection, dsn):
    note(connection)
    rewrite = rewrite_tables(dsn, ERASED)
    assert (rewrite.deletions, rewrite.hindrance) == (1, None)
    assert set(rewrite.tables) >= set(REWRITTEN)
    assert not is_rewrite_due(connection, 1, ERASED + timedelta(days=9))
    acts = connection.execute("SELECT actor, act, subject FROM accounts.journal").fetchall()
    assert [tuple(act.values()) for act in acts] == [("retention", "retention.erased_bytes", "1")]


def test_a_transaction_from_before_the_erasure_hinders_it_and_it_is_tried_again_an_hour_later(connection, dsn):
    with psycopg.connect(dsn) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        reader.execute("SELECT count(*) FROM vault.learners")
        note(connection)
        rewrite = rewrite_tables(dsn, ERASED + timedelta(days=1))
        assert (rewrite.deletions, rewrite.tables) == (0, [])
        assert "began before the erasure" in rewrite.hindrance
        assert not is_rewrite_due(connection, 1, ERASED + timedelta(days=1, minutes=59))
        assert is_rewrite_due(connection, 1, ERASED + timedelta(days=1, minutes=61))
    assert rewrite_tables(dsn, ERASED + timedelta(days=1)).deletions == 1


@pytest.mark.parametrize("prepared", [True, False])
def test_a_transaction_that_has_written_hinders_it_and_a_prepared_one_does_too(connection, dsn, prepared):
    with psycopg.connect(dsn, autocommit=True) as writer:
        writer.execute("BEGIN")
        writer.execute("CREATE TABLE of_another_program ()")
        if prepared:
            writer.execute("PREPARE TRANSACTION 'of another program'")
        note(connection)
        rewrite = rewrite_tables(dsn, ERASED)
        writer.execute("ROLLBACK PREPARED 'of another program'" if prepared else "ROLLBACK")
        assert (rewrite.deletions, "began before the erasure" in (rewrite.hindrance or "")) == (0, True)
    assert rewrite_tables(dsn, ERASED).deletions == 1


def test_a_table_of_another_role_hinders_it_and_is_named(connection, dsn):
    connection.execute("CREATE ROLE of_a_node")
    try:
        for schema in {table.split(".")[0] for table in REWRITTEN} | {"privacy", "accounts"}:
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO of_a_node")
            connection.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO of_a_node")
            connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA {schema} TO of_a_node")
        for table in set(REWRITTEN) - {"vault.records"}:
            connection.execute(f"ALTER TABLE {table} OWNER TO of_a_node")
        note(connection)
        rewrite = rewrite_tables(make_conninfo(dsn, options="-c role=of_a_node"), ERASED)
        assert "may not rewrite vault.records; let the administrator" in (rewrite.hindrance or "")
        assert rewrite.deletions == 0
        assert set(rewrite.tables) == set(REWRITTEN) - {"vault.records"}
        connection.execute("ALTER TABLE vault.records OWNER TO of_a_node")
        assert rewrite_tables(make_conninfo(dsn, options="-c role=of_a_node"), ERASED).deletions == 1
    finally:
        connection.execute("DROP OWNED BY of_a_node CASCADE")
        connection.execute("DROP ROLE of_a_node")


def test_a_table_that_is_in_use_hinders_it_and_is_named(connection, dsn, monkeypatch):
    monkeypatch.setattr(erased_bytes, "LOCK_SECONDS", 1)
    with psycopg.connect(dsn) as writer:
        writer.execute("LOCK TABLE vault.records IN ROW EXCLUSIVE MODE")
        note(connection)
        rewrite = rewrite_tables(dsn, ERASED)
    assert rewrite.hindrance == "the table vault.records was in use for 1 seconds"
    assert rewrite.deletions == 0


def test_what_no_rewrite_reaches_is_said(connection):
    assert find_copies(connection) == []
    try:
        connection.execute("SELECT pg_create_physical_replication_slot('of_a_replica')")
        assert ["Replicas" in copy for copy in find_copies(connection)] == [True]
    finally:
        connection.execute("SELECT pg_drop_replication_slot('of_a_replica')")
