"""Today is the same day on every machine, wherever it is."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from registry.wire import today as module
from registry.wire.today import utc_today

ROOT = Path(__file__).parents[4]
OWN_WAYS = re.compile(r"\bdate\.today\(|\bnow\((dt\.)?UTC\)\.date\(|\bdatetime\.now\(\)|\bdatetime\.today\(")


@pytest.fixture(params=["Pacific/Kiritimati", "Etc/GMT+12", "Europe/Amsterdam"])
def zone(request, monkeypatch):
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("seconds", "day"), [(-1, "2026-06-30"), (0, "2026-07-01"), (86399, "2026-07-01"), (86400, "2026-07-02")]
)
def test_a_day_begins_and_ends_at_midnight_utc_in_every_zone(zone, monkeypatch, seconds, day):
    moment = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment.astimezone(tz)

    monkeypatch.setattr(module, "datetime", Clock)
    assert utc_today().isoformat() == day, zone


def test_no_other_code_asks_for_today():
    files = [file for package in ("registry", "consumers", "projections") for file in (ROOT / package).rglob("*.py")]
    own_ways = [str(file.relative_to(ROOT)) for file in files if OWN_WAYS.search(file.read_text(encoding="utf-8"))]
    assert own_ways == ["registry/wire/today.py"]
