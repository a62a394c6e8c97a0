"""Checks of the age of this node's last backup and last archive of the log."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from registry.log import GOVERNANCE
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, note, ok, warning
from registry.node.health import last_runs

_BACKUP_OLD: Final = timedelta(days=2)
_ARCHIVE_OLD: Final = timedelta(days=8)
_MUCH: Final = 4
"""Times that age after which it is an error."""


def check_backup(examination: Examination) -> Iterator[Finding]:
    """Check when this node was last backed up."""
    settings = examination.settings
    command = "registry node backup FILE, daily; after a backup by other software: registry node note-backup."
    last = last_runs.read(settings.home, "backup")
    yield judge_age("backup of this node", last, examination.now(), _BACKUP_OLD, command)
    keys = last_runs.read(settings.home, "key-backup")
    if keys is not None and last is not None and keys < last:
        yield note(
            "The last backup of keys is older than the last backup of data.",
            "registry node backup-keys FILE --replace, after each backup without keys.",
        )


def check_archive(examination: Examination) -> Iterator[Finding]:
    """Check when the log was last archived here."""
    last = last_runs.read(examination.settings.home, "archive")
    if last is None and examination.settings.member != GOVERNANCE:
        yield note(
            "No archive of the log was made from this node.",
            "Every member should keep one: registry log archive FOLDER, weekly.",
        )
        return
    yield judge_age("archive of the log", last, examination.now(), _ARCHIVE_OLD, "registry log archive FOLDER, weekly.")


def judge_age(what: str, last: datetime | None, now: datetime, old: timedelta, advice: str) -> Finding:
    """Return what the time of the last run means; None if no run is known."""
    if last is None:
        return warning(f"No {what} is known here.", advice)
    days = (now - last).days
    sentence = f"The last {what} is of {last:%Y-%m-%d %H:%M} UTC"
    if now - last > _MUCH * old:
        return error(f"{sentence}, {days} days ago.", advice)
    if now - last > old:
        return warning(f"{sentence}, {days} days ago.", advice)
    return ok(f"{sentence}.")


CHECKS: Final = (
    Check("backup.age", "When was the node last backed up?", check_backup),
    Check("archive.age", "When was the log last archived here?", check_archive),
)
