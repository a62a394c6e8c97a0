"""The statistics of five years over five million credentials of 300 members: the page, and one of its tables as CSV.

Credentials and decisions are put in by SQL, their counts are then made as the projector does when it takes leaves back.
Sizes by the environment: REGISTRY_BENCH_CREDENTIALS, for example 100000 for a first look.
"""

import os
import statistics
import sys
import time

import httpx

from tests.bench.http_read import serving
from tests.bench.result import Result

CREDENTIALS = int(os.environ.get("REGISTRY_BENCH_CREDENTIALS", "5000000"))
MEMBERS = 300
ACHIEVEMENTS = 10 * MEMBERS
YEARS = range(2021, 2026)
TRIES = 50
TARGET_MS = 200
PATHS = {
    "statistics-page": "/statistics?year={year}",
    "statistics-page-member": "/statistics?year={year}&member=uni-{member}",
    "statistics-csv": "/data/awards-by-month.csv",
}


def statistics_page() -> list[Result]:
    """Return the median time of the page of all members, of that of one, and of the table, seen on the same machine."""
    with serving(CREDENTIALS, ACHIEVEMENTS, MEMBERS) as (node, _):
        node.start(run=False)
        with httpx.Client(base_url=node.url, headers={"Accept": "text/html, text/csv"}, timeout=60) as reader:
            return [_measure(reader, name, path) for name, path in PATHS.items()]


def _measure(reader: httpx.Client, name: str, path: str) -> Result:
    times = []
    for number in range(TRIES):
        began = time.perf_counter()
        answer = reader.get(path.format(year=YEARS[number % len(YEARS)], member=number))
        times.append(1000 * (time.perf_counter() - began))
        if answer.status_code != httpx.codes.OK or len(answer.content) < 5_000:
            sys.exit(f"{path}: {answer.status_code} {answer.text[:300]}")
    median = statistics.median(times)
    print(f"{path}: {len(answer.content):,} bytes, {times[0]:.0f} ms the first time, at most {max(times):.0f} ms")
    return Result(name, "ms", median, f"median < {TARGET_MS}", median < TARGET_MS)
