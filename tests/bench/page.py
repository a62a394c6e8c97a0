"""Write what `make bench` measured last into docs/benchmarks.md: `python -m tests.bench.page`."""

import json
import sys
from pathlib import Path
from typing import Any

from tests.bench.result import cells

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
RUN = ROOT / "build" / "bench.json"
BEGINS = "<!-- results: written by make benchmarks -->"
ENDS = "<!-- end of results -->"
COLUMNS = ("name", "unit", "measured", "floor", "ratio", "target", "met", "day")


def filled(page: str, run: dict[str, Any]) -> str:
    """Return the page with a run's results. A run of some measurements leaves the rows of all others."""
    before, _, rest = page.partition(BEGINS)
    written, _, after = rest.partition(ENDS)
    rows = {name_of(line): line for line in written.splitlines() if line.startswith("| ") and name_of(line) != "name"}
    for result in run["results"]:
        rows[result["name"]] = row(*cells(result), run["day"])
    head = [f"Last run: {run['day']}, on {run['machine']}.", "", row(*COLUMNS), "|" + "---|" * len(COLUMNS)]
    return "\n".join([before + BEGINS, "", *head, *rows.values(), "", ENDS]) + after


def row(*texts: str) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(text.replace('|', '/') for text in texts)} |"


def name_of(line: str) -> str:
    """Return the first cell of a row."""
    return line.split("|")[1].strip()


def main() -> int:
    """Write the page; exit 1 where nothing was measured."""
    if not RUN.is_file():
        print(f"{RUN.relative_to(ROOT)} is missing: run make bench", file=sys.stderr)
        return 1
    run = json.loads(RUN.read_text())
    PAGE.write_text(filled(PAGE.read_text(), run))
    print(f"{PAGE.relative_to(ROOT)}: {len(run['results'])} results of {run['day']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
