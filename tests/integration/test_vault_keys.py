"""Keys of the vault: replaced when somebody is erased, so that old copies of the database open nothing."""

import os
from collections import Counter
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

import msgspec
import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg.errors import SerializationFailure

from registry.application.registry import Registry
from registry.application.requests import Issued
from registry.application.transaction import Transaction
from registry.batches import BatchStore, Worker
from registry.ceremony.signed_heads import SignedHead, SignedHeads
from registry.intake.drafts import Drafts
from registry.keys.keystore import MASTER, RING, Keystore, KeystoreError
from registry.learners.erasure import erase
from registry.node.adapters.catalogue import OwnCatalogue
from registry.store import recorder as store
from registry.vault import key_replacement as rewrapping
from registry.vault.ciphers import bucket_of, derive_key, seal_bytes
from registry.vault.hidden_basis import HiddenBasis
from registry.vault.key_replacement import COLUMNS, locked_keys
from registry.vault.keys import KeyRing, VaultError
from registry.vault.vault import Vault
from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.endpoints import Endpoints
from registry.wire.disclosures import disclosure, salts
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request
from tests.support.scanning import found_in
from tests.support.streams import new_id

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"
OLD_SCHEMA = Path(__file__).parents[1] / "support" / "private_before_keys.sql"


@pytest.fixture
def keys(tmp_path):
    made = Keystore(tmp_path / "keys")
    made.create_master()
    return made


@pytest.fixture
def node(empty_dsn, keys):
    made = TestNode(empty_dsn, MemoryLog(), vault=Vault(keys))
    yield made
    made.close()


@pytest.fixture
def batch_store(node, tmp_path):
    return BatchStore(node.dsn, node.registry.vault, tmp_path / "spool")


def issued(node, *requests):
    outcomes = node.issuer.issue(list(requests))
    assert all(isinstance(one, Issued) for one in outcomes), outcomes
    return outcomes


def all_values(connection):
    """Every sealed value of the database, as somebody finds it in a copy."""
    found = []
    for one in COLUMNS:
        rows = connection.execute(
            f"SELECT {one.column} FROM {one.schema}.{one.table} WHERE {one.column} IS NOT NULL AND {one.where}"
        )
        found += [bytes(row[0]) for row in rows.fetchall()]
    return found


def opens(value, keys, about):
    """Whether any key on the disk opens a value, of whatever purpose."""
    ring = keys.ring()
    secrets = [key for bucket in ring.buckets for key in bucket.values()]
    secrets += [ring.lookup, keys.master(), derive_key(keys.master(), b"wrapping"), derive_key(keys.master(), b"keys")]
    for secret in secrets:
        for start in (0, 6):
            for purpose in about:
                try:
                    AESGCM(secret).decrypt(value[start : start + 12], value[start + 12 :], purpose.encode())
                except InvalidTag:
                    continue
                return True
    return False


def test_what_stood_in_the_database_before_an_erasure_is_opened_by_no_key_that_is_left(
    node, batch_store, keys, empty_dsn
):
    achievement = node.offer()
    [gone] = issued(node, request(1, achievement))
    issued(node, *(request(n, achievement) for n in range(2, 600)))
    decision = new_id()
    said = disclosure(salts(1), "credential", {"member": "twente", "credential": gone.credential})
    node.registry.store_rows(HiddenBasis(node.registry.vault, decision, [said]))
    begun = batch_store.begin("one", "credentials", "text/csv", "a", "1", dry_run=False)
    begun.file.write(f"{HEADER}\nr9,Quixwobble,s1,Jansen,Ada,2001-02-03,soon\n".encode())
    batch_store.complete(begun.batch, begun.file, None)
    assert Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry)).step()
    about = [f"{gone.learner} key", f"- {decision}", f"- batch {begun.batch}"]
    with psycopg.connect(empty_dsn) as connection:
        [wrapped] = connection.execute("SELECT key FROM vault.learners WHERE learner = %s", (gone.learner,)).fetchone()
        values = [bytes(wrapped), *all_values(connection)]
    assert sum(opens(value, keys, about) for value in values) >= 3
    erase(node.registry, batch_store, gone.learner)
    assert [value for value in values if opens(value, keys, about)] == []


