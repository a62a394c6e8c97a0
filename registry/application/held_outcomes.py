"""What a row that is held is answered: that nothing was issued, why, and what to do."""

from collections.abc import Sequence

from registry.application.held_rows import MAX_HELD
from registry.application.requests import PERSON_DIFFERS, IssueRequest, NotIssued, TwoPersons
from registry.values.persons import PERSON
from registry.vault.vault import KnownLearner


def held_outcome(request: IssueRequest, known: KnownLearner, differs: Sequence[str], *, is_kept: bool) -> NotIssued:
    """Return the outcome of a row whose number is known with another person behind it."""
    full = (
        f". The list of held rows is full ({MAX_HELD:,}), and this row is not in it: decide on rows that are"
        " (`registry learner held`), then send this one again"
    )
    return NotIssued(
        request.record,
        PERSON_DIFFERS,
        "student",
        f"this number is known with another {_aspects(differs)}; nothing was issued. Correct the number,"
        " or say whether it is the same person (`registry learner same-person`) or another one"
        f" (`registry learner other-person`), and send the row again{'' if is_kept else full}",
        persons=_two_persons(known, request),
    )


def held_against_refused(request: IssueRequest, known: KnownLearner, differs: Sequence[str]) -> NotIssued:
    """Return the outcome of a row whose number an earlier row had with another person, and that one was refused."""
    return NotIssued(
        request.record,
        PERSON_DIFFERS,
        "student",
        f"an earlier row, which was refused, has this number with another {_aspects(differs)}; nothing was issued."
        " Correct the one that is wrong, and send both again",
        persons=_two_persons(known, request),
    )


def _aspects(differs: Sequence[str]) -> str:
    return " and ".join("date of birth" if one == "dateOfBirth" else one for one in differs)


def _two_persons(known: KnownLearner, request: IssueRequest) -> TwoPersons:
    return TwoPersons({name: known.person.get(name, "") for name in PERSON}, request.person())
