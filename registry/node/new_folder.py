"""The folder of a new node: it exists complete, or not at all.

The folder is built under another name and moved to its place when it is complete. If something fails after that and
before the node is created (its database cannot be reached, somebody presses Ctrl-C), the folder is removed again.
"""

import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final, Self

from registry.log.addresses import resolve_address
from registry.postgres.embedded import stop_embedded
from registry.settings.settings import FILE, SettingsError, write

_BUILDING: Final = ".new-node-"
"""The beginning of the names of incomplete folders; a process that was killed may leave one."""


class NewFolder:
    """The folder of a node while it is created; a context manager. If its block fails, nothing is left of the folder.

    Raises `SettingsError` if something is at its place already, or the disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._existed = folder.exists()
        self._absent = [parent for parent in self._folder.parents if not parent.exists()]
        self._building: Path | None = None
        self._placed: list[Path] = []
        """The paths to remove at its place: none that somebody else created there meanwhile."""
        self._kept = False

    @property
    def path(self) -> Path:
        """The folder to write to until `place` is called."""
        if self._building is None:
            raise RuntimeError("the folder is in its place")
        return self._building

    def __enter__(self) -> Self:
        check_free(self._folder)
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            # An empty folder that exists may be a mount point, or the shell's current folder: it is not replaced.
            parent = self._folder if self._existed else self._folder.parent
            self._building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=parent))
            self._building.chmod(0o700)
        except BaseException as error:
            self._remove()
            if isinstance(error, OSError):
                raise self._explain(error) from error
            raise
        return self

    def place(self, settings: dict[str, Any]) -> None:
        """Write the settings and move the folder to its place. The settings come last: they make it a node."""
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
        """Keep the folder, even if the block fails from now on."""
        self._kept = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None or self._kept:
            return
        self._remove()
        if isinstance(error, OSError):
            raise self._explain(error) from error

    def _remove(self) -> None:
        if self._building is not None:
            shutil.rmtree(self._building, ignore_errors=True)
        elif self._placed:
            stop_embedded(self._folder)
            # All that is next to the settings now was created for this node, for example an embedded database.
            self._placed += self._folder.iterdir() if self._existed else ()
        for path in self._placed:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for parent in self._absent:
            with contextlib.suppress(OSError):  # somebody else may have put something there
                parent.rmdir()

    def _explain(self, error: OSError) -> SettingsError:
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
    """Return the address of a log for a node in this folder: a relative path is relative to the folder."""
    scheme, _, path = log.partition(":")
    if scheme in ("file", "archive"):
        return f"{scheme}:{(folder.absolute() / path).resolve()}"
    return resolve_address(log, folder.absolute())