def test_all_others_are_read_as_before_by_processes_that_were_open_then(node, batch_store, empty_dsn, tmp_path):
    achievement = node.offer()
    people = issued(node, *(request(n, achievement) for n in range(600)))

    def bucket(one):
        return bucket_of(one.learner)

    other = TestNode(empty_dsn, MemoryLog(), vault=Vault(Keystore(tmp_path / "keys")))
    assert len(other.registry.vault.read_disclosures(other.registry.cursor(), people[1].credential)) == 4
    [(fullest, _)] = Counter(map(bucket, people)).most_common(1)  # of 600 learners in 256 buckets some share one
    gone = next(one for one in people if bucket(one) == fullest)
    others = [one for one in people if one is not gone]
    assert bucket(gone) in map(bucket, others)
    erase(node.registry, batch_store, gone.learner)
    for registry in (node.registry, other.registry):
        for one in others:
            assert len(registry.vault.read_disclosures(registry.cursor(), one.credential)) == 4
    [more] = issued(other, request(1000, achievement))
    erase(other.registry, batch_store, others[0].learner)
    assert len(node.registry.vault.read_disclosures(node.registry.cursor(), more.credential)) == 4
    issued(node, request(1001, achievement))
    other.close()


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", ["files written", "sealed again", "committed"])
def test_a_process_that_dies_while_keys_are_replaced_loses_nothing(
    node, batch_store, keys, empty_dsn, tmp_path, monkeypatch, step
):
    achievement = node.offer()
    gone, *others = issued(node, *(request(n, achievement) for n in range(300)))
    before = keys.ring()

    def die(*_):
        raise Died

    with monkeypatch.context() as dying:
        dying.setattr(node.registry, "settle_keys", die)
        if step == "files written":
            dying.setattr(rewrapping, "_seal_again", die)
        elif step == "sealed again":
            dying.setattr(node.registry.recorder, "_notify_channel", die)
        with pytest.raises(Died):
            erase(node.registry, batch_store, gone.learner)
    assert max(map(len, keys.ring().buckets)) == 2  # old and new keys together
    again = TestNode(empty_dsn, MemoryLog(), vault=Vault(Keystore(tmp_path / "keys")))
    vault, cursor = again.registry.vault, again.registry.cursor()
    assert (vault.read_learner(cursor, gone.learner) is None) == (step == "committed")
    assert (keys.ring() == before) == (step != "committed")
    assert {len(bucket) for bucket in keys.ring().buckets} == {1}
    for one in others:
        assert len(vault.read_disclosures(cursor, one.credential)) == 4
    if step != "committed":
        erase(again.registry, batch_store, gone.learner)
    issued(again, request(1000, achievement))
    again.close()


def test_a_value_under_a_key_that_was_replaced_just_then_is_refused_and_the_writer_looks_again(
    node, batch_store, empty_dsn
):
    achievement = node.offer()
    [gone] = issued(node, request(1, achievement))
    late = HiddenBasis(node.registry.vault, new_id(), ["a disclosure"])
    erase(node.registry, batch_store, gone.learner)
    with (
        psycopg.connect(empty_dsn, row_factory=psycopg.rows.dict_row) as connection,
        pytest.raises(SerializationFailure),
    ):
        late.write(connection.cursor())
    with pytest.raises(store.StaleState):
        node.registry.store_rows(late)


def test_an_importer_that_wrapped_a_learner_just_before_wraps_them_again(
    node, batch_store, empty_dsn, tmp_path, monkeypatch
):
    achievement = node.offer()
    people = issued(node, *(request(n, achievement) for n in range(300)))
    other = TestNode(empty_dsn, MemoryLog(), vault=Vault(Keystore(tmp_path / "keys")))
    begin, save = node.registry.transaction, Transaction.save_checked
    tries = []

    def begin_late():
        if not tries:
            erase(other.registry, batch_store, people[0].learner)
            erase(other.registry, batch_store, people[1].learner)
        return begin()

    def count_and_save(transaction, stored):
        tries.append(len(stored))
        return save(transaction, stored)

    monkeypatch.setattr(node.registry, "transaction", begin_late)
    monkeypatch.setattr(Transaction, "save_checked", count_and_save)
    fresh = issued(node, *(request(n, achievement) for n in range(1000, 1600)))
    assert tries == [600, 600]
    for one in fresh:
        assert len(other.registry.vault.read_disclosures(other.registry.cursor(), one.credential)) == 4
    other.close()


