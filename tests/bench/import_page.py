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
from uuid import uuid4

import httpx

from registry.postgres.embedded import start_embedded
from tests.bench.http_bulk import Memory, cpu_seconds
from tests.bench.result import Result
from tests.support.served import Served, achievement, form, once

ROWS = int(os.environ.get("REGISTRY_BENCH_ROWS", "10000"))
FAULTS = 300
SECONDS = 5
PAGE_MILLISECONDS = 300
MEGABYTES = 40
"""Memory that the processes of the node may take for it, beyond what they have."""


def _content(offered: str) -> str:
    lines = ["record,achievement,student,family_name,given_name,date_of_birth,awarding_date,ects,grade"]
    for number in range(ROWS):
        is_wrong = number % (ROWS // FAULTS) == 0 and number // (ROWS // FAULTS) < FAULTS
        day = "soon" if is_wrong else f"2026-06-{number % 28 + 1:02}"
        lines.append(f"r{number},{offered},s{number},Jansen,Ada,2001-02-03,{day},5,8.5")
    return "\n".join([*lines, ""])


def import_page() -> list[Result]:
    """From the upload to the page, the page itself, and the hand-over."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        node = stack.enter_context(closing(Served(folder / "node", server, log_level="warning")))
        node.start(run=False)
        system = node.client("achievements:write")
        offered = system.post("/v1/achievements", json=achievement(), headers=once("a")).json()["achievement"]
        clerk, content = node.sign_in("clerk"), _content(offered)
        _upload_and_wait(clerk, content.partition("\n")[0] + "\n" + content.splitlines()[2] + "\n", 0)
        memory = Memory(node.process.pid)
        time.sleep(1)
        before = memory.most
        cpu_before = cpu_seconds(node.process.pid)
        began = time.perf_counter()
        path = _upload_and_wait(clerk, content, FAULTS)
        checked = time.perf_counter() - began
        print(f"{cpu_seconds(node.process.pid) - cpu_before:.1f} s of processor time in all processes of the node")
        page = _median([_timed(clerk, f"{path}?page={number}") for number in range(1, 13)])
        began = time.perf_counter()
        _hand_over(clerk, path)
        handed = time.perf_counter() - began
        grown = memory.end() - before
        return [
            Result("import-page", "s", checked, f"≤ {SECONDS}", checked <= SECONDS),
            Result("import-page-open", "ms", page * 1000, f"≤ {PAGE_MILLISECONDS}", page * 1000 <= PAGE_MILLISECONDS),
            Result("import-page-hand-over", "s", handed, f"≤ {SECONDS}", handed <= SECONDS),
            Result("import-page-memory", "MB more", grown, f"≤ {MEGABYTES}", grown <= MEGABYTES),
        ]


def _upload_and_wait(clerk: httpx.Client, content: str, faults: int) -> str:
    data = form(clerk.get("/desk/imports"), key=str(uuid4()))
    answer = clerk.post("/desk/imports", data=data, files={"file": ("spring.csv", content)})
    path: str = answer.headers["location"]
    while "See how far it is now" in (page := clerk.get(path).text):
        time.sleep(0.1)
    if faults and f"{faults} of {ROWS:,} rows cannot be issued yet" not in page:
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
