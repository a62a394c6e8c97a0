"""The private schema is brought to its newest version once, and a newer one than the program's is refused."""

import hashlib
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.store.migrations import DatabaseTooNew, list_migrations, migrate
from registry.store.recorder import open_store
from tests.support.command import Consortium

BEFORE_KEYS = Path(__file__).parents[1] / "support" / "private_before_keys.sql"
RELEASED: dict[int, str] = {}
"""SHA-256 of each migration of a released version: none of them may change any more."""


@pytest.fixture
def database(empty_dsn):
    with psycopg.connect(empty_dsn, autocommit=True, row_factory=dict_row) as connection:
        yield connection


def applied(connection):
    return [row["number"] for row in connection.execute("SELECT number FROM node.migrations ORDER BY number")]


def columns(connection):
    """Every column of the private side's tables, with its type."""
    rows = connection.execute(
        "SELECT table_schema, table_name, column_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema IN ('vault', 'intake', 'office', 'access', 'webhooks', 'publisher', 'node', 'status')"
    )
    return {tuple(row.values()) for row in rows}


def test_a_new_database_takes_every_migration_once(database):
    assert [one.number for one in migrate(database)] == [one.number for one in list_migrations()] == applied(database)
    assert migrate(database) == []


def test_numbers_have_no_gap_and_none_twice():
    assert [one.number for one in list_migrations()] == list(range(1, len(list_migrations()) + 1))


def test_a_database_of_a_version_without_numbers_comes_to_the_same_tables_and_keeps_its_rows(database, postgres):
    database.execute(BEFORE_KEYS.read_text())
    database.execute(
        "INSERT INTO intake.course_codes (code, achievement, version, changed)"
        " VALUES ('DL-1', '0bbac7a9-a411-4809-ad9e-534f483b7a03', 1, now())"
    )
    migrate(database)
    assert database.execute("SELECT code FROM intake.course_codes").fetchall() == [{"code": "DL-1"}]
    administration = postgres.dsn("postgres")
    with psycopg.connect(administration, autocommit=True) as server:
        server.execute("DROP DATABASE IF EXISTS migrated_afresh")
        server.execute("CREATE DATABASE migrated_afresh")
    with psycopg.connect(postgres.dsn("migrated_afresh"), autocommit=True, row_factory=dict_row) as fresh:
        migrate(fresh)
        assert columns(fresh) - columns(database) == set()


def test_two_that_open_an_older_database_at_once_change_it_once(empty_dsn):
    taken, begin = [], threading.Barrier(4)

    def take():
        with psycopg.connect(empty_dsn, autocommit=True, row_factory=dict_row) as connection:
            begin.wait()
            taken.append(len(migrate(connection)))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 0, 0, len(list_migrations())]


def test_a_database_that_a_newer_version_changed_is_refused_and_left_as_it_is(database, empty_dsn):
    open_store(database, empty_dsn).close()
    database.execute("INSERT INTO node.migrations (number, name) VALUES (9001, 'of_the_future')")
    before = columns(database)
    with pytest.raises(DatabaseTooNew, match=r"migration 9001 \(of_the_future\) is not known here"):
        open_store(database, empty_dsn)
    assert (columns(database), applied(database)[-1]) == (before, 9001)


def test_every_command_says_that_the_database_is_newer_than_the_program(tmp_path, postgres):
    consortium = Consortium(tmp_path, postgres)
    consortium.offer()
    with psycopg.connect(postgres.dsn(consortium.name("twente")), autocommit=True) as connection:
        connection.execute("INSERT INTO node.migrations (number, name) VALUES (9001, 'of_the_future')")
    for words in (("achievement", "list"), ("status",), ("run",), ("serve", "--port", "0")):
        said = consortium.run(*words, check=False)
        if words != ("achievement", "list"):  # it reads the views alone
            assert said.returncode == 3, (words, said.stdout, said.stderr)
            assert "a newer version of this program has changed the node's database" in said.stderr, words


@pytest.mark.parametrize("migration", list_migrations(), ids=lambda one: f"{one.number:04}")
def test_a_released_migration_is_never_changed(migration):
    if migration.number in RELEASED:
        assert hashlib.sha256(migration.statements.encode()).hexdigest() == RELEASED[migration.number]
