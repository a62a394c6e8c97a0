"""Backup and restoring of a node's private side: settings, keys, stored events, vault, what was signed.

All tables are read in one transaction at one moment. The log and the views are not in it: others have the log,
and the views come from it.
"""

import itertools
import os
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, LiteralString

import msgspec
import psycopg
from psycopg import Connection, sql
from pydantic import ValidationError

from registry.application.registry import EVENTS_TABLE
from registry.backup.file import BackupError, BackupWriter, DamagedBackup, WrongPassphrase, read
from registry.settings.settings import FILE, Settings, toml

__all__ = ["BackupError", "DamagedBackup", "Described", "WrongPassphrase", "backup", "restore"]

_SCHEMAS: Final = ("access", "feed", "intake", "node", "office", "publisher", "vault", "webhooks")
"""The feed among them: webhooks' cursors are its numbers."""
_BESIDE: Final = ".restoring"

OnRows = Callable[[int], None]
"""Told how many rows are written or read."""


class Described(msgspec.Struct, frozen=True):
    """What a backup is of, and how much is in it."""

    consortium: str
    member: str
    founded: str
    taken: str
    keys: str
    """The folder of keys, relative to the node's, as the settings name it."""
    sequence: int
    """The last notification id that was given out; 0 where none was."""
    rows: dict[str, int]
    """By table."""


def backup(settings: Settings, dsn: str, path: Path, passphrase: bytes, on_rows: OnRows = lambda _: None) -> Described:
    """Write a backup of a node. The file must not exist; it is gone again where this fails.

    The node may go on meanwhile: what is stored after the transaction began is not in the backup.
    """
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        BackupWriter(path, passphrase) as writer,
        connection.transaction(),
    ):
        keys = _keys_of_one_moment(connection, dsn, settings.keys_folder)
        tables = list(_tables(connection))
        if ("public", EVENTS_TABLE) not in tables:
            raise BackupError("this node's database holds no private side yet; there is nothing to back up")
        rows = {f"{s}.{t}": _count(connection, s, t) for s, t in tables}
        told = Described(
            settings.consortium,
            settings.member,
            settings.founded,
            datetime.now(UTC).isoformat(timespec="seconds"),
            str(settings.keys),
            _sequence(connection),
            rows,
        )
        writer.entry("described")
        writer.data(msgspec.json.encode(told))
        _file(writer, "settings", settings.home / FILE)
        for name, key in keys.items():
            writer.entry(f"key {name}")
            writer.data(key)
        done = 0
        for schema, table in tables:
            columns = _columns(connection, schema, table)
            writer.entry("table " + msgspec.json.encode([schema, table, columns]).decode())
            with connection.cursor().copy(_copy(schema, table, columns, "TO STDOUT")) as out:
                for block in out:
                    writer.data(block)
            done += rows[f"{schema}.{table}"]
            on_rows(done)
    return told


def _keys_of_one_moment(connection: Connection, dsn: str, folder: Path) -> dict[str, bytes]:
    """Begin the snapshot that a backup is of, and read the files of keys of that moment.

    Erasing a learner replaces keys in the files and in the database: it waits while both are read here.
    """
    with psycopg.connect(dsn) as holder:
        if ("vault", "keys") in list(_tables(holder)):
            holder.execute("LOCK TABLE vault.keys IN SHARE MODE")
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")  # the snapshot is taken by the first query
        files = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
        return {file.name: _bytes(file) for file in files if not file.name.startswith(".")}


def restore(
    path: Path,
    passphrase: bytes,
    home: Path,
    prepare: Callable[[Settings], str],
    *,
    settings: Mapping[str, str],
    on_rows: OnRows = lambda _: None,
) -> Described:
    """Restore a backup to a new folder and an empty database; nothing counts before all of it was read.

    `settings` go above those of the backup (`database`, `log`). `prepare` is given the settings, makes the
    empty tables of the private side and gives the database's connection string.

    Raises `BackupError` where the folder or the database holds a node already.
    """
    if (home / FILE).exists():
        raise BackupError(f"{home / FILE} exists: a backup is restored to a new folder only")
    beside = home / _BESIDE
    connection: Connection | None = None
    made = not home.exists()
    try:
        pieces = read(path, passphrase)
        told = msgspec.json.decode(_small(path, pieces, "described"), type=Described)
        values = {**tomllib.loads(_small(path, pieces, "settings").decode()), **settings}
        text = "".join(f"{key} = {toml(value)}\n" for key, value in values.items())
        if (home / told.keys).exists():
            raise BackupError(f"{home / told.keys} exists: keys are never overwritten")
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700, parents=True)
        made_settings = Settings.model_validate({**values, "home": home})
        connection = psycopg.connect(prepare(made_settings))
        _refuse_rows(connection)
        _restore_pieces(connection, path, pieces, beside)
        _check(connection, path, told, on_rows)
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'notification_id'), greatest(%s, 1), %s)",
            (EVENTS_TABLE, told.sequence, told.sequence > 0),
        )
        _go_on_numbering(connection)
        _private_file(beside / FILE, text.encode())
        connection.commit()
        (home / told.keys).parent.mkdir(parents=True, exist_ok=True)
        if (beside / "keys").exists():
            (beside / "keys").rename(home / told.keys)
        (beside / FILE).rename(home / FILE)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise DamagedBackup(f"{path}: what is in it cannot be read: {error}") from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise BackupError(f"{path} holds a table or column that this version does not know: {error}") from error
    finally:
        if connection is not None:
            connection.close()
        shutil.rmtree(beside, ignore_errors=True)
        if made and home.exists() and not any(home.iterdir()):
            home.rmdir()
    return told


