"""The examination of a node: all checks, in threads, within some seconds.

It works while the node runs and while it does not, asks for no passphrase, and changes nothing.
"""

import time
from collections.abc import Mapping, Sequence
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
    topic_checks,
    version_checks,
    view_checks,
    webhook_checks,
    witness_checks,
)
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import (
    SEVERITIES,
    Check,
    DoctorReport,
    Finding,
    error,
    report_unchecked,
    sort_findings,
    worst,
)
from registry.node.doctor.runs import LIMIT_SECONDS, name_finding, run_checks
from registry.settings.settings import SettingsError, load

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
    "log": (*log_checks.CHECKS, *topic_checks.CHECKS),
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
            name_finding(check, report_unchecked("the settings cannot be read"))
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


def _threads(url: str | None) -> Mapping[str, Sequence[Check]]:
    """Return the checks to make: those from outside only with an address."""
    return {name: checks for name, checks in THREADS.items() if url is not None or checks is not outside_checks.CHECKS}
