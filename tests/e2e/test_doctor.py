"""`registry doctor` and the start of a node, with one thing broken at a time: each fault is named, with what to do."""

import contextlib
import json
import signal
import socket
import threading
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from registry.node.doctor.doctor import examine
from registry.node.doctor.examination import Examination
from registry.node.doctor.runs import LIMIT_SECONDS
from registry.node.services import starting
from registry.node.services.starting import await_database, report_start_faults
from registry.settings.settings import load
from tests.support.command import Consortium, registry, started, until

pytestmark = pytest.mark.xdist_group("doctor")
OF_THE_MACHINE = {"files.space", "database.connections", "database.transactions"}
"""Checks whose findings depend on the machine of the tests: its disk, its cores, and tests beside these."""


class Node:
    """A node that the tests break and mend again."""

    def __init__(self, folder, server):
        self.consortium = Consortium(folder, server)
        self.home = self.consortium.home
        self.dsn = server.dsn(self.consortium.name("twente"))

    def examine(self, *options, **environment):
        """Examine the node; return the report, and check that the exit code says the same."""
        done = registry("doctor", "--json", *options, home=self.home, check=False, environment=environment)
        report = json.loads(done.stdout)
        exits = {"ok": 0, "note": 0, "warning": 6, "unchecked": 5, "error": 1}
        assert done.returncode == exits[report["severity"]], done.stderr
        return report

    def findings(self, check, *options, **environment):
        return [each for each in self.examine(*options, **environment)["findings"] if each["check"] == check]

    def execute(self, statement):
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="module")
def node(tmp_path_factory, postgres):
    made = Node(tmp_path_factory.mktemp("doctor"), postgres)
    made.consortium.offer()  # its private tables are there
    registry("publish", home=made.home)
    registry("views", "update", home=made.home)
    return made


@pytest.fixture
def broken(node):
    """Break the node with a statement; it is mended with another at the end."""
    with contextlib.ExitStack() as mending:

        def break_it(statement, mend):
            node.execute(statement)
            mending.callback(node.execute, mend)

        yield break_it


def test_a_node_that_is_well_has_no_faults_and_the_examination_changes_nothing(node):
    def state():
        with psycopg.connect(node.dsn) as connection:
            return connection.execute(
                "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables ORDER BY 1"
            ).fetchall(), sorted(file.name for file in node.home.iterdir())

    before = state()
    report = node.examine()
    found_wrong = {
        (each["check"], each["severity"]) for each in report["findings"] if each["severity"] not in ("ok", "note")
    }
    own = {(check, severity) for check, severity in found_wrong if check not in OF_THE_MACHINE}
    assert own == {("processes.publisher", "warning"), ("backup.age", "warning")}, report["findings"]
    assert report["member"] == "twente"
    assert report["seconds"] < LIMIT_SECONDS
    assert state() == before


def test_people_read_what_is_wrong_first_with_what_to_do(node):
    shown = registry("doctor", home=node.home, check=False).stdout
    assert shown.startswith(("warning ", "error "))
    assert "registry node backup FILE" in shown
    assert "files.keys" not in shown
    assert "files.keys" in registry("doctor", "--all", home=node.home, check=False).stdout


def test_settings_that_are_wrong_are_a_finding_and_nothing_else_is_checked(node, tmp_path):
    (tmp_path / "registry.toml").write_text((node.home / "registry.toml").read_text() + "\nmax_head_age_hour = 3\n")
    report = json.loads(registry("doctor", "--json", home=tmp_path, check=1).stdout)
    [wrong, *others] = report["findings"]
    assert (wrong["check"], wrong["severity"]) == ("settings.readable", "error")
    assert "did you mean max_head_age_hours?" in wrong["sentence"]
    assert {each["severity"] for each in others} == {"unchecked"}


