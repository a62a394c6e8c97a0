"""A backup is of one moment, whatever goes on meanwhile."""

import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.backup.backup import backup, restore
from registry.cli.operations.backups import restore as restore_node
from registry.log import LogUnavailable
from registry.settings.settings import Settings, SettingsError, write
from registry.status.places import StatusListPlaces
from registry.store import recorder as store
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.portable import CREDENTIAL

PASSPHRASE = b"correct horse"
EVENTS = "SELECT notification_id, originator_id, originator_version, topic, state FROM registry_events ORDER BY 1"


def empty(empty_dsn):
    with psycopg.connect(empty_dsn, autocommit=True, row_factory=dict_row) as connection:
        store.open_store(connection, empty_dsn).close()
    return empty_dsn


def test_a_backup_taken_while_credentials_are_issued_holds_events_and_vault_of_one_moment(
    empty_dsn, postgres, tmp_path
):
    node = TestNode(empty_dsn, MemoryLog())
    achievement = node.offer()
    home = tmp_path / "home"
    home.mkdir()
    values = {
        "consortium": "test.example",
        "member": "twente",
        "founded": "0" * 64,
        "log": "file:log",
        "database": empty_dsn,
    }
    write(home, values)
    settings = Settings(home=home, **values)
    begun, stop = threading.Event(), threading.Event()

    def issue():
        number = 0
        while not stop.is_set() and number < 20_000:
            node.issuer.issue([request(number + n, achievement) for n in range(50)])
            number += 50
            begun.set()

    thread = threading.Thread(target=issue)
    thread.start()
    begun.wait(30)
    for taken in range(3):
        backup(settings, empty_dsn, tmp_path / f"{taken}.backup", PASSPHRASE)
    stop.set()
    thread.join()
    with psycopg.connect(empty_dsn) as connection:
        everything = connection.execute(EVENTS).fetchall()
    node.close()
    for taken in range(3):
        to = postgres.dsn(f"{psycopg.conninfo.conninfo_to_dict(empty_dsn)['dbname']}_{taken}")
        told = restore(
            tmp_path / f"{taken}.backup",
            PASSPHRASE,
            tmp_path / f"new-{taken}",
            lambda s: empty(s.database_url),
            settings={"database": to},
        )
        with psycopg.connect(to) as connection:
            found = connection.execute(EVENTS).fetchall()
            records = connection.execute("SELECT count(*) FROM vault.records").fetchone()[0]
        assert found == everything[: len(found)]
        assert records == len(found) - 1 == told.rows["vault.records"]
        assert to in Path(tmp_path / f"new-{taken}" / "registry.toml").read_text()


def test_restored_status_lists_have_their_places_and_receive_no_further_copies(empty_dsn, dsn, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    values = {
        "consortium": "test.example",
        "member": "twente",
        "founded": "0" * 64,
        "log": "file:log",
        "database": dsn,
    }
    write(home, values)
    [first] = StatusListPlaces(dsn, "https://a.example").allocate(CREDENTIAL)
    backup(Settings(home=home, **values), dsn, tmp_path / "one.backup", PASSPHRASE)
    restore(
        tmp_path / "one.backup",
        PASSPHRASE,
        tmp_path / "restored",
        lambda s: empty(s.database_url),
        settings={"database": empty_dsn},
    )
    with psycopg.connect(empty_dsn) as connection:
        places = connection.execute("SELECT place FROM status.places WHERE credential IS NOT NULL").fetchall()
    assert places == [(first.index,)]
    [second] = StatusListPlaces(empty_dsn, "https://a.example").allocate(CREDENTIAL)
    assert "/credentials/status/2/" in second.bitstring_list


def test_a_log_that_is_shared_or_not_there_is_refused_before_anything_is_restored(empty_dsn, dsn, tmp_path):
    home, file, passphrase = tmp_path / "home", tmp_path / "one.backup", tmp_path / "passphrase"
    home.mkdir()
    values = {
        "consortium": "test.example",
        "member": "twente",
        "founded": "0" * 64,
        "log": "kafka://broker.example:9092",
        "database": dsn,
    }
    write(home, values)
    backup(Settings(home=home, **values), dsn, file, PASSPHRASE)
    passphrase.write_bytes(PASSPHRASE)
    new = tmp_path / "new"
    with pytest.raises(SettingsError, match=r"Nothing was restored\. Leave --log out"):
        restore_node(None, file, home=new, log="archive:x", to_database=empty_dsn, passphrase_file=passphrase)
    assert not new.exists()
    own = f"file:{tmp_path / 'log'}"
    with pytest.raises(LogUnavailable, match="there is no archive"):  # nor from a copy that is not there
        restore_node(
            None, file, home=new, log=f"archive:{tmp_path / 'x'}", to_log=own, to_database=empty_dsn,
            passphrase_file=passphrase,
        )  # fmt: skip
    assert not new.exists()
    with psycopg.connect(empty_dsn) as connection:
        assert connection.execute("SELECT to_regclass('vault.records')").fetchone() == (None,)
