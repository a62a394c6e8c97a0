"""Back up and restore a node's private side: settings, keys, stored events, the vault, signed commits.

One transaction reads all tables as they are at one moment. A backup contains neither the log, of which others have
copies, nor the views, which are rebuilt from the log.
"""

import itertools
import shutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from psycopg import Connection, sql
from pydantic import ValidationError

from registry.backup.description import BackupDescription, describe
from registry.backup.file import BackupError, BackupWriter, DamagedBackup, WrongPassphrase, read_backup
from registry.backup.key_backup import restore_keys
from registry.backup.private_tables import (
    begin_snapshot,
    copy_table,
    count_rows,
    list_columns,
    list_tables,
    read_file,
    write_private_file,
)
from registry.backup.sealed_values import select_without_values
from registry.settings.settings import FILE, Settings, toml
from registry.store.recorder import EVENTS_TABLE

__all__ = ["BackupDescription", "BackupError", "DamagedBackup", "WrongPassphrase", "backup", "restore"]

_UNFINISHED: Final = ".restoring"
"""Folder for restored files until the database is committed."""

OnRows = Callable[[int], None]
"""Progress: receives the number of rows written or read so far."""


def backup(
    settings: Settings,
    dsn: str,
    path: Path,
    passphrase: bytes,
    on_rows: OnRows = lambda _: None,
    *,
    with_keys: bool = True,
) -> BackupDescription:
    """Write a backup of a node to a new file, which is removed again where this fails.

    Without keys it opens nobody's data: a backup of keys belongs to it (`registry.backup.key_backup`).

    The node may work meanwhile: the backup has nothing that was stored after its transaction began.
    """
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        BackupWriter(path, passphrase) as writer,
        connection.transaction(),
    ):
        keys = begin_snapshot(connection, dsn, settings.keys_folder)
        tables = list(list_tables(connection))
        if ("public", EVENTS_TABLE) not in tables:
            raise BackupError("this node's database has no private side yet; there is nothing to back up")
        if not with_keys:
            tables.remove(("vault", "keys"))
        rows = {f"{s}.{t}": count_rows(connection, s, t) for s, t in tables}
        description = describe(connection, settings, "whole" if with_keys else "data", rows)
        writer.begin_entry("described")
        writer.write(msgspec.json.encode(description))
        writer.begin_entry("settings")
        writer.write(read_file(settings.home / FILE))
        for name, key in keys.items() if with_keys else ():
            writer.begin_entry(f"key {name}")
            writer.write(key)
        done = 0
        for schema, table in tables:
            columns = list_columns(connection, schema, table)
            writer.begin_entry("table " + msgspec.json.encode([schema, table, columns]).decode())
            rows_of = select_without_values(schema, table, columns)
            statement = (
                copy_table(schema, table, columns, "TO STDOUT")
                if with_keys
                else sql.SQL("COPY ({}) TO STDOUT").format(rows_of)
            )
            with connection.cursor().copy(statement) as out:
                for block in out:
                    writer.write(block)
            done += rows[f"{schema}.{table}"]
            on_rows(done)
    return description


