"""A batch in CSV over HTTP, beside the same file by the command: rows a second, and the memory that the server takes.

Both begin with a file and end with all rows stored; nothing is published or projected meanwhile. The size by the
environment: REGISTRY_BENCH_ROWS.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import httpx

from registry.postgres.embedded import start_embedded
from tests.bench.result import Result
from tests.support.command import registry
from tests.support.served import Served, achievement, once

ROWS = int(os.environ.get("REGISTRY_BENCH_ROWS", "100000"))
MEGABYTES = 300
_CHUNK = 256 * 1024


class Memory:
    """The largest that all processes of a node were together: each page counted once (PSS), looked at often."""

    def __init__(self, root: int) -> None:
        self.most = 0.0
        self._root = root
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self.most = max(self.most, sum(_megabytes(pid) for pid in _family(self._root)))

    def end(self) -> float:
        self._stop.set()
        self._thread.join()
        return self.most


def _family(root: int) -> set[int]:
    """Return the process and all that descend from it: those that answer are forked by one that it started."""
    said = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    children: dict[int, list[int]] = {}
    for pid, parent in (map(int, line.split()) for line in said.splitlines()):
        children.setdefault(parent, []).append(pid)
    family, waiting = set(), [root]
    while waiting:
        family.add(pid := waiting.pop())
        waiting += children.get(pid, ())
    return family


def _megabytes(pid: int) -> float:
    try:
        told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it ended meanwhile
    return int(told.split("Pss:")[1].split()[0]) / 1024


def cpu_seconds(root: int) -> float:
    """The processor time that all processes of a node have taken."""
    ticks = 0
    for pid in _family(root):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            ticks += sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _write(file: Path, offered: str) -> None:
    with file.open("w") as out:
        out.write("record,achievement,student,family_name,given_name,date_of_birth,awarding_date,ects,grade\n")
        for number in range(ROWS):
            day = f"2026-06-{number % 28 + 1:02}"
            out.write(f"r{number},{offered},s{number},Jansen,Ada,2001-02-03,{day},5,8.5\n")


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_CHUNK):
            yield piece


def http_bulk() -> list[Result]:
    """Rows over HTTP against rows by the command."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        rates = {}
        for way in ("command", "http"):
            node = stack.enter_context(closing(Served(folder / way, server, log_level="warning")))
            node.start(run=False)
            system = node.client("credentials:write", "batches:read", "achievements:write")
            offered = system.post("/v1/achievements", json=achievement(), headers=once("a")).json()["achievement"]
            file = folder / f"{way}.csv"
            _write(file, offered)
            if way == "command":
                node.stop()
                began = time.perf_counter()
                registry("import", "file", file, home=node.home, timeout=3600)
            else:
                memory = Memory(node.process.pid)
                began = time.perf_counter()
                made = system.post(
                    "/v1/batches", content=_pieces(file), headers={"Content-Type": "text/csv", **once("b")}, timeout=600
                )
                done = _finished(system, made)
                if done["issued"] != ROWS:
                    sys.exit(f"not all rows were issued: {done}")
                print(f"at most {memory.end():.0f} MB in all processes of the server")
            rates[way] = ROWS / (time.perf_counter() - began)
        ratio = rates["http"] / rates["command"]
        return [
            Result("http-bulk", "rows/s", rates["http"], "0.8 of the command", ratio >= 0.8, rates["command"], ratio),
            Result("http-bulk-memory", "MB", memory.most, f"≤ {MEGABYTES}", memory.most <= MEGABYTES),
        ]


def _finished(system: httpx.Client, made: httpx.Response) -> dict[str, int]:
    while True:
        found: dict[str, int] = system.get(made.headers["location"]).json()
        if found["state"] in ("done", "failed"):
            return found
        time.sleep(0.1)
