"""kill -9 of importer, publisher and projector at random moments: nothing is lost, doubled or left half done."""

import os
import random
import time
from pathlib import Path

import pytest

from projections.core import views
from projections.core.digest import digest
from registry.log import open_log
from registry.wire import commit
from registry.wire.events import Reader
from registry.wire.merkle import Tree
from tests.support.command import ROOT, Consortium, printed_json, words
from tests.support.forked import begun

ROWS = 6000
LONGEST = 1.5
"""Seconds after which a command is killed, at most; what it needs is loaded when they begin."""


def killed(consortium, chance, *arguments):
    """Run a command and kill it somewhere; whether it had ended by itself."""
    nowhere = [Path(os.devnull)] * 2
    process = begun(words(arguments, consortium.home), os.environ, ROOT, nowhere)
    process.join(chance.uniform(0.05, LONGEST))
    if process.exitcode is not None:
        return True
    process.kill()
    process.join()
    return False


@pytest.mark.parametrize("kind", ["files", pytest.param("kafka", marks=pytest.mark.kafka)])
def test_killed_anywhere_every_event_is_on_the_log_once_and_the_views_are_those_of_a_rebuild(
    kind, tmp_path, postgres, request
):
    log = "file:../log" if kind == "files" else request.getfixturevalue("empty_broker").url
    consortium = Consortium(tmp_path, postgres, log=log)
    achievement = consortium.offer()
    file = consortium.rows(achievement, ROWS)
    chance = random.Random(time.time_ns())
    kills = 0
    rounds = 0
    while kills < 15 and rounds < 25:  # on a fast machine many end by themselves first
        rounds += 1
        for arguments in (
            ("import", "file", file, "--no-publish"),
            ("publish",),
            (
                "views",
                "update",
            ),
        ):
            kills += not killed(consortium, chance, *arguments)
    assert kills > 0
    consortium.run("import", "file", file)
    consortium.run("publish")  # what a killed command stored, where the import above had nothing to add
    consortium.run("views", "update")

    url = f"file:{tmp_path / 'log'}" if kind == "files" else log
    shared = open_log(url, "test.example", read_only=True)
    tree, subjects = Tree(), []
    reader = Reader("test.example/twente")
    for record in shared.records("twente"):
        parsed = commit.parse(record.data)
        if parsed.base == tree.size:
            tree = tree.extend(parsed.leaves())
            assert tree.root == parsed.checkpoint.root
            subjects += [event.subject for event in reader.decode_all(parsed)]
        else:
            assert parsed.checkpoint.size <= tree.size, "a gap"
    shared.close()
    assert len(subjects) == ROWS + 1
    assert len(set(subjects)) == len(subjects)

    with views.connect(postgres.dsn(consortium.name("twente"))) as connection:
        before = digest(connection).total
        consortium.run("views", "rebuild")
        assert digest(connection).total == before
    assert printed_json(consortium.run("audit", "--json"))["ok"]
