"""Pytest fixtures: a real PostgreSQL for the run, a database of its own for each test that asks for one."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from projections.core import views
from registry.postgres.embedded import DatabaseUnavailable, Embedded, start_embedded
from registry.store.recorder import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "registry-tests-"

# Tests kill processes, never the machine: what the kernel has been given is safe without fsync. Hundreds of databases
# of tests that are over need no look at each of them every minute. Prepared transactions: one test makes one.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "600",
    "max_prepared_transactions": "2",
}


@pytest.fixture(scope="session")
def postgres() -> Iterator[Embedded]:
    """One server for this run (one for each worker under xdist). A test that stops it starts it again."""
    _sweep()
    # Not pytest's own folder: it is closed to the account that root lends PostgreSQL.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with start_embedded(folder, settings=SETTINGS) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(postgres: Embedded) -> str:
    """The name of a database with the empty tables of a node's private side and of its views: copying it is quick."""
    dsn = postgres.dsn("template_of_a_node")
    with psycopg.connect(dsn, autocommit=True, row_factory=dict_row) as connection:
        open_store(connection, dsn).close()
    with views.connect(dsn) as connection:
        views.create(connection)
    return "template_of_a_node"


@pytest.fixture
def dsn(postgres: Embedded, template: str) -> Iterator[str]:
    """The connection string of a database with a node's empty tables, dropped after the test."""
    with _database(postgres, template) as address:
        yield address


@pytest.fixture
def empty_dsn(postgres: Embedded) -> Iterator[str]:
    """The connection string of a database without any table, for what creates them; dropped after the test."""
    with _database(postgres, "template1") as address:
        yield address


@contextlib.contextmanager
def _database(postgres: Embedded, template: str) -> Iterator[str]:
    """A new database, dropped at the end with all its connections."""
    name = f"t{uuid4().hex}"
    administration = postgres.dsn("postgres")
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield postgres.dsn(name)
    postgres.start()  # a test that failed may have left it stopped
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _sweep() -> None:
    """Stop and remove the servers of runs that were killed an hour ago or more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            old = (folder / "users").stat().st_mtime < time.time() - 3600
        except FileNotFoundError:
            continue
        if old:
            try:
                with start_embedded(folder, settings=SETTINGS) as server:
                    pass
            except DatabaseUnavailable:
                continue  # its own run is just removing it
            if not server.running:
                shutil.rmtree(folder, ignore_errors=True)
