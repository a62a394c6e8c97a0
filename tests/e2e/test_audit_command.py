"""The audit command's own ways: a signed digest, the log alone, on from a report, a page, and two auditors."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from registry.node.digests import FILE, sign_daily
from registry.node.node import open_node
from registry.wire.cosignature import CosignerKey
from registry.wire.keys import Ed25519Signer
from tests.support.command import Consortium, command, printed_json, registry, until


@pytest.fixture
def consortium(tmp_path, postgres):
    return Consortium(tmp_path, postgres)


def test_a_signed_digest_a_page_and_an_audit_that_goes_on(consortium):
    consortium.offer()
    consortium.run("views", "update")
    folder = consortium.folder
    consortium.run("views", "digest", "--sign", folder / "views.note")
    report = printed_json(
        consortium.run("audit", "--digest", folder / "views.note", "--html", folder / "a.html", "--json")
    )
    assert [one["verdict"] for one in report["signed"]] == ["agrees"]
    assert "test.example/twente signed a digest of its views: agrees" in (folder / "a.html").read_text()
    consortium.run("audit", "--log-only", "--save", folder / "monday.json")
    said = consortium.run("audit", "--since", folder / "monday.json", "--save", folder / "tuesday.json").stdout
    assert said.startswith("Verified what came after the earlier report, up to ")
    assert "Only what is new was verified: 0 new events, and governance" in said
    assert "not the views' rows" in said
    said = consortium.run("audit", "compare", folder / "monday.json", folder / "tuesday.json").stdout
    assert "Both saw the same histories." in said


def without_settings(consortium, *arguments, **more):
    """An auditor's command: a copy of the log and the founding's hash, from a folder without a node."""
    log = f"file:{consortium.folder / 'log'}"
    return registry("audit", "--log", log, "--founded", consortium.founded, *arguments, **more)


def test_a_log_and_the_founding_s_hash_are_all_that_an_auditor_needs(consortium, tmp_path):
    consortium.offer()
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir(mode=0o755)
    environment = {"TMPDIR": str(elsewhere), "REGISTRY_HOME": ""}
    said = without_settings(
        consortium, "--save", tmp_path / "a.json", "--html", tmp_path / "a.html", environment=environment
    ).stdout
    assert said.startswith("Verified up to 3 events in 2 logs. Nobody but the members vouches")
    assert "test.example" in said
    assert not list(elsewhere.iterdir())
    assert "Verified up to 3 events in 2 logs." in (tmp_path / "a.html").read_text()
    report = json.loads((tmp_path / "a.json").read_bytes())
    assert (report["verdict"], report["summary"]) == ("well", said.splitlines()[0])
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    (tmp_path / "copy" / "twente.log").unlink()
    told = registry(
        "audit", "--log", f"file:{tmp_path / 'copy'}", "--founded", consortium.founded, "--since", tmp_path / "a.json",
        check=1,
    ).stdout  # fmt: skip
    assert told.startswith("Not well: 1 fault: twente: an earlier report verified 1 event, and this log has none of it")
    wrong = registry("audit", "--log", f"file:{tmp_path / 'log'}", "--founded", "0" * 64, check=1)
    assert "does not begin with a founding" in wrong.stdout
    assert "--log" in registry("audit", "--founded", consortium.founded, check=2).stderr
    assert "no node" in without_settings(consortium, "--views", check=2).stderr
    (tmp_path / "copy" / "governance.log").unlink()
    gone = registry("audit", "--log", f"file:{tmp_path / 'copy'}", "--founded", consortium.founded, check=4)
    assert "there is no governance log at file:" in gone.stderr


def test_what_was_asked_for_and_could_not_be_checked_has_an_exit_code_of_its_own(consortium, tmp_path):
    consortium.offer()
    before = consortium.run("audit").stdout
    assert before.startswith("Verified up to 3 events in 2 logs.")
    assert "The node's views were not compared: there are no views yet" in before
    assert "there are no views yet" in consortium.run("audit", "--views", check=5).stdout
    consortium.run("views", "update")
    consortium.run("views", "digest", "--sign", tmp_path / "early.note")
    consortium.run("audit", "--views", "--digest", tmp_path / "early.note")
    consortium.run("achievement", "publish", tmp_path / "achievement.json", "--again")
    said = consortium.run("audit", "--digest", tmp_path / "early.note", check=5).stdout
    assert said.startswith("We cannot tell: the digest that test.example/twente signed could not be checked")
    assert "it is of an earlier head of twente, at 1 events, and this audit is at 2" in said
    assert "1 event behind" in said
    missing = consortium.run("audit", "--no-views", "--digest", tmp_path / "missing.note", check=5).stdout
    assert "cannot read it" in missing
    vouched = consortium.run("audit", "--log-only", "--require-witness", check=5).stdout
    assert "no witness is known here" in vouched
    # What could not be checked stays so, however many reports lie between.
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    consortium.run("audit", "--log-only", "--require-witness", "--save", first, check=5)
    consortium.run("audit", "--since", first, "--save", second, check=5)
    said = consortium.run("audit", "--since", second, check=5).stdout
    assert "no witness is known here" in said
    assert "(so says the earlier report; it was not checked again)" in said
    consortium.run("audit", "--log-only", "--save", tmp_path / "mine.json")
    report = json.loads((tmp_path / "mine.json").read_bytes())
    assert report["verdict"] == "well"
    altered = tmp_path / "altered.json"
    altered.write_text(
        json.dumps(report | {"faults": [{"kind": "fork", "member": "twente", "code": "x", "detail": "y"}]})
    )
    compared = registry("audit", "compare", tmp_path / "mine.json", altered, check=5).stdout
    assert compared.startswith("altered.json contradicts itself: ")
    file = tmp_path / "log" / "twente.log"
    file.write_bytes(file.read_bytes()[: file.read_bytes().rindex(b"\n\ntest.example/twente\n") + 2])
    consortium.run("audit", "--log", f"file:{tmp_path / 'log'}", "--log-only", "--save", tmp_path / "theirs.json")
    compared = registry("audit", "compare", tmp_path / "mine.json", tmp_path / "theirs.json", check=5).stdout
    assert "The same as far as both go; theirs.json ends at 1 of 2 in twente." in compared


@pytest.mark.parametrize("after", ["worker", "postmaster.pid"])
def test_an_audit_that_is_interrupted_says_one_line_and_leaves_nothing(consortium, tmp_path, after):
    consortium.join("aveiro")
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir(mode=0o755)
    with (tmp_path / "output").open("w+") as output:
        process = subprocess.Popen(
            command("audit", "--workers", 2, home=consortium.home),
            env=os.environ | {"TMPDIR": str(elsewhere)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            wait_for = children if after == "worker" else lambda _: list(elsewhere.rglob(after))
            until(lambda: wait_for(process.pid), seconds=120, pause=0.05)
            os.killpg(process.pid, signal.SIGINT)  # a terminal's Ctrl-C goes to the whole group
            assert process.wait(120) == 128 + signal.SIGINT
        finally:
            process.kill()
            process.wait()
    said = (tmp_path / "output").read_text()
    assert "Traceback" not in said
    lines = [line for line in said.splitlines() if not line.startswith(("verifying", "opened "))]
    assert lines == ["This audit was stopped and has no result.", "interrupted"]
    assert not list(elsewhere.glob("registry-audit-*"))


def children(pid):
    """Worker processes of an audit."""
    found = []
    for task in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = task.read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid and b"spawn_main" in (task.parent / "cmdline").read_bytes():
                found.append(task)
    return found


def test_a_member_that_is_not_there_is_refused_rather_than_found_well(consortium):
    done = consortium.run("audit", "--member", "twentte", check=False)
    assert done.returncode == 2
    assert "twentte" in done.stderr


def test_an_audit_told_to_end_takes_its_server_with_it(consortium, tmp_path):
    consortium.offer()
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir(mode=0o755)
    ended = subprocess.Popen(
        command("audit", home=consortium.home),
        env=os.environ | {"TMPDIR": str(elsewhere)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: list(elsewhere.rglob("postmaster.pid")), pause=0.01)
    ended.send_signal(signal.SIGTERM)
    assert ended.wait(30) == 128 + signal.SIGTERM
    assert not list(elsewhere.glob("registry-audit-*"))


def test_a_node_signs_what_it_serves_once_a_day_and_an_audit_holds_it_to_that(consortium):
    consortium.offer()
    consortium.run("views", "update")
    with open_node(consortium.home) as node:
        assert sign_daily(node)
        assert not sign_daily(node)
    note = consortium.home / FILE
    assert "agrees" in consortium.run("audit", "--digest", note).stdout
    yesterday = time.time() - 25 * 3600
    os.utime(note, (yesterday, yesterday))
    with open_node(consortium.home) as node:
        assert sign_daily(node)


def test_an_earlier_report_that_is_absent_is_a_comparison_not_made(consortium, tmp_path):
    consortium.offer()
    said = consortium.run("audit", "--since", tmp_path / "none.json", check=5)
    assert "Nothing was compared: cannot read" in said.stderr
    here = tmp_path / "here.json"
    consortium.run("audit", "--log-only", "--save", here)
    assert "none.json" in registry("audit", "compare", here, tmp_path / "none.json", check=5).stderr
    other = tmp_path / "other.json"
    for content in (b"", b"{}", b"<html>", bytes(10)):
        other.write_bytes(content)
        assert "this is not an audit report" in consortium.run("audit", "--since", other, check=5).stderr
        assert "this is not an audit report" in registry("audit", "compare", here, other, check=5).stderr


def test_reports_that_cannot_be_compared_prove_nothing(consortium, tmp_path):
    consortium.offer()
    here, other = tmp_path / "here.json", tmp_path / "other.json"
    consortium.run("audit", "--log-only", "--save", here)
    other.write_text(here.read_text().replace(json.loads(here.read_text())["founded"], "0" * 64))
    assert "another founding" in registry("audit", "compare", here, other, check=5).stderr


def test_an_address_that_is_none_is_wrong_usage(consortium, tmp_path):
    for address in (tmp_path / "log", "log", "file:", "ftp://x"):
        said = registry("audit", "--log", address, "--founded", consortium.founded, check=2)
        assert "file:PATH" in said.stderr
        assert "file:PATH" in registry("audit", "compare", "a", "b", "--log", address, check=2).stderr


def test_a_governance_log_that_is_gone_or_empty_cannot_be_audited(consortium):
    file = consortium.folder / "log" / "governance.log"
    file.write_bytes(b"")
    assert "is empty" in without_settings(consortium, "--log-only", check=4).stderr
    file.unlink()
    assert "there is no governance log" in without_settings(consortium, "--log-only", check=4).stderr


def test_a_member_that_was_asked_for_and_has_no_log_leaves_the_audit_inconclusive(consortium):
    said = without_settings(consortium, "--log-only", "--member", "twente", check=5).stdout
    assert said.startswith("We cannot tell: the log of twente could not be checked: there is no log of it")


def test_what_is_to_be_saved_is_saved_although_only_the_first_line_is_read(consortium, tmp_path):
    consortium.offer()
    save, html = tmp_path / "a.json", tmp_path / "a.html"
    words = ("audit", "--log-only", "--save", save, "--html", html)
    reading, writing = os.pipe()
    os.close(reading)  # nobody reads at all
    done = subprocess.run(command(*words, home=consortium.home), stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert json.loads(save.read_bytes())["verdict"] == "well"
    assert "Verified up to" in html.read_text()


def test_an_audit_makes_no_views_where_there_are_none(consortium):
    consortium.offer()
    with open_node(consortium.home) as node:
        dsn = node.dsn()
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS views CASCADE")
        tables = "SELECT table_schema, table_name FROM information_schema.tables ORDER BY 1, 2"
        before = connection.execute(tables).fetchall()
        assert "there are no views yet" in consortium.run("audit").stdout
        assert connection.execute(tables).fetchall() == before


def test_witnesses_are_named_by_their_line_all_needed_and_each_counted_once(consortium, tmp_path):
    consortium.offer()
    keys = [str(CosignerKey.of(name, Ed25519Signer.generate(name).vkey.public)) for name in ("w1", "w2")]
    (tmp_path / "none").mkdir()
    named = [word for key in (keys[0], *keys) for word in ("--witness", key)]
    named += ["--cosignatures", tmp_path / "none"]
    said = without_settings(consortium, "--log-only", *named, check=5).stdout
    assert said.startswith("We cannot tell: that the head of governance")
    assert "and 2 witnesses are named" in without_settings(consortium, *named, "--needed", 3, check=2).stderr
    other = Ed25519Signer.generate("w1").vkey
    wrong = ("--witness", other, "--cosignatures", tmp_path / "none")
    said = " ".join(without_settings(consortium, *wrong, check=2).stderr.replace("│", " ").split())
    assert "pass the line that `registry witness init` printed" in said
    assert "no witness is named" in without_settings(consortium, "--needed", 1, check=2).stderr
