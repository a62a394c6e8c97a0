"""The audit command."""

import contextlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import psycopg
import typer

from consumers.audit_compare import compare, decided
from consumers.audit_digests import with_digests
from consumers.audit_page import page
from consumers.audit_report import AuditReport, Fault
from consumers.auditor import audit, audit_log
from consumers.rebuild import Source
from consumers.stream import claimed_size
from registry import selfcheck
from registry.cli.context import Node, node_of
from registry.cli.output import AsJson, counted, print_json, progress, say, table
from registry.cli.witness import unmet
from registry.log import GOVERNANCE, open_log
from registry.postgres import embedded
from registry.wire.views_note import ViewsNote

_SHOWN = 20
audit_app = typer.Typer(invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.add_typer(audit_app, name="audit")


@audit_app.callback()
def audit_command(
    context: typer.Context,
    *,
    log: Annotated[
        str | None, typer.Option(help="Another log than the node's: file:PATH, archive:PATH or kafka://…")
    ] = None,
    views: Annotated[bool, typer.Option(help="Compare with the views that this node serves.")] = True,
    log_only: Annotated[bool, typer.Option("--log-only", help="Verify the log alone; no views are rebuilt.")] = False,
    member: Annotated[
        list[str] | None, typer.Option(help="Only this member's stream and rows (several times).")
    ] = None,
    since: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Go on from an earlier report (JSON) of the same log; the log alone."
        ),
    ] = None,
    signed: Annotated[
        list[Path] | None,
        typer.Option(
            "--digest", exists=True, dir_okay=False, help="A node's signed digest of its views, to compare with."
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as one page, too.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the report as JSON, too: for --since and compare.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (else one a core).")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the log from zero with public keys alone, rebuild the views, and compare them with those served.

    Exits 0 only if every record was taken in, every event had its effect, and the views are the same.

    Examples: registry audit --html report.html; registry audit --log file:copy --no-views
    registry audit --log-only --save monday.json; registry audit --since monday.json
    """
    if context.invoked_subcommand is not None:
        return
    node = node_of(context)
    source = Source(log or node.settings.log_url, node.settings.consortium, node.settings.founded_hash)
    earlier = AuditReport.read(since.read_bytes()) if since is not None else None
    notes = [ViewsNote.parse(file.read_bytes()) for file in signed or ()]
    alone = log_only or earlier is not None
    # With views everything is read twice: for what its records are, and for what they lead to.
    with progress("replaying", _to_replay(source, member or ()) * (1 if alone else 2)) as counter:
        sizes: dict[tuple[str, str], int] = {}

        def heard(what: str, name: str, size: int) -> None:
            sizes[what, name] = size
            counter.reach(sum(sizes.values()))

        def on_stream(name: str, size: int) -> None:
            heard("log", name, size)

        def on_batch(name: str, size: int, _: int) -> None:
            heard("views", name, size)

        if alone:
            report = audit_log(source, only=member or (), since=earlier, workers=workers, on_stream=on_stream)
        else:
            served = node.dsn() if views and log is None else None
            with _scratch() as scratch:
                report = audit(
                    source, scratch, served=served, only=member or (), workers=workers, on_batch=on_batch,
                    on_stream=on_stream,
                )  # fmt: skip
    report = with_digests(report, notes)
    report = _with_policy(node, report)
    if log is None and node.settings.member != GOVERNANCE:
        report = _with_stored(node, report)
    if html is not None:
        html.write_text(page(report))
    if save is not None:
        save.write_bytes(_json(report))
    if as_json:
        print_json(report)
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(1)


def _to_replay(source: Source, only: Sequence[str]) -> int:
    log = open_log(source.url, source.consortium, read_only=True)
    try:
        return sum(claimed_size(log, s) for s in log.streams() if s != GOVERNANCE and (not only or s in only))
    finally:
        log.close()


@contextlib.contextmanager
def _scratch() -> Iterator[str]:
    """An auditor rebuilds in a database of its own: nothing of the node's is touched."""
    with tempfile.TemporaryDirectory(prefix="registry-audit-") as folder, embedded(Path(folder)) as scratch:
        yield scratch.dsn("audit")


def _json(report: AuditReport) -> bytes:
    return msgspec.json.encode(report) + b"\n"


@audit_app.command("compare")
def compare_command(
    one: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A report, as `registry audit --save` wrote it.")
    ],
    other: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Another auditor's.")],
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

    Example: registry audit compare mine.json theirs.json --log file:/srv/log
    """
    reports = AuditReport.read(one.read_bytes()), AuditReport.read(other.read_bytes())
    found = compare(*reports)
    if log is not None and found.undecided:
        found = decided(found, *reports, open_log(log, reports[0].consortium, read_only=True))
    if as_json:
        print_json(found)
    else:
        for difference in found.differences:
            where = f"the same up to {difference.agreed}, not at {difference.size}"
            say(f"{difference.member} showed two histories: {where}", style="red")
            for note in difference.notes:
                say("    " + note.replace("\n", "\n    "))
        for doubt in found.undecided:
            same = f"the same up to {doubt.agreed}; from there" if doubt.agreed else "up"
            say(f"{doubt.member}: {same} to {doubt.reach} the reports share no head, --log decides", style="yellow")
        for name in found.unsigned:
            say(f"{name}: a head in one of the reports was never signed by {name}: it proves nothing", style="red")
        if found.same:
            say("Both saw the same histories.", style="green")
    if not found.same:
        raise typer.Exit(1)


def _with_policy(node: Node, report: AuditReport) -> AuditReport:
    """Say which heads this node's policy does not accept: not cosigned by enough witnesses, or too long ago."""
    faults = report.faults + [
        Fault("freshness", member.member, "not-cosigned", why, size=member.size)
        for member in report.members
        if (why := unmet(node, member.member, member.size)) is not None
    ]
    return msgspec.structs.replace(report, ok=not faults, faults=faults)


def _with_stored(node: Node, report: AuditReport) -> AuditReport:
    """Hold this node's own stored events against what it published."""
    member = node.settings.member
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
            for one in selfcheck.check(connection, node.log(), member, node.settings.origin)
        ]
    return msgspec.structs.replace(report, ok=report.ok and not stored, faults=report.faults + stored)


def show(report: AuditReport) -> None:
    """Print a report for people."""
    rate = report.events / report.seconds if report.seconds else 0
    say(f"Audit of {report.consortium}: {report.events:,} events in {report.seconds:.1f} s ({rate:,.0f}/s)")
    if report.since is not None:
        say(f"an earlier report had verified {report.since:,} events already")
    if report.mode == "log":
        say("the log alone was read, not the views' rows")
    table(
        ("stream", "standing", "events", "root", "keys", "unknown types", "faults", "served views"),
        [
            (m.member, m.standing, f"{m.size:,}", m.root[:16] + "…", len(m.keys), m.skipped, m.faults, m.served)
            for m in report.members
        ],
    )
    if report.digest is not None:
        say(f"views' digest {report.digest}")
    for one in report.signed:
        say(f"{one.origin} signed a digest of its views: {one.verdict}")
    for fault in report.faults[:_SHOWN]:
        places = (("position", fault.position), ("size", fault.size), ("leaf", fault.leaf), ("event", fault.event))
        where = [f"{name} {value}" for name, value in places if value is not None]
        say(f"{fault.member}, {', '.join(where) or 'views'}: {fault.code}: {fault.detail}", style="red")
        for line in (fault.evidence or [])[:_SHOWN]:
            say("    " + line.replace("\n", "\n    "))
        if len(fault.evidence or ()) > _SHOWN:
            say(f"    and {len(fault.evidence or ()) - _SHOWN} more; --json lists them")
    if len(report.faults) > _SHOWN:
        rest = Counter(fault.code for fault in report.faults[_SHOWN:])
        say("and " + ", ".join(f"{count} more {code}" for code, count in rest.items()) + "; --json lists them all")
    say(
        "All is well." if report.ok else f"{counted(len(report.faults), 'fault')}.",
        style="green" if report.ok else "red",
    )
