"""An audit's page draws what the report says, for people, without scripts, and shows markup as text."""

import re
from datetime import UTC, datetime

import msgspec
import pytest

from consumers.audit.audit_page import page
from consumers.audit.audit_report import AuditReport, Fault, Head, KeyUse, MemberReport, NoReport, StreamState, event_id
from consumers.audit.audit_verdict import INCONCLUSIVE, WELL

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
KEYS = [KeyUse("test.example/twente+0a0b0c0d+AAAA", 0, 3), KeyUse("test.example/twente+01020304+AAAA", 3, None)]


def stream(member, size, *heads):
    return StreamState(
        member, size, "ab" * 32, hashes=[], next=0, governance=1, anchors=0, voids=0, doubtful=False, skipped=0,
        refused={}, heads=[Head(number, "", time) for number, time in heads],
    )  # fmt: skip


def report(*streams, **changes):
    members = [
        MemberReport(each.member, each.size, each.root, 1, 0, 0, "behind", lag=1, standing="admitted", keys=KEYS)
        for each in streams
    ]
    whole = AuditReport(
        ok=True, mode="full", consortium="test.example", founded="cd" * 32, log="file:log", events=9, seconds=1.5,
        members=members, faults=[], streams=list(streams), verdict=WELL, summary="All is well.",
    )  # fmt: skip
    return msgspec.structs.replace(whole, **changes)


TWENTE = stream("twente", 4, (1, "2026-05-01T00:00:00Z"), (4, "2026-05-03T00:00:00Z"))


def test_the_growth_of_each_stream_is_drawn_over_the_days_of_its_heads():
    html = page(report(TWENTE, stream("lund", 2, (1, "no time"), (2, "2026-05-02T00:00:00Z"))), NOW)
    lines = re.findall(r'<polyline class="s(\d)" points="([^"]*)"><title>(\w+)</title>', html)
    assert [(style, name) for style, _, name in lines] == [("0", "twente"), ("1", "lund")]
    first = [tuple(map(float, point.split(","))) for point in lines[0][1].split()]
    assert first == [(70, 180), (70, 137.5), (640, 137.5), (640, 10), (640, 10)]
    assert "2026-05-04 12:00 UTC" in html
    assert 'class="good summary"' in html


@pytest.mark.parametrize(
    ("streams", "words"),
    [
        ([stream("twente", 4, (4, "2026-05-01T01:00:00Z"))], "All heads claim one day, 2026-05-01"),
        ([stream("twente", 4, (4, "no time"))], "All heads claim one day: there is no growth to draw."),
        ([], "Nothing has been published."),
    ],
    ids=["of one day", "without times", "without streams"],
)
def test_without_two_days_no_growth_is_drawn(streams, words):
    html = page(report(*streams), NOW)
    assert "<polyline" not in html
    assert words in html


def test_the_windows_of_keys_and_the_refusals_by_code_are_shown():
    faults = [Fault("event", "lund", "stale", "") for _ in range(2)] + [Fault("fork", "twente", "fork", "")]
    html = page(report(TWENTE, faults=faults, verdict="not well", ok=False), NOW)
    for words in ("from 0 to 3", "from 3", "0a0b0c0d", "01020304", "lund: stale", "twente: fork"):
        assert words in html
    assert 'class="bad summary"' in html


def test_markup_in_a_report_is_text_and_nothing_is_fetched_or_run():
    html = page(report(TWENTE, log="<script>alert(1)</script>", verdict=INCONCLUSIVE), NOW)
    assert "&lt;script&gt;alert(1)" in html
    assert not re.search(r"<script|<link|<img|https?://", html)
    assert 'class="open summary"' in html


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff"])
def test_what_is_no_report_is_not_read_as_one(data):
    with pytest.raises(NoReport, match="this is not an audit report: "):
        AuditReport.read(data)


@pytest.mark.parametrize(
    ("line", "identifier"),
    [(b'{"id":"a"}', "a"), (b'{"id":7}', None), (b"{}", None), (b"[]", None), (b"{", None), (b"[" * 100_000, None)],
)
def test_an_id_is_read_from_a_line_that_has_one_as_a_text(line, identifier):
    assert event_id(line) == identifier
