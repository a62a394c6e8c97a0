"""The outcomes of rows that came before: in an earlier batch, or earlier in this one."""

from registry.application.new_request import NewRequest
from registry.application.records import KnownRecord
from registry.application.refusals import Refusals, refuse_missing
from registry.application.requests import Issued, NotIssued, Outcome


def compare_with_record(row: NewRequest, earlier: KnownRecord, refusals: Refusals) -> Outcome:
    """Return the outcome of a row whose record is known: unchanged, or why it cannot be issued again.

    `earlier` is what the record became, and `refusals` is what the log refused of this member.
    """
    record = row.request.record
    if earlier.content is not None and (refused := refusals.get(earlier.credential)) is not None:
        refusal = refuse_missing(refused)
        return NotIssued(record, refusal.code, "record", refusal.explanation, accepted=False)
    if earlier.content is None:
        return NotIssued(
            record,
            "erased",
            "record",
            "its learner was erased; it is not issued again. Give a new award a row id of its own",
        )
    if earlier.content not in row.contents:
        return NotIssued(
            record,
            "record-differs",
            "record",
            f"this row became credential {earlier.credential}, and said something else then; to correct a"
            " credential, issue another that replaces it, with a row id of its own",
        )
    return Issued(record, earlier.credential, earlier.learner, unchanged=True)


def compare_with_row(row: NewRequest, first: NewRequest, outcome: Outcome) -> Outcome:
    """Return the outcome of a row whose id an earlier row of the batch has; `outcome` is that row's."""
    record = row.request.record
    if row.content != first.content:
        return NotIssued(record, "record-differs", "record", "an earlier row has this id and says something else")
    if isinstance(outcome, Issued):
        return Issued(record, outcome.credential, outcome.learner, unchanged=True)
    return outcome
