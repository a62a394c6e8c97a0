"""Reading and storing cases: what every action of an office needs."""

import copy
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any, Self

import msgspec

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.case import Case, PersonOf
from registry.domain.case_errors import ApplicantErased, CaseChanged
from registry.office.assessments.assessment import Assessment
from registry.office.cases import worklist
from registry.office.cases.decision import FactsByKey, known_statuses, list_decided_subjects
from registry.office.cases.opening import key_of
from registry.office.cases.proposal_messages import list_enquiry_notes
from registry.office.cases.rows import CaseRow, Texts, read_text
from registry.office.cases.stops import status_stops
from registry.office.cases.views import CaseUpdate
from registry.office.cases.worklist import CaseLine
from registry.office.ports import CredentialFacts, CredentialLookup
from registry.settings.settings import OfficeSetting
from registry.store.recorder import TransactionalRows
from registry.values.actors import person_of
from registry.vault.vault import Learner
from registry.wire.recognition import Grant
from registry.wire.today import utc_today


class CaseAccess:
    """Reads and stores the cases of one office. For one thread at a time, as its `Registry` is."""

    def __init__(self, registry: Registry, setting: OfficeSetting, lookup: CredentialLookup) -> None:
        self.registry = registry
        self.setting = setting
        self.lookup = lookup
        self._transaction: Transaction | None = None

    def within(self, transaction: Transaction) -> Self:
        """Return this office for one action: what it stores is added to the transaction, which the caller commits."""
        office = copy.copy(self)
        office._transaction = transaction  # noqa: SLF001 - of its own class
        return office

    def reading_from(self, registry: Registry) -> Self:
        """Return this office for one read, with the connection of that registry."""
        office = copy.copy(self)
        office.registry = registry
        return office

    def identifier(self, text: str) -> str:
        """Return the id of the case with this id or file number. Raises `UnknownCase`."""
        case_id = worklist.find_case_id(self.registry.cursor(), text)
        return case_id if case_id is not None else str(self.registry.case(text).id)

    def assessment(self, case: Case, text: str) -> Assessment:
        """Return an assessment of a case, by the id of its encrypted text."""
        content = read_text(self.registry.cursor(), self.registry.vault, str(case.id), self._learner(case), text)
        return msgspec.convert(content, Assessment)

    def warnings(self, case: Case, facts: FactsByKey | None = None) -> list[str]:
        """Return in sentences what an officer should know of a case's credentials now; `facts` if these were read."""
        facts = self.facts(case) if facts is None else facts
        subjects = list_decided_subjects(case, ())
        full = [Grant(list(subjects), "full", "recognised", "none")]
        warnings = [stop.detail for stop in status_stops(case, full, known_statuses(case, facts))]
        warnings += [*list_enquiry_notes(case, subjects), *withdrawal_notes(case)]
        today = utc_today().isoformat()
        for credential in facts.values():
            name = f"credential {credential.member}/{credential.credential}"
            if credential.valid_until is not None and credential.valid_until < today:
                warnings.append(f"{name} expired on {credential.valid_until}")
            warnings += agreement_notes(credential)
        return warnings

    def _appeal_until(self, day: str) -> str | None:
        """Return the last day to appeal against a decision of `day`; None where the office states none."""
        until = date.fromisoformat(day) + timedelta(days=self.setting.appeal_days)
        return until.isoformat() if self.setting.appeal_days else None

    def _person_of(self) -> PersonOf | None:
        """Return the function that maps actors to persons; None where the office does not require two persons."""
        return functools.partial(person_of, self.registry.cursor()) if self.setting.two_persons else None

    def facts(self, case: Case) -> FactsByKey:
        """Return the facts of a case's credentials that have arrived here."""
        keys = [key for subject in case.subjects if (key := key_of(subject)) is not None]
        return self.lookup.find_credentials(keys) if keys else {}

    def _learner(self, case: Case) -> Learner:
        holder = self.registry.vault.read_learner(self.registry.cursor(), case.data.learner)
        if holder is None:
            raise ApplicantErased("the applicant was erased; the case can only be withdrawn or closed", "$.case")
        return holder[0]

    def _write(self, case: Case, by: str, kind: str, content: Any) -> tuple[Texts | None, str | None]:  # noqa: ANN401 - JSON
        if not content:
            return None, None
        texts = Texts(self.registry.vault, str(case.id), self._learner(case), by)
        return texts, texts.add(kind, content)

    def line(self, case: Case) -> CaseLine:
        """Return the line of a case in today's worklist."""
        today = utc_today()
        return worklist.line(CaseRow(case).values, today, self.setting.due_soon_days)

    def _update(
        self, case: Case, warnings: Sequence[str] = (), enquiry: str | None = None, decision: str | None = None
    ) -> CaseUpdate:
        line = self.line(case)
        return CaseUpdate(
            line.case,
            line.file_number,
            line.state,
            line.due,
            line.appeal_until,
            list(warnings),
            enquiry,
            decision,
            case.proposal_id if line.state in ("proposed", "approved") else None,
        )

    def _store(
        self,
        case: Case,
        *rows: TransactionalRows | None,
        warnings: Sequence[str] = (),
        enquiry: str | None = None,
        addressee: str | None = None,
    ) -> CaseUpdate:
        with self._storing() as transaction:
            transaction.save(case)
            transaction.add(*(row for row in rows if row is not None), CaseRow(case))
        return msgspec.structs.replace(self._update(case, warnings, enquiry), addressee=addressee)

    @contextmanager
    def _storing(self) -> Iterator[Transaction]:
        """Open the transaction of an action. Of two persons who change a case at once, one must read it again."""
        with self.registry.join(self._transaction) as transaction:
            transaction.conflict = CaseChanged(
                "somebody else changed this case, or used this file number or applicant, just now; look again",
                "$.case",
            )
            yield transaction


def agreement_notes(credential: CredentialFacts) -> list[str]:
    """Return in sentences which agreements recognise a credential."""
    name = f"credential {credential.member}/{credential.credential}"
    return [
        f"{name} is recognised by agreement {agreement}, without a decision" for agreement in credential.recognised_by
    ]


def withdrawal_notes(case: Case) -> list[str]:
    """Return in a sentence who wants the decision withdrawn, until another person confirms it."""
    wish = case.withdrawal_proposal
    if wish is None or case.withdrawal is not None:
        return []
    return [withdrawal_note(wish.by, wish.reason)]


def withdrawal_note(by: str, reason: str) -> str:
    """Return in a sentence that a person wants a decision withdrawn for a reason."""
    return (
        f"{by} wants the decision withdrawn ({reason}), and it is still in force: another person must confirm that, for"
        " the same reason"
    )
