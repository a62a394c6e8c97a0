"""The meaning of what the doctor's checks measure: when it is well, when it warns, and when it is a fault."""

from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from registry.node.doctor.asking import Answer
from registry.node.doctor.backup_checks import judge_age
from registry.node.doctor.clock_checks import judge_clock
from registry.node.doctor.database_checks import judge_connections
from registry.node.doctor.file_checks import judge_space
from registry.node.doctor.key_checks import judge_certificate
from registry.node.doctor.outside_checks import judge_caching, judge_client, judge_headers, judge_problem
from registry.node.doctor.witness_checks import judge_witness
from registry.postgres.refusals import explain_refusal
from registry.settings.settings import WitnessSetting

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
GIB = 1024**3
URL = "https://registry.example/delft"


def answer(status=200, body=b"", at=NOW, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx.Headers(names), body, at, None)


def severities(findings):
    return [finding.severity for finding in findings]


@pytest.mark.parametrize(
    ("minutes", "severity"), [(0, "ok"), (0.4, "ok"), (1, "warning"), (-4, "warning"), (10, "error"), (-10, "error")]
)
def test_a_clock_that_is_off_by_more_than_witnesses_allow_is_a_fault(minutes, severity):
    finding = judge_clock(NOW + timedelta(minutes=minutes), NOW, "the database server's")
    assert finding.severity == severity
    if abs(minutes) == 10:
        assert f"10 minutes {'ahead of' if minutes > 0 else 'behind'} the database server's" in finding.sentence
        assert "NTP" in finding.advice


@pytest.mark.parametrize(
    ("free", "total", "severity"),
    [(50 * GIB, 100 * GIB, "ok"), (3 * GIB, 10 * GIB, "warning"), (8 * GIB, 100 * GIB, "warning"),
     (0.3 * GIB, 10 * GIB, "error"), (10 * GIB, 1000 * GIB, "error"), (0, 0, "error")],
)  # fmt: skip
def test_a_disk_that_fills_up_is_reported_before_it_is_full(free, total, severity):
    assert judge_space("/srv/delft", free, total).severity == severity


def test_a_database_near_its_limit_of_connections_is_a_fault_and_too_low_a_limit_a_warning():
    assert judge_connections(limit=97, server=97, used=20, needed=60).severity == "ok"
    low = judge_connections(limit=40, server=97, used=20, needed=60)
    assert (low.severity, "60 connections" in low.sentence, "max_connections" in low.advice) == ("warning", True, True)
    full = judge_connections(limit=97, server=97, used=90, needed=60)
    assert (full.severity, "90 of the 97" in full.sentence) == ("error", True)


@pytest.mark.parametrize(
    ("days", "severity"), [(-1, "error"), (0, "error"), (1, "warning"), (30, "warning"), (31, "ok")]
)
def test_a_certificate_is_reported_a_month_before_its_end_and_is_a_fault_after_it(days, severity):
    assert judge_certificate("The certificate", NOW + timedelta(days=days), NOW).severity == severity


def test_a_certificate_that_cannot_be_read_is_a_fault():
    assert judge_certificate("The certificate", None, NOW).severity == "error"


@pytest.mark.parametrize(("days", "severity"), [(1, "ok"), (3, "warning"), (9, "error"), (None, "warning")])
def test_a_backup_that_is_old_or_unknown_is_reported(days, severity):
    made = None if days is None else NOW - timedelta(days=days)
    finding = judge_age("backup of this node", made, NOW, timedelta(days=2), "registry node backup FILE")
    assert finding.severity == severity


KEPT = {
    "x_content_type_options": "nosniff", "content_security_policy": "default-src 'none'", "x_request_id": "doctor-1",
    "registry_position": "delft:3", "strict_transport_security": "max-age=1",
}  # fmt: skip


def test_a_proxy_that_strips_headers_of_answers_is_named_with_them():
    assert severities(judge_headers(URL, "doctor-1", answer(**KEPT))) == ["ok"]
    without = {name: value for name, value in KEPT.items() if name != "registry_position"}
    [finding] = judge_headers(URL, "doctor-1", answer(**without))
    assert (finding.severity, "registry-position" in finding.sentence) == ("error", True)