def test_a_database_that_is_away_or_never_answers_is_named_within_the_limit(node):
    [away] = node.findings("database.reachable", REGISTRY_DATABASE="postgresql://127.0.0.1:1/nothing")
    assert (away["severity"], "cannot be reached" in away["sentence"]) == ("error", True)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        report = node.examine(REGISTRY_DATABASE=f"postgresql://127.0.0.1:{silent.getsockname()[1]}/nothing")
        assert report["seconds"] < 5
        assert time.monotonic() - began < 30
    assert [each["severity"] for each in report["findings"] if each["check"] == "database.reachable"] == ["error"]
    assert [each["severity"] for each in report["findings"] if each["check"] == "files.keys"] == ["ok"]


def test_a_log_whose_brokers_are_away_is_named(node):
    report = node.examine(REGISTRY_LOG="kafka://127.0.0.1:1")
    by_check = {each["check"]: each for each in report["findings"]}
    assert by_check["log.reachable"]["severity"] == "error"
    assert "127.0.0.1:1" in by_check["log.reachable"]["sentence"]
    assert by_check["log.health"]["sentence"] == "could not be checked: the log cannot be reached"


def test_a_clock_that_is_ten_minutes_off_is_named_by_the_doctor_and_at_the_start(node, monkeypatch):
    ahead = timedelta(minutes=10)
    monkeypatch.setattr(Examination, "now", lambda _: datetime.now(UTC) + ahead)
    report = examine(node.home)
    [clock] = [each for each in report.findings if each.check == "clock.database"]
    assert (clock.severity, "10 minutes ahead of the database server's" in clock.sentence) == ("error", True)
    warnings = []
    report_start_faults(load(node.home), warnings.append)
    assert [each for each in warnings if "10 minutes ahead" in each and "NTP" in each]


def test_a_witness_that_is_away_is_named(node):
    witness = json.dumps([{"url": "http://127.0.0.1:1", "key": "witness.example+5d2a1b1c+BAAA"}])
    [away] = node.findings("witnesses.reachable", REGISTRY_WITNESS=witness)
    assert (away["severity"], "http://127.0.0.1:1" in away["sentence"]) == ("warning", True)


def test_a_database_that_a_newer_version_has_changed_stops_the_start_and_is_named(node, broken):
    broken(
        "INSERT INTO node.migrations (number, name) VALUES (9999, 'from_the_future')",
        "DELETE FROM node.migrations WHERE number = 9999",
    )
    [newer] = node.findings("database.migrations")
    assert (newer["severity"], "9999 (from_the_future)" in newer["sentence"]) == ("error", True)
    stopped = registry("run", home=node.home, check=3)
    assert "a newer version of this program has changed the node's database" in stopped.stderr
    assert "Run that version or a later one" in stopped.stderr


def test_views_of_another_version_are_named_with_the_command_that_makes_them_again(node, broken):
    with psycopg.connect(node.dsn) as connection:
        label = connection.execute("SELECT obj_description('views'::regnamespace)").fetchone()[0]
    broken("COMMENT ON SCHEMA views IS 'another'", f"COMMENT ON SCHEMA views IS '{label}'")
    [other] = node.findings("views.version")
    assert (other["severity"], "registry views rebuild" in other["advice"]) == ("error", True)


def test_a_database_of_another_node_is_named(node, broken):
    broken("UPDATE node.owner SET member = 'lund'", "UPDATE node.owner SET member = 'twente'")
    [other] = node.findings("database.owner")
    assert (other["severity"], "belongs to lund" in other["sentence"]) == ("error", True)


def test_a_webhook_that_fails_or_is_disabled_is_named_by_its_id_and_not_its_address(node, broken):
    local = {"REGISTRY_WEBHOOK_HTTP_LOCALHOST": "true"}
    for port in (9001, 9002):
        registry("webhook", "add", f"http://localhost:{port}/secret-path", home=node.home, environment=local)
    broken("UPDATE webhooks.endpoints SET failures = 3 WHERE url LIKE '%9001%'", "DELETE FROM webhooks.endpoints")
    node.execute("UPDATE webhooks.endpoints SET enabled = false WHERE url LIKE '%9002%'")
    report = node.examine()
    failing = [each["sentence"] for each in report["findings"] if each["check"] == "webhooks.endpoints"]
    assert len(failing) == 2
    assert "secret-path" not in json.dumps(report)