def test_a_database_that_is_older_than_the_keys_is_refused_and_so_are_keys_that_are_older(
    node, batch_store, empty_dsn, keys
):
    achievement = node.offer()
    people = issued(node, *(request(n, achievement) for n in range(2)))
    before = keys.ring()
    erase(node.registry, batch_store, people[0].learner)
    after = keys.ring()
    keys.write_ring(before)
    with pytest.raises(VaultError, match="keys are older than the database"):
        Registry(empty_dsn, ORIGIN, Vault(keys))
    keys.write_ring(after)
    with psycopg.connect(empty_dsn) as connection:
        connection.execute("UPDATE vault.keys SET generation = 1")
    with pytest.raises(VaultError, match="database is older than the vault's keys"):
        Registry(empty_dsn, ORIGIN, Vault(keys))


def test_every_column_under_the_shared_key_has_a_trigger_and_is_sealed_again(node):
    with psycopg.connect(node.dsn) as connection:
        found = connection.execute(
            "SELECT n.nspname, c.relname, convert_from(rtrim(t.tgargs, '\\x00'), 'UTF8') FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE t.tgfoid = 'vault.check_key'::regproc"
        ).fetchall()
    assert sorted(found) == sorted(one[:3] for one in COLUMNS if one.table != "learners")


@pytest.mark.parametrize("name", [MASTER, RING])
def test_a_lost_file_of_keys_is_named_with_what_to_do(node, keys, tmp_path, name):
    (tmp_path / "keys" / name).unlink()
    with pytest.raises((VaultError, KeystoreError), match="registry node restore"):
        Registry(node.dsn, ORIGIN, Vault(keys))


@pytest.mark.parametrize("passphrase", [None, b"correct horse battery staple"])
def test_another_master_key_opens_all_that_the_one_before_did_which_then_opens_nothing(empty_dsn, tmp_path, passphrase):
    keys = Keystore(tmp_path / "keys", passphrase)
    keys.create_master()
    node = TestNode(empty_dsn, MemoryLog(), vault=Vault(keys))
    achievement = node.offer()
    [one] = issued(node, request(1, achievement))
    before, text = keys.master(), (tmp_path / "keys" / MASTER).read_bytes()
    with node.registry.connection.transaction(), node.registry.cursor() as cursor, locked_keys(cursor):
        keys.rotate_master()
    assert keys.master() != before
    assert (
        text.startswith(b"{") == (tmp_path / "keys" / MASTER).read_bytes().startswith(b"{") == (passphrase is not None)
    )
    for vault in (node.registry.vault, Vault(Keystore(tmp_path / "keys", passphrase))):
        assert len(vault.read_disclosures(node.registry.cursor(), one.credential)) == 4
    assert issued(node, request(1, achievement))[0].unchanged  # hashes stay
    (tmp_path / "keys" / MASTER).write_bytes(text)
    with pytest.raises(KeystoreError, match="does not open with"):
        Keystore(tmp_path / "keys", passphrase).ring()
    node.close()


@pytest.mark.parametrize("writes", [0, 1, 2])
def test_a_change_of_the_master_key_that_is_broken_off_leaves_keys_that_open(keys, tmp_path, monkeypatch, writes):
    ring, replace, done = keys.ring(), keys._replace, []

    def dying(name, data):
        if len(done) == writes:
            raise Died
        done.append(name)
        replace(name, data)

    monkeypatch.setattr(keys, "_replace", dying)
    with pytest.raises(Died):
        keys.rotate_master()
    after = Keystore(tmp_path / "keys")
    assert after.ring() == ring
    after.rotate_master()
    assert after.ring() == ring
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == [RING, MASTER]


def test_files_of_keys_are_their_owners_alone_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        keys = Keystore(tmp_path / "keys")
        keys.create_master()
        keys.create_signer("signing", ORIGIN)
        SignedHeads(keys.signed_file("signing")).add(SignedHead(0, 1, "00"))
        keys.rotate_master()
        keys.write_ring(keys.ring())
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_the_file_that_held_the_keys_before_is_overwritten(keys, tmp_path):
    held = (tmp_path / "keys" / RING).open("rb")
    keys.write_ring(KeyRing.create(os.urandom))
    assert set(held.read()) == {0}
    held.close()


