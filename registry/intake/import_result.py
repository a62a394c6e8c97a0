"""The result of importing an award."""

from collections.abc import Sequence
from datetime import date

import msgspec

from registry.application.requests import Issued, Outcome
from registry.intake.formats.award import Oddity
from registry.intake.rows.report import Problem


class ImportResult(msgspec.Struct, frozen=True):
    """The outcome of an award."""

    award: int
    """Place in the document, from 1."""
    title: str
    path: str
    how: str = ""
    """Explanation: how its achievement was found, or that it is new, or a draft."""
    achievement: str | None = None
    version: int | None = None
    """None: the newest."""
    published: bool = False
    """True if its achievement is new and was published with it."""
    draft: str | None = None
    waiting: bool = False
    """True if it waits for its achievement, which is a draft; in a dry run, if it would."""
    credential: str | None = None
    learner: str | None = None
    unchanged: bool = False
    """True if the credential was issued before and says the same."""
    held_until: date | None = None
    """Day from which it is to be published, where that is to come."""
    missing: list[str] = []
    """Fields that are still required before it can be issued, as paths into the completions."""
    problems: list[Problem] = []
    """Reasons why it was not taken in."""
    notes: list[str] = []
    """Doubts about it, though it was taken in."""

    def refuse(self, detail: str, field: str = "") -> "ImportResult":
        """Return the result with one problem as the reason."""
        return msgspec.structs.replace(self, problems=[Problem(self.path, field, "", detail)])

    def ask(self, missing: Sequence[str], questions: Sequence[Oddity]) -> "ImportResult":
        """Return the result with the missing fields, and with a problem for each field that is only unclear."""
        unclear = {question.asks for question in questions}
        return msgspec.structs.replace(
            self,
            missing=[path for path in missing if path not in unclear],
            problems=[*self.problems, *(question.problem() for question in questions)],
        )

    def resolve(self, outcome: Outcome, notes: Sequence[str] = ()) -> "ImportResult":
        """Return the result with the outcome of issuing, and with the `notes` from before it."""
        if isinstance(outcome, Issued):
            replacement = [] if outcome.replacement is None else [str(outcome.replacement)]
            return msgspec.structs.replace(
                self,
                credential=outcome.credential,
                learner=outcome.learner,
                unchanged=outcome.unchanged,
                problems=[],
                notes=[*notes, *replacement],
            )
        refused = msgspec.structs.replace(self, credential=None, learner=None, unchanged=False, notes=[*notes])
        return refused.refuse(f"{outcome.code}: {outcome.detail}", outcome.field)

    @property
    def can_wait(self) -> bool:
        """True if the credential alone lacks what prevents issuing the award."""
        fields = [*self.missing, *(problem.field for problem in self.problems)]
        return bool(fields) and all(field.startswith("credential.") for field in fields)
