"""The folder of the embedded PostgreSQL's socket: a path that is short enough, and that nobody else owns."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

SOCKET_PATH_BYTES: Final = 103  # macOS; Linux allows 107


def socket_folder(data: Path, name: str) -> Path | None:
    """Return the data folder, or a temporary one if the socket's path would be too long; None if neither is usable."""
    owner = data.stat()
    own = hashlib.sha256(f"{data} {owner.st_ino}".encode()).hexdigest()[:12]
    temporary = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - its owner is checked below
    for folder in (data, *(parent / f"registry-{own}" for parent in temporary)):
        # a comma separates hosts in a connection string
        if "," in str(folder) or len(os.fsencode(folder / name)) > SOCKET_PATH_BYTES:
            continue
        if folder != data:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                os.chown(folder, owner.st_uid, owner.st_gid)
            status = folder.lstat()
            # anybody can write to the temporary folder: refuse another account's entry
            if folder.is_symlink() or status.st_uid != owner.st_uid or status.st_mode & 0o077:
                continue
        return folder
    return None


def socket_in_use(cluster: Path) -> Path | None:
    """Return the folder of the socket that a server of this cluster reports; None if there is no such report."""
    with contextlib.suppress(FileNotFoundError):
        lines = (cluster / "postmaster.pid").read_text().split("\n")
        if len(lines) > 4 and lines[4]:
            return Path(lines[4])
    return None
