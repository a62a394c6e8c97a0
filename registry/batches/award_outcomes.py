"""The outcome of a document's award in a batch: issued, refused, scheduled, or waiting as a draft."""

from registry.batches.batch import Batch
from registry.batches.progress import Progress, ScheduledRow
from registry.batches.row_effects import RowEffect
from registry.batches.row_problem import RowProblem
from registry.intake.formats.award import Award
from registry.intake.import_result import ImportResult
from registry.vault.vault import Vault


def award_progress(vault: Vault, batch: Batch, award: Award, result: ImportResult, *, on_its_day: bool) -> Progress:
    """Return the progress that an award makes."""
    if result.held_until is not None and not on_its_day:
        scheduled = [ScheduledRow(award.number, result.held_until)]
        return Progress(vault, batch.batch, award.number, scheduled=scheduled, dry_run=batch.dry_run)
    problems = _problems_of(award, result)
    issued = not problems
    return Progress(
        vault,
        batch.batch,
        award.number,
        issued=int(issued and not result.unchanged),
        unchanged=int(issued and result.unchanged),
        problems=problems,
        refused=int(not issued),
        unscheduled=[award.number] if on_its_day else [],
        effects=(
            [RowEffect(award.number, result.credential, not result.unchanged)]
            if issued and result.credential is not None and not batch.dry_run
            else []
        ),
    )


def _problems_of(award: Award, result: ImportResult) -> list[RowProblem]:
    where = award.path
    problems = [
        RowProblem(award.number, where, problem.field, problem.value, "", problem.detail) for problem in result.problems
    ]
    if result.missing:
        how = result.how
        if result.waiting:  # a dry run makes no draft
            how = "its credential would wait"
            if result.draft:
                how = f"it is draft {result.draft}, and its credential waits"
        problems += [
            RowProblem(award.number, where, path, "", "missing", f"the document does not say; {how}")
            for path in result.missing
        ]
    elif result.waiting and not problems:
        how = f"{result.how}; draft {result.draft}" if result.draft else f"{result.how}; its credential would wait"
        problems.append(RowProblem(award.number, where, "", "", "draft", how))
    return problems
