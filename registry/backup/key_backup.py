"""The backup of a node's keys, apart from its data: small, made again after each erasure, the one before destroyed.

It has the files of keys, the generations of the vault's keys, and the values under them. A backup without keys opens
nobody's data by itself. With the newest backup of keys it opens everybody's but that of learners who were erased before
the keys were backed up: so an erasure reaches older backups, too.
"""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import psycopg
from psycopg import Connection

from registry.backup.description import BackupDescription, describe
from registry.backup.file import BackupError, BackupWriter, DamagedBackup, read_backup
from registry.backup.private_tables import begin_snapshot, copy_table, list_columns, write_private_file
from registry.backup.sealed_values import (
    copy_values_out,
    create_value_table,
    delete_rows_without_values,
    fill_values,
    is_value_entry,
    list_value_columns,
    parse_value_entry,
)
from registry.learners.learner_rows import delete_keyless
from registry.log.durable_files import sync_folder
from registry.settings.settings import Settings

_GENERATIONS: Final = ("vault", "keys")


def backup_keys(settings: Settings, dsn: str, path: Path, passphrase: bytes, *, replace: bool) -> BackupDescription:
    """Write a backup of a node's keys to a new file, which is removed again where this fails.

    `replace`: a file of that name is overwritten with zeros once the new one is complete. Raises `BackupError`.
    """
    if not replace or not path.exists():
        return _write(settings, dsn, path, passphrase)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    description = _write(settings, dsn, unfinished, passphrase)
    _overwrite(path)
    unfinished.replace(path)
    sync_folder(path.parent)
    return description


def _write(settings: Settings, dsn: str, path: Path, passphrase: bytes) -> BackupDescription:
    with (
        psycopg.connect(dsn, autocommit=True) as connection,
        BackupWriter(path, passphrase) as writer,
        connection.transaction(),
    ):
        keys = begin_snapshot(connection, dsn, settings.keys_folder)
        description = describe(connection, settings, "keys", {})
        writer.begin_entry("described")
        writer.write(msgspec.json.encode(description))
        for name, key in keys.items():
            writer.begin_entry(f"key {name}")
            writer.write(key)
        columns = list_columns(connection, *_GENERATIONS)
        writer.begin_entry("table " + msgspec.json.encode([*_GENERATIONS, columns]).decode())
        with connection.cursor().copy(copy_table(*_GENERATIONS, columns, "TO STDOUT")) as out:
            for block in out:
                writer.write(block)
        for column in list_value_columns(connection):
            writer.begin_entry(column.entry)
            with connection.cursor().copy(copy_values_out(column)) as out:
                for block in out:
                    writer.write(block)
    return description


def _overwrite(path: Path) -> None:
    """Overwrite a file with zeros. Raises `BackupError`."""
    try:
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise BackupError(f"cannot overwrite {path}, the backup of keys before: {error.strerror}") from error


def restore_keys(connection: Connection, path: Path, passphrase: bytes, data: BackupDescription, folder: Path) -> None:
    """Restore keys to the rows of a backup without keys, and delete those of learners whose keys are destroyed.

    `folder` receives the files of keys. Raises `BackupError` where the keys are another node's, or older than the data.
    """
    pieces = read_backup(path, passphrase)
    heading, (name, content) = next(pieces, ("", b"")), next(pieces, ("", b""))
    if heading != ("described", b"") or name != "described":
        raise DamagedBackup(f"{path}: it has no description at its beginning")
    _check_pair(path, msgspec.json.decode(content, type=BackupDescription), data)
    for entry, group in itertools.groupby(pieces, key=lambda piece: piece[0]):
        _restore_entry(connection, path, entry, (piece for _, piece in group), folder)
    delete_rows_without_values(connection)
    with connection.cursor() as cursor:
        delete_keyless(cursor)


def _check_pair(path: Path, keys: BackupDescription, data: BackupDescription) -> None:
    if keys.kind != "keys":
        raise BackupError(f"{path} is no backup of keys: make one with `registry node backup-keys`")
    if (keys.consortium, keys.member, keys.founded) != (data.consortium, data.member, data.founded):
        raise BackupError(f"{path} has the keys of {keys.member} of {keys.consortium}, not of this node")
    if keys.sequence < data.sequence or keys.taken < data.taken:
        raise BackupError(
            f"{path} was made at {keys.taken}, before the data at {data.taken}: it lacks the keys of learners who came"
            " between. Use a backup of keys that was made after the data"
        )


def _restore_entry(connection: Connection, path: Path, entry: str, pieces: Iterator[bytes], folder: Path) -> None:
    if entry.startswith("key ") and "/" not in entry and ".." not in entry:
        folder.mkdir(mode=0o700, exist_ok=True)
        write_private_file(folder / entry[4:], b"".join(pieces))
    elif entry.startswith("table "):
        schema, table, columns = msgspec.json.decode(entry[6:], type=tuple[str, str, list[str]])
        if (schema, table) != _GENERATIONS:
            raise DamagedBackup(f"{path}: it has the table {schema}.{table}, which no backup of keys has")
        with connection.cursor().copy(copy_table(schema, table, columns, "FROM STDIN")) as rows:
            for piece in pieces:
                rows.write(piece)
    elif is_value_entry(entry):
        try:
            column = parse_value_entry(entry)
        except LookupError as error:
            raise DamagedBackup(f"{path}: {error}") from error
        with connection.cursor().copy(create_value_table(connection, column)) as rows:
            for piece in pieces:
                rows.write(piece)
        fill_values(connection, column)
    else:
        raise DamagedBackup(f"{path}: it has the entry {entry[:60]!r}, which this version does not know")
