"""The audit command."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import psycopg
import typer

from consumers.audit.audit_compare import OtherConsortium, compare, settle_undecided
from consumers.audit.audit_digests import with_digests
from consumers.audit.audit_page import page
from consumers.audit.audit_report import AuditReport, Fault, NoReport, Unchecked
from consumers.audit.audit_since import without_earlier
from consumers.audit.audit_source import source_of
from consumers.audit.audit_verdict import INCONCLUSIVE, WELL, conclude
from consumers.audit.audit_witness import with_witnesses, without_witnesses
from consumers.audit.auditor import RootsOfLog, audit, audit_log
from consumers.governance.governance import GovernanceFold
from consumers.projecting.rebuild import Source
from consumers.streams.stream import claimed_size
from consumers.witness.cosignatures import Cosignatures
from consumers.witness.policy import Policy
from registry.cli.consortium.witness_options import policy_of, with_limits
from registry.cli.evidence.audit_text import show_comparison, show_report
from registry.cli.opening import node_of
from registry.cli.output import AsJson, errors, print_json, progress
from registry.log import GOVERNANCE, BadAddress, LogError, check_address, open_log
from registry.node.node import Node
from registry.node.scratch import scratch_database
from registry.postgres.embedded import DatabaseUnavailable, database
from registry.publishing import self_check as selfcheck
from registry.settings.settings import SettingsError
from registry.wire.errors import MalformedNote
from registry.wire.views_note import ViewsNote

_HASH_DIGITS: Final = 64
audit_app = typer.Typer(invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(audit_app, name="audit")


class _Request(NamedTuple):
    """What an audit is to do."""

    source: Source
    node: Node | None
    own_log: bool
    """Whether the log is the node's own, so that its views and stored events can be held against it."""
    views: bool | None
    only: Sequence[str]
    workers: int | None
    database: str | None


