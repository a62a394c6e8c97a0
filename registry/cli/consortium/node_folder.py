"""A node's new folder: it is there whole, or not at all.

The folder is built under another name and takes its place when it is complete. Where something fails after that and
before the node is made (its database cannot be reached, somebody presses Ctrl-C), the folder is removed again.
"""

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

import psycopg
import typer
from psycopg.conninfo import conninfo_to_dict

from registry.log import GOVERNANCE
from registry.postgres.embedded import stop_embedded
from registry.settings.settings import FILE, SettingsError, write

_CONSORTIUM: Final = re.compile(r"[a-z0-9.-]{3,100}")
_MEMBER: Final = re.compile(r"[a-z0-9-]{2,40}")
_FOUNDED: Final = re.compile(r"[0-9a-f]{64}")
_BUILDING: Final = ".new-node-"
"""How the names of folders begin that are not complete yet; a process that was killed may leave one."""


def is_consortium(name: str) -> bool:
    """Whether a consortium can have that name."""
    return _CONSORTIUM.fullmatch(name) is not None


def check_consortium(name: str) -> None:
    """Refuse what cannot be a consortium's name. Raises a usage error in plain words."""
    if not is_consortium(name):
        raise typer.BadParameter(
            f"{name!r} is not a domain name: 3 to 100 of a-z, 0-9, '.' and '-', for example eciu.example",
            param_hint="--consortium",
        )


def check_member(name: str, option: str = "--member") -> None:
    """Refuse what cannot be a member's short name. Raises a usage error in plain words."""
    if _MEMBER.fullmatch(name) is None:
        raise typer.BadParameter(f"{name!r} is not a member's name: 2 to 40 of a-z, 0-9 and '-'", param_hint=option)
    if name == GOVERNANCE:
        raise typer.BadParameter(
            f"{GOVERNANCE!r} is the consortium's own log; no member can have that name", param_hint=option
        )


def check_founded(text: str) -> None:
    """Refuse what is not a founding's hash. Raises a usage error in plain words."""
    if _FOUNDED.fullmatch(text) is None:
        raise typer.BadParameter(
            f"a founding's hash is 64 of 0-9 and a-f, as `registry consortium create` printed it; this has"
            f" {len(text)} characters",
            param_hint="--founded",
        )


def check_addresses(log: str, database: str) -> None:
    """Refuse addresses of a log or a database that have no known form. Raises a usage error in plain words."""
    scheme, _, rest = log.partition(":")
    if not rest or scheme not in ("file", "kafka", "archive") or (scheme == "kafka" and not rest[2:].strip("/,")):
        raise typer.BadParameter(
            f"{log!r} is no log; write file:PATH, kafka://HOST:PORT[,HOST:PORT] or archive:PATH", param_hint="--log"
        )
    scheme, _, rest = database.partition(":")
    path, _, name = rest.rpartition("#")
    known = scheme in ("postgresql", "postgres") or (scheme == "embedded" and path and name)
    problem = "" if known else "write postgresql://USER@HOST/NAME, or embedded:FOLDER#NAME to have one started"
    if known and scheme != "embedded":
        try:
            conninfo_to_dict(database)
            urlsplit(database)
        except (psycopg.ProgrammingError, ValueError):
            problem = "this address cannot be read; write postgresql://USER@HOST:PORT/NAME"
    if problem:  # the value itself is not repeated: it may hold a password
        raise typer.BadParameter(problem, param_hint="--database")


class NewFolder:
    """A node's folder while it is made; a context manager. Where its block fails, nothing is left of the folder.

    Raises `SettingsError` where something is at its place already, or the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._existed = folder.exists()
        self._absent = [parent for parent in self._folder.parents if not parent.exists()]
        self._building: Path | None = None
        self._placed: list[Path] = []
        """What to remove at its place: nothing that somebody else put there meanwhile."""
        self._kept = False

    @property
    def path(self) -> Path:
        """Where to write until `place`."""
        if self._building is None:
            raise RuntimeError("the folder is in its place")
        return self._building

    def __enter__(self) -> Self:
        check_free(self._folder)
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            # An empty folder that is there may be a mount point, or the shell's own: it stays what it is.
            beside = self._folder if self._existed else self._folder.parent
            self._building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=beside))
            self._building.chmod(0o700)
        except BaseException as error:
            self._remove()
            if isinstance(error, OSError):
                raise self._refused(error) from error
            raise
        return self

    def place(self, settings: dict[str, Any]) -> None:
        """Write the settings and put the folder in its place. The settings come last: without them it is no node."""
        building = self.path
        write(building, settings)
        if self._existed:
            self._folder.chmod(0o700)
            for child in sorted(building.iterdir(), key=lambda child: child.name == FILE):
                self._placed.append(child.rename(self._folder / child.name))
            building.rmdir()
        else:
            self._placed.append(building.rename(self._folder))
        self._building = None

    def keep(self) -> None:
        """Keep the folder, whatever happens in the block from now on."""
        self._kept = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or self._kept:
            return
        self._remove()
        if isinstance(error, OSError):
            raise self._refused(error) from error

    def _remove(self) -> None:
        if self._building is not None:
            shutil.rmtree(self._building, ignore_errors=True)
        elif self._placed:
            stop_embedded(self._folder)
            # What stands beside the settings now was made for this node: an embedded database, for example.
            self._placed += self._folder.iterdir() if self._existed else ()
        for path in self._placed:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for parent in self._absent:
            with contextlib.suppress(OSError):  # somebody else may have put something there
                parent.rmdir()

    def _refused(self, error: OSError) -> SettingsError:
        return SettingsError(f"cannot make {self._folder}: {error.strerror or error}; nothing is left of it")


def check_free(folder: Path) -> None:
    """Refuse a place where something is already; an empty folder is free. Raises `SettingsError`."""
    if (folder / FILE).exists():
        raise SettingsError(f"{folder} is a node already; nothing in it was changed. Name another folder.")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise SettingsError(f"{folder} is not a folder; nothing was changed. Name a new folder.")
    if folder.exists() and any(not child.name.startswith(_BUILDING) for child in folder.iterdir()):
        raise SettingsError(f"{folder} is not empty; nothing in it was changed. Name a new folder.")


def log_url(folder: Path, log: str) -> str:
    """The address of a log as a node in that folder understands it: a relative path is relative to the folder."""
    scheme, _, path = log.partition(":")
    return f"{scheme}:{(folder.absolute() / path).resolve()}" if scheme in ("file", "archive") else log
