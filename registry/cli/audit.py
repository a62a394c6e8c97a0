"""The audit command."""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from consumers.auditor import AuditReport, audit
from consumers.rebuild import Source
from registry.cli.context import node_of
from registry.cli.output import AsJson, print_json, progress, say, table
from registry.postgres import embedded

_SHOWN = 20


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("audit")(audit_command)


def audit_command(
    context: typer.Context,
    *,
    log: Annotated[str | None, typer.Option(help="Another log than the node's: file:PATH or kafka://…")] = None,
    views: Annotated[bool, typer.Option(help="Compare with the views that this node serves.")] = True,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes (else one a core).")] = None,
    as_json: AsJson = False,
) -> None:
    """Replay the log from zero with public keys alone, rebuild the views, compare them with those served.

    Exits 0 only if every record was taken in, every event had its effect, and the views are the same.

    Examples: registry audit; registry audit --log file:copy --no-views
    """
    node = node_of(context)
    source = Source(log or node.settings.log_url, node.settings.consortium, node.settings.founded_hash)
    served = node.dsn() if views and log is None else None
    with progress("replaying") as counter:
        sizes: dict[str, int] = {}

        def on_batch(member: str, size: int, position: int) -> None:
            del position
            sizes[member] = size
            counter.reach(sum(sizes.values()))

        # An auditor rebuilds in a database of its own: nothing of the node's is touched.
        with tempfile.TemporaryDirectory(prefix="registry-audit-") as folder, embedded(Path(folder)) as scratch:
            report = audit(source, scratch.dsn("audit"), served=served, workers=workers, on_batch=on_batch)
    if as_json:
        print_json(report)
    else:
        show(report)
    if not report.ok:
        raise typer.Exit(1)


def show(report: AuditReport) -> None:
    """Print a report for people."""
    rate = report.events / report.seconds if report.seconds else 0
    say(f"Audit of {report.consortium}: {report.events:,} events in {report.seconds:.1f} s ({rate:,.0f}/s)")
    table(
        ("stream", "events", "root", "unknown types", "faults", "served views"),
        [(m.member, f"{m.size:,}", m.root[:16] + "…", m.skipped, m.faults, m.served) for m in report.members],
    )
    say(f"views' digest {report.digest}")
    for fault in report.faults[:_SHOWN]:
        places = (("position", fault.position), ("size", fault.size), ("leaf", fault.leaf))
        where = [f"{name} {value}" for name, value in places if value is not None]
        say(f"{fault.member}, {', '.join(where) or 'views'}: {fault.code}: {fault.detail}", style="red")
        for line in fault.evidence or ():
            say("    " + line.replace("\n", "\n    "))
    if len(report.faults) > _SHOWN:
        rest = Counter(fault.code for fault in report.faults[_SHOWN:])
        say("and " + ", ".join(f"{count} more {code}" for code, count in rest.items()) + "; --json lists them all")
    say("All is well." if report.ok else f"{len(report.faults)} faults.", style="green" if report.ok else "red")