def test_a_backup_and_an_archive_are_known_once_they_were_made(node, tmp_path):
    registry("node", "note-backup", home=node.home)
    registry("log", "archive", tmp_path / "archive", "--all", home=node.home)
    assert [each["severity"] for each in node.findings("backup.age")] == ["ok"]
    assert [each["severity"] for each in node.findings("archive.age")] == ["ok"]
    for name in ("last-backup", "last-archive"):
        (node.home / name).unlink()


@pytest.fixture
def limited(node):
    """The address of the node's database for an account that may have one connection."""
    node.execute("CREATE ROLE limited SUPERUSER LOGIN CONNECTION LIMIT 1")
    node.execute("ALTER ROLE limited NOSUPERUSER")
    with psycopg.connect(node.dsn, autocommit=True) as connection:
        connection.execute(f"GRANT ALL ON DATABASE {connection.info.dbname} TO limited")
    yield node.dsn.replace("postgres@", "limited@", 1)
    node.execute("DROP OWNED BY limited")
    node.execute("DROP ROLE limited")


def test_a_database_at_its_limit_of_connections_is_named_and_waited_for_at_the_start(node, limited, monkeypatch):
    settings = load(node.home).model_copy(update={"database": limited})
    monkeypatch.setattr(starting, "PAUSE_SECONDS", 0.05)
    with psycopg.connect(limited):
        [full, *_] = [
            each
            for each in node.examine(REGISTRY_DATABASE=limited)["findings"]
            if each["check"] == "database.reachable"
        ]
        assert (full["severity"], "limit of connections" in full["sentence"]) == ("error", True)
        refused = registry("status", home=node.home, environment={"REGISTRY_DATABASE": limited}, check=4)
        assert "raise max_connections" in refused.stderr
        warnings = []
        waiting = threading.Thread(target=await_database, args=(settings, warnings.append))
        waiting.start()
        until(lambda: warnings)
        assert waiting.is_alive()
    waiting.join(20)
    assert not waiting.is_alive()
    assert ["Trying again" in each for each in warnings] == [True]


def test_a_secret_that_is_missing_stops_the_start_and_is_named(node):
    settings = {"REGISTRY_PASSPHRASE_FILE": "nowhere"}
    stopped = registry("run", home=node.home, environment=settings, check=3)
    assert f"passphrase_file: cannot read {node.home / 'nowhere'}" in stopped.stderr
    assert "nowhere" in node.findings("files.secrets", **settings)[0]["sentence"]


def test_a_node_that_is_started_twice_says_who_publishes(node):
    with started("run", home=node.home, says="is running") as first:
        [publisher] = node.findings("processes.publisher")
        assert (publisher["severity"], "publishes this node's events" in publisher["sentence"]) == ("ok", True)
        assert first.poll() is None


def test_every_line_of_a_service_is_json_and_its_log_level_changes_while_it_runs(node):
    with started("run", home=node.home, says="is running") as process:
        registry("log-level", "set", "debug", "--minutes", 1, home=node.home)
        until(lambda: "log.level_changed" in process.output.read_text(), 20)
        assert json.loads(registry("log-level", "show", "--json", home=node.home).stdout)["level"] == "debug"
        registry("log-level", "reset", home=node.home)
        until(lambda: process.output.read_text().count("log.level_changed") == 2, 20)
        process.send_signal(signal.SIGHUP)
        until(lambda: "SIGHUP" in process.output.read_text())
        lines = [json.loads(line) for line in process.output.read_text().splitlines()]
    assert [line["logs_from"] for line in lines if line["event"] == "log.level_changed"] == ["debug", "warning"]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
