"""The page of an import: the seconds from a file of 10,000 rows with 300 faults to the page that shows them.

A clerk sends the file as the form does, and opens the page until it shows the faults. Then the clerk hands the rows
over. The size by the environment: REGISTRY_BENCH_ROWS.
"""

import os
import re
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import httpx

from registry.postgres.embedded import Embedded, start_embedded
from tests.bench.http_bulk import Memory, cpu_seconds
from tests.bench.result import Result
from tests.support.served import Served, achievement, form, once

ROWS = int(os.environ.get("REGISTRY_BENCH_ROWS", "10000"))
PART = 4
"""A file of one row in four shows whether memory grows with the rows."""
FAULTS = 300
SECONDS = 5
PAGE_MILLISECONDS = 300
FLAT = 1.25
"""The most that all rows may take of memory, as a multiple of what the part of them takes."""


class _Measured(NamedTuple):
    """Seconds from the upload to the page, of one page, and of the hand-over; megabytes beyond what the node had."""

    checked: float
    page: float
    handed: float
    grown: float


def _content(offered: str, rows: int) -> str:
    lines = ["record,achievement,student,family_name,given_name,date_of_birth,awarding_date,ects,grade"]
    for number in range(rows):
        is_wrong = number % (rows // FAULTS) == 0 and number // (rows // FAULTS) < FAULTS
        day = "soon" if is_wrong else f"2026-06-{number % 28 + 1:02}"
        lines.append(f"r{number},{offered},s{number},Jansen,Ada,2001-02-03,{day},5,8.5")
    return "\n".join([*lines, ""])


def import_page() -> list[Result]:
    """From the upload to the page, the page itself, the hand-over, and the memory beside that of a part of the rows."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        part = _measure(folder / "part", server, ROWS // PART)
        whole = _measure(folder / "whole", server, ROWS)
    ratio, page = whole.grown / part.grown, 1000 * whole.page
    flat = f"≤ {FLAT} of {ROWS // PART:,} rows"
    return [
        Result("import-page", "s", whole.checked, f"≤ {SECONDS}", whole.checked <= SECONDS),
        Result("import-page-open", "ms", page, f"≤ {PAGE_MILLISECONDS}", page <= PAGE_MILLISECONDS),
        Result("import-page-hand-over", "s", whole.handed, f"≤ {SECONDS}", whole.handed <= SECONDS),
        Result("import-page-memory", "MB more", whole.grown, flat, ratio <= FLAT, part.grown, ratio),
    ]


def _measure(folder: Path, server: Embedded, rows: int) -> _Measured:
    """Import a number of rows at a new node that has imported a small file before."""
    with closing(Served(folder, server, log_level="warning")) as node:
        node.start(run=False)
        system = node.client("achievements:write")
        offered = system.post("/v1/achievements", json=achievement(), headers=once("a")).json()["achievement"]
        clerk, content = node.sign_in("clerk"), _content(offered, rows)
        _upload_and_wait(clerk, content.partition("\n")[0] + "\n" + content.splitlines()[2] + "\n", 0, 1)
        memory = Memory(node.process.pid)
        time.sleep(1)
        before = memory.most
        cpu_before = cpu_seconds(node.process.pid)
        began = time.perf_counter()
        path = _upload_and_wait(clerk, content, FAULTS, rows)
        checked = time.perf_counter() - began
        print(f"{rows:,} rows: {cpu_seconds(node.process.pid) - cpu_before:.1f} s of processor time in all processes")
        page = _median([_timed(clerk, f"{path}?page={number}") for number in range(1, 13)])
        began = time.perf_counter()
        _hand_over(clerk, path)
        handed = time.perf_counter() - began
        return _Measured(checked, page, handed, memory.end() - before)


def _upload_and_wait(clerk: httpx.Client, content: str, faults: int, rows: int) -> str:
    data = form(clerk.get("/desk/imports"), key=str(uuid4()))
    answer = clerk.post("/desk/imports", data=data, files={"file": ("spring.csv", content)})
    path: str = answer.headers["location"]
    while "See how far it is now" in (page := clerk.get(path).text):
        time.sleep(0.1)
    if faults and f"{faults} of {rows:,} rows cannot be issued yet" not in page:
        sys.exit(f"the page does not show {faults} faults: {re.findall('<h1>.*</h1>', page)}")
    return path


def _timed(clerk: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    clerk.get(path).raise_for_status()
    return time.perf_counter() - began


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _hand_over(clerk: httpx.Client, path: str) -> None:
    page = clerk.get(path)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert version is not None
    answer = clerk.post(f"{path}/hand-over", data=form(page, key=str(uuid4()), version=version[1]))
    if answer.status_code != httpx.codes.SEE_OTHER:
        sys.exit(f"the hand-over was refused: {answer.status_code}")
