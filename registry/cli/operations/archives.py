"""Commands that archive the log, and restore it from an archive or another copy."""

import contextlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from consumers.archive.archive_check import check, reach_of
from consumers.archive.archiver import Archived, archive
from consumers.archive.restorer import CannotRestore, Restored
from consumers.archive.restorer import restore as restore_streams
from consumers.projecting.rebuild import rebuild
from consumers.proofs.tiles import Tiles
from consumers.streams.stream import claimed_size
from registry.cli.consortium.node_options import check_log, parse_founded
from registry.cli.evidence.logs import log_app
from registry.cli.opening import node_of
from registry.cli.output import AsJson, Counter, errors, print_json, progress, say, table
from registry.log import LogError, open_log
from registry.log.archive import ArchiveLog
from registry.log.archive_manifest import load
from registry.node.health import last_runs
from registry.node.node import Node
from registry.node.vault import erase_again
from registry.settings.settings import Settings, SettingsError
from registry.values.plural import plural


def add_to(app: typer.Typer) -> None:  # noqa: ARG001 - one shape for all; these are under `log`
    """Add these commands."""
    log_app.command("archive")(archive_log)
    log_app.command("restore")(restore)


def archive_log(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The archive's folder, which is created if missing.")],
    *,
    older_than: Annotated[
        int, typer.Option(min=1, help="Archive members' commits that are older than this number of days.")
    ] = 1,
    everything: Annotated[bool, typer.Option("--all", help="Archive all, of any age.")] = False,
    only_check: Annotated[bool, typer.Option("--check", help="Only verify the archive.")] = False,
    log: Annotated[str | None, typer.Option(help="Another log than the node's: file:PATH or kafka://…")] = None,
    founded: Annotated[
        str | None, typer.Option(help="With --check and --log: the founding's hash; then no node is needed.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Archive the log of all members: merged commits in compressed, sealed segments. Run it again to add new commits.

    Commits younger than a day are left for the next run, and their number is printed; --all archives them, too. With
    --check it verifies every file and every segment by itself, and prints where the archive ends and what the log has
    beyond that. Exit code 1: the archive is damaged, or the log ends before it. 5: the log could not be read.

    Examples: registry log archive /backup/archive; registry log archive /backup/archive --check
    """
    if founded is not None:
        if not only_check or log is None:
            raise typer.BadParameter("use it with --check and --log, without a node", param_hint="--founded")
        check_log(log)
        existing = ArchiveLog(path, load(path).consortium, lengths=False)
        _check(existing, parse_founded(founded), log, as_json=as_json)
        return
    node = node_of(context)
    settings = node.settings
    if only_check:
        existing = ArchiveLog(path, settings.consortium, lengths=False)
        _check(existing, settings.founded_hash, log or settings.log_url, as_json=as_json)
        return
    before = None if everything else datetime.now(UTC) - timedelta(days=older_than)
    source = open_log(log or settings.log_url, settings.consortium, read_only=True)
    with progress("archiving") as counter:
        done = archive(
            source, settings.consortium, settings.founded_hash, path, before=before, on_stream=_sizes(counter)
        )
    source.close()
    last_runs.note(settings.home, "archive")
    compared = _compare({stream.stream: stream.size for stream in done}, log or settings.log_url, settings.consortium)
    if as_json:
        print_json(done)
    else:
        _show_archived(path, done, older_than)
    for fault in compared.shorter:
        errors.print(fault, markup=False, highlight=False, style="red")
    if compared.shorter or any(stream.refused for stream in done):
        raise typer.Exit(1)


def _show_archived(path: Path, done: list[Archived], older_than: int) -> None:
    table(
        ("stream", "archived to", "new", "segments", "bytes", "not yet", "not taken"),
        [
            (d.stream, f"{d.size:,}", f"{d.events:,}", d.segments, f"{d.bytes:,}", f"{d.waits:,}", d.refused)
            for d in done
        ],
    )
    say(f"{path} holds {plural(sum(d.size for d in done), 'event')} in {plural(sum(d.bytes for d in done), 'byte')}")
    if waits := sum(d.waits for d in done):
        days = "a day" if older_than == 1 else f"{older_than} days"
        say(
            f"NOT archived yet: {plural(waits, 'event')} younger than {days}. Run this again tomorrow, or with --all.",
            style="yellow",
        )
    if any(d.refused for d in done):
        errors.print("Records that are not part of their stream were left out; `registry audit` names them.")


class _Compared(NamedTuple):
    """An archive compared with the log, whose newest records claim its size."""

    beyond: int | None
    """Events that the log has and the archive lacks; None if the log cannot be read."""
    shorter: list[str]
    """A sentence for each stream that ends before the archive does."""
    reason: str | None
    """The reason why the log cannot be read; None if it can."""


def _check(archive: ArchiveLog, founded: bytes, log_url: str, *, as_json: bool) -> None:
    with progress("verifying", sum(s[-1].last for s in archive.manifest.streams.values() if s)) as counter:
        faults = list(check(archive, founded, _sizes(counter)))
    reach = [reach_of(archive, stream) for stream in archive.manifest.streams]
    compared = _compare({r.stream: r.size for r in reach}, log_url, archive.manifest.consortium)
    faults += compared.shorter
    if as_json:
        print_json({
            "ok": not faults and compared.reason is None, "streams": reach, "faults": faults,
            "not_archived": compared.beyond, "not_compared": compared.reason,
        })  # fmt: skip
    else:
        for fault in faults:
            say(fault, style="red")
        events = plural(sum(stream.size for stream in reach), "event")
        say(f"{plural(len(faults), 'fault')}." if faults else f"The archive is sound: {events}.")
        table(("stream", "archived to", "newest event"), [(r.stream, f"{r.size:,}", r.newest) for r in reach])
        if compared.reason is not None:
            say(f"Whether the log goes further could not be checked: {compared.reason}", style="yellow")
        elif compared.beyond:
            say(f"NOT in the archive: {plural(compared.beyond, 'event')} that the log has.", style="yellow")
        elif not faults:
            say("The log has nothing that is not in the archive.")
    if faults:
        raise typer.Exit(1)
    if compared.reason is not None:
        raise typer.Exit(5)


def _compare(archived: Mapping[str, int], url: str, consortium: str) -> _Compared:
    """Compare the sizes that an archive has of each stream with those that the log claims."""
    try:
        with contextlib.closing(open_log(url, consortium, read_only=True)) as log:
            claimed = {stream: claimed_size(log, stream) for stream in log.streams()}
    except LogError as error:
        return _Compared(None, [], str(error))
    shorter = [
        f"the log of {stream} ends at {claimed.get(stream, 0):,} events, and the archive has {size:,}: the log was cut"
        " or replaced. `registry log restore --help` says how a log is made from an archive"
        for stream, size in archived.items()
        if claimed.get(stream, 0) < size
    ]
    return _Compared(sum(max(0, size - archived.get(stream, 0)) for stream, size in claimed.items()), shorter, None)


def _sizes(counter: Counter) -> Callable[[str, int], None]:
    """Return a callback that shows the sum of all streams' sizes."""
    sizes: dict[str, int] = {}

    def on_stream(stream: str, size: int) -> None:
        sizes[stream] = size
        counter.reach(sum(sizes.values()))

    return on_stream


def restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Another copy of the log: archive:PATH, file:PATH, …")],
    *,
    as_json: AsJson = False,
) -> None:
    """Restore this node's copy of the log from an archive or another member's copy, and rebuild the views.

    Everything is verified. What the node's copy has already stays; what it lacks is appended. So run it with each copy
    that you can reach, the archive first. Then `registry publish` goes on where the log ends.

    Example: registry log restore archive:/backup/archive
    """
    streams = restore_log(node_of(context), source)
    if as_json:
        print_json({"streams": streams})
    else:
        show_restored(streams)
    refuse_unsound(streams)


def show_restored(streams: list[Restored]) -> None:
    """Print the result of a restoration for each stream."""
    table(
        ("stream", "events", "from there", "not taken", "why"),
        [(s.stream, f"{s.size:,}", f"{s.events:,}", s.refused, s.why) for s in streams],
    )


def refuse_unsound(streams: list[Restored]) -> None:
    """Raise `CannotRestore` if the source has records that are not part of their stream."""
    if any(s.refused for s in streams):
        raise CannotRestore(
            "the source has records that are not part of their stream; the valid ones were restored. Compare with"
            " another copy, and audit."
        )


def refuse_shared_log(settings: Settings) -> None:
    """Raise `SettingsError` if this node shares its log with others: it has no copy of its own to restore."""
    if not settings.log.startswith("file:"):
        raise SettingsError(
            f"this node's log is {settings.log}, which it shares with others and has no copy of; what is restored is a"
            ' folder log (log = "file:PATH" in registry.toml). For the views alone: registry views rebuild'
        )


def restore_log(node: Node, url: str) -> list[Restored]:
    """Append what another copy of the log has and this node's lacks, rebuild the views, and repeat erasures.

    Raises `SettingsError` if this node shares its log with others and has no copy.
    """
    settings = node.settings
    refuse_shared_log(settings)
    source = open_log(url, settings.consortium, read_only=True)
    if isinstance(source, ArchiveLog):
        source.require_lengths()  # nothing is restored from an archive that lacks a part
    with progress("restoring the log") as counter:
        done = restore_streams(source, node.log(), settings.consortium, settings.founded_hash, _sizes(counter))
    source.close()
    tiles = settings.home / "tiles"
    for stream in done:
        if (tiles / stream.stream).exists():  # they follow positions in the log, which have changed
            Tiles(tiles / stream.stream).clear()
    with progress("rebuilding the views", sum(s.size for s in done)) as counter:
        on_stream = _sizes(counter)
        rebuild(node.dsn(), node.source(), on_batch=lambda member, size, _: on_stream(member, size))
    if again := erase_again(node):
        errors.print(
            f"{plural(again, 'learner')} whom this university has erased came back with a backup, and"
            f" {'was' if again == 1 else 'were'} erased again."
        )
    return done