def restore(
    path: Path,
    passphrase: bytes,
    home: Path,
    prepare: Callable[[Settings], str],
    *,
    settings: Mapping[str, str],
    on_rows: OnRows = lambda _: None,
    keys: tuple[Path, bytes] | None = None,
) -> BackupDescription:
    """Restore a backup to a new folder and an empty database. Nothing takes effect before all of it was read.

    `settings` override those of the backup (`database`, `log`). `prepare` receives the settings, creates the empty
    tables of the private side and returns the database's connection string. `keys` are the backup of keys and its
    passphrase, for a backup without keys.

    Raises `BackupError` where the folder or the database already has a node.
    """
    _refuse_used_folder(home)
    unfinished = home / _UNFINISHED
    connection: Connection | None = None
    is_new_folder = not home.exists()
    try:
        pieces = read_backup(path, passphrase)
        description = msgspec.json.decode(_read_entry(path, pieces, "described"), type=BackupDescription)
        _check_kind(path, description, has_keys=keys is not None)
        values = {**tomllib.loads(_read_entry(path, pieces, "settings").decode()), **settings}
        text = "".join(f"{key} = {toml(value)}\n" for key, value in values.items())
        if (home / description.keys).exists():
            raise BackupError(f"{home / description.keys} exists: keys are never overwritten")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        restored_settings = Settings.model_validate({**values, "home": home})
        connection = psycopg.connect(prepare(restored_settings))
        _refuse_rows(connection)
        if keys is not None:
            connection.execute("SET LOCAL vault.replacing = 'on'")  # no value is under a key yet
        _restore_pieces(connection, path, pieces, unfinished)
        _check_counts(connection, path, description, on_rows)
        if keys is not None:
            restore_keys(connection, *keys, description, unfinished / "keys")
        _continue_numbers(connection, description)
        _close_status_lists(connection)
        write_private_file(unfinished / FILE, text.encode())
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


def _refuse_used_folder(home: Path) -> None:
    if home.exists() and any(entry.name != _UNFINISHED for entry in home.iterdir()):
        raise BackupError(
            f"{home} exists and is not empty: a backup is restored to a new folder only. Name another with --home"
        )


def _check_kind(path: Path, description: BackupDescription, *, has_keys: bool) -> None:
    if description.kind == "keys":
        raise BackupError(f"{path} has keys alone: name the backup without keys, and this one with --keys")
    if description.kind == "data" and not has_keys:
        raise BackupError(f"{path} has no keys: name the backup of keys with --keys")
    if description.kind == "whole" and has_keys:
        raise BackupError(f"{path} has its own keys: leave --keys out")


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
            with connection.cursor().copy(copy_table(schema, table, columns, "FROM STDIN")) as rows:
                for _, data in group:
                    rows.write(data)
        elif name.startswith("key ") and "/" not in name and ".." not in name:
            (unfinished / "keys").mkdir(mode=0o700, exist_ok=True)
            write_private_file(unfinished / "keys" / name[4:], b"".join(data for _, data in group))
        else:
            raise DamagedBackup(f"{path}: it has the entry {name[:60]!r}, which this version does not know")


def _refuse_rows(connection: Connection) -> None:
    for schema, table in list_tables(connection):
        if count_rows(connection, schema, table):
            raise BackupError(f"the database already has a private side ({schema}.{table}); name an empty one")


def _check_counts(connection: Connection, path: Path, description: BackupDescription, on_rows: OnRows) -> None:
    counts = {f"{s}.{t}": count_rows(connection, s, t) for s, t in list_tables(connection)}
    wrong = [f"{t}: {counts.get(t, 0)} rows of {n}" for t, n in description.rows.items() if counts.get(t, 0) != n]
    if wrong:
        raise DamagedBackup(f"{path}: not all rows were restored: {'; '.join(wrong)}")
    on_rows(sum(counts.values()))


def _close_status_lists(connection: Connection) -> None:
    """Close restored status lists to further copies: a place taken after the backup must not be given out twice."""
    connection.execute("UPDATE status.lists SET used = size")


def _continue_numbers(connection: Connection, description: BackupDescription) -> None:
    """Let the next stored event, and the feed's next notice, have a number after those that were restored."""
    connection.execute(
        "SELECT setval(pg_get_serial_sequence(%s, 'notification_id'), greatest(%s, 1), %s)",
        (EVENTS_TABLE, description.sequence, description.sequence > 0),
    )
    row = connection.execute("SELECT to_regclass('feed.notices')").fetchone()
    if row is not None and row[0] is not None:
        connection.execute("SELECT setval('feed.ids', max(id)) FROM feed.notices HAVING max(id) IS NOT NULL")
