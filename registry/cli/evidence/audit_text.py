"""Reports of audits, read from files, and printed as text for people."""

from collections import Counter
from pathlib import Path

import typer

from consumers.audit.audit_compare import Comparison
from consumers.audit.audit_report import AuditReport, Fault, NoReport
from consumers.audit.audit_verdict import AS_BEFORE, INCONCLUSIVE, WELL
from registry.cli.output import errors, say, table
from registry.values.plural import plural

_SHOWN = 20
_STYLES = {WELL: "green", INCONCLUSIVE: "yellow"}


def read_report(file: Path) -> AuditReport:
    """Return an earlier report. Without a readable one nothing can be compared: the result is inconclusive."""
    try:
        return AuditReport.read(file.read_bytes())
    except (OSError, NoReport) as error:
        why = f"cannot read {file}: {error.strerror}" if isinstance(error, OSError) else f"{file}: {error}"
        errors.print(f"Nothing was compared: {why}.", markup=False, highlight=False)
        raise typer.Exit(exit_code(INCONCLUSIVE)) from error


def exit_code(verdict: str) -> int:
    """Return the exit code of a command with this verdict."""
    return 0 if verdict == WELL else 5 if verdict == INCONCLUSIVE else 1


def show_report(report: AuditReport) -> None:
    """Print a report for people, the verdict first."""
    say(report.summary, style=_STYLES.get(report.verdict, "red"))
    rate = report.events / report.seconds if report.seconds else 0
    say(f"Audit of {report.consortium}: {plural(report.events, 'event')} in {report.seconds:.1f} s ({rate:,.0f}/s)")
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
    for signed in report.signed:
        why = f": {signed.why}" if signed.why else ""
        say(f"{signed.origin} signed a digest of its views: {signed.verdict}{why}")
    for fault in report.faults[:_SHOWN]:
        _show_fault(fault, "red")
    if len(report.faults) > _SHOWN:
        rest = Counter(fault.code for fault in report.faults[_SHOWN:])
        say("and " + ", ".join(f"{count} more {code}" for code, count in rest.items()) + "; --json lists them all")
    for item in report.unchecked[:_SHOWN]:
        before = f" ({AS_BEFORE})" if item.earlier else ""
        say(f"not checked: {item.what}: {item.why}{before}", style="yellow")
    if len(report.unchecked) > _SHOWN:
        say(f"and {len(report.unchecked) - _SHOWN:,} more that could not be checked; --json lists them all")
    for fault in report.warnings[:_SHOWN]:
        say(f"warning: {fault.member}: {fault.code}: {fault.detail}", style="yellow")
    if len(report.warnings) > _SHOWN:
        say(f"and {len(report.warnings) - _SHOWN:,} more warnings; --json lists them all")


def _show_fault(fault: Fault, style: str, indent: str = "") -> None:
    places = (("position", fault.position), ("size", fault.size), ("leaf", fault.leaf), ("event", fault.event))
    where = [f"{name} {value}" for name, value in places if value is not None]
    before = f" ({AS_BEFORE})" if fault.earlier else ""
    what = f"{fault.code}: {fault.detail}{before}"
    say(f"{indent}{fault.member}, {', '.join(where) or fault.kind}: {what}", style=style)
    for line in (fault.evidence or [])[:_SHOWN]:
        say(f"{indent}    " + line.replace("\n", f"\n{indent}    "))
    if len(fault.evidence or ()) > _SHOWN:
        say(f"{indent}    and {len(fault.evidence or ()) - _SHOWN} more; --json lists them")
    if fault.further:
        codes = Counter(consequence.code for consequence in fault.consequences)
        listed = ", ".join(f"{number} {code}" for code, number in codes.items())
        among = "" if len(fault.consequences) == fault.further else "among them "
        say(f"{indent}    because of it: {fault.further:,} more ({among}{listed})")


def show_comparison(comparison: Comparison, first: str, second: str) -> None:
    """Print the comparison of two reports, which have these names."""
    say(comparison.sentence(first, second), style=_STYLES.get(comparison.verdict, "red"))
    for difference in comparison.differences:
        where = f"the same up to {difference.agreed:,}, not at {difference.size:,}"
        say(f"{difference.member} showed two histories: {where}", style="red")
        for note in difference.notes:
            say("    " + note.replace("\n", "\n    "))
    for doubt in comparison.undecided:
        same = f"the same up to {doubt.agreed:,}; from there" if doubt.agreed else "up"
        say(f"{doubt.member}: {same} to {doubt.reach:,} the reports share no head, --log decides", style="yellow")
    for name in comparison.unsigned:
        say(f"{name}: a head in one of the reports was never signed by {name}: it proves nothing", style="red")