def test_a_proxy_that_does_not_pass_the_id_of_a_request_on_is_named():
    [finding] = judge_headers(URL, "doctor-2", answer(**KEPT))
    assert (finding.severity, "X-Request-Id" in finding.sentence) == ("warning", True)


def test_a_proxy_that_replaces_errors_or_moves_the_node_to_another_path_is_named():
    problem = {"content_type": "application/problem+json"}
    body = b'{"type": "/delft/problems/not-found"}'
    assert severities(judge_problem(URL, answer(404, body, **problem))) == ["ok"]
    [moved] = judge_problem(URL, answer(404, b'{"type": "/problems/not-found"}', **problem))
    assert (moved.severity, "base_path" in moved.advice) == ("error", True)
    [replaced] = judge_problem(URL, answer(404, b"<html>", content_type="text/html"))
    assert (replaced.severity, "proxy_intercept_errors" in replaced.advice) == ("error", True)


@pytest.mark.parametrize(
    ("headers", "severity"),
    [({"cache_control": "no-store"}, "ok"), ({"cache_control": "private"}, "ok"), ({}, "error"),
     ({"cache_control": "public, max-age=60"}, "error"), ({"cache_control": "no-store", "age": "3"}, "error"),
     ({"cache_control": "no-store", "x_cache": "HIT from edge"}, "error")],
)  # fmt: skip
def test_a_personal_page_that_a_cache_may_keep_or_has_kept_is_a_fault(headers, severity):
    assert severities(judge_caching("/desk", [answer(303, cache_control="no-store"), answer(303, **headers)])) == [
        severity
    ]


def test_a_proxy_that_names_neither_scheme_nor_host_nor_client_is_named_for_each():
    well = msgspec.json.encode({"scheme": "https", "host": "registry.example", "forwarded": True})
    assert severities(judge_client(URL, answer(body=well))) == ["ok"]
    bare = msgspec.json.encode({"scheme": "http", "host": "127.0.0.1:8000", "forwarded": False})
    findings = list(judge_client(URL, answer(body=bare)))
    assert severities(findings) == ["error", "warning", "warning"]
    assert "X-Forwarded-Proto" in findings[0].advice
    assert "Host" in findings[1].sentence
    assert "trusted_proxies" in findings[2].advice


WITNESS = WitnessSetting(url="https://witness.example", key="witness.example+00000000+AAAA")


def test_a_witness_with_another_key_or_a_wrong_clock_or_evidence_is_a_fault():
    key = answer(body=WITNESS.key.encode() + b"\n")
    health = answer(body=b'{"status": "ok", "logs": 3, "caught": []}', date="Mon, 04 May 2026 12:00:01 GMT")
    assert severities(judge_witness(WITNESS, key, health)) == ["ok", "ok"]
    assert "error" in severities(judge_witness(WITNESS, answer(body=b"other"), health))
    late = answer(body=b"{}", date="Mon, 04 May 2026 11:50:00 GMT")
    [clock, _] = judge_witness(WITNESS, key, late)
    assert (clock.severity, "10 minutes ahead of" in clock.sentence) == ("error", True)
    caught = answer(body=b'{"caught": ["test.example/lund"]}')
    [evidence, _] = judge_witness(WITNESS, key, caught)
    assert (evidence.severity, "test.example/lund" in evidence.sentence) == ("error", True)
    away = answer(503, b'{"detail": "the log is away"}')
    assert severities(judge_witness(WITNESS, key, away)) == ["warning"]


@pytest.mark.parametrize(
    "text",
    ["FATAL:  sorry, too many clients already", 'FATAL:  too many connections for role "delft"',
     "FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute"],
)  # fmt: skip
def test_a_connection_that_is_refused_for_want_of_slots_is_told_from_other_failures(text):
    assert "limit of connections" in explain_refusal(OSError(f"connection failed: {text}"))
    assert explain_refusal(OSError("connection refused")) is None
