"""Which letter a case needs in its state, and what a letter that decides nothing says."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final, Literal, get_args

from registry.domain import deadlines
from registry.domain.case import Case
from registry.domain.case_errors import ApplicantErased
from registry.domain.case_events import Appealed, CaseState, DocumentsRequested
from registry.letters import CannotWrite, Language
from registry.letters.content import Office as Letterhead
from registry.letters.notices import NamedCredential, Notice, NoticeKind
from registry.office.cases.applicants import Applicant
from registry.office.cases.case_view import show_case
from registry.office.cases.letter_content import addressee, language_of, title_and_issuer
from registry.office.cases.service import Office
from registry.office.cases.views import Step, SubjectView
from registry.wire.forms import Text
from registry.wire.recognition import Towards

LetterKind = Literal["decision", NoticeKind]
LETTER_KINDS: Final[tuple[str, ...]] = ("decision", *get_args(NoticeKind))
_BY_STATE: Final[dict[CaseState, LetterKind]] = {
    "collecting": "receipt", "waiting": "documents", "assessing": "receipt", "proposed": "receipt",
    "approved": "receipt", "decided": "decision", "appealed": "appealReceived",
}  # fmt: skip
Names = Callable[[str], str]
"""The legal name of a member."""


def letter_kind(case: Case) -> LetterKind:
    """Return which letter a case needs in its state."""
    if case.withdrawal is not None:
        return "applicationWithdrawn" if case.withdrawal.decision is None else "decisionWithdrawn"
    if case.decisions and case.state in ("proposed", "approved", "closed"):
        return "decision"
    return _BY_STATE.get(case.state, "receipt")


class NoticeWriter:
    """Writes what a notice about one case says."""

    def __init__(self, office: Office, case: str, letterhead: Letterhead, legal_name: Names, today: date) -> None:
        """`today` is the date of a letter about a delay; every other one has the date of what it tells."""
        self._office = office
        self._case = office.registry.case(case)
        self._letterhead = letterhead
        self._legal_name = legal_name
        self._today = today
        self._view = show_case(office, case)

    def write(
        self,
        kind: NoticeKind,
        language: Language | None,
        title: Callable[[Towards], Text | None],
        enquiry: str | None = None,
        verify_url: Callable[[str], str | None] = lambda _: None,
    ) -> Notice:
        """Return the notice, in the language given, else in the applicant's.

        `title` names a programme, `verify_url` is where a decision can be verified. Raises `ApplicantErased`, and
        `CannotWrite` where the case has nothing to tell of that kind.
        """
        applicant = self._view.applicant
        if applicant is None:
            raise ApplicantErased("the applicant was erased; there is nobody to write to", "$.case")
        values = getattr(self, f"_{kind}")() if kind != "enquiry" else self._enquiry(applicant, enquiry)
        decision = values.get("decision")
        applied = self._case.decided_for[decision] if decision is not None else self._case.data.towards or []
        towards = [] if kind == "enquiry" else applied
        return Notice(
            kind=kind,
            language=language or (language_of(applicant) if kind != "enquiry" else "en"),
            office=self._letterhead,
            addressee=None if kind == "enquiry" else addressee(applicant),
            file_number=self._case.data.file_number,
            applied_for=[text for programme in towards if (text := title(programme)) is not None],
            verify_url=verify_url(decision) if decision is not None else None,
            **values,
        )

    def _receipt(self) -> dict[str, Any]:
        case, completed = self._case, self._case.completed
        due = None if completed is None else deadlines.due(completed.on, completed.term, case.stops)
        opened = date.fromisoformat(self._view.history[0].on)
        values = {"letter_date": opened, "on": opened, "credentials": self._credentials()}
        if completed is not None and due is not None:
            day = date.fromisoformat(completed.on)
            values |= {"letter_date": day, "completed": day, "due": due}
        return values

    def _documents(self) -> dict[str, Any]:
        if not self._case.outstanding:
            raise CannotWrite("the case waits for no documents (`registry case request-documents` asks for some)")
        step = self._last(DocumentsRequested.__name__)
        return {
            "letter_date": date.fromisoformat(step.on),
            "documents": self._case.outstanding,
            "remarks": self._texts(step.data.get("text")),
        }

    def _enquiry(self, applicant: Applicant, enquiry: str | None) -> dict[str, Any]:
        enquiries = self._case.enquiries
        if not enquiries or (enquiry is not None and enquiry not in enquiries):
            what = f"no enquiry {enquiry}" if enquiry is not None else "no enquiry yet"
            raise CannotWrite(f"the case has {what} (`registry case enquire` makes one)")
        selected = enquiries[enquiry] if enquiry is not None else list(enquiries.values())[-1]
        return {
            "letter_date": date.fromisoformat(selected.on),
            "credentials": [self._named_credential(self._view.subjects[selected.subject])],
            "holder": addressee(applicant),
            "remarks": self._texts(selected.text),
        }

    def _delay(self) -> dict[str, Any]:
        case, completed = self._case, self._case.completed
        due = None if completed is None else deadlines.due(completed.on, completed.term, case.stops)
        if due is None or case.state not in ("assessing", "proposed", "approved") or case.decisions:
            raise CannotWrite(f"no decision is due: the case is {case.state}, and its time does not run")
        return {"letter_date": self._today, "due": due}

    def _applicationWithdrawn(self) -> dict[str, Any]:  # noqa: N802 - the kind's own name
        withdrawal = self._case.withdrawal
        if withdrawal is None or withdrawal.decision is not None:
            raise CannotWrite("the application was not withdrawn")
        day = date.fromisoformat(withdrawal.on)
        return {"letter_date": day, "on": day}

    def _decisionWithdrawn(self) -> dict[str, Any]:  # noqa: N802 - the kind's own name
        withdrawal = self._case.withdrawal
        if withdrawal is None or withdrawal.decision is None:
            raise CannotWrite("no decision of this case was withdrawn")
        day = date.fromisoformat(withdrawal.on)
        decided = next(each for each in self._case.decisions if each.decision == withdrawal.decision)
        return {
            "letter_date": day,
            "on": day,
            "decision": withdrawal.decision,
            "decided": date.fromisoformat(decided.on),
            "reason": withdrawal.reason,
            "effect": self._office.registry.recognition.decision(withdrawal.decision).data.effect,
            "appeal_until": date.fromisoformat(withdrawal.appeal_until) if withdrawal.appeal_until else None,
            "credentials": self._credentials(set(decided.left)),
        }

    def _appealReceived(self) -> dict[str, Any]:  # noqa: N802 - the kind's own name
        if not self._case.appeals or self._case.decision is None:
            raise CannotWrite("no appeal was received in this case")
        day = date.fromisoformat(self._last(Appealed.__name__).on)
        return {"letter_date": day, "on": day, "decision": self._case.decision.decision}

    def _credentials(self, without: set[int] | None = None) -> list[NamedCredential]:
        hidden = self._case.removed if without is None else without
        return [self._named_credential(view) for number, view in enumerate(self._view.subjects) if number not in hidden]

    def _named_credential(self, view: SubjectView) -> NamedCredential:
        title, issuer, country = title_and_issuer(view)
        member = view.subject.credential is not None
        return NamedCredential(title, self._legal_name(issuer) if member else issuer, country)

    def _last(self, kind: str) -> Step:
        """The last thing of a kind that happened."""
        what = kind[:1].lower() + kind[1:]
        return next(step for step in reversed(self._view.history) if step.what == what)

    def _texts(self, text: str | None) -> list[str]:
        return [each.content for each in self._view.written if each.text == text and each.content]
