"""Results of measurements: their form, their table, and running one in a process of its own."""

import json
import multiprocessing
import os
import platform
import resource
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """One figure. `floor` is measured in the same run; `met` is true if `target` is reached."""

    name: str
    unit: str
    measured: float
    target: str
    met: bool
    floor: float | None = None
    ratio: float | None = None


def peak_megabytes() -> float:
    """Return the most memory that this process has had, in MB.

    Linux keeps in `ru_maxrss` what the parent had before it started this process; `VmHWM` begins with the program.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        kilobytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(kilobytes) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def rate(name: str, measured: float, *, at_least: float, floor: float | None = None, of_floor: float = 0) -> Result:
    """Return a figure in events a second that must reach a number, and a share of its floor."""
    ratio = measured / floor if floor else None
    target = f"{at_least:,.0f}" if at_least else ""
    if of_floor:
        target += (" and " if target else "") + f"{of_floor} of the floor"
    met = measured >= at_least and (not of_floor or (ratio is not None and ratio >= of_floor))
    return Result(name, "events/s", measured, target, met, floor, ratio)


def print_all(results: list[Result], file: Path) -> None:
    """Print a table, and write the same as JSON with the day and the machine."""
    table = Table("name", "unit", "measured", "floor", "ratio", "target", "met", box=None)
    for r in results:
        table.add_row(*cells(asdict(r)))
    Console(width=140).print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    run = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "results": [asdict(r) for r in results]}
    file.write_text(json.dumps(run, indent=2) + "\n")


def cells(result: dict[str, Any]) -> list[str]:
    """Return a result as people read it, a text for each column."""
    measured, floor, ratio = result["measured"], result["floor"], result["ratio"]
    return [
        result["name"],
        result["unit"],
        f"{measured:,.1f}" if measured < 1000 else f"{measured:,.0f}",
        "" if floor is None else f"{floor:,.1f}" if floor < 100 else f"{floor:,.0f}",
        "" if ratio is None else f"{ratio:.2f}",
        result["target"],
        "yes" if result["met"] else "NO",
    ]


def machine() -> str:
    """Describe this machine: processors, memory, system, Python."""
    described = Path("/proc/cpuinfo")
    lines = described.read_text().splitlines() if described.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} processors ({processor}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    )


def in_process(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a fresh process, so that one measurement's memory is not another's."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def median_of(runs: int, function: Callable[..., float], *arguments: Any) -> float:
    """Return the median of a figure over several fresh processes."""
    return statistics.median(in_process(function, *arguments) for _ in range(runs))
