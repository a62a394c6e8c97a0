"""What a measurement gives, how it is printed, and how it is run in a process of its own."""

import json
import multiprocessing
import statistics
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """One figure. `floor` is measured in the same run; `target` is what is asked; `met` whether it is."""

    name: str
    unit: str
    measured: float
    target: str
    met: bool
    floor: float | None = None
    ratio: float | None = None


def rate(name: str, measured: float, *, at_least: float, floor: float | None = None, of_floor: float = 0) -> Result:
    """A figure in events a second that must reach a number, and a share of its floor."""
    ratio = measured / floor if floor else None
    target = f"{at_least:,.0f}" if at_least else ""
    if of_floor:
        target += (" and " if target else "") + f"{of_floor} of the floor"
    met = measured >= at_least and (not of_floor or (ratio is not None and ratio >= of_floor))
    return Result(name, "events/s", measured, target, met, floor, ratio)


def print_all(results: list[Result], file: Path) -> None:
    """Print a table, and write the same as JSON."""
    table = Table("name", "unit", "measured", "floor", "ratio", "target", "met", box=None)
    for r in results:
        table.add_row(
            r.name,
            r.unit,
            f"{r.measured:,.1f}" if r.measured < 1000 else f"{r.measured:,.0f}",
            "" if r.floor is None else f"{r.floor:,.1f}" if r.floor < 100 else f"{r.floor:,.0f}",
            "" if r.ratio is None else f"{r.ratio:.2f}",
            r.target,
            "yes" if r.met else "NO",
        )
    Console(width=140).print(table)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([asdict(r) for r in results], indent=2) + "\n")


def in_process(function: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a fresh process, so that one measurement's memory is not another's."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def median_of(runs: int, function: Callable[..., T], *arguments: Any) -> float:
    """The median of a figure over several fresh processes."""
    return statistics.median(in_process(function, *arguments) for _ in range(runs))
