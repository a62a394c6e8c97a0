"""Pytest fixtures: a real PostgreSQL for the run, an empty database for each test that asks for one."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from registry.postgres.embedded import DatabaseUnavailable, Embedded, start_embedded

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "registry-tests-"

# Tests kill processes, never the machine: what the kernel has been given is safe without fsync.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}


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


@pytest.fixture
def dsn(postgres: Embedded) -> Iterator[str]:
    """The connection string of a fresh, empty database, dropped after the test with all its connections."""
    name = f"t{uuid4().hex}"
    administration = postgres.dsn("postgres")
    with psycopg.connect(administration, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} STRATEGY file_copy")
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
