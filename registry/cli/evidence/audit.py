"""The command that audits a log, and a node's views of it."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import typer

from consumers.audit.audit_page import page
from consumers.audit.audit_report import AuditReport
from consumers.audit.audit_source import source_of
from consumers.projecting.rebuild import Source
from consumers.witness.cosignatures import Cosignatures
from registry.cli.consortium.node_options import check_log, parse_founded
from registry.cli.consortium.witness_options import policy_of, with_limits
from registry.cli.evidence import audit_options as options
from registry.cli.evidence.audit_text import exit_code, read_report, show_report
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, progress
from registry.node.auditing import (
    AuditRequest,
    Witnesses,
    audit_streams,
    audit_with_views,
    check_stored_events,
    check_witnesses,
    compare_digests,
    events_to_audit,
)
from registry.node.node import Node
from registry.settings.settings import SettingsError

audit_app = typer.Typer(invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(audit_app, name="audit")


@audit_app.callback()
def audit_command(
    context: typer.Context,
    *,
    log: options.LogOption = None,
    founded: options.FoundedOption = None,
    views: options.ViewsOption = None,
    log_only: options.LogOnlyOption = False,
    member: options.MemberOption = None,
    since: options.SinceOption = None,
    digest: options.DigestOption = None,
    require_witness: options.RequireWitnessOption = False,
    witness: options.WitnessOption = None,
    cosignatures: options.CosignaturesOption = None,
    needed: options.NeededOption = None,
    max_age_hours: options.MaxAgeOption = None,
    html: options.HtmlOption = None,
    save: options.SaveOption = None,
    workers: options.WorkersOption = None,
    database: options.DatabaseOption = None,
    as_json: AsJson = False,
) -> None:
    """Replay the log from zero with public keys alone, rebuild the views, and compare them with those served.

    Exits 0 only if everything that was requested was checked and is well; 1 if something is not well; 5 if something
    that was requested could not be checked. docs/auditing.md lists the checks.

    Examples: registry audit --html report.html; registry audit --log file:copy --founded 9f2c…
    registry audit --log-only --save monday.json; registry audit --since monday.json
    """
    if context.invoked_subcommand is not None:
        return
    request = _read_request(context, log, founded, views=views, only=member or (), workers=workers, database=database)
    witnesses = _find_witnesses(request.node, witness or (), cosignatures, needed, max_age_hours)
    earlier = read_report(since) if since is not None else None
    if earlier is not None and views:
        raise typer.BadParameter("--since verifies the log alone; leave --views out", param_hint="--views")
    for file in (html, save):
        _require_writable(file)
    with _report_interruption():
        report = _audit(request, earlier, log_only=log_only or earlier is not None)
        report = compare_digests(report, digest or ())
        report = check_witnesses(request, report, witnesses, require=require_witness)
        report = check_stored_events(request, report)
    # The files come first: a reader of the first line only may close the pipe.
    failures = [_write(html, page(report).encode() if html is not None else b""), _write(save, _encode(report))]
    with _survive_a_closed_pipe():
        if as_json:
            print_json(report)
        else:
            show_report(report)
    for failure in filter(None, failures):
        raise typer.BadParameter(f"{failure}; the report is above")
    if code := exit_code(report.verdict):
        raise typer.Exit(code)


def _read_request(
    context: typer.Context,
    log: str | None,
    founded: str | None,
    *,
    views: bool | None,
    only: Sequence[str],
    workers: int | None,
    database: str | None,
) -> AuditRequest:
    if log is not None:
        check_log(log)
    if founded is None:
        try:
            node = node_of(context)
        except SettingsError as error:
            hint = "To audit a log without a node, pass --log and --founded."
            raise SettingsError(f"{str(error).rstrip('.')}. {hint}") from error
        if views and log is not None:
            raise typer.BadParameter("the node's views are of its own log; leave --log out", param_hint="--views")
        source = Source(log or node.settings.log_url, node.settings.consortium, node.settings.founded_hash)
        return AuditRequest(source, node, log is None, views, only, workers, database)
    trusted = parse_founded(founded)
    if log is None:
        raise typer.BadParameter("name the log to audit with --log", param_hint="--founded")
    if views:
        raise typer.BadParameter("there is no node whose views could be compared", param_hint="--views")
    source = source_of(log, trusted)
    return AuditRequest(source, None, own_log=False, views=False, only=only, workers=workers, database=database)


def _find_witnesses(
    node: Node | None, keys: Sequence[str], folder: Path | None, needed: int | None, max_age_hours: int | None
) -> Witnesses | None:
    """Return the witnesses that the command line names, else those of the node's settings; None if there are none."""
    if bool(keys) != (folder is not None):
        raise typer.BadParameter("--witness and --cosignatures go together", param_hint="--witness")
    if folder is not None:
        policy = with_limits(policy_of(keys), needed, max_age_hours)
        return Witnesses(policy, Cosignatures(folder, policy.witnesses))
    if node is None or not node.policy().witnesses:
        if needed is not None or max_age_hours is not None:
            raise typer.BadParameter("no witness is named: pass --witness and --cosignatures", param_hint="--needed")
        return None
    return Witnesses(with_limits(node.policy(), needed, max_age_hours), node.cosignatures())


def _audit(request: AuditRequest, earlier: AuditReport | None, *, log_only: bool) -> AuditReport:
    events = events_to_audit(request.source, request.only)
    if log_only:
        with progress("verifying", events) as counter:
            return audit_streams(request, earlier, _Progress(counter.reach).on_stream)
    # Everything is read twice: to verify the records, and to rebuild the views.
    with progress("verifying", 2 * events) as counter:
        counts = _Progress(counter.reach)
        return audit_with_views(request, counts.on_stream, counts.on_batch)


class _Progress:
    """Counts the events that were read from the log, and those that were written into the views."""

    def __init__(self, reach: Callable[[int], None]) -> None:
        self._reach = reach
        self._sizes: dict[tuple[str, str], int] = {}

    def on_stream(self, name: str, size: int) -> None:
        """Take note of a stream's verified size."""
        self._note("log", name, size)

    def on_batch(self, name: str, size: int, position: int) -> None:
        """Take note of a stream's size in the rebuilt views."""
        del position
        self._note("views", name, size)

    def _note(self, what: str, name: str, size: int) -> None:
        self._sizes[what, name] = size
        self._reach(sum(self._sizes.values()))


def _require_writable(file: Path | None) -> None:
    """Refuse a file that cannot be written, before the audit spends minutes."""
    if file is not None and not file.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.absolute().parent}")


def _encode(report: AuditReport) -> bytes:
    return msgspec.json.encode(report) + b"\n"


def _write(file: Path | None, content: bytes) -> str:
    """Write a file that was requested; return why that failed, empty if it did not."""
    if file is not None:
        try:
            file.write_bytes(content)
        except OSError as error:
            return f"cannot write {file}: {error.strerror}"
    return ""


@contextlib.contextmanager
def _report_interruption() -> Iterator[None]:
    """Say in one line that an interrupted audit has no result."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        errors.print("This audit was stopped and has no result.", style="yellow")
        raise


@contextlib.contextmanager
def _survive_a_closed_pipe() -> Iterator[None]:
    """Go on if the reader of the report closes the pipe (`| head -1`): the exit code is the verdict's."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != 1:  # rich ends the program with 1 on a closed pipe
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
