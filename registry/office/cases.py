"""The use cases of a recognition office. Each is one transaction: events, worklist, texts, and the decision itself.

Everything takes who does it (`by`) and on which day it happened (`on`, else today). What an office may not do is a
`Refusal` that names its rule; a case that somebody else changed meanwhile is `CaseChanged`, and is looked at again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import msgspec
from eventsourcing.persistence import IntegrityError
from psycopg.errors import UniqueViolation

from registry.application import Registry
from registry.config import OfficeSetting
from registry.domain import case_events as events
from registry.domain.case import Case
from registry.domain.case_errors import (
    ApplicantErased,
    CaseChanged,
    CredentialStatus,
    DateOrder,
    UnknownCase,
    UnknownSubject,
)
from registry.domain.case_events import Document, FileNumber, IssuerAnswer, Subject
from registry.domain.errors import Duplicate
from registry.office import deadlines, deciding, precedents, worklist
from registry.office.applicants import NAMES, Applicant, admitted
from registry.office.ports import Key, Known
from registry.office.rows import CaseRow, Texts, next_file_number
from registry.office.uploads import Uploaded, uploaded
from registry.office.views import Moved
from registry.office.worklist import CaseLine
from registry.store import PrivateRows, Together
from registry.vault import Learner, VaultRows, random_id
from registry.wire.forms import AtLeastOne, Country, CredentialRef
from registry.wire.recognition import Evidence, External, Grant, Purpose, Towards, WithdrawalReason


class SubjectAsked(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A credential that somebody wants recognised: one of `credential`, `receipt`, `external`, or a `file` alone."""

    credential: CredentialRef | None = None
    receipt: str | None = None
    """The text of a receipt that proves its issuing."""
    external: External | None = None
    evidence: Evidence | None = None
    """How it was shown; where it is left out, `onLog`, `verifiedFile` (a receipt), `paper` or, of a file, `other`."""
    documented: bool = True
    """False: no documents can be had, and a background paper stands for them."""
    file: str | None = None
    """The text of a credential's file: kept, and read where nothing else says what the credential is."""
    country: Country | None = None
    """The issuer's, where a file does not say it."""