@audit_app.callback()
def audit_command(
    context: typer.Context,
    *,
    log: Annotated[
        str | None, typer.Option(help="Another log than the node's: file:PATH, archive:PATH or kafka://…")
    ] = None,
    founded: Annotated[
        str | None,
        typer.Option(help="The founding's hash, from somebody you trust: audit --log with it alone, without a node."),
    ] = None,
    views: Annotated[
        bool | None,
        typer.Option(
            "--views/--no-views",
            help="Insist on a comparison with the node's views, or leave it out (else: compare where there are any).",
        ),
    ] = None,
    log_only: Annotated[bool, typer.Option("--log-only", help="Verify the log alone; no views are rebuilt.")] = False,
    member: Annotated[
        list[str] | None, typer.Option(help="Only this member's stream and rows (several times).")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="Go on from an earlier report (JSON) of this log, or of another copy of it; the log alone.",
        ),
    ] = None,
    signed: Annotated[
        list[Path] | None,
        typer.Option("--digest", help="A node's signed digest of its views, to compare with (several times)."),
    ] = None,
    require_witness: Annotated[
        bool, typer.Option("--require-witness", help="Insist that witnesses cosigned the newest head of every log.")
    ] = False,
    witness: Annotated[
        list[str] | None, typer.Option(help="A witness's public key, without a node (several times).")
    ] = None,
    cosignatures: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="With --witness: a copy of a node's folder `cosignatures`."),
    ] = None,
    needed: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many witnesses must have cosigned (else all that --witness names, or the settings)."
        ),
    ] = None,
    max_age_hours: Annotated[
        int | None, typer.Option(min=1, help="How old their cosignatures may be (else the node's setting, or any age).")
    ] = None,
    html: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the report as one page, too.")] = None,
    save: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the report as JSON, too: for --since and compare.")
    ] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (else one a core).")] = None,
    scratch: Annotated[
        str | None,
        typer.Option(
            "--database", help="Where to rebuild the views (else a PostgreSQL that is started and removed again)."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the log from zero with public keys alone, rebuild the views, and compare them with those served.

    Exits 0 only if everything that was asked for was checked and is well; 1 if something is not well; 5 if something
    that was asked for could not be checked. docs/auditing.md says what is checked.

    Examples: registry audit --html report.html; registry audit --log file:copy --founded 9f2c…
    registry audit --log-only --save monday.json; registry audit --since monday.json
    """
    if context.invoked_subcommand is not None:
        return
    request = _request_of(context, log, founded, views=views, only=member or (), workers=workers, scratch=scratch)
    witnesses = _witnesses(request.node, witness or (), cosignatures, needed, max_age_hours)
    earlier = _report_of(since) if since is not None else None
    if earlier is not None and views:
        raise typer.BadParameter("--since verifies the log alone; leave --views out", param_hint="--views")
    for file in (html, save):
        _require_writable(file)
    with _report_interruption():
        report = _audit_log(request, earlier) if log_only or earlier is not None else _audit_whole(request)
        report = _with_signed(report, signed or ())
        report = _with_witnesses(request, report, witnesses, require=require_witness)
        if request.node is not None and request.own_log and request.node.settings.member != GOVERNANCE:
            report = _with_stored(request.node, report)
    # Written first: whoever reads only the first line may close the pipe.
    failures = [_write(html, page(report).encode() if html is not None else b""), _write(save, _json(report))]
    with _survive_a_closed_pipe():
        if as_json:
            print_json(report)
        else:
            show_report(report)
    for failure in filter(None, failures):
        raise typer.BadParameter(f"{failure}; the report is above")
    if code := _exit_code(report.verdict):
        raise typer.Exit(code)


def _request_of(
    context: typer.Context,
    log: str | None,
    founded: str | None,
    *,
    views: bool | None,
    only: Sequence[str],
    workers: int | None,
    scratch: str | None,
) -> _Request:
    if log is not None:
        require_address(log)
    if founded is None:
        try:
            node = node_of(context)
        except SettingsError as error:
            hint = "To audit a log without a node, pass --log and --founded."
            raise SettingsError(f"{str(error).rstrip('.')}. {hint}") from error
        if views and log is not None:
            raise typer.BadParameter("the node's views are of its own log; leave --log out", param_hint="--views")
        source = Source(log or node.settings.log_url, node.settings.consortium, node.settings.founded_hash)
        return _Request(source, node, log is None, views, only, workers, scratch)
    trusted = founding_hash(founded)
    if log is None:
        raise typer.BadParameter("name the log to audit with --log", param_hint="--founded")
    if views:
        raise typer.BadParameter("there is no node whose views could be compared", param_hint="--views")
    source = source_of(log, trusted)
    return _Request(source, None, own_log=False, views=False, only=only, workers=workers, database=scratch)


def founding_hash(text: str) -> bytes:
    """Return a founding's hash (32 bytes) from its digits; anything else is wrong usage."""
    if len(text) != _HASH_DIGITS or set(text) - set("0123456789abcdef"):
        raise typer.BadParameter(
            "64 hexadecimal digits, as `registry consortium create` printed them", param_hint="--founded"
        )
    return bytes.fromhex(text)


def require_address(url: str) -> None:
    """Refuse a word that names no log at all as wrong usage."""
    try:
        check_address(url)
    except BadAddress as error:
        raise typer.BadParameter(str(error), param_hint="--log") from error


def _require_writable(file: Path | None) -> None:
    """Refuse a file that cannot be written before minutes are spent on what goes into it."""
    if file is not None and not file.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.absolute().parent}")


def _write(file: Path | None, content: bytes) -> str:
    """Write a file that was asked for; return why that cannot be, empty where it was written."""
    if file is not None:
        try:
            file.write_bytes(content)
        except OSError as error:
            return f"cannot write {file}: {error.strerror}"
    return ""


@contextlib.contextmanager
def _report_interruption() -> Iterator[None]:
    """Say in one line that an audit that was stopped has found nothing out."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        errors.print("This audit was stopped and has no result.", style="yellow")
        raise


@contextlib.contextmanager
def _survive_a_closed_pipe() -> Iterator[None]:
    """Go on where the reader of the report has read enough of it (`| head -1`): the exit code is the verdict's."""
    try:
        yield
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != 1:  # rich ends the program with 1 on a closed pipe
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _exit_code(verdict: str) -> int:
    return 0 if verdict == WELL else 5 if verdict == INCONCLUSIVE else 1


class _Progress:
    """Counts what was read of the log, and what was written into the views."""

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


def _audit_log(request: _Request, earlier: AuditReport | None) -> AuditReport:
    with progress("verifying", _to_replay(request.source, request.only)) as counter:
        counts = _Progress(counter.reach)
        return audit_log(
            request.source, only=request.only, since=earlier, workers=request.workers, on_stream=counts.on_stream
        )


def _audit_whole(request: _Request) -> AuditReport:
    served, away = None, ""
    if request.node is not None and request.own_log and request.views is not False:
        try:
            served = request.node.dsn()
        except DatabaseUnavailable as error:
            away = str(error)
    # Everything is read twice: for what its records are, and for what they lead to.
    with progress("verifying", 2 * _to_replay(request.source, request.only)) as counter, _scratch(request) as scratch:
        counts = _Progress(counter.reach)
        report = audit(
            request.source, scratch, served=served, require_views=bool(request.views), only=request.only,
            workers=request.workers, on_batch=counts.on_batch, on_stream=counts.on_stream,
        )  # fmt: skip
    return conclude(report, unchecked=[Unchecked("the node's views", away, "views")]) if away else report


@contextlib.contextmanager
def _scratch(request: _Request) -> Iterator[str]:
    """An auditor rebuilds in a database of its own: nothing of the node's is touched."""
    if request.database is not None:
        yield database(request.database)
        return
    with scratch_database("audit") as dsn:
        yield dsn


def _to_replay(source: Source, only: Sequence[str]) -> int:
    """Return about how many events there are, for whoever watches."""
    total = 0
    with contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log:
        for stream in log.streams():
            if stream != GOVERNANCE and (not only or stream in only):
                with contextlib.suppress(LogError):  # the audit itself says what cannot be read
                    total += claimed_size(log, stream)
    return total


def _json(report: AuditReport) -> bytes:
    return msgspec.json.encode(report) + b"\n"


def _with_signed(report: AuditReport, files: Sequence[Path]) -> AuditReport:
    """Hold signed digests against the views rebuilt; a file that cannot be read sinks nothing else."""
    notes: list[ViewsNote] = []
    unchecked: list[Unchecked] = []
    for file in files:
        try:
            notes.append(ViewsNote.parse(file.read_bytes()))
        except OSError as error:
            unchecked.append(Unchecked(f"the signed digest {file}", f"cannot read it: {error.strerror}", "views"))
        except MalformedNote as error:
            unchecked.append(Unchecked(f"the signed digest {file}", f"it is none: {error}", "views"))
    return conclude(with_digests(report, notes), unchecked=unchecked)


class _Witnesses(NamedTuple):
    """The witnesses that the auditor relies on, and the heads that they cosigned, as far as is known here."""

    policy: Policy
    kept: Cosignatures


def _witnesses(
    node: Node | None, keys: Sequence[str], folder: Path | None, needed: int | None, max_age_hours: int | None
) -> _Witnesses | None:
    """Return the witnesses that the command line names, else those of the node's settings; None without any."""
    if bool(keys) != (folder is not None):
        raise typer.BadParameter("--witness and --cosignatures go together", param_hint="--witness")
    if folder is not None:
        policy = with_limits(policy_of(keys), needed, max_age_hours)
        return _Witnesses(policy, Cosignatures(folder, policy.witnesses))
    if node is None or not node.policy().witnesses:
        if needed is not None or max_age_hours is not None:
            raise typer.BadParameter("no witness is named: pass --witness and --cosignatures", param_hint="--needed")
        return None
    return _Witnesses(with_limits(node.policy(), needed, max_age_hours), node.cosignatures())


def _with_witnesses(
    request: _Request, report: AuditReport, witnesses: _Witnesses | None, *, require: bool
) -> AuditReport:
    """Add what the witnesses say of the newest heads."""
    if witnesses is None:
        return without_witnesses(report, report.streams, require=require)
    fold = GovernanceFold(request.source.consortium, request.source.founded)
    with contextlib.closing(open_log(request.source.url, request.source.consortium, read_only=True)) as log:
        for record in log.records(GOVERNANCE):
            fold.take(record.data)
    roots = RootsOfLog(request.source, fold)
    return with_witnesses(report, witnesses.policy, witnesses.kept, roots, datetime.now(UTC), require=require)


def _with_stored(node: Node, report: AuditReport) -> AuditReport:
    """Hold this node's own stored events against what it published."""
    member = node.settings.member
    try:
        with psycopg.connect(node.dsn(), autocommit=True) as connection:
            stored = [
                Fault(
                    "stored",
                    member,
                    one.what,
                    f"a stored event of this node was {one.what}: it is not what was published"
                    + (f" (notification {one.notification})" if one.notification is not None else ""),
                    leaf=one.leaf,
                    event=one.event,
                )
                for one in selfcheck.check(connection, node.log(), member, node.settings.origin, node.counts())
            ]
    except (psycopg.OperationalError, DatabaseUnavailable) as error:
        why = f"the database cannot be reached: {str(error).strip().splitlines()[0]}"
        return conclude(report, unchecked=[Unchecked("this node's stored events", why, "stored", member)])
    report = without_earlier(
        report,
        faults=lambda fault: (fault.kind, fault.member) == ("stored", member),
        unchecked=lambda item: (item.kind, item.member) == ("stored", member),
    )
    return conclude(report, faults=stored)


def _report_of(file: Path) -> AuditReport:
    """Return an earlier report. Where the file is absent, nothing can be compared: that is inconclusive.

    So it is where the file is not a report.
    """
    try:
        return AuditReport.read(file.read_bytes())
    except (OSError, NoReport) as error:
        why = f"cannot read {file}: {error.strerror}" if isinstance(error, OSError) else f"{file}: {error}"
        errors.print(f"Nothing was compared: {why}.", markup=False, highlight=False)
        raise typer.Exit(_exit_code(INCONCLUSIVE)) from error


@audit_app.command("compare")
def compare_command(
    one: Annotated[Path, typer.Argument(dir_okay=False, help="A report, as `registry audit --save` wrote it.")],
    other: Annotated[Path, typer.Argument(dir_okay=False, help="Another auditor's.")],
    *,
    log: Annotated[
        str | None, typer.Option(help="A log that decides where the reports share no head: file:PATH, kafka://…")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find the first size at which two auditors saw different histories, and print both signed notes.

    A report keeps some of a stream's heads, its newest among them. Where the two share none after which both have
    read on, a log decides: does it pass through the newest head of each? The first report should be your own: it is
    asked which keys a member has.

    Exits 0 if both saw the same heads, 1 if they saw two histories, 5 if one saw less than the other, or if the
    reports do not say whether they saw the same.

    Example: registry audit compare mine.json theirs.json --log file:/srv/log
    """
    if log is not None:
        require_address(log)
    reports = _report_of(one), _report_of(other)
    try:
        found = compare(*reports)
    except (OtherConsortium, MalformedNote) as error:
        raise OtherConsortium(f"{one} and {other} cannot be compared: {error}") from error
    if log is not None and not found.undecided:
        errors.print("--log was not read: the reports decide by themselves.", markup=False, highlight=False)
    if log is not None and found.undecided:
        with contextlib.closing(open_log(log, reports[0].consortium, read_only=True)) as deciding:
            found = settle_undecided(found, *reports, deciding)
    if as_json:
        answer = {"verdict": found.verdict, "summary": found.sentence(one.name, other.name)}
        print_json(answer | msgspec.structs.asdict(found))
    else:
        show_comparison(found, one.name, other.name)
    if code := _exit_code(found.verdict):
        raise typer.Exit(code)
