"""The outcomes of rows that are held: nothing was issued, why, and what to do."""

from collections.abc import Sequence

from registry.application.held_row import HeldRow
from registry.application.held_rows import MAX_HELD
from registry.application.requests import PERSON_DIFFERS, IssueRequest, NotIssued, TwoPersons
from registry.values.persons import PERSON
from registry.vault.vault import KnownLearner


def build_held_outcome(
    request: IssueRequest, learner: KnownLearner, differs: Sequence[str], row: HeldRow | None
) -> NotIssued:
    """Return the outcome of a row whose number is known with another person behind it.

    `row` is what is stored of it; None if the list is full.
    """
    if row is None:
        further = (
            f". The list of held rows is full ({MAX_HELD:,}), and this row is not in it: decide on rows that are"
            " (`registry learner held`), then send this one again"
        )
    elif row.changes:
        further = (
            f". Until now a row with this id and another {_aspects(row.changes)} was held; this one has taken its"
            " place, and no decision on the earlier one counts for it"
        )
    else:
        further = ""
    return NotIssued(
        request.record,
        PERSON_DIFFERS,
        "student",
        f"this number is known with another {_aspects(differs)}; nothing was issued. Correct the number,"
        " or say whether it is the same person (`registry learner same-person`) or another one"
        f" (`registry learner other-person`), and send the row again{further}",
        persons=_two_persons(learner, request),
    )


def build_conflict_outcome(request: IssueRequest, learner: KnownLearner, differs: Sequence[str]) -> NotIssued:
    """Return the outcome of a row whose number a refused row before it has with another person."""
    return NotIssued(
        request.record,
        PERSON_DIFFERS,
        "student",
        f"an earlier row, which was refused, has this number with another {_aspects(differs)}; nothing was issued."
        " Correct the one that is wrong, and send both again",
        persons=_two_persons(learner, request),
    )


def _aspects(differs: Sequence[str]) -> str:
    words = {"student": "number", "dateOfBirth": "date of birth"}
    return " and ".join(words.get(aspect, aspect) for aspect in differs)


def _two_persons(learner: KnownLearner, request: IssueRequest) -> TwoPersons:
    return TwoPersons({name: learner.person.get(name, "") for name in PERSON}, request.person())
