"""Back up and restore a node's private side: settings, keys, stored events, the vault, signed commits.

One transaction reads all tables as they are at one moment. A backup contains neither the log, of which others have
copies, nor the views, which are rebuilt from the log.
"""

import itertools
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

from registry.backup.file import BackupError, BackupWriter, DamagedBackup, WrongPassphrase, read_backup
from registry.log.durable_files import create_private_file, sync_file
from registry.settings.settings import FILE, Settings, toml
from registry.store.recorder import EVENTS_TABLE

__all__ = ["BackupDescription", "BackupError", "DamagedBackup", "WrongPassphrase", "backup", "restore"]

_SCHEMAS: Final = (
    "access", "accounts", "feed", "intake", "node", "office", "publisher", "status", "vault", "webhooks",
)  # fmt: skip
"""Schemas of the private side. The feed is one of them: the cursors of webhooks are its numbers."""
_UNFINISHED: Final = ".restoring"
"""Folder for restored files until the database is committed."""

OnRows = Callable[[int], None]
"""Progress: receives the number of rows written or read so far."""


class BackupDescription(msgspec.Struct, frozen=True):
    """The node that a backup is of, and how much it contains."""

    consortium: str
    member: str
    founded: str
    taken: str
    keys: str
    """Folder of keys, relative to the node's folder, as the settings name it."""
    sequence: int
    """The last notification id that was assigned; 0 if none was."""
    rows: dict[str, int]
    """Number of rows by table (`schema.table`)."""


def backup(
    settings: Settings, dsn: str, path: Path, passphrase: bytes, on_rows: OnRows = lambda _: None
) -> BackupDescription:
    """Write a backup of a node to a new file, which is removed again where this fails.

    The node may work meanwhile: the backup has nothing that was stored after its transaction began.
    """
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        BackupWriter(path, passphrase) as writer,
        connection.transaction(),
    ):
        keys = _begin_snapshot(connection, dsn, settings.keys_folder)
        tables = list(_tables(connection))
        if ("public", EVENTS_TABLE) not in tables:
            raise BackupError("this node's database has no private side yet; there is nothing to back up")
        rows = {f"{s}.{t}": _count(connection, s, t) for s, t in tables}
        description = BackupDescription(
            settings.consortium,
            settings.member,
            settings.founded,
            datetime.now(UTC).isoformat(timespec="seconds"),
            str(settings.keys),
            _last_notification(connection),
            rows,
        )
        writer.begin_entry("described")
        writer.write(msgspec.json.encode(description))
        writer.begin_entry("settings")
        writer.write(_read_file(settings.home / FILE))
        for name, key in keys.items():
            writer.begin_entry(f"key {name}")
            writer.write(key)
        done = 0
        for schema, table in tables:
            columns = _columns(connection, schema, table)
            writer.begin_entry("table " + msgspec.json.encode([schema, table, columns]).decode())
            with connection.cursor().copy(_copy(schema, table, columns, "TO STDOUT")) as out:
                for block in out:
                    writer.write(block)
            done += rows[f"{schema}.{table}"]
            on_rows(done)
    return description


def _begin_snapshot(connection: Connection, dsn: str, folder: Path) -> dict[str, bytes]:
    """Begin the snapshot that is backed up, and return the key files of the same moment.

    Erasing a learner replaces keys in the files and in the database, and waits while this reads both.
    """
    with psycopg.connect(dsn) as holder:
        if ("vault", "keys") in list(_tables(holder)):
            holder.execute("LOCK TABLE vault.keys IN SHARE MODE")
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SELECT 1")  # the snapshot is taken by the first query
        files = sorted(p for p in folder.iterdir() if p.is_file()) if folder.is_dir() else []
        return {file.name: _read_file(file) for file in files if not file.name.startswith(".")}


