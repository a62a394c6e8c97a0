"""Progress of a batch is built in one thread while its next rows are read in another."""

import threading
from types import SimpleNamespace
from typing import Any, cast

from registry.application.requests import Issued, IssueRequest
from registry.batches.row_outcomes import RowOutcomes
from registry.intake.rows.read_row import ReadRow

ROWS = 4_000
STEP = 500


def row(number: int) -> ReadRow:
    request = IssueRequest(f"r{number}", "a", None, f"s{number}", "Jansen", "Ada", "2001-02-03", "2026-06-30")
    return ReadRow(request, number + 2, number + 2)


def test_rows_are_read_while_the_progress_of_earlier_ones_is_built() -> None:
    batch = SimpleNamespace(batch="b", done_lines=0, dry_run=False)
    outcomes = RowOutcomes(cast("Any", None), cast("Any", batch), cast("Any", map(row, range(ROWS))), iter(()))
    requests = outcomes.read_requests()
    issued = [Issued(next(requests).record, "c", "l") for _ in range(STEP)]
    faults: list[Exception] = []
    read_all = threading.Event()

    def build() -> None:
        try:
            while not read_all.is_set():
                outcomes.build_progress(0, issued)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            faults.append(error)

    building = threading.Thread(target=build)
    building.start()
    rest = sum(1 for _ in requests)
    read_all.set()
    building.join()
    assert faults == []
    assert rest == ROWS - STEP
