"""Where the embedded PostgreSQL's socket stands: a path that an operating system takes, and nobody else's."""

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

SOCKET_PATH_BYTES: Final = 103  # macOS; Linux allows 107


def socket_folder(data: Path, name: str) -> Path | None:
    """The data folder, or where a socket of that name can't have its path, one among the temporary; None: neither."""
    owner = data.stat()
    own = hashlib.sha256(f"{data} {owner.st_ino}".encode()).hexdigest()[:12]
    temporary = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - its owner is checked below
    for folder in (data, *(parent / f"registry-{own}" for parent in temporary)):
        # a comma would part two hosts in a connection string
        if "," in str(folder) or len(os.fsencode(folder / name)) > SOCKET_PATH_BYTES:
            continue
        if folder != data:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
                os.chown(folder, owner.st_uid, owner.st_gid)
            found = folder.lstat()
            # the place is open to all: refuse what somebody else put there
            if folder.is_symlink() or found.st_uid != owner.st_uid or found.st_mode & 0o077:
                continue
        return folder
    return None


def socket_in_use(cluster: Path) -> Path | None:
    """The folder in which a server of this cluster says that its socket is; None where none says so."""
    with contextlib.suppress(FileNotFoundError):
        lines = (cluster / "postmaster.pid").read_text().split("\n")
        if len(lines) > 4 and lines[4]:
            return Path(lines[4])
    return None
