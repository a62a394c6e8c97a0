"""Reports on imports, printed for people."""

from typing import Final

from registry.cli.issuing.problem_groups import say_problems
from registry.cli.output import say
from registry.intake.import_report import ImportReport
from registry.intake.import_result import ImportResult

_MAX_UNMAPPED: Final = 25
"""Fields without a place in the registry that are printed, at most."""
_COMPLETED_FIELDS: Final = ("achievement.", "credential.")
"""Beginnings of the fields that completions name."""


def show_import(report: ImportReport) -> None:
    """Print the report on an import for people."""
    for note in report.notes:
        say(f"note: {note}")
    for result in report.awards:
        show_award(result, several=len(report.awards) > 1)
    say_problems(report.problems)
    if report.missing or any(problem.field.startswith(_COMPLETED_FIELDS) for problem in report.problems):
        say('Write these into a JSON file, {"achievement": {…}, "credential": {…}}, and pass it with --complete;')
        say("or complete the draft: registry achievement draft complete DRAFT FILE")
    if report.unmapped:
        count = len(report.unmapped) + report.unmapped_more
        say(f"{count:,} fields of the document have no place here:")
        for path in report.unmapped[:_MAX_UNMAPPED]:
            say(f"  {path}")
        if count > _MAX_UNMAPPED:
            every = "the first 1,000" if report.unmapped_more else "them all"
            say(f"  and {count - _MAX_UNMAPPED:,} more; --json lists {every}")
    would = "would be issued" if report.dry_run else "issued"
    waits = "would wait" if report.dry_run else "waiting"
    waiting = f", {report.waiting:,} {waits}" if report.waiting else ""
    waiting += f", {report.held:,} would be scheduled for a later day" if report.held else ""
    say(f"{report.issued:,} {would}, {report.unchanged:,} as before, {report.refused:,} not taken in{waiting}")


def show_award(result: ImportResult, *, several: bool = False) -> None:
    """Print the result of a document's award."""
    say(f"award {result.award}, {result.title}: {result.how}" if several else f"{result.title}: {result.how}")
    if result.achievement is not None:
        say(f"  achievement {result.achievement}" + (f", version {result.version}" if result.version else ""))
    if result.draft is not None and result.credential is None:
        say(f"  draft {result.draft}; its credential waits")
    elif result.waiting and result.credential is None:
        say("  its credential would wait, as a draft does")
    if result.credential is not None:
        say(f"  credential {result.credential}, learner {result.learner}")
    for path in result.missing:
        say(f"  missing {path}")
