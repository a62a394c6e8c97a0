"""`registry doctor`: everything about a node that can be wrong, examined in one command."""

from typing import Annotated, Final

import typer

from registry.cli.opening import home_of
from registry.cli.output import AsJson, print_json, say
from registry.node.doctor.doctor import examine
from registry.node.doctor.findings import DoctorReport, Finding, Severity

_STYLES: Final[dict[Severity, str | None]] = {
    "ok": "green", "note": None, "warning": "yellow", "unchecked": "yellow", "error": "red",
}  # fmt: skip
_EXITS: Final[dict[Severity, int]] = {"ok": 0, "note": 0, "warning": 6, "unchecked": 5, "error": 1}
_WIDTH: Final = max(map(len, _STYLES))


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("doctor")(doctor)


def doctor(
    context: typer.Context,
    *,
    url: Annotated[
        str | None, typer.Option(help="The node's public address, which is asked as anybody could: https://…")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show also what is well.")] = False,
    as_json: AsJson = False,
) -> None:
    """Examine the node: settings, files, keys, clocks, database, log, witnesses, backups, versions, and the proxy.

    It takes at most five seconds, works while the node runs and while it does not, asks for no passphrase, and changes
    nothing. Exits 0 if nothing is wrong, 6 if there are warnings, 5 if something could not be checked, 1 if something
    is wrong: the worst of these.

    Examples: registry doctor; registry doctor --url https://registry.example.org --json
    """
    report = examine(home_of(context), url)
    if as_json:
        print_json(report)
    else:
        _show(report, everything=everything)
    if code := _EXITS[report.severity]:
        raise typer.Exit(code)


def _show(report: DoctorReport, *, everything: bool) -> None:
    for finding in report.findings:
        if everything or finding.severity != "ok":
            _show_finding(finding)
    counts = ", ".join(f"{number} {severity}" for severity, number in report.counts.items() if number)
    say(f"{report.member or 'node'}: {counts}; {report.seconds:.1f} seconds, version {report.version}")


def _show_finding(finding: Finding) -> None:
    style = _STYLES[finding.severity]
    say(f"{finding.severity:{_WIDTH}}  {finding.check}: {finding.sentence}", style=style)
    if finding.advice:
        say(f"{'':{_WIDTH}}  {finding.advice}")
