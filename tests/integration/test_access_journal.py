"""The access journal: a read is in it before it is shown, in a chain that shows any change."""

import contextlib
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from registry.accounts.database import AccountDatabase
from registry.privacy.access_journal import MAX_LEARNERS, AccessJournal, delete_reads
from registry.vault.openings import no_openings, watch_openings
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.streams import new_id


@pytest.fixture
def journal(dsn):
    with contextlib.closing(AccountDatabase(dsn)) as database:
        yield AccessJournal(database)


def test_each_learner_finds_the_reads_of_their_data_and_no_others(journal):
    ada, berta = new_id(), new_id()
    journal.add("person:1", "GET /desk/credentials", [ada, berta])
    journal.add("key:2", "GET /v1/x", [ada])
    assert [read.act for read in journal.list_reads(ada)] == ["GET /v1/x", "GET /desk/credentials"]
    assert [(read.actor, read.number) for read in journal.list_reads(berta)] == [("person:1", 1)]
    assert journal.list_reads(new_id()) == []
    assert journal.check()[::2] == (2, None)


def test_a_read_of_many_has_a_row_for_each_500_learners_and_not_one_for_each(journal):
    learners = [new_id() for _ in range(MAX_LEARNERS + 1)]
    journal.add("person:1", "GET /desk/credentials", learners)
    assert journal.check().entries == 2
    assert {len(journal.list_reads(learner)) for learner in learners} == {1}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE privacy.reads SET actor = 'person:2' WHERE number = 2",
        "UPDATE privacy.reads SET learners = '{}' WHERE number = 2",
        "DELETE FROM privacy.reads WHERE number = 2",
    ],
)
def test_a_row_that_was_changed_or_removed_is_named(journal, dsn, change):
    for number in range(3):
        journal.add("person:1", f"GET /{number}", [new_id()])
    with psycopg.connect(dsn) as connection, pytest.raises(psycopg.errors.RaiseException, match="only added to"):
        connection.execute(change)
    with psycopg.connect(dsn) as connection:
        connection.execute("ALTER TABLE privacy.reads DISABLE TRIGGER only_add")
        connection.execute(change)
    assert journal.check().fault == 2


def test_after_the_oldest_reads_were_deleted_the_chain_goes_on_from_the_last_of_them(journal, dsn):
    learner = new_id()
    for number in range(3):
        journal.add("person:1", f"GET /{number}", [learner])
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        third = connection.execute("SELECT at FROM privacy.reads WHERE number = 3").fetchone()["at"]
        assert delete_reads(connection.cursor(), third) == 2
    assert [read.number for read in journal.list_reads(learner)] == [3]
    assert journal.check()[::2] == (1, None)
    with psycopg.connect(dsn, row_factory=psycopg.rows.dict_row) as connection:
        assert delete_reads(connection.cursor(), datetime.now(UTC) + timedelta(days=1)) == 1
    journal.add("person:1", "GET /3", [learner])
    assert [read.number for read in journal.list_reads(learner)] == [4]
    assert journal.check().fault is None


def test_the_vault_names_whose_data_it_opened_unless_it_is_only_compared(dsn):
    node = TestNode(dsn, MemoryLog())
    with contextlib.closing(node), watch_openings() as learners:
        [issued] = node.issuer.issue([request(1, node.offer())])
        node.issuer.issue([request(1, node.offer(), record="another")])
        assert learners == set()
        with no_openings():
            node.registry.vault.list_learners(node.registry.cursor())
        assert learners == set()
        node.registry.vault.read_disclosures(node.registry.cursor(), issued.credential)
        assert learners == {issued.learner}