def restore(
    path: Path,
    passphrase: bytes,
    home: Path,
    prepare: Callable[[Settings], str],
    *,
    settings: Mapping[str, str],
    on_rows: OnRows = lambda _: None,
) -> BackupDescription:
    """Restore a backup to a new folder and an empty database. Nothing takes effect before all of it was read.

    `settings` override those of the backup (`database`, `log`). `prepare` receives the settings, creates the empty
    tables of the private side and returns the database's connection string.

    Raises `BackupError` where the folder or the database already has a node.
    """
    if home.exists() and any(entry.name != _UNFINISHED for entry in home.iterdir()):
        raise BackupError(
            f"{home} exists and is not empty: a backup is restored to a new folder only. Name another with --home"
        )
    unfinished = home / _UNFINISHED
    connection: Connection | None = None
    is_new_folder = not home.exists()
    try:
        pieces = read_backup(path, passphrase)
        description = msgspec.json.decode(_read_entry(path, pieces, "described"), type=BackupDescription)
        values = {**tomllib.loads(_read_entry(path, pieces, "settings").decode()), **settings}
        text = "".join(f"{key} = {toml(value)}\n" for key, value in values.items())
        if (home / description.keys).exists():
            raise BackupError(f"{home / description.keys} exists: keys are never overwritten")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        restored_settings = Settings.model_validate({**values, "home": home})
        connection = psycopg.connect(prepare(restored_settings))
        _refuse_rows(connection)
        _restore_pieces(connection, path, pieces, unfinished)
        _check_counts(connection, path, description, on_rows)
        connection.execute(
            "SELECT setval(pg_get_serial_sequence(%s, 'notification_id'), greatest(%s, 1), %s)",
            (EVENTS_TABLE, description.sequence, description.sequence > 0),
        )
        _continue_feed_numbers(connection)
        _close_status_lists(connection)
        _write_private_file(unfinished / FILE, text.encode())
        connection.commit()
        (home / description.keys).parent.mkdir(parents=True, exist_ok=True)
        if (unfinished / "keys").exists():
            (unfinished / "keys").rename(home / description.keys)
        (unfinished / FILE).rename(home / FILE)
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise DamagedBackup(f"{path}: its content cannot be read: {error}") from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as error:
        raise BackupError(f"{path} has a table or column that this version does not know: {error}") from error
    finally:
        if connection is not None:
            connection.close()
        shutil.rmtree(unfinished, ignore_errors=True)
        if is_new_folder and home.exists() and not any(home.iterdir()):
            home.rmdir()
    return description


def _read_entry(path: Path, pieces: Iterator[tuple[str, bytes]], name: str) -> bytes:
    """Return the next entry, which must have this name and be one piece."""
    heading, (piece_name, data) = next(pieces, ("", b"")), next(pieces, ("", b""))
    if heading != (name, b"") or piece_name != name:
        raise DamagedBackup(f"{path}: it has no entry {name!r} where one is expected")
    return data


def _restore_pieces(connection: Connection, path: Path, pieces: Iterator[tuple[str, bytes]], unfinished: Path) -> None:
    """Write each entry to its place: keys to the folder of unfinished files, tables to the database."""
    for name, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        if name.startswith("table "):
            schema, table, columns = msgspec.json.decode(name[6:], type=tuple[str, str, list[str]])
            with connection.cursor().copy(_copy(schema, table, columns, "FROM STDIN")) as rows:
                for _, data in group:
                    rows.write(data)
        elif name.startswith("key ") and "/" not in name and ".." not in name:
            (unfinished / "keys").mkdir(mode=0o700, exist_ok=True)
            _write_private_file(unfinished / "keys" / name[4:], b"".join(data for _, data in group))
        else:
            raise DamagedBackup(f"{path}: it has the entry {name[:60]!r}, which this version does not know")


def _write_private_file(path: Path, data: bytes) -> None:
    with create_private_file(path) as file:
        file.write(data)
        sync_file(file)


def _refuse_rows(connection: Connection) -> None:
    for schema, table in _tables(connection):
        if _count(connection, schema, table):
            raise BackupError(f"the database already has a private side ({schema}.{table}); name an empty one")


def _check_counts(connection: Connection, path: Path, description: BackupDescription, on_rows: OnRows) -> None:
    counts = {f"{s}.{t}": _count(connection, s, t) for s, t in _tables(connection)}
    wrong = [f"{t}: {counts.get(t, 0)} rows of {n}" for t, n in description.rows.items() if counts.get(t, 0) != n]
    if wrong:
        raise DamagedBackup(f"{path}: not all rows were restored: {'; '.join(wrong)}")
    on_rows(sum(counts.values()))


def _close_status_lists(connection: Connection) -> None:
    """Close restored status lists to further copies: a place taken after the backup must not be given out twice."""
    connection.execute("UPDATE status.lists SET used = size")


def _tables(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield the private tables by schema and name: those of the private schemas, and the stored events.

    The table of migrations is left out: it describes the tables of its own database, not their rows.
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


def _last_notification(connection: Connection) -> int:
    """Return the last notification id that was assigned. A sequence has no transactions: it may be ahead of rows."""
    row = connection.execute(
        "SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'notification_id')::regclass)", (EVENTS_TABLE,)
    ).fetchone()
    return int(row[0]) if row is not None and row[0] is not None else 0


def _continue_feed_numbers(connection: Connection) -> None:
    """Let the feed's next notice have a number after those that were restored."""
    row = connection.execute("SELECT to_regclass('feed.notices')").fetchone()
    if row is not None and row[0] is not None:
        connection.execute("SELECT setval('feed.ids', max(id)) FROM feed.notices HAVING max(id) IS NOT NULL")


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
