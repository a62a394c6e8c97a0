"""The examination of a node: all checks, in threads, within some seconds.

It works while the node runs and while it does not, asks for no passphrase, and changes nothing.
"""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

import msgspec

from registry.node.doctor import (
    backup_checks,
    clock_checks,
    database_checks,
    file_checks,
    key_checks,
    log_checks,
    outside_checks,
    process_checks,
    setting_checks,
    version_checks,
    view_checks,
    webhook_checks,
    witness_checks,
)
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import (
    SEVERITIES,
    CannotCheck,
    Check,
    DoctorReport,
    Finding,
    error,
    sort_findings,
    unchecked,
    worst,
)
from registry.settings.settings import Settings, SettingsError, load

LIMIT_SECONDS: Final = 4.5
"""Time for all checks. Those that have not answered by then count as not checked."""

THREADS: Final[Mapping[str, Sequence[Check]]] = {
    "here": (
        *setting_checks.CHECKS,
        *file_checks.CHECKS,
        *version_checks.CHECKS,
        *backup_checks.CHECKS,
    ),
    "database": (
        *database_checks.CHECKS,
        *clock_checks.CHECKS,
        *process_checks.CHECKS,
        *view_checks.CHECKS,
        *key_checks.CHECKS,
        *webhook_checks.CHECKS,
    ),
    "log": log_checks.CHECKS,
    "witnesses": witness_checks.CHECKS,
    "outside": outside_checks.CHECKS,
}
"""The checks of each thread, which makes them one after the other."""

SETTINGS_READABLE: Final = "settings.readable"
CHECK_NAMES: Final = (SETTINGS_READABLE, *(check.name for checks in THREADS.values() for check in checks))


def examine(home: Path | None, url: str | None = None, limit_seconds: float = LIMIT_SECONDS) -> DoctorReport:
    """Examine the node in a folder, and return all findings.

    `url` is the node's public address, which is asked as anybody could. Settings that are missing or wrong are a
    finding.
    """
    began, time_of_start = time.monotonic(), datetime.now(UTC)
    settings, findings = None, []
    try:
        settings = load(home)
    except SettingsError as fault:
        advice = "Correct registry.toml or the environment; docs/settings.md lists all settings."
        findings.append(msgspec.structs.replace(error(str(fault), advice), check=SETTINGS_READABLE))
        findings += [
            _name(check, unchecked("the settings cannot be read"))
            for checks in _threads(url).values()
            for check in checks
        ]
    else:
        findings.append(Finding("ok", "All settings are known and valid.", check=SETTINGS_READABLE))
        findings += run_checks(Examination(settings, url), _threads(url), began + limit_seconds)
    return DoctorReport(
        severity=worst(findings),
        member=None if settings is None else settings.member,
        version=metadata.version("credential-registry"),
        time=time_of_start.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 2),
        counts={name: sum(each.severity == name for each in findings) for name in SEVERITIES},
        findings=sort_findings(findings),
    )


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
        for check in self._checks:
            self._done.append((check, list(_answer(check, self._examination))))
        self.ended.set()

    def findings(self) -> Iterator[Finding]:
        """Yield all findings; also one for each check that has not answered."""
        done = list(self._done)
        for check, findings in done:
            yield from (_name(check, finding) for finding in findings)
        for number, check in enumerate(self._checks[len(done) :]):
            reason = "it did not answer in time" if number == 0 else "a check before it did not answer in time"
            yield _name(check, unchecked(reason))


def _answer(check: Check, examination: Examination) -> Iterator[Finding]:
    try:
        yield from check.run(examination)
    except CannotCheck as reason:
        yield unchecked(str(reason))
    except Exception as failure:  # noqa: BLE001 - the crash of one check must not end the others
        text = " ".join(str(failure).split())[:500]
        yield unchecked(f"{type(failure).__name__}: {text}")


def _name(check: Check, finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, check=check.name)


def _threads(url: str | None) -> Mapping[str, Sequence[Check]]:
    """Return the checks to make: those from outside only with an address."""
    return {name: checks for name, checks in THREADS.items() if url is not None or checks is not outside_checks.CHECKS}
