"""What a case refuses, each by its rule's name. A case is no event on the log: these are the office's own rules.

Refusal
├── IllegalTransition       (docs/events.md's own) the case's state does not allow the move
├── UnknownCase             there is no such case here
├── UnknownProfile          the office has no programme profile of that name, or several apply
├── UnknownSubject          nor such a credential, enquiry or document in it
├── SecondPerson            whoever proposed does not approve
├── DateOrder               what happens later is not dated earlier, and nothing is dated ahead
├── AppealOpen              a file is not closed while an appeal may be lodged
├── NotCovered              a proposal says nothing about one of the credentials
├── CredentialStatus        the credentials' status speaks against the decision
├── Stopped                 something speaks against the proposal, and nobody gave a reason to override it
├── ProposalChanged         whoever approves names another proposal than the case has
├── AssessmentObjections    the assessment has something to be mended first
├── ApplicantErased         nothing more is written about somebody who was erased
├── NotApplicant            an application does not say whose it is
├── FileNumberTaken         another case has that file number
├── NoCredential            a file that was sent in cannot be read
├── NotOpened               several things are wrong with an application
├── NotAttached             a file is too large for a case, or of a type that is not kept
├── HolderDiffers           a credential names another person than the applicant
└── CaseChanged             somebody else was faster
"""

from collections.abc import Sequence
from typing import NamedTuple

from registry.rules.errors import Refusal, Unknown


class CaseProblem(NamedTuple):
    """One thing that is wrong: where, and what."""

    path: str
    detail: str


class UnknownCase(Unknown):
    """No such case here."""

    code = "unknown-case"


class UnknownProfile(Unknown):
    """The office has no such programme profile, or it is not said which one applies."""

    code = "unknown-profile"


class UnknownSubject(Refusal):
    """The case has no such credential, enquiry or requested document."""

    code = "not-in-case"


class SecondPerson(Refusal):
    """Approving takes another person than proposing."""

    code = "second-person"


class DateOrder(Refusal):
    """Days do not run backwards."""

    code = "date-order"


class AppealOpen(Refusal):
    """An appeal may still be lodged."""

    code = "appeal-open"


class CredentialStatus(Refusal):
    """What is decided about is revoked, say, or has not arrived here."""

    code = "credential-status"


class NotCovered(Refusal):
    """A proposal is about every credential of the case, or says which it leaves out."""

    code = "credential-not-covered"


class Stopped(Refusal):
    """A proposal, its approval or its decision is stopped until it is changed, or overridden with a reason."""

    code = "stopped"

    def __init__(self, before: str, reasons: Sequence[str], after: str, path: str) -> None:
        """`reasons` are all that speaks against it, a sentence each; `before` says since when, `after` what to do."""
        self.before = before
        self.reasons = list(dict.fromkeys(reasons))
        self.after = after
        super().__init__(" ".join(filter(None, [before, "; ".join(self.reasons) + ".", after])), path)

    @property
    def explanation(self) -> str:
        """All that speaks against it, a line each, with what to do about it at the end."""
        lines = [self.before or "something speaks against it:", *(f"- {one}" for one in self.reasons), self.after]
        return "\n".join(lines)


class ProposalChanged(Refusal):
    """Whoever approves has read another proposal than the one that the case has now."""

    code = "proposal-changed"


class AssessmentObjections(Refusal):
    """The assessment cannot be proposed as it is."""

    code = "assessment-objections"


class ApplicantErased(Refusal):
    """The applicant's key is gone."""

    code = "applicant-erased"


class NotApplicant(Refusal):
    """Who applies is not said, or not known."""

    code = "applicant"


class FileNumberTaken(Refusal):
    """A file number is one case's."""

    code = "file-number-taken"


class NoCredential(Refusal):
    """A file says nothing that a case could be about."""

    code = "no-credential"


class NotOpened(Refusal):
    """Several things are wrong with an application; it names them all."""

    code = "not-opened"

    def __init__(self, problems: Sequence[CaseProblem]) -> None:
        listed = "; ".join(f"{problem.path}: {problem.detail}" for problem in problems)
        super().__init__(f"{len(problems)} things are wrong, and nothing was stored: {listed}", "$")
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
