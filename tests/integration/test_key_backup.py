"""Keys that are backed up apart: an erasure reaches the backups that were made before it."""

import psycopg
import pytest
from psycopg.rows import dict_row

from registry.application.registry import Registry
from registry.backup.backup import backup, restore
from registry.backup.file import BackupError, read_backup
from registry.backup.key_backup import backup_keys
from registry.batches import BatchStore
from registry.keys.keystore import Keystore
from registry.learners.erasure import erase
from registry.settings.settings import Settings, write
from registry.store import recorder as store
from registry.vault.hidden_basis import HiddenBasis
from registry.vault.key_replacement import COLUMNS
from registry.vault.vault import Vault
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request
from tests.support.streams import new_id

PASSPHRASE = b"correct horse battery"


@pytest.fixture
def home(tmp_path, empty_dsn):
    folder = tmp_path / "home"
    folder.mkdir()
    values = {
        "consortium": "test.example", "member": "twente", "founded": "0" * 64, "log": "file:log", "database": empty_dsn,
    }  # fmt: skip
    write(folder, values)
    return Settings(home=folder, **values)


@pytest.fixture
def node(home, empty_dsn):
    keys = Keystore(home.keys_folder)
    keys.create_master()
    made = TestNode(empty_dsn, MemoryLog(), vault=Vault(keys))
    yield made
    made.close()


def create_private_side(settings):
    with psycopg.connect(settings.database_url, autocommit=True, row_factory=dict_row) as connection:
        store.open_store(connection, settings.database_url).close()
    return settings.database_url


def restored(tmp_path, postgres, name, data, keys):
    """The private side of a pair of backups, with the vault's keys as the pair has them."""
    to = postgres.dsn(f"{name}_{new_id().replace('-', '')}")
    folder = tmp_path / name
    restore(data, PASSPHRASE, folder, create_private_side, settings={"database": to}, keys=(keys, PASSPHRASE))
    return Registry(to, ORIGIN, Vault(Keystore(folder / "keys")))


def test_a_pair_of_backups_restores_all_that_one_whole_backup_does(node, home, empty_dsn, postgres, tmp_path):
    achievement = node.offer()
    people = node.issuer.issue([request(number, achievement) for number in range(300)])
    decision = new_id()
    node.registry.store_rows(HiddenBasis(node.registry.vault, decision, ["a disclosure"]))
    data, keys = tmp_path / "data.backup", tmp_path / "twente.keys"
    backup(home, empty_dsn, data, PASSPHRASE, with_keys=False)
    backup_keys(home, empty_dsn, keys, PASSPHRASE, replace=False)
    with restored(tmp_path, postgres, "new", data, keys) as registry:
        for person in people:
            assert registry.vault.read_disclosures(registry.cursor(), person.credential) != []
        assert registry.vault.read_bases(registry.cursor(), decision) == ["a disclosure"]


def test_a_learner_who_was_erased_after_the_backup_is_read_by_no_pair_that_is_left_and_all_others_are(
    node, home, empty_dsn, postgres, tmp_path
):
    achievement = node.offer()
    gone, *others = node.issuer.issue([request(number, achievement) for number in range(600)])
    data, keys = tmp_path / "data.backup", tmp_path / "twente.keys"
    backup(home, empty_dsn, data, PASSPHRASE, with_keys=False)
    backup_keys(home, empty_dsn, keys, PASSPHRASE, replace=False)
    with restored(tmp_path, postgres, "before", data, keys) as registry:  # until the keys are backed up again
        assert registry.vault.read_learner(registry.cursor(), gone.learner).person["familyName"] == "Jansen"
    erase(node.registry, BatchStore(empty_dsn, node.registry.vault, tmp_path / "spool"), gone.learner)
    before = keys.stat().st_ino
    backup_keys(home, empty_dsn, keys, PASSPHRASE, replace=True)
    assert keys.stat().st_ino != before
    with restored(tmp_path, postgres, "after", data, keys) as registry:
        cursor = registry.cursor()
        assert registry.vault.read_learner(cursor, gone.learner) is None
        assert registry.vault.read_disclosures(cursor, gone.credential) == []
        counts = cursor.execute(
            "SELECT (SELECT count(*) FROM vault.learners) AS learners, (SELECT count(*) FROM vault.records) AS records,"
            " (SELECT count(*) FROM vault.erased) AS erased"
        ).fetchone()
        assert tuple(counts.values()) == (599, 599, 1)
        for person in others:  # those of the same bucket, whose key was replaced, too
            assert registry.vault.read_disclosures(cursor, person.credential) != []


def test_a_backup_without_keys_has_no_value_that_a_key_of_the_vault_opens(node, home, empty_dsn, tmp_path):
    node.issuer.issue([request(1, node.offer())])
    data = tmp_path / "data.backup"
    backup(home, empty_dsn, data, PASSPHRASE, with_keys=False)
    names = {name for name, _ in read_backup(data, PASSPHRASE)}
    assert not [name for name in names if name.startswith("key ") or '"vault","keys"' in name]
    content = b"".join(piece for _, piece in read_backup(data, PASSPHRASE))
    with psycopg.connect(empty_dsn) as connection:
        values = [
            bytes(value)
            for each in COLUMNS
            for (value,) in connection.execute(
                f"SELECT {each.column} FROM {each.schema}.{each.table} WHERE {each.column} IS NOT NULL AND {each.where}"
            )
        ]
    assert values
    assert not [value for value in values if value.hex().encode() in content]


def test_a_pair_that_does_not_belong_together_is_refused_with_the_reason(node, home, empty_dsn, postgres, tmp_path):
    achievement = node.offer()
    data, keys, whole = tmp_path / "data.backup", tmp_path / "twente.keys", tmp_path / "whole.backup"
    backup_keys(home, empty_dsn, keys, PASSPHRASE, replace=False)
    node.issuer.issue([request(1, achievement)])
    backup(home, empty_dsn, data, PASSPHRASE, with_keys=False)
    backup(home, empty_dsn, whole, PASSPHRASE)
    with pytest.raises(BackupError, match="before the data"):
        restored(tmp_path, postgres, "older", data, keys)
    with pytest.raises(BackupError, match="is no backup of keys"):
        restored(tmp_path, postgres, "other", data, data)
    with pytest.raises(BackupError, match="has its own keys"):
        restored(tmp_path, postgres, "whole", whole, keys)
    for name, file, reason in (("none", data, "has no keys"), ("alone", keys, "has keys alone")):
        with pytest.raises(BackupError, match=reason):
            restore(file, PASSPHRASE, tmp_path / name, create_private_side, settings={"database": empty_dsn})
    with pytest.raises(BackupError, match="exists"):
        backup_keys(home, empty_dsn, keys, PASSPHRASE, replace=False)
