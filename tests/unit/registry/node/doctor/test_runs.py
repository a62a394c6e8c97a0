"""Runs of checks: one that crashes or hangs ends no other, and all end in time."""

import os
import threading
import time
from pathlib import Path

import pytest

from registry.node.doctor.examination import Examination
from registry.node.doctor.file_checks import check_folder, check_keys, check_secrets
from registry.node.doctor.findings import CannotCheck, Check, ok, sort_findings, warning, worst
from registry.node.doctor.runs import run_checks
from registry.node.doctor.setting_checks import check_address_settings, check_exposure, check_witness_settings
from registry.settings.settings import Settings


def settings(home, **values):
    return Settings(
        home=home, consortium="test.example", member="twente", founded="0" * 64, log="file:log",
        database="embedded:postgres#registry", **values,
    )  # fmt: skip


def crash(_):
    yield ok("Before.")
    raise ZeroDivisionError("by zero")


def lack(_):
    raise CannotCheck("the database cannot be reached")


def test_a_check_that_crashes_is_reported_with_its_error_and_the_others_go_on(tmp_path):
    checks = [
        Check("a.crash", "?", crash), Check("a.lack", "?", lack), Check("a.well", "?", lambda _: [ok("All is well.")]),
    ]  # fmt: skip
    findings = run_checks(Examination(settings(tmp_path)), {"one": checks}, time.monotonic() + 5)
    assert [(each.check, each.severity, each.sentence) for each in findings] == [
        ("a.crash", "ok", "Before."),
        ("a.crash", "unchecked", "could not be checked: ZeroDivisionError: by zero"),
        ("a.lack", "unchecked", "could not be checked: the database cannot be reached"),
        ("a.well", "ok", "All is well."),
    ]


def test_a_check_that_hangs_leaves_those_of_its_thread_unchecked_and_the_others_answered(tmp_path):
    released = threading.Event()
    hangs = [
        Check("a.hangs", "?", lambda _: [ok("Late.")] if released.wait(30) else []),
        Check("a.next", "?", lambda _: [ok("Later.")]),
    ]
    began = time.monotonic()
    try:
        findings = run_checks(
            Examination(settings(tmp_path)),
            {"hangs": hangs, "well": [Check("b.well", "?", lambda _: [ok("All is well.")])]},
            began + 0.3,
        )
    finally:
        released.set()
    assert time.monotonic() - began < 3
    assert [(each.check, each.severity) for each in findings] == [
        ("a.hangs", "unchecked"), ("a.next", "unchecked"), ("b.well", "ok"),
    ]  # fmt: skip


def test_the_worst_finding_comes_first_and_decides():
    findings = [ok("a"), warning("b", "do"), ok("c")]
    assert worst(findings) == "warning"
    assert [each.sentence for each in sort_findings(findings)] == ["b", "a", "c"]
    assert worst([]) == "ok"


def findings_of(check, home, **values):
    return list(check(Examination(settings(home, **values))))


def test_a_key_that_others_can_read_is_a_fault_with_the_command_that_closes_it(tmp_path):
    [missing] = findings_of(check_keys, tmp_path)
    assert (missing.severity, "no folder of keys" in missing.sentence) == ("error", True)
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    key = keys / "signing.pem"
    key.write_text("secret")
    key.chmod(0o600)
    assert [each.severity for each in findings_of(check_keys, tmp_path)] == ["ok"]
    key.chmod(0o640)
    [open_key] = findings_of(check_keys, tmp_path)
    assert (open_key.severity, "signing.pem" in open_key.sentence) == ("error", True)
    assert "chmod 600" in open_key.advice


def test_a_secret_that_is_missing_is_a_fault_that_names_the_setting_and_the_file(tmp_path):
    (tmp_path / "registry.toml").touch()
    [missing, _] = findings_of(check_secrets, tmp_path, passphrase_file=Path("passphrase"))
    assert missing.severity == "error"
    assert "passphrase_file" in missing.sentence
    assert str(tmp_path / "passphrase") in missing.sentence
    (tmp_path / "passphrase").write_text("x")
    (tmp_path / "passphrase").chmod(0o604)
    assert [each.severity for each in findings_of(check_secrets, tmp_path, passphrase_file=Path("passphrase"))] == [
        "warning", "ok",
    ]  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can hand files to another account")
def test_a_file_of_another_account_is_named(tmp_path):
    (tmp_path / "last-error.json").touch()
    os.chown(tmp_path / "last-error.json", 12345, -1)
    [finding] = findings_of(check_folder, tmp_path)
    assert (finding.severity, "last-error.json" in finding.sentence) == ("warning", True)


def severities(check, home, **values):
    return [each.severity for each in findings_of(check, home, **values)]


def test_settings_that_contradict_each_other_are_named(tmp_path):
    assert severities(check_witness_settings, tmp_path, witnesses_needed=1) == ["error"]
    assert severities(check_witness_settings, tmp_path, max_head_age_hours=3) == ["note", "warning"]
    proxied = {"trusted_proxies": ["127.0.0.1/32"]}
    url = "https://registry.example/delft"
    assert severities(check_address_settings, tmp_path, public_url=url, http=proxied) == []
    assert severities(check_address_settings, tmp_path, public_url=url) == ["warning"]
    other = {**proxied, "base_path": "/registry"}
    assert severities(check_address_settings, tmp_path, public_url=url, http=other) == ["error"]
    assert severities(check_address_settings, tmp_path, public_url="http://registry.example") == ["warning"]
    assert severities(check_exposure, tmp_path, webhook_http_localhost=True) == ["warning"]
    assert severities(check_exposure, tmp_path) == []
