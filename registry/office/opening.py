"""How a case is opened: from a receipt, a credential on the log, a file that was sent in, or what no member issued."""

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from registry.application import Registry
from registry.domain import case_events as events
from registry.domain.case import Case
from registry.domain.case_errors import FileNumberTaken, UnknownSubject
from registry.domain.case_events import FileNumber, Subject
from registry.office.applicants import NAMES, Applicant, admitted
from registry.office.ports import Key, Known
from registry.office.rows import Texts, has_file_number, next_file_number
from registry.office.uploads import MAX_CHARACTERS, Uploaded, uploaded
from registry.store import PrivateRows
from registry.vault import VaultRows, random_id
from registry.wire.errors import InvalidEvent
from registry.wire.forms import Checker, Country, CredentialRef, checker
from registry.wire.recognition import Evidence, External, Purpose, Towards

Words = Annotated[str, Meta(max_length=20_000)]
"""What somebody wrote; it is kept encrypted."""
MOST_SUBJECTS: Final = 50


class SubjectAsked(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A credential that somebody wants recognised: one of `credential`, `receipt`, `external`, or a `file` alone."""

    credential: CredentialRef | None = None
    receipt: Annotated[str, Meta(max_length=200_000)] | None = None
    """The text of a receipt that proves its issuing."""
    external: External | None = None
    evidence: Evidence | None = None
    """How it was shown; where it is left out, `onLog`, `verifiedFile` (a receipt), `paper` or, of a file, `other`."""
    documented: bool = True
    """False: no documents can be had, and a background paper stands for them."""
    file: Annotated[str, Meta(max_length=MAX_CHARACTERS)] | None = None
    """The text of a credential's file: kept, and read where nothing else says what the credential is."""
    country: Country | None = None
    """The issuer's, where a file does not say it."""
    issuer: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    """The issuer's name, where a file does not say it."""


class CaseAsked(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """An application."""

    applicant: Applicant
    subjects: Annotated[list[SubjectAsked], Meta(min_length=1, max_length=MOST_SUBJECTS)]
    purpose: Purpose
    advisory: bool = False
    """Whether the office only states its opinion; for employment it always does."""
    towards: Annotated[list[Towards], Meta(max_length=MOST_SUBJECTS)] | None = None
    file_number: FileNumber | None = None
    """The office's own; else the next of the year."""
    note: Words | None = None


class OpenedCase(NamedTuple):
    """A case to be stored, with the rows that go with it."""

    case: Case
    rows: Sequence[PrivateRows]
    notes: list[str]


def opened(registry: Registry, known: Known, asked: CaseAsked, by: str, day: str) -> OpenedCase:
    """A new case. Raises a refusal, and `WireError` for what has no form or a receipt that proves nothing."""
    if (fault := _check(asked)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
    if asked.file_number is not None and has_file_number(registry.cursor(), asked.file_number):
        raise FileNumberTaken(
            f"another case has the file number {asked.file_number}; choose another, or leave it out for the next of"
            " the year",
            "$.fileNumber",
        )
    rows = VaultRows()
    read = [(one, _read(number, one)) for number, one in enumerate(asked.subjects)]
    notes = [note for _, found in read for each in found for note in each.notes]
    applicant = _completed(asked.applicant, [each for _, found in read for each in found])
    learner = admitted(registry, applicant, rows)
    case = random_id()
    texts = Texts(registry.vault, case, learner, by)
    texts.add("applicant", {k: v for k, v in msgspec.to_builtins(applicant).items() if k != "learner"})
    subjects: list[Subject] = []
    for number, (one, found) in enumerate(read):
        for text in (one.receipt, one.file):
            if text is not None:
                texts.add("file", {"subject": len(subjects), "content": text})
        subjects += [
            Subject(one.evidence or "other", external=each.external, documented=one.documented) for each in found
        ] or [_subject(known, number, one, notes)]
    keys = [key for one in subjects if (key := key_of(one)) is not None]
    if len(set(keys)) < len(keys):
        raise UnknownSubject("the same credential is named twice", "$.subjects")
    for number, towards in enumerate(asked.towards or ()):
        if (fault := towards.fault()) is not None:
            raise UnknownSubject(fault[1], f"$.towards[{number}]{fault[0]}")
    if asked.note:
        texts.add("note", asked.note)
    data = events.Opened(
        case=case,
        file_number=asked.file_number or next_file_number(registry.cursor(), int(day[:4])),
        learner=learner.learner,
        purpose=asked.purpose,
        effect="advisory" if asked.advisory or asked.purpose == "employment" else "binding",
        subjects=subjects,
        on=day,
        by=by,
        towards=asked.towards or None,
    )
    return OpenedCase(Case.open(data), [rows, texts], notes)


_check: Final[Checker] = checker(CaseAsked) or (lambda _: None)


def _read(number: int, asked: SubjectAsked) -> list[Uploaded]:
    """What a file says, where nothing else says what the credential is."""
    given = [one for one in (asked.credential, asked.receipt, asked.external) if one is not None]
    if len(given) > 1 or not (given or asked.file):
        raise UnknownSubject(
            "name one of: a credential, a receipt, what no member issued, or a file", f"$.subjects[{number}]"
        )
    if given or asked.file is None:
        return []
    return uploaded(asked.file, asked.country, f"$.subjects[{number}].file", asked.issuer)


def _subject(known: Known, number: int, asked: SubjectAsked, notes: list[str]) -> Subject:
    if asked.external is not None:
        if asked.evidence == "onLog":
            raise UnknownSubject("what no member issued is not on the log", f"$.subjects[{number}].evidence")
        return Subject(asked.evidence or "paper", external=asked.external, documented=asked.documented)
    if asked.receipt is not None:
        proved = known.proved(asked.receipt)
        notes += proved.notes
        return Subject("verifiedFile", proved.credential, proved.achievement, documented=asked.documented)
    assert asked.credential is not None  # noqa: S101 - one of the three is given
    key = asked.credential.member, asked.credential.credential
    facts = known.credentials([key]).get(key)
    achievement = facts.achievement if facts is not None else None
    return Subject(asked.evidence or "onLog", asked.credential, achievement, documented=asked.documented)


def key_of(subject: Subject) -> Key | None:
    """The member's credential that a subject is; None for what no member issued."""
    return None if subject.credential is None else (subject.credential.member, subject.credential.credential)


def _completed(applicant: Applicant, read: Sequence[Uploaded]) -> Applicant:
    """The applicant, with the names that their files say where the application says none."""
    if applicant.learner is not None or not read:
        return applicant
    said = {name: value for name in NAMES if (value := getattr(read[0], name)) and not getattr(applicant, name)}
    return msgspec.structs.replace(applicant, **said)
