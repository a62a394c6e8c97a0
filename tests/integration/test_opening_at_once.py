"""The services of a new node start at once: each finds the tables that it needs, and none fails."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg.rows import dict_row

from registry.store.recorder import open_store


def test_several_processes_open_an_empty_database_at_once(empty_dsn):
    def open_it(_):
        with psycopg.connect(empty_dsn, autocommit=True, row_factory=dict_row) as connection:
            open_store(connection, empty_dsn).close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(open_it, range(6))) == [None] * 6
