"""Commands that back up a node, and restore one from a backup."""

import contextlib
import os
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consumers.archive.restorer import Restored
from registry.backup import backup as backups
from registry.backup import key_backup as key_backups
from registry.cli.consortium.nodes import node_app
from registry.cli.opening import node_of
from registry.cli.operations.archives import refuse_shared_log, refuse_unsound, restore_log, show_restored
from registry.cli.output import AsJson, errors, print_json, progress, say
from registry.keys.passphrase import find_weakness
from registry.log import GOVERNANCE, open_log
from registry.node.health import last_runs
from registry.node.node import open_node
from registry.node.private_side import create_private_side
from registry.settings.settings import Settings, SettingsError, find_home

PASSPHRASE_VARIABLE = "REGISTRY_BACKUP_PASSPHRASE"  # noqa: S105 - a variable's name

PassphraseFile = Annotated[
    Path | None,
    typer.Option(help=f"A file with the passphrase (else {PASSPHRASE_VARIABLE}, else you are asked)."),
]


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are under `node`
    """Add these commands."""
    node_app.command("backup")(backup)
    node_app.command("backup-keys")(backup_keys)
    node_app.command("note-backup")(note_backup)
    node_app.command("restore")(restore)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist.")],
    *,
    without_keys: Annotated[
        bool,
        typer.Option(
            "--without-keys",
            help="Leave out the keys, and what they encrypt directly. Back these up with `registry node backup-keys`.",
        ),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Back up this node's private side in one encrypted file: settings, keys, stored events, vault.

    The log and the views are not in it: any member has the log, and the views are made from the log. The node may go
    on meanwhile. Without the passphrase nobody can read the file, and nobody can replace the passphrase. It needs 12
    characters or more, of which 6 differ, and more than common words.

    A backup without keys opens nobody's data, and an erasure reaches it: once the keys are backed up again, no pair of
    the two opens the learner.

    Examples: registry node backup twente-2026-05-04.backup --passphrase-file /safe/passphrase
    registry node backup twente-2026-05-04.backup --without-keys
    """
    node = node_of(context)
    passphrase = _passphrase(passphrase_file, twice=True)
    if (weakness := find_weakness(passphrase)) is not None:
        raise SettingsError(f"The backup's passphrase {weakness}")
    with progress("backing up") as counter:
        description = backups.backup(
            node.settings, node.dsn(), file, passphrase, counter.reach, with_keys=not without_keys
        )
    last_runs.note(node.settings.home, "backup")
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, **msgspec.structs.asdict(description)})
        return
    rows = sum(description.rows.values())
    say(f"{file}: {description.member} of {description.consortium}, {rows:,} rows, {size:,} bytes")
    if node.settings.passphrase_file is not None:
        say(f"Not in it: {node.settings.passphrase_file}, the passphrase of the node's keys. Back that up as well.")


def backup_keys(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write.")],
    *,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Overwrite the backup of keys before, once the new one is complete."),
    ] = False,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Back up this node's keys apart from its data, for backups without keys. The newest one opens all of these.

    Make it after each backup without keys, and after each erasure. Keep the newest one only: an older one still opens
    the learners who were erased since.

    Example: registry node backup-keys /safe/twente.keys --replace
    """
    node = node_of(context)
    passphrase = _passphrase(passphrase_file, twice=True)
    if (weakness := find_weakness(passphrase)) is not None:
        raise SettingsError(f"The backup's passphrase {weakness}")
    node.registry.settle_keys()
    description = key_backups.backup_keys(node.settings, node.dsn(), file, passphrase, replace=replace)
    last_runs.note(node.settings.home, "key-backup")
    size = file.stat().st_size
    if as_json:
        print_json({"file": str(file), "bytes": size, **msgspec.structs.asdict(description)})
        return
    say(f"{file}: the keys of {description.member} of {description.consortium}, {size:,} bytes")


def note_backup(context: typer.Context) -> None:
    """Note that other software has backed up this node's database and folder now, so that its age is known.

    `registry doctor` warns of an old backup. It knows by itself when `registry node backup` was last run.

    Example: registry node note-backup
    """
    node = node_of(context)
    last_runs.note(node.settings.home, "backup")
    say("Noted: this node was backed up now, by other software.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The backup.")],
    *,
    home: Annotated[Path | None, typer.Option(help="The new node's folder.")] = None,
    log: Annotated[
        str | None, typer.Option(help="Restore the log and the views, too, from this copy of the log: archive:PATH, …")
    ] = None,
    keys: Annotated[
        Path | None, typer.Option(help="The backup of keys, made after a backup without keys that is restored.")
    ] = None,
    keys_passphrase_file: Annotated[
        Path | None, typer.Option(help="A file with the passphrase of the backup of keys, where it is another one.")
    ] = None,
    to_database: Annotated[str | None, typer.Option(help="Another database than the backup names.")] = None,
    to_log: Annotated[str | None, typer.Option(help="Another log than the backup names.")] = None,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Restore a node's private side from a backup, to a new folder and an empty database.

    With --log it restores the node's copy of the log, too, as `registry log restore` does. Then `registry publish`
    goes on where the log ends. It stops, and says why, if the log holds events of this member that the backup is too
    old to know.

    Examples: registry node restore twente.backup --home new
    registry node restore twente.backup --keys twente.keys --home new
    """
    folder = _new_home(context, home)
    passphrase = _passphrase(passphrase_file, twice=False)
    keys_passphrase = passphrase if keys_passphrase_file is None else _passphrase(keys_passphrase_file, twice=False)
    replaced = {name: value for name, value in (("database", to_database), ("log", to_log)) if value is not None}
    with progress("restoring") as counter:
        description = backups.restore(
            file,
            passphrase,
            folder,
            create_private_side if log is None else partial(_create_with_log, log),
            settings=replaced,
            on_rows=counter.reach,
            keys=None if keys is None else (keys, keys_passphrase),
        )
    streams: list[Restored] | None = None
    if log is not None:
        streams = _restore_log(folder, log)
    if as_json:
        print_json({"private": description, "streams": streams})
    else:
        _show_node(folder, description, streams)
    _show_checklist(folder, has_log=streams is not None, has_keys_apart=keys is not None)
    refuse_unsound(streams or [])


def _restore_log(folder: Path, log: str) -> list[Restored]:
    """Restore the log and the views of a node whose private side was restored; say so if that fails."""
    try:
        with open_node(folder) as node:
            return restore_log(node, log)
    except Exception:  # raised again: whatever it was, the person has to know what is there already
        errors.print(
            f"The private side is restored in {folder}, the log is not. Do not restore the backup again: go on with"
            f" `registry --home {folder} log restore …`",
            markup=False,
        )
        raise


def _create_with_log(log: str, settings: Settings) -> str:
    """Create the empty private side of a node whose log is restored, too; refuse first where that cannot be done.

    Raises `SettingsError`, or `LogError` if the copy of the log cannot be opened, before anything is written.
    """
    try:
        refuse_shared_log(settings)
    except SettingsError as error:
        raise SettingsError(
            f"{error}. Nothing was restored. Leave --log out, restore again, and then rebuild the views; or name a"
            " folder with --to-log"
        ) from error
    with contextlib.closing(open_log(log, settings.consortium, read_only=True)) as copy:
        copy.end(GOVERNANCE)
    return create_private_side(settings)


def _show_node(folder: Path, description: backups.BackupDescription, streams: list[Restored] | None) -> None:
    """Print which node was restored, how much of it, and its streams where they were restored, too."""
    rows = sum(description.rows.values())
    say(f"{folder} is the node of {description.member} as of {description.taken}: {rows:,} rows")
    if streams is not None:
        show_restored(streams)


def _show_checklist(folder: Path, *, has_log: bool, has_keys_apart: bool) -> None:
    """Print what was restored, and what a person has to do next, in this order."""
    command = f"registry --home {folder}"
    done = ["settings, keys, stored events and vault"]
    steps = []
    if has_log:
        done.append("the log and the views; learners who were erased since the backup were erased again")
    else:
        since = "the keys were backed up" if has_keys_apart else "this backup was made"
        steps += [
            f"restore a log of files, and the views: {command} log restore archive:PATH (on Kafka: views rebuild)",
            f"learners erased after {since} are back: erase them again: {command} vault forget-erased",
        ]
    steps += [
        "make sure that the old machine never runs again: two nodes with one key contradict each other",
        f"is anything wrong? {command} status",
        f"go on where the log ends, unless the log has events that the backup is too old to know: {command} publish",
        f"start the node: {command} run, and make a new backup",
    ]
    for line in done:
        errors.print(f"restored: {line}", markup=False, highlight=False)
    for number, line in enumerate(steps, 1):
        errors.print(f"{number}. {line}", markup=False, highlight=False)


def _new_home(context: typer.Context, home: Path | None) -> Path:
    folder = home or getattr(context.parent, "params", {}).get("home")
    if folder is None:
        raise typer.BadParameter("name the new node's folder", param_hint="--home")
    return find_home(Path(folder))


def _passphrase(file: Path | None, *, twice: bool) -> bytes:
    """Return the backup's passphrase. No option takes it: others on the machine could read that."""
    if file is not None:
        try:
            passphrase = file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"--passphrase-file: cannot read {file}: {error.strerror}") from error
    elif PASSPHRASE_VARIABLE in os.environ:
        passphrase = os.environ[PASSPHRASE_VARIABLE].encode()
    elif sys.stdin.isatty():
        passphrase = str(typer.prompt("Passphrase of the backup", hide_input=True, confirmation_prompt=twice)).encode()
    else:
        raise SettingsError(f"no passphrase: name a file with --passphrase-file, or set {PASSPHRASE_VARIABLE}")
    if not passphrase:
        raise SettingsError("the passphrase is empty")
    return passphrase
