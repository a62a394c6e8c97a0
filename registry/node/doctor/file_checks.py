"""Checks of the node's files: who can read them, who owns them, and how much room is left."""

import os
import shutil
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, warning
from registry.settings.settings import FILE, Settings

_MAX_FILES: Final = 1000
"""Files that are looked at in a folder."""
_LOW_BYTES: Final = 5 * 1024**3
_LOW_SHARE: Final = 0.10
_EMPTY_BYTES: Final = 512 * 1024**2
_EMPTY_SHARE: Final = 0.03
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def check_keys(examination: Examination) -> Iterator[Finding]:
    """Check that nobody but the owner can read the keys, which the node itself would refuse to use."""
    folder = examination.settings.keys_folder
    if not folder.is_dir():
        yield error(
            f"There is no folder of keys at {folder}: the node cannot sign, and opens no personal data.",
            "Put the folder back, or restore it from a backup: registry node restore --help.",
        )
        return
    files = [file for file in islice(sorted(folder.iterdir()), _MAX_FILES) if file.is_file()]
    if loose := [file.name for file in files if file.stat().st_mode & _OTHERS]:
        yield error(
            f"Others can read {', '.join(loose[:5])} in {folder}"
            + (f", and {len(loose) - 5} more files." if len(loose) > 5 else "."),
            f"Run: chmod 600 {folder}/*. If others may have read them, change the keys (docs/keys.md).",
        )
    if folder.stat().st_mode & _OTHERS:
        yield note(f"Others can list the names of files in {folder}.", f"Run: chmod 700 {folder}.")
    if not loose:
        yield ok(f"Nobody but their owner can read the {len(files)} files of keys.")


def check_secrets(examination: Examination) -> Iterator[Finding]:
    """Check that the files with secrets that the settings name are there, and readable by their owner alone."""
    checked = 0
    for setting, file in _secret_files(examination.settings):
        checked += 1
        try:
            mode = file.stat().st_mode
            with file.open("rb"):
                pass
        except OSError as fault:
            yield error(
                f"{setting}: cannot read {file}: {fault.strerror}.",
                "Put the file there, readable by the account that runs the node.",
            )
            continue
        if mode & stat.S_IRWXO:
            yield warning(f"{setting}: everybody can read {file}.", f"Run: chmod 600 {file}.")
    home = examination.settings.home / FILE
    if "@" in examination.settings.database and home.stat().st_mode & stat.S_IRWXO:
        yield warning(f"Everybody can read {home}, which may have the database's password.", f"Run: chmod 600 {home}.")
    yield ok(f"{checked} further files with secrets are named.")


def _secret_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    if settings.passphrase is None and settings.passphrase_file is not None:
        yield "passphrase_file", settings.home / settings.passphrase_file
    openid = settings.openid
    if openid is not None and openid.client_secret_file is not None and settings.openid_client_secret is None:
        yield "openid.client_secret_file", settings.home / openid.client_secret_file


def check_folder(examination: Examination) -> Iterator[Finding]:
    """Check that the node can write to its folder, and that one account owns all of it."""
    home = examination.settings.home
    if not os.access(home, os.W_OK | os.X_OK):
        yield error(
            f"This account cannot write to {home}.", "Run the command as the account that runs the node, or chown it."
        )
    owner = home.stat().st_uid
    # Of an embedded database another account may be the owner.
    folders = [home, examination.settings.keys_folder]
    files = [file for folder in folders if folder.is_dir() for file in islice(folder.iterdir(), _MAX_FILES)]
    foreign = sorted({str(file) for file in files if file.is_file() and file.lstat().st_uid != owner})
    if foreign:
        yield warning(
            f"Another account than the folder's owns {', '.join(foreign[:3])}: the node may fail to replace it.",
            f"Somebody ran a command as another account, for example root. Run: chown -R --reference {home} {home}",
        )
    else:
        yield ok(f"One account owns the {len(files)} files in the node's folder.")


def check_space(examination: Examination) -> Iterator[Finding]:
    """Check the room on the disks of the node's folder, its log and its own database."""
    settings = examination.settings
    folders = [settings.home]
    for address in (settings.log_url, settings.database_url):
        scheme, _, rest = address.partition(":")
        if scheme in ("file", "embedded"):
            folders.append(Path(rest.partition("#")[0]))
    devices: dict[int, Path] = {}
    for folder in folders:
        if folder.exists():
            devices.setdefault(folder.stat().st_dev, folder)
    if not devices:
        raise CannotCheck("there is no folder")
    for folder in devices.values():
        usage = shutil.disk_usage(folder)
        yield judge_space(str(folder), usage.free, usage.total)


def judge_space(place: str, free: int, total: int) -> Finding:
    """Return what the free bytes of a disk mean."""
    share = free / total if total else 0.0
    sentence = f"{free / 1024**3:,.1f} GiB ({share:.0%}) are free on the disk of {place}"
    advice = "Make room or enlarge the disk. When it is full, nothing can be stored or published."
    if free < _EMPTY_BYTES or share < _EMPTY_SHARE:
        return error(f"{sentence}: it is nearly full.", advice)
    if free < _LOW_BYTES or share < _LOW_SHARE:
        return warning(f"{sentence}.", advice)
    return ok(f"{sentence}.")


CHECKS: Final = (
    Check("files.keys", "Can anybody but the node's account read its keys?", check_keys),
    Check("files.secrets", "Are files with secrets there, and closed to others?", check_secrets),
    Check("files.folder", "Can the node write to its folder, and does one account own it?", check_folder),
    Check("files.space", "Is there room on the disks?", check_space),
)
