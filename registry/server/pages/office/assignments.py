"""Assigning cases by the forms of the inbox and of a case."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from registry.api.case_file import Assignment, assign_to
from registry.api.idempotency import Answer
from registry.api.private_side import Write
from registry.http import FieldError, HttpProblem
from registry.office.cases.assignments import assignees
from registry.office.errors import CaseChanged, UnknownCase
from registry.server.pages.office.desk import Desk
from registry.server.pages.refusals import problem_of

MOST_CHOSEN: Final = 100


class ChosenCase(NamedTuple):
    """A case that a form names, as `case@assignee`."""

    case: str
    before: str
    """The person whom the page showed with the case; empty for nobody."""


class RefusedCase(NamedTuple):
    """A case that was not assigned, and why."""

    file_number: str
    problem: Mapping[str, Any]


class AssignedCases(NamedTuple):
    """The outcome for the cases that a form names."""

    assigned: int
    refused: list[RefusedCase]


def read_chosen(data: Mapping[str, str | list[str]]) -> list[ChosenCase]:
    """Return the cases that a form names, each once. Raises `HttpProblem` for what is not the id of a case."""
    chosen = data.get("case", [])
    values = [chosen] if isinstance(chosen, str) else chosen
    cases: dict[str, str] = {}
    for value in values[:MOST_CHOSEN]:
        case, _, before = value.partition("@")
        try:
            cases.setdefault(str(UUID(case)), before)
        except ValueError as error:
            raise HttpProblem("invalid", errors=[FieldError("case", "is not the id of a case")]) from error
    return [ChosenCase(case, before) for case, before in cases.items()]


def assign_if_unchanged(chosen: ChosenCase, assignee: str | None, by: str) -> Callable[[Write], Answer]:
    """Return the write that assigns a case, unless it is with another person than the page showed."""

    def act(write: Write) -> Answer:
        if assignees(write.registry.cursor(), [chosen.case]).get(chosen.case, "") != chosen.before:
            raise CaseChanged("somebody else assigned this case since this form was made", "$.assignee")
        return assign_to(chosen.case, assignee, by)(write)

    return act


def assign_each(desk: Desk, cases: Sequence[ChosenCase], assignee: str | None, key: str) -> AssignedCases:
    """Assign each case that is not with this person already. One that is refused holds up no other."""
    with desk.private.reading() as registry:
        now = assignees(registry.cursor(), [each.case for each in cases])
    assigned, refused = 0, list[RefusedCase]()
    for each in cases:
        if now.get(each.case) == assignee:
            continue
        try:
            act = assign_if_unchanged(each, assignee, desk.me)
            desk.private.write_once(desk.request, f"{key}-{each.case}", Assignment(assignee), act)
            assigned += 1
        except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
            refused.append(RefusedCase(_file_number(desk, each.case), problem_of(desk.request, error)))
    return AssignedCases(assigned, refused)


def _file_number(desk: Desk, case: str) -> str:
    """Return the file number of a case; its id where there is no such case."""
    with desk.private.reading() as registry:
        try:
            return str(registry.case(case).data.file_number)
        except UnknownCase:
            return case