class CaseAsked(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """An application."""

    applicant: Applicant
    subjects: AtLeastOne[SubjectAsked]
    purpose: Purpose
    advisory: bool = False
    """Whether the office only states its opinion; for employment it always does."""
    towards: list[Towards] | None = None
    file_number: FileNumber | None = None
    """The office's own; else the next of the year."""
    note: str | None = None


class Office:
    """A recognition office's private side. For one thread at a time, as its `Registry` is."""

    def __init__(self, registry: Registry, setting: OfficeSetting, known: Known) -> None:
        self.registry = registry
        self.setting = setting
        self.known = known
        self._told: Callable[[Moved], None] = lambda _: None

    @contextmanager
    def telling(self, told: Callable[[Moved], None]) -> Iterator[None]:
        """Tell what a move leads to just before it is stored, once it is known that the rules allow it."""
        self._told = told
        try:
            yield
        finally:
            self._told = lambda _: None

    def identifier(self, text: str) -> str:
        """The case with this id or file number. Raises `UnknownCase`."""
        found = worklist.found(self.registry.cursor(), text)
        return found if found is not None else str(self.registry.case(text).id)

    # Opening

    def open(self, asked: CaseAsked, by: str, on: date | None = None) -> Moved:
        """Open a case. Raises a refusal, and `WireError` for a receipt that proves nothing."""
        day = _day(on)
        rows = VaultRows()
        read = [(one, self._read(number, one)) for number, one in enumerate(asked.subjects)]
        applicant = _completed(asked.applicant, [each for _, found in read for each in found])
        learner = admitted(self.registry, applicant, rows)
        case = random_id()
        texts = Texts(self.registry.vault, case, learner, by)
        texts.add("applicant", {k: v for k, v in msgspec.to_builtins(applicant).items() if k != "learner"})
        subjects: list[Subject] = []
        for number, (one, found) in enumerate(read):
            for text in (one.receipt, one.file):
                if text is not None:
                    texts.add("file", {"subject": len(subjects), "content": text})
            subjects += [
                Subject(one.evidence or "other", external=each.external, documented=one.documented) for each in found
            ] or [self._subject(number, one)]
        _distinct(subjects)
        for number, towards in enumerate(asked.towards or ()):
            if (fault := towards.fault()) is not None:
                raise UnknownSubject(fault[1], f"$.towards[{number}]{fault[0]}")
        if asked.note:
            texts.add("note", asked.note)
        opened = Case.open(
            events.Opened(
                case=case,
                file_number=asked.file_number or next_file_number(self.registry.cursor(), int(day[:4])),
                learner=learner.learner,
                purpose=asked.purpose,
                effect="advisory" if asked.advisory or asked.purpose == "employment" else "binding",
                subjects=subjects,
                on=day,
                by=by,
                towards=asked.towards or None,
            )
        )
        notes = [note for _, found in read for each in found for note in each.notes]
        return self._keep(opened, rows, texts, warnings=notes + self.warnings(opened))

    def _read(self, number: int, asked: SubjectAsked) -> list[Uploaded]:
        """What a file says, where nothing else says what the credential is."""
        given = [one for one in (asked.credential, asked.receipt, asked.external) if one is not None]
        if len(given) > 1 or not (given or asked.file):
            raise UnknownSubject(
                "name one of: a credential, a receipt, what no member issued, or a file", f"$.subjects[{number}]"
            )
        return [] if given or asked.file is None else uploaded(asked.file, asked.country, f"$.subjects[{number}].file")

    def _subject(self, number: int, asked: SubjectAsked) -> Subject:
        if asked.external is not None:
            if asked.evidence == "onLog":
                raise UnknownSubject("what no member issued is not on the log", f"$.subjects[{number}].evidence")
            return Subject(asked.evidence or "paper", external=asked.external, documented=asked.documented)
        if asked.receipt is not None:
            proved = self.known.proved(asked.receipt)
            return Subject("verifiedFile", proved.credential, proved.achievement, documented=asked.documented)
        assert asked.credential is not None  # noqa: S101 - one of the three is given
        key = asked.credential.member, asked.credential.credential
        facts = self.known.credentials([key]).get(key)
        achievement = facts.achievement if facts is not None else None
        return Subject(asked.evidence or "onLog", asked.credential, achievement, documented=asked.documented)

    # The file

    def request_documents(
        self, case: str, documents: list[Document], by: str, on: date | None = None, text: str | None = None
    ) -> Moved:
        """Ask the applicant for documents; the clock stands until all have come."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "documents", text)
        found.request_documents(documents, _day(on), by, written)
        return self._keep(found, texts)

    def receive_documents(self, case: str, documents: list[Document], by: str, on: date | None = None) -> Moved:
        """Documents came."""
        found = self.registry.case(case)
        found.receive_documents(documents, _day(on), by)
        return self._keep(found)

    def complete(self, case: str, by: str, on: date | None = None) -> Moved:
        """The file is complete; the office's time runs from that day."""
        found = self.registry.case(case)
        countries: list[str | None] = [one.country for one in self.facts(found).values()]
        countries += [one.external.country for one in found.subjects if one.external is not None]
        term = deadlines.term_for(countries, self.setting.due, self.setting.due_by_country)
        found.complete(term, _day(on), by)
        return self._keep(found)

    def enquire(self, case: str, subject: int, by: str, on: date | None = None, text: str | None = None) -> Moved:
        """Ask the issuer of a credential whether it is authentic."""
        found = self.registry.case(case)
        enquiry = random_id()
        texts, written = self._write(found, by, "enquiry", text)
        found.enquire(enquiry, subject, _day(on), by, written)
        return self._keep(found, texts, enquiry=enquiry)

    def answer(
        self, case: str, enquiry: str, answer: IssuerAnswer, by: str, on: date | None = None, text: str | None = None
    ) -> Moved:
        """The issuer answered."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "answer", text)
        found.answer(enquiry, answer, _day(on), by, written)
        return self._keep(found, texts, warnings=self.warnings(found))

    # The decision

    def assess(self, case: str, assessment: Any, by: str, on: date | None = None) -> Moved:  # noqa: ANN401 - JSON
        """Record an assessment; it goes to the sealed texts, since notes may tell of the person."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "assessment", assessment)
        assert written is not None  # noqa: S101 - there is something to write
        found.assess(written, _day(on), by)
        return self._keep(found, texts)

    def propose(
        self, case: str, grants: list[Grant], by: str, on: date | None = None, text: str | None = None
    ) -> Moved:
        """Propose what to grant; `text` is for the applicant. Read as a verifier will, before anybody approves."""
        found = self.registry.case(case)
        facts, day = self.facts(found), _day(on)
        texts, written = self._write(found, by, "proposal", text)
        found.propose(grants, day, by, written)
        data, _ = deciding.decision_of(found, grants, facts, random_id(), day, None)
        self.registry.check_decision(data)
        warnings = deciding.objections(found, grants, deciding.seen(found, facts))
        for achievement in {
            one.achievement.achievement: one.achievement for one in data.basis if one.achievement
        }.values():
            told = self.known.precedents(achievement, found.data.purpose)
            warnings += precedents.departures(told, grants, self.registry.member)
        return self._keep(found, texts, warnings=warnings)

    def approve(self, case: str, by: str, on: date | None = None) -> Moved:
        """Agree with the proposal."""
        found = self.registry.case(case)
        found.approve(_day(on), by, two_persons=self.setting.two_persons)
        return self._keep(found)

    def return_(self, case: str, by: str, on: date | None = None, text: str | None = None) -> Moved:
        """Give the proposal back."""
        found = self.registry.case(case)
        texts, written = self._write(found, by, "returned", text)
        found.return_(_day(on), by, written)
        return self._keep(found, texts)

    def decide(self, case: str, by: str, on: date | None = None, *, despite: bool = False) -> Moved:
        """Publish the approved proposal as a decision.

        Raises `CredentialStatus` where a credential's status speaks against it, but for `despite`.
        """
        return self._decide(case, by, on, supersedes=None, despite=despite)

    def amend(self, case: str, by: str, on: date | None = None, *, despite: bool = False) -> Moved:
        """Publish the approved proposal as a decision that supersedes the one that stands; likewise."""
        stands = self.registry.case(case).decision
        return self._decide(case, by, on, supersedes=stands.decision if stands else "", despite=despite)

    def _decide(self, case: str, by: str, on: date | None, *, supersedes: str | None, despite: bool) -> Moved:
        found = self.registry.case(case)
        day, facts, decision = _day(on), self.facts(found), random_id()
        grants = found.proposal.grants if found.proposal is not None else []
        now = deciding.seen(found, facts)
        against = deciding.objections(found, grants, now)
        until = date.fromisoformat(day) + timedelta(days=self.setting.appeal_days)
        found.decide(
            events.Decided(
                decision,
                now,
                day,
                by,
                until.isoformat() if self.setting.appeal_days else None,
                supersedes,
                despite=bool(against),
            )
        )
        if against and not despite:
            raise CredentialStatus(
                f"{'; '.join(against)}. Refuse on a formal ground, or decide despite it", "$.despite"
            )
        data, disclosures = deciding.decision_of(found, grants, facts, decision, day, supersedes)
        learner = self._learner(found)
        moved = Moved(self.line(found), against, decision=decision)
        self._told(moved)
        with _one_wins():
            self.registry.decide(data, disclosures, learner=learner, beside=[found], private=CaseRow(found))
        return moved

    def appeal(self, case: str, by: str, on: date | None = None, text: str | None = None) -> Moved:
        """The applicant appeals."""
        found = self.registry.case(case)
        stands = found.decision
        day = _day(on)
        texts, written = self._write(found, by, "appeal", text)
        found.appeal(day, by, written)
        late = stands is not None and stands.appeal_until is not None and day > stands.appeal_until
        warnings = [f"the time for an appeal ended on {stands.appeal_until}"] if late and stands is not None else []
        return self._keep(found, texts, warnings=warnings)

    def withdraw(self, case: str, by: str, on: date | None = None, *, reason: WithdrawalReason | None = None) -> Moved:
        """Take back the application; where it is decided, the published decision, for a reason."""
        found = self.registry.case(case)
        stands = found.decision
        found.withdraw(_day(on), by, reason)
        if stands is None or reason is None:
            return self._keep(found)
        moved = Moved(self.line(found), decision=stands.decision)
        self._told(moved)
        with _one_wins():
            self.registry.withdraw_decision(stands.decision, reason, beside=[found], private=CaseRow(found))
        return moved

    def close(self, case: str, by: str, on: date | None = None) -> Moved:
        """Close the file."""
        found = self.registry.case(case)
        found.close(_day(on), by)
        return self._keep(found)

    # What all of them need

    def warnings(self, case: Case) -> list[str]:
        """What whoever works on a case should know of its credentials now."""
        facts, every = self.facts(case), range(len(case.subjects))
        plain = [Grant(list(every), "full", "recognised", "none")]
        found = deciding.objections(case, plain, deciding.seen(case, facts))
        today = date.today().isoformat()  # noqa: DTZ011 - a day on the office's calendar
        for one in facts.values():
            what = f"credential {one.member}/{one.credential}"
            if one.valid_until is not None and one.valid_until < today:
                found.append(f"{what} expired on {one.valid_until}")
            found += [f"{what} is recognised by agreement {by} without anybody deciding" for by in one.recognised_by]
        return found

    def facts(self, case: Case) -> deciding.Facts:
        """What the views know of a case's credentials."""
        keys = [key for one in case.subjects if (key := _key(one)) is not None]
        return self.known.credentials(keys) if keys else {}

    def _learner(self, case: Case) -> Learner:
        known = self.registry.vault.learner(self.registry.cursor(), case.data.learner)
        if known is None:
            raise ApplicantErased("the applicant was erased; the case can only be withdrawn or closed", "$.case")
        return known[0]

    def _write(self, case: Case, by: str, kind: str, content: Any) -> tuple[Texts | None, str | None]:  # noqa: ANN401 - JSON
        if not content:
            return None, None
        texts = Texts(self.registry.vault, str(case.id), self._learner(case), by)
        return texts, texts.add(kind, content)

    def line(self, case: Case) -> CaseLine:
        """A case as the worklist has it today."""
        today = date.today()  # noqa: DTZ011 - a day on the office's calendar
        return worklist.line(CaseRow(case).values, today, self.setting.due_soon_days)

    def _keep(
        self, case: Case, *rows: PrivateRows | None, warnings: Sequence[str] = (), enquiry: str | None = None
    ) -> Moved:
        moved = Moved(self.line(case), list(warnings), enquiry)
        self._told(moved)
        with _one_wins():
            self.registry.keep_case(case, Together([row for row in (*rows, CaseRow(case)) if row is not None]))
        return moved


def _key(subject: Subject) -> Key | None:
    return None if subject.credential is None else (subject.credential.member, subject.credential.credential)


def _day(on: date | None) -> str:
    today = date.today()  # noqa: DTZ011 - a day on the office's calendar
    if on is not None and on > today:
        raise DateOrder(f"{on} is still to come; today is {today}", "$.on")
    return (on or today).isoformat()


def _completed(applicant: Applicant, read: Sequence[Uploaded]) -> Applicant:
    """The applicant, with the names that their files say where the application says none."""
    if applicant.learner is not None or not read:
        return applicant
    said = {name: value for name in NAMES if (value := getattr(read[0], name)) and not getattr(applicant, name)}
    return msgspec.structs.replace(applicant, **said)


def _distinct(subjects: Sequence[Subject]) -> None:
    keys = [key for one in subjects if (key := _key(one)) is not None]
    if len(set(keys)) < len(keys):
        raise UnknownSubject("the same credential is named twice", "$.subjects")


@contextmanager
def _one_wins() -> Iterator[None]:
    """Of two who change a case at once one wins; the other looks again."""
    try:
        yield
    except (Duplicate, IntegrityError, UniqueViolation) as error:
        raise CaseChanged(
            "somebody else changed this case, or used this file number or applicant, just now; look again", "$.case"
        ) from error


__all__ = ["CaseAsked", "Office", "SubjectAsked", "UnknownCase"]
