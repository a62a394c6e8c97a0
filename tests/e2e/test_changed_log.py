"""A node that runs while its log changes under it: what was issued is on the log once, and every reader has it."""

import os
import shutil

import pytest

from registry.log import open_log
from registry.wire import commit
from registry.wire.merkle import Tree
from tests.support.command import Consortium, printed_json, started, until
from tests.support.node import ORIGIN


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    made.achievement = made.offer()
    made.run("import", "file", made.rows(made.achievement, 3))
    made.run("views", "update")
    return made


def issue(consortium, record):
    return consortium.run(
        "credential", "issue", consortium.achievement, "--record", record, "--student", f"s-{record}",
        "--family-name", "X", "--given-name", "Y", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30",
    )  # fmt: skip


def accepted(folder):
    """The size that a first reader of the log arrives at."""
    tree = Tree()
    for record in open_log(f"file:{folder}", "test.example", read_only=True).records("twente"):
        parsed = commit.parse(record.data)
        if parsed.checkpoint.origin == ORIGIN and parsed.base == tree.size:
            tree = tree.extend(parsed.leaves())
            assert tree.root == parsed.checkpoint.root
    return tree.size


@pytest.mark.parametrize("change", ["tail cut", "copytruncate", "rotated"])
def test_a_running_node_mends_its_file_and_an_audit_finds_all_well(consortium, tmp_path, change):
    file = tmp_path / "log" / "twente.log"
    issue(consortium, "a")
    consortium.run("views", "update")
    size = accepted(tmp_path / "log")
    with started("run", home=consortium.home, says="is running", seconds=90) as node:
        if change == "tail cut":
            os.truncate(file, file.read_bytes().rindex(ORIGIN.encode() + b"\n"))
        elif change == "copytruncate":
            shutil.copy(file, tmp_path / "twente.log.1")
            os.truncate(file, 0)
        else:
            file.rename(tmp_path / "twente.log.1")
        until(lambda: file.exists() and accepted(tmp_path / "log") == size, seconds=90)
        node.terminate()
        node.wait(60)
    issue(consortium, "b")
    consortium.run("views", "update")
    assert accepted(tmp_path / "log") == size + 1
    report = printed_json(consortium.run("audit", "--json"))
    assert report["ok"]
    assert {member["served"] for member in report["members"]} == {"equal"}
    consortium.run("status")


def test_a_log_that_is_gone_or_shorter_is_said_with_an_exit_code_and_made_nowhere(consortium, tmp_path):
    issue(consortium, "a")
    consortium.run("views", "update")
    file = tmp_path / "log" / "twente.log"
    os.truncate(file, file.read_bytes().rindex(ORIGIN.encode() + b"\n"))
    for words in (
        (
            "views",
            "update",
        ),
        ("status",),
    ):
        assert "shorter than what was read" in told(consortium.run(*words, check=1))
    consortium.run("publish")
    consortium.run("views", "update")
    consortium.run("status")
    (tmp_path / "log").rename(tmp_path / "elsewhere")
    for words in (
        (
            "views",
            "update",
        ),
        ("publish",),
        ("status",),
    ):
        assert "gone" in told(consortium.run(*words, check=4))
    assert not (tmp_path / "log").exists()


def told(done):
    return " ".join((done.stdout + done.stderr).split())
