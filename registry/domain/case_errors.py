"""Refusals of a case, each named after its rule. A case is not on the log: these are the office's own rules.

Refusal
├── IllegalTransition       (of docs/events.md) the case's state does not allow the action
├── UnknownCase             no case has this id or file number
├── UnknownProfile          the office has no programme profile of that name, or several apply
├── UnknownSubject          the case has no such credential, enquiry or document
├── SecondPerson            the person who proposed must not approve
├── DateOrder               an event is dated before the last one, or in the future
├── AppealOpen              a case is not closed while an appeal may be lodged
├── NotCovered              a proposal neither grants anything on a credential nor leaves it out
├── CredentialStatus        nobody knows what a credential is of
├── Stopped                 something speaks against the proposal, and nobody overrode it with a reason
├── ProposalChanged         the person who approves names another proposal than the case has
├── AssessmentObjections    the assessment must be changed first
├── ApplicantErased         the applicant was erased, and nothing more can be written about them
├── NotApplicant            an application does not identify its applicant
├── FileNumberTaken         another case has that file number
├── NoCredential            a file that was sent in cannot be read
├── NotOpened               an application has several errors
├── NotAttached             a file is too large for a case, or of a type that is not accepted
├── HolderDiffers           a credential names another person than the applicant
└── CaseChanged             somebody else changed the case at the same time
"""

from collections.abc import Sequence
from typing import NamedTuple

from registry.rules.errors import Refusal, Unknown


class CaseProblem(NamedTuple):
    """One error of an application: its place, and what is wrong."""

    path: str
    detail: str


class UnknownCase(Unknown):
    """No case has this id or file number."""

    code = "unknown-case"


class UnknownProfile(Unknown):
    """The office has no such programme profile, or the request does not choose between several."""

    code = "unknown-profile"


class UnknownSubject(Refusal):
    """The case has no such credential, enquiry or requested document."""

    code = "not-in-case"


class SecondPerson(Refusal):
    """The person who proposed must not approve."""

    code = "second-person"


class DateOrder(Refusal):
    """An event is dated before the last one, or in the future."""

    code = "date-order"


class AppealOpen(Refusal):
    """An appeal may still be lodged."""

    code = "appeal-open"


class CredentialStatus(Refusal):
    """A credential has not arrived here, and nothing proves what it is of."""

    code = "credential-status"


class NotCovered(Refusal):
    """A proposal neither grants anything on a credential of the case nor leaves it out."""

    code = "credential-not-covered"


class Stopped(Refusal):
    """A proposal, its approval or its decision is stopped until it is changed, or overridden with a reason."""

    code = "stopped"

    def __init__(self, before: str, reasons: Sequence[str], after: str, path: str) -> None:
        """`reasons` are the stops, a sentence each; `before` says since when they apply, `after` what to do."""
        self.before = before
        self.reasons = list(dict.fromkeys(reasons))
        self.after = after
        super().__init__(" ".join(filter(None, [before, "; ".join(self.reasons) + ".", after])), path)

    @property
    def explanation(self) -> str:
        """Every stop on a line of its own, then what to do."""
        lines = [self.before or "something speaks against it:", *(f"- {reason}" for reason in self.reasons), self.after]
        return "\n".join(lines)


class ProposalChanged(Refusal):
    """The person who approves has read another proposal than the case has now."""

    code = "proposal-changed"


class AssessmentObjections(Refusal):
    """The assessment cannot be proposed as it is."""

    code = "assessment-objections"

    def __init__(self, detail: str, path: str = "$.data", problems: Sequence[CaseProblem] = ()) -> None:
        """`problems` are the objections one by one, where there are several kinds."""
        super().__init__(detail, path)
        self.problems = list(problems)


class ApplicantErased(Refusal):
    """The applicant was erased, and with them the key to their texts."""

    code = "applicant-erased"


class NotApplicant(Refusal):
    """An application does not identify its applicant."""

    code = "applicant"


class FileNumberTaken(Refusal):
    """Another case has this file number."""

    code = "file-number-taken"


class NoCredential(Refusal):
    """A submitted file cannot be read, or holds no credential."""

    code = "no-credential"


class NotOpened(Refusal):
    """An application has several errors; all are named."""

    code = "not-opened"

    def __init__(self, problems: Sequence[CaseProblem]) -> None:
        listed = "; ".join(f"{problem.path}: {problem.detail}" for problem in problems)
        super().__init__(f"{len(problems)} errors; nothing was stored: {listed}", "$")
        self.problems = list(problems)


class NotAttached(Refusal):
    """A file that cannot be attached: too large, of another type, or already there."""

    code = "not-attached"


class HolderDiffers(Refusal):
    """A credential of the case names another person than the applicant."""

    code = "holder-differs"


class CaseChanged(Refusal):
    """The case was changed between reading it and storing this."""

    code = "case-changed"
