"""Runs of checks in threads, within some seconds: a check that hangs or crashes ends no other."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, report_unchecked
from registry.settings.settings import Settings

LIMIT_SECONDS: Final = 4.0
"""Time for all checks. Those that have not answered by then count as not checked."""


def find_faults(settings: Settings, checks: Sequence[Check]) -> list[Finding]:
    """Return what some checks find wrong, for a node that starts: warnings and errors."""
    findings = run_checks(Examination(settings), {"start": checks}, time.monotonic() + LIMIT_SECONDS)
    return [finding for finding in findings if finding.severity in ("warning", "error")]


def run_checks(examination: Examination, threads: Mapping[str, Sequence[Check]], until: float) -> list[Finding]:
    """Make checks, each group in a thread of its own; `until` is the monotonic time at which to stop waiting."""
    runs = [_Run(examination, checks) for checks in threads.values()]
    for name, run in zip(threads, runs, strict=True):
        threading.Thread(target=run.work, name=f"doctor-{name}", daemon=True).start()
    for run in runs:
        run.ended.wait(max(0.0, until - time.monotonic()))
    return [finding for run in runs for finding in run.findings()]


class _Run:
    """The checks of one thread. A check that hangs keeps those after it from being made, and nothing else."""

    def __init__(self, examination: Examination, checks: Sequence[Check]) -> None:
        self._examination = examination
        self._checks = checks
        self._done: list[tuple[Check, list[Finding]]] = []
        self.ended = threading.Event()

    def work(self) -> None:
        """Make the checks."""
        try:
            for check in self._checks:
                self._done.append((check, list(_answer(check, self._examination))))
        finally:
            self._examination.disconnect()
            self.ended.set()

    def findings(self) -> Iterator[Finding]:
        """Yield all findings; also one for each check that has not answered."""
        done = list(self._done)
        for check, findings in done:
            yield from (name_finding(check, finding) for finding in findings)
        for number, check in enumerate(self._checks[len(done) :]):
            reason = "it did not answer in time" if number == 0 else "a check before it did not answer in time"
            yield name_finding(check, report_unchecked(reason))


def _answer(check: Check, examination: Examination) -> Iterator[Finding]:
    try:
        yield from check.run(examination)
    except CannotCheck as reason:
        yield report_unchecked(str(reason))
    except Exception as failure:  # noqa: BLE001 - the crash of one check must not end the others
        text = " ".join(str(failure).split())[:500]
        yield report_unchecked(f"{type(failure).__name__}: {text}")


def name_finding(check: Check, finding: Finding) -> Finding:
    """Return a finding with the name of its check."""
    return msgspec.structs.replace(finding, check=check.name)