def _small(path: Path, pieces: Iterator[tuple[str, bytes]], name: str) -> bytes:
    """The next entry, which has that name and is one piece."""
    begin, piece = next(pieces, ("", b"")), next(pieces, ("", b""))
    if begin != (name, b"") or piece[0] != name:
        raise DamagedBackup(f"{path}: it has no {name!r} where it should")
    return piece[1]


def _restore_pieces(connection: Connection, path: Path, pieces: Iterator[tuple[str, bytes]], beside: Path) -> None:
    """Put each entry where it belongs: keys beside the node's folder, tables into the database."""
    for name, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        if name.startswith("table "):
            schema, table, columns = msgspec.json.decode(name[6:], type=tuple[str, str, list[str]])
            with connection.cursor().copy(_copy(schema, table, columns, "FROM STDIN")) as rows:
                for _, data in group:
                    rows.write(data)
        elif name.startswith("key ") and "/" not in name and ".." not in name:
            (beside / "keys").mkdir(mode=0o700, exist_ok=True)
            _private_file(beside / "keys" / name[4:], b"".join(data for _, data in group))
        else:
            raise DamagedBackup(f"{path}: it holds {name[:60]!r}, which this version does not know")


def _private_file(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read, whatever the umask."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _refuse_rows(connection: Connection) -> None:
    for schema, table in _tables(connection):
        if _count(connection, schema, table):
            raise BackupError(f"the database holds a private side already ({schema}.{table}); name an empty one")


def _check(connection: Connection, path: Path, told: Described, on_rows: OnRows) -> None:
    found = {f"{s}.{t}": _count(connection, s, t) for s, t in _tables(connection)}
    wrong = [f"{t}: {found.get(t, 0)} rows of {n}" for t, n in told.rows.items() if found.get(t, 0) != n]
    if wrong:
        raise DamagedBackup(f"{path}: not all of it came back: {'; '.join(wrong)}")
    on_rows(sum(found.values()))


def _tables(connection: Connection) -> Iterator[tuple[str, str]]:
    """The private tables, by schema and name: those of the private schemas, and the stored events.

    Which migrations a database has taken is a matter of its tables, not of what is in them.
    """
    yield from connection.execute(
        "SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'r' AND (n.nspname, c.relname) <> ('node', 'migrations')"
        " AND (n.nspname = ANY(%s) OR (n.nspname = 'public' AND c.relname LIKE 'registry\\_%%'))"
        " ORDER BY n.nspname, c.relname",
        (list(_SCHEMAS),),
    ).fetchall()


def _columns(connection: Connection, schema: str, table: str) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " AND is_generated = 'NEVER' ORDER BY ordinal_position",
            (schema, table),
        )
    ]


def _copy(schema: str, table: str, columns: list[str], how: LiteralString) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {}.{} ({}) ").format(sql.Identifier(schema), sql.Identifier(table), names) + sql.SQL(how)


def _count(connection: Connection, schema: str, table: str) -> int:
    query = sql.SQL("SELECT count(*) FROM {}.{}").format(sql.Identifier(schema), sql.Identifier(table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0


def _sequence(connection: Connection) -> int:
    """The last notification id that was given out. A sequence is in no transaction: it may be beyond the rows."""
    row = connection.execute(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'notification_id')::regclass)", (EVENTS_TABLE,)
    ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _go_on_numbering(connection: Connection) -> None:
    """The feed's next notice comes after those that were restored."""
    row = connection.execute("SELECT to_regclass('feed.notices')").fetchone()
    if row is not None and row[0] is not None:
        connection.execute("SELECT setval('feed.ids', max(id)) FROM feed.notices HAVING max(id) IS NOT NULL")


def _file(writer: BackupWriter, name: str, path: Path) -> None:
    writer.entry(name)
    writer.data(_bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
