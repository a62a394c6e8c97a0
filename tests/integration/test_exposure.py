"""What could lead to a person: small groups on the log, a warning before they are there, and a leaked table."""

import contextlib
import uuid
from datetime import date

import psycopg
import pytest

from projections.credentials.small_groups import find_small_groups
from registry.batches import BatchStore, Worker
from registry.node.adapters.catalogue import OwnCatalogue
from registry.privacy.leak_drill import UnknownTable, drill_table
from registry.privacy.personal_columns import TABLES
from tests.support.lund import Lund
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request

HEADER = "record,achievement,student,family_name,given_name,date_of_birth,awarding_date"


def test_groups_of_few_credentials_on_the_log_are_listed_the_smallest_first(dsn):
    with contextlib.closing(Lund(dsn)) as lund:
        for day, number in ((date(2026, 6, 30), 5), (date(2026, 7, 1), 2), (date(2026, 7, 2), 1)):
            for _ in range(number):
                lund.issue(awarding_date=day)
        report = find_small_groups(lund.views, "twente", 5)
    assert [(group.awarding_date, group.credentials) for group in report.groups] == [
        (date(2026, 7, 2), 1),
        (date(2026, 7, 1), 2),
    ]
    assert (report.credentials, report.exposed, report.all_groups) == (8, 3, True)


def checked(node, batch_store, rows, *, dry_run):
    begun = batch_store.begin("rows.csv", "credentials", "text/csv", "a-system", str(uuid.uuid4()), dry_run=dry_run)
    begun.file.write("\n".join([HEADER, *rows, ""]).encode())
    batch_store.complete(begun.batch, begun.file, None)
    worker = Worker(node.registry, node.issuer, batch_store, OwnCatalogue(node.registry))
    while worker.step():
        pass
    return batch_store.get(begun.batch)


def test_a_trial_of_a_batch_warns_of_awards_that_few_share(dsn, tmp_path):
    with contextlib.closing(TestNode(dsn, MemoryLog())) as node:
        batch_store, achievement = BatchStore(dsn, node.registry.vault, tmp_path / "spool"), node.offer()
        rows = [f"r{n},{achievement},s{n},Jansen,Ada,2001-02-03,2026-06-30" for n in range(5)]
        assert checked(node, batch_store, rows, dry_run=True).notes == []
        rows += [f"q{n},{achievement},q{n},Jansen,Ada,2001-02-03,2026-07-01" for n in range(4)]
        [note] = checked(node, batch_store, rows, dry_run=True).notes
        assert note.startswith(f"only 4 of these rows award {achievement} on 2026-07-01: who knows who took it")
        assert checked(node, batch_store, rows, dry_run=False).notes == []


@pytest.fixture
def node(dsn):
    with contextlib.closing(TestNode(dsn, MemoryLog())) as made:
        made.issuer.issue([request(number, made.offer()) for number in range(3)])
        yield made


def test_the_drill_says_for_each_table_whom_it_names_alone_and_with_the_keys(node):
    result = drill_table(node.registry.connection, "vault.learners")
    assert (result.rows, result.learners, result.named_alone, result.named_with_keys) == (3, 3, 0, 3)
    told = {column.column: column for column in result.columns}
    assert told["person"].alone == "its length"
    assert "guesses" in told["student"].with_keys
    for name in TABLES:
        if name not in ("feed.counted", "feed.notices", "feed.taken", "node.owner", "node.migrations"):
            assert drill_table(node.registry.connection, name).named_alone == 0


@pytest.mark.usefixtures("node")
def test_the_table_alone_really_names_nobody(dsn):
    with psycopg.connect(dsn) as connection, connection.cursor().copy("COPY vault.learners TO STDOUT") as rows:
        content = b"".join(bytes(row) for row in rows)
    assert b"Jansen" not in content
    assert b"Jansen".hex().encode() not in content


def test_an_unknown_table_is_refused_with_those_that_there_are(node):
    with pytest.raises(UnknownTable, match=r"choose from .*vault\.learners"):
        drill_table(node.registry.connection, "vault.secrets")
