"""The audit command's own ways: a signed digest, the log alone, on from a report, a page, and two auditors."""

import os
import signal
import subprocess
import time

import pytest

from registry.cli.context import opened
from registry.cli.digests import FILE, sign_daily
from tests.support.command import Consortium, command, printed_json, until


@pytest.fixture
def consortium(tmp_path, postgres):
    return Consortium(tmp_path, postgres)


def test_a_signed_digest_a_page_and_an_audit_that_goes_on(consortium):
    consortium.offer()
    consortium.run("project")
    folder = consortium.folder
    consortium.run("digest", "--sign", folder / "views.note")
    report = printed_json(
        consortium.run("audit", "--digest", folder / "views.note", "--html", folder / "a.html", "--json")
    )
    assert [one["verdict"] for one in report["signed"]] == ["agrees"]
    assert "test.example/twente signed a digest of its views: agrees" in (folder / "a.html").read_text()
    consortium.run("audit", "--log-only", "--save", folder / "monday.json")
    said = consortium.run("audit", "--since", folder / "monday.json", "--save", folder / "tuesday.json").stdout
    assert "not the views' rows" in said
    said = consortium.run("audit", "compare", folder / "monday.json", folder / "tuesday.json").stdout
    assert "Both saw the same histories." in said


def test_a_member_that_is_not_there_is_refused_rather_than_found_well(consortium):
    done = consortium.run("audit", "--member", "twentte", check=False)
    assert done.returncode == 4
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
    consortium.run("project")
    with opened(consortium.home) as node:
        assert sign_daily(node)
        assert not sign_daily(node)
    note = consortium.home / FILE
    assert "agrees" in consortium.run("audit", "--digest", note).stdout
    yesterday = time.time() - 25 * 3600
    os.utime(note, (yesterday, yesterday))
    with opened(consortium.home) as node:
        assert sign_daily(node)
