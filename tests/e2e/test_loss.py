"""Losses that are recovered from: a log folder, an archive, a whole node."""

import shutil

import psycopg
import pytest

from registry.log import open_log
from registry.wire import commit
from registry.wire.merkle import Tree
from tests.support.command import Consortium, printed_json, registry

PASSPHRASE = {"REGISTRY_BACKUP_PASSPHRASE": "correct horse battery staple"}


@pytest.fixture
def consortium(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    made.achievement = made.offer()
    made.run("import", "file", made.rows(made.achievement, 600))
    made.run("views", "update")
    return made


def issue(consortium, record, home=None, *, check=True):
    return registry(
        "credential", "issue", consortium.achievement, "--record", record, "--student", "s-new", "--family-name", "X",
        "--given-name", "Y", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30",
        home=home or consortium.home, check=check,
    )  # fmt: skip


def leaves(folder):
    """All events of a copy of the log; fails where it is not one tree."""
    log = open_log(f"file:{folder}", "test.example", read_only=True)
    tree, found = Tree(), []
    for record in log.records("twente"):
        parsed = commit.parse(record.data)
        assert parsed.base == tree.size
        tree = tree.extend(parsed.leaves())
        assert tree.root == parsed.checkpoint.root
        found += parsed.lines
    return found


def audited(home):
    report = printed_json(registry("audit", "--json", home=home))
    assert report["ok"]
    assert {m["served"] for m in report["members"]} == {"equal"}
    return report


def test_an_archive_is_audited_like_a_log_and_a_damaged_one_is_told(consortium, tmp_path):
    archive = tmp_path / "archive"
    said = consortium.run("log", "archive", archive, "--all").stdout
    assert "603 events" in said
    again = printed_json(consortium.run("log", "archive", archive, "--all", "--json"))
    assert {stream["events"] for stream in again["items"]} == {0}
    assert "sound" in consortium.run("log", "archive", archive, "--check").stdout
    report = printed_json(consortium.run("audit", "--log", f"archive:{archive}", "--json"))
    assert report["ok"]
    assert report["digest"] == audited(consortium.home)["digest"]
    file = next((archive / "twente").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    broken = consortium.run("audit", "--log", f"archive:{archive}", check=1)
    assert broken.stdout.startswith("Not well: 1 fault: ")
    assert str(file) in broken.stdout.replace("\n", "")
    assert "cut short" in broken.stdout
    checked = printed_json(consortium.run("log", "archive", archive, "--check", "--json", check=1))
    assert not checked["ok"]
    assert any(fault.startswith(f"{file}:") for fault in checked["faults"])


def test_an_archive_says_what_it_has_not(consortium, tmp_path):
    archive = tmp_path / "archive"
    said = consortium.run("log", "archive", archive).stdout
    assert "NOT archived yet: 601 events younger than a day" in said
    checked = consortium.run("log", "archive", archive, "--check").stdout
    assert "The archive is sound: 2 events." in checked
    assert "NOT in the archive: 601 events that the log has." in checked
    consortium.run("log", "archive", archive, "--all")
    whole = printed_json(consortium.run("log", "archive", archive, "--check", "--json"))
    assert (whole["not_archived"], whole["not_compared"]) == (0, None)
    assert {stream["stream"]: stream["size"] for stream in whole["streams"]} == {"governance": 2, "twente": 601}
    assert all(stream["newest"] for stream in whole["streams"])
    away = consortium.run("log", "archive", archive, "--check", "--log", f"file:{tmp_path / 'nowhere'}", check=5).stdout
    assert "Whether the log goes further could not be checked" in away
    # A record that is appended once more claims an older size; and a log that was cut ends before the archive.
    log = tmp_path / "log" / "twente.log"
    whole = log.read_bytes()
    commits = [b"test.example/twente\n" + part for part in whole.split(b"test.example/twente\n")[1:]]
    log.write_bytes(whole + commits[0])
    assert (
        "The log has nothing that is not in the archive." in consortium.run("log", "archive", archive, "--check").stdout
    )
    log.write_bytes(whole[: -len(commits[-1])])
    for words in (("--check",), ("--all",)):
        cut = consortium.run("log", "archive", archive, *words, check=1)
        assert "the log of twente ends at" in " ".join((cut.stdout + cut.stderr).split())


@pytest.mark.parametrize("source", ["archive", "member"])
def test_a_member_that_lost_its_log_recovers_it_and_publishes_on_without_a_fork(consortium, tmp_path, source):
    log = tmp_path / "log"
    if source == "archive":
        consortium.run("log", "archive", tmp_path / "archive", "--all")
        url = f"archive:{tmp_path / 'archive'}"
    else:
        shutil.copytree(log, tmp_path / "others")
        url = f"file:{tmp_path / 'others'}"
    before = leaves(log)
    shutil.rmtree(log)
    rows = printed_json(consortium.run("log", "restore", url, "--json"))["streams"]
    assert {row["stream"]: row["events"] for row in rows} == {"governance": 2, "twente": 601}
    issue(consortium, "after")
    consortium.run("views", "update")
    after = leaves(log)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 1
    audited(consortium.home)


def test_what_the_others_had_not_seen_yet_is_put_on_the_log_again_and_is_the_same(consortium, tmp_path):
    log = tmp_path / "log"
    consortium.run("log", "archive", tmp_path / "archive", "--all")
    issue(consortium, "late-1")
    issue(consortium, "late-2")
    before = leaves(log)
    shutil.rmtree(log)
    consortium.run("log", "restore", f"archive:{tmp_path / 'archive'}")
    consortium.run("publish")
    assert leaves(log) == before
    consortium.run("views", "update")
    audited(consortium.home)


def test_an_archive_that_was_lost_is_made_again_from_the_members(consortium, tmp_path):
    archive = tmp_path / "archive"
    consortium.run("log", "archive", archive, "--all")
    before = {p.name: p.read_bytes() for p in (archive / "twente").iterdir()}
    shutil.rmtree(archive)
    consortium.run("log", "archive", archive, "--all")
    assert {p.name: p.read_bytes() for p in (archive / "twente").iterdir()} == before


def restored(consortium, tmp_path, postgres, file, name="new", **more):
    home = tmp_path / name
    registry(
        "node", "restore", file, "--home", home, "--to-database", postgres.dsn(consortium.name(name)),
        environment=PASSPHRASE, **more,
    )  # fmt: skip
    return home


def test_a_whole_node_is_lost_and_goes_on_elsewhere(consortium, tmp_path, postgres):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    assert b"Jansen" not in file.read_bytes()
    others = tmp_path / "others"
    shutil.copytree(tmp_path / "log", others)
    before = leaves(others)
    shutil.rmtree(consortium.home)
    shutil.rmtree(tmp_path / "log")
    home = restored(consortium, tmp_path, postgres, file)
    assert (home / "keys" / "signing.pem").stat().st_mode & 0o077 == 0
    registry("log", "restore", f"file:{others}", home=home)
    issue(consortium, "after", home)
    issue(consortium, "after-2", home)
    registry("views", "update", home=home)
    after = leaves(tmp_path / "log")
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2
    audited(home)
    # the vault opens with the keys that came back, and the same rows issue nothing twice
    again = printed_json(registry("import", "file", tmp_path / "rows.csv", "--json", home=home))
    assert (again["issued"], again["unchanged"]) == (0, 600)


def test_a_backup_older_than_the_log_stops_the_publisher_before_it_signs(consortium, tmp_path, postgres):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    issue(consortium, "later")
    before = leaves(tmp_path / "log")
    shutil.rmtree(consortium.home)
    home = restored(consortium, tmp_path, postgres, file)
    stopped = issue(consortium, "other", home, check=1)
    assert "does not know" in stopped.stderr
    assert "Nothing was stored" in stopped.stderr.replace("\n", " ")
    published = registry("publish", home=home, check=4)
    assert "Nothing was published" in published.stderr.replace("\n", " ")
    assert leaves(tmp_path / "log") == before


def test_a_wrong_passphrase_or_a_truncated_backup_restores_nothing(consortium, tmp_path, postgres):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    to = postgres.dsn(consortium.name("new"))
    words = ("node", "restore", file, "--home", tmp_path / "new", "--to-database", to)
    wrong = registry(*words, check=3, environment={"REGISTRY_BACKUP_PASSPHRASE": "wrong"})
    assert "passphrase is wrong" in wrong.stderr
    assert registry(*words, check=3).stderr
    data = file.read_bytes()
    file.write_bytes(data[:-20])
    cut = registry(*words, check=1, environment=PASSPHRASE)
    assert "cut short" in cut.stderr
    assert not (tmp_path / "new" / "registry.toml").exists()
    assert not (tmp_path / "new" / "keys").exists()
    file.write_bytes(data)
    restored(consortium, tmp_path, postgres, file)  # what failed left nothing in the way


def test_restoring_onto_a_node_that_exists_is_refused(consortium, tmp_path):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    there = registry("node", "restore", file, "--home", consortium.home, check=1, environment=PASSPHRASE)
    assert "exists" in there.stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("notes")
    other = registry("node", "restore", file, "--home", tmp_path / "other", check=1, environment=PASSPHRASE)
    assert "is not empty" in other.stderr
    used = registry("node", "restore", file, "--home", tmp_path / "new", check=1, environment=PASSPHRASE)
    assert "already has a private side" in used.stderr.replace("\n", " ")
    again = consortium.run("node", "backup", file, check=1, environment=PASSPHRASE)
    assert "never overwritten" in again.stderr


def test_a_backup_for_a_database_that_is_away_says_so_and_leaves_nothing(consortium, tmp_path):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    words = ("node", "restore", file, "--home", tmp_path / "new")
    away = registry(*words, "--to-database", "postgresql://127.0.0.1:1/new", check=4, environment=PASSPHRASE)
    assert "cannot reach the database to restore to" in away.stderr.replace("\n", " ")
    assert not (tmp_path / "new" / "registry.toml").exists()


def test_restored_notification_ids_go_on_where_they_ended(consortium, tmp_path, postgres):
    file = tmp_path / "twente.backup"
    consortium.run("node", "backup", file, environment=PASSPHRASE)
    restored(consortium, tmp_path, postgres, file)
    query = "SELECT notification_id, originator_id, state FROM registry_events ORDER BY notification_id"
    with (
        psycopg.connect(postgres.dsn(consortium.name("twente"))) as old,
        psycopg.connect(postgres.dsn(consortium.name("new"))) as new,
    ):
        assert new.execute(query).fetchall() == old.execute(query).fetchall()
        sequence = "SELECT nextval(pg_get_serial_sequence('registry_events', 'notification_id'))"
        assert new.execute(sequence).fetchone() == old.execute(sequence).fetchone()
