"""The page of benchmarks takes in the results of a run."""

from tests.bench import page

RESULT = {
    "name": "rows-in", "unit": "rows/s", "measured": 4321.4, "target": "4,000 | more", "met": True,
    "floor": 8000.0, "ratio": 0.54,
}  # fmt: skip


def run(day, **more):
    return {"day": day, "machine": "2 processors (some)", "results": [RESULT | more]}


def test_a_run_of_one_measurement_replaces_its_row_and_leaves_the_others():
    first = page.filled(page.PAGE.read_text(), run("2026-11-01"))
    both = page.filled(first, run("2026-11-02", name="audit", met=False, floor=None, ratio=None))
    again = page.filled(both, run("2026-11-03", measured=5000.0))
    rows = [line for line in again.splitlines() if line.startswith(("| rows-in ", "| audit "))]
    assert rows == [
        "| rows-in | rows/s | 5,000 | 8,000 | 0.54 | 4,000 / more | yes | 2026-11-03 |",
        "| audit | rows/s | 4,321 |  |  | 4,000 / more | NO | 2026-11-02 |",
    ]
    assert "Last run: 2026-11-03, on 2 processors (some)." in again
    assert "2026-11-01" not in again
    assert again.count("| name | unit |") == 1
    assert again.startswith("# Benchmarks")