def test_a_database_of_an_older_version_is_converted_once_and_keeps_all_that_it_has(empty_dsn, tmp_path):
    keys = Keystore(tmp_path / "keys")
    master = keys.create_master()
    (tmp_path / "keys" / RING).unlink()  # older versions had a master key only
    old, lookup = AESGCM(derive_key(master, b"wrapping")), derive_key(master, b"lookup")

    def sealed(value, purpose, cipher=old, about="-"):
        return seal_bytes(cipher, msgspec.json.encode(value), about, purpose)

    learner, credential, batch, draft, decision, endpoint = (new_id() for _ in range(6))
    key, content_key = os.urandom(32), os.urandom(32)
    student = blake2b(b"student\0s1", key=lookup, digest_size=32).digest()
    said = [disclosure(salts(1), "familyName", "Jansen")]
    answer = msgspec.json.encode({"record": "row-1", "learner": learner})
    with psycopg.connect(empty_dsn, autocommit=True) as connection:
        connection.execute(OLD_SCHEMA.read_text().encode())
        for statement, values in (
            ("vault.learners VALUES (%s, %s, %s, %s)",
             (learner, student, seal_bytes(old, key, learner, "key"),
              sealed({"student": "s1", "familyName": "Jansen"}, "person", AESGCM(key), learner))),
            ("vault.records VALUES ('\\x01', '\\x02', %s, %s, %s)",
             (credential, learner, sealed(said, credential, AESGCM(key), learner))),
            ("vault.decisions (decision, sealed) VALUES (%s, %s)", (decision, sealed(said, decision))),
            ("webhooks.endpoints (endpoint, url, kinds, secret, cursor, created) VALUES (%s, 'u', '{}', %s, 0, now())",
             (endpoint, sealed("secret", f"webhook {endpoint}"))),
            (("intake.batches (batch, name, kind, media, state, dry_run, by, request, key, created, notes, error)"
              " VALUES (%s, 'Quixwobble.csv', 'credentials', 'text/csv', 'done', false, 'a', '\\x01', %s, now(),"
              " '{a note}', 'an error')"), (batch, sealed(content_key.hex(), f"batch {batch}"))),
            (
                "intake.problems VALUES (%s, 2, 0, 'line 2', 'awarding_date', 'Quixwobble', '', 'is not a date')",
                (batch,),
            ),
            (("intake.drafts VALUES (%s, '\\x01', 'a title', 'ELM', '{c1}', '{\"ects\": 5}', '{}', '{odd}', now(),"
              " NULL)"), (draft,)),
            ("intake.waiting VALUES (%s, '\\x01', NULL, %s, now())",
             (draft, sealed({"student": "s1"}, f"waiting {draft}"))),
            ("access.requests VALUES ('a', '\\x07', '\\x01', now(), 201, '{\"Location\": \"/v1/x\"}', %s)", (answer,)),
        ):  # fmt: skip
            connection.execute(f"INSERT INTO {statement}", values)
    assert found_in(empty_dsn, ["Quixwobble", "row-1"]) != []
    for _ in range(2):
        with Registry(empty_dsn, ORIGIN, Vault(Keystore(tmp_path / "keys"))) as registry:
            vault, cursor = registry.vault, registry.cursor()
            assert vault.hash_for_lookup("student", "s1") == student
            assert vault.find_learners(cursor, [student])[student].learner.learner == learner
            assert vault.read_learner(cursor, learner)[1]["familyName"] == "Jansen"
            assert vault.read_disclosures(cursor, credential) == said
            assert vault.read_bases(cursor, decision) == said
            with psycopg.connect(empty_dsn, autocommit=True) as connection:
                endpoints = Endpoints(connection, vault, AddressPolicy())
                assert endpoints.secrets(endpoint, datetime.now(UTC)) == ["secret"]
            batch_store = BatchStore(empty_dsn, vault, tmp_path / "spool")
            found = batch_store.get(batch)
            assert (found.name, found.notes, found.error) == ("Quixwobble.csv", ["a note"], "an error")
            assert [one.value for _, one in batch_store.list_problems(batch, 9)] == ["Quixwobble"]
            drafts = Drafts(registry)
            assert (drafts.get(draft).title, drafts.get(draft).read) == ("a title", {"ects": 5})
            assert drafts.list_waiting(draft)[0].values == {"student": "s1"}
            row = cursor.execute("SELECT body FROM access.requests").fetchone()
            assert vault.open_own("answer 07", row["body"]) == ["/v1/x", msgspec.json.decode(answer)]
    assert found_in(empty_dsn, ["Quixwobble", "row-1", "a title"]) == []
