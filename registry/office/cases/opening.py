"""How a case is opened: from a receipt, a credential on the log, a file that was sent in, or what no member issued."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from registry.application.registry import Registry
from registry.domain import case_events as events
from registry.domain.case import Case
from registry.domain.case_errors import FileNumberTaken, NoCredential, UnknownSubject
from registry.domain.case_events import FileNumber, Subject
from registry.domain.errors import Refusal, UnknownAchievement
from registry.office.assessments.requirements import programme_notes
from registry.office.cases.applicants import NAMES, Applicant, find_or_add_learner, normalise
from registry.office.cases.evidence import DisclosureSets, Proven, match_disclosures
from registry.office.cases.holder import TEXT_KIND, check_subjects, holder_text, mismatches, reminders
from registry.office.cases.related_cases import related_cases
from registry.office.cases.rows import Texts, has_file_number, next_file_number
from registry.office.cases.uploads import MAX_CHARACTERS, Uploaded, uploaded
from registry.office.errors import ErrorCollector
from registry.office.ports import CredentialLookup, Key
from registry.store.recorder import TransactionalRows
from registry.values.countries import COUNTRIES
from registry.vault.vault import Learner, VaultRows, random_id
from registry.wire.errors import InvalidEvent, InvalidProof, WireError
from registry.wire.forms import Checker, Country, CredentialRef, checker
from registry.wire.recognition import Evidence, External, Purpose, Towards

Words = Annotated[str, Meta(max_length=20_000)]
"""What somebody wrote; it is kept encrypted."""
MOST_SUBJECTS: Final = 50


class SubmittedCredential(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
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


class Application(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """An application."""

    applicant: Applicant
    subjects: Annotated[list[SubmittedCredential], Meta(min_length=1, max_length=MOST_SUBJECTS)]
    purpose: Purpose
    advisory: bool = False
    """Whether the office only states its opinion; for employment it always does."""
    towards: Annotated[list[Towards], Meta(max_length=MOST_SUBJECTS)] | None = None
    file_number: FileNumber | None = None
    """The office's own; else the next of the year."""
    note: Words | None = None
    disclosures: DisclosureSets | None = None
    """The disclosures that the applicant hands in, one list for each credential, in any order: each list is checked
    against the log, and says of which credential it is."""


class OpenedCase(NamedTuple):
    """A case to be stored, with the rows that go with it."""

    case: Case
    rows: Sequence[TransactionalRows]
    notes: list[str]


class _Read(NamedTuple):
    """What was made of one credential that an application names: one of the case's, or several of a file."""

    asked: SubmittedCredential
    subjects: list[Subject]
    uploads: list[Uploaded]
    """Of a file alone: what it says of each of `subjects`."""
    claims: str | None = None
    """The digest of what a receipt's credential says of its holder."""
    notes: Sequence[str] = ()


def open_case(registry: Registry, lookup: CredentialLookup, asked: Application, by: str, day: str) -> OpenedCase:
    """Return a new case, to be stored.

    Raises a refusal, and `WireError` for what has no form or a receipt that proves nothing; `NotOpened` where several
    things are wrong: it names them all.
    """
    if (fault := _check(asked)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
    problems = ErrorCollector()
    _check_numbers(registry, asked, problems)
    read = _read_all(lookup, asked, problems)
    subjects = [subject for part in read for subject in part.subjects]
    keys = [key for subject in subjects if (key := key_of(subject)) is not None]
    if len(set(keys)) < len(keys):
        problems.add(UnknownSubject("the same credential is named twice", "$.subjects"))
    completed = _completed(asked.applicant, [each for part in read for each in part.uploads])
    taken = [name for name in NAMES if getattr(asked.applicant, name) is None and getattr(completed, name) is not None]
    applicant = normalise(completed)
    rows = VaultRows()
    learner = problems.catch(lambda: find_or_add_learner(registry, applicant, rows), "$.applicant")
    proven = problems.catch(lambda: _proven(lookup, asked, read), "$.disclosures")
    problems.raise_any()
    assert learner is not None and proven is not None  # noqa: S101, PT018 - else there was a problem
    person = {name: value for name, value in msgspec.to_builtins(applicant).items() if name != "learner"}
    notes = [note for part in read for note in part.notes]
    notes += programme_notes(registry, asked.towards or ())
    notes += related_cases(registry, learner, person, keys)
    kept = list(_kept(read, subjects, proven, taken=taken))
    notes += _holder_notes(registry, learner, person, subjects, [text for kind, text in kept if kind == TEXT_KIND])
    case = random_id()
    texts = Texts(registry.vault, case, learner, by)
    texts.add("applicant", person)
    for kind, content in kept:
        texts.add(kind, content)
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
    return OpenedCase(Case.open(data), [rows, texts], list(dict.fromkeys(notes)))


_check: Final[Checker] = checker(Application) or (lambda _: None)


def _check_numbers(registry: Registry, asked: Application, problems: ErrorCollector) -> None:
    """Add what is wrong with the file number and with what the credentials should count towards."""
    if asked.file_number is not None and has_file_number(registry.cursor(), asked.file_number):
        problems.add(
            FileNumberTaken(
                f"another case has the file number {asked.file_number}; choose another, or leave it out for the next of"
                " the year",
                "$.fileNumber",
            )
        )
    for problem in towards_problems(registry, asked.towards or ()):
        problems.add(problem)


def towards_problems(registry: Registry, towards: Sequence[Towards]) -> Iterator[UnknownSubject]:
    """Yield what is wrong with what a case should count towards, each with its place."""
    for number, one in enumerate(towards):
        where = f"$.towards[{number}]"
        if (fault := one.fault()) is not None:
            yield UnknownSubject(fault[1], f"{where}{fault[0]}")
        elif one.member == registry.member and one.achievement is not None:
            try:
                registry.achievements.get(one.achievement)
            except UnknownAchievement:
                yield UnknownSubject(
                    f"{one.member} has published no achievement {one.achievement}; name one of its own, or a programme"
                    " by its title",
                    f"{where}.achievement",
                )


def _read_all(lookup: CredentialLookup, asked: Application, problems: ErrorCollector) -> list[_Read]:
    found = []
    for number, subject in enumerate(asked.subjects):
        where = f"$.subjects[{number}]"
        try:
            found.append(_read(lookup, subject, where))
        except (Refusal, WireError) as error:
            problems.add(error, where)
    return found


def _read(lookup: CredentialLookup, asked: SubmittedCredential, where: str) -> _Read:
    """Return what one named credential is. Raises a refusal, and `WireError` for a receipt that proves nothing."""
    given = [one for one in (asked.credential, asked.receipt, asked.external) if one is not None]
    if len(given) > 1 or not (given or asked.file):
        raise UnknownSubject("name one of: a credential, a receipt, what no member issued, or a file", where)
    _check_country(asked.country, f"{where}.country")
    if asked.external is not None:
        if asked.evidence == "onLog":
            raise UnknownSubject("what no member issued is not on the log", f"{where}.evidence")
        _check_country(asked.external.country, f"{where}.external.country")
        return _Read(
            asked, [Subject(asked.evidence or "paper", external=asked.external, documented=asked.documented)], []
        )
    if asked.receipt is not None:
        return _read_receipt(lookup, asked, asked.receipt)
    if asked.credential is not None:
        key = asked.credential.member, asked.credential.credential
        facts = lookup.find_credentials([key]).get(key)
        achievement = facts.achievement if facts is not None else None
        return _Read(
            asked, [Subject(asked.evidence or "onLog", asked.credential, achievement, documented=asked.documented)], []
        )
    return _read_file(asked, asked.file or "", where)


def _read_receipt(lookup: CredentialLookup, asked: SubmittedCredential, receipt: str) -> _Read:
    """Return the credential that a receipt proves. Raises `WireError`, in words for who reads applications."""
    try:
        proven = lookup.verify_receipt(receipt)
    except WireError as error:
        raise InvalidProof(
            f"the receipt was altered or is of another log, and proves nothing ({error}). Open the case with what else"
            " there is, for example as a paper document, and attach this file to it as evidence"
            " (`registry case attach CASE FILE --kind evidence`)"
        ) from error
    subject = Subject("verifiedFile", proven.credential, proven.achievement, documented=asked.documented)
    return _Read(asked, [subject], [], proven.claims, proven.notes)


def _read_file(asked: SubmittedCredential, file: str, where: str) -> _Read:
    """Return what a file says. Raises `NoCredential`, which names what to do with a file that cannot be read."""
    try:
        uploads = uploaded(file, asked.country, f"{where}.file", asked.issuer)
    except NoCredential as error:
        raise NoCredential(
            f"{error.detail}. Where the file holds no data, name the credential by country, issuer and title"
            " (--external COUNTRY:ISSUER:TITLE, `external` over HTTP), and attach the file to the case"
            " (`registry case attach CASE FILE`)",
            error.path,
        ) from error
    for upload in uploads:
        _check_country(upload.external.country, f"{where}.file")
    subjects = [
        Subject(asked.evidence or "other", external=each.external, documented=asked.documented) for each in uploads
    ]
    return _Read(asked, subjects, uploads, None, [note for each in uploads for note in each.notes])


def _check_country(country: str | None, where: str) -> None:
    if country is not None and country not in COUNTRIES:
        raise UnknownSubject(f"{country} is no country's code (ISO 3166-1 alpha-2, for example NL)", where)


def _proven(lookup: CredentialLookup, asked: Application, read: Sequence[_Read]) -> list[Proven]:
    """Return what the applicant's disclosures prove. Raises `UnknownSubject` for those of no credential of the case."""
    if not asked.disclosures:
        return []
    keys = [key for part in read for subject in part.subjects if (key := key_of(subject)) is not None]
    digests = {key: facts.claims for key, facts in lookup.find_credentials(keys).items()} if keys else {}
    for part in read:
        if part.claims is not None and (key := key_of(part.subjects[0])) is not None:
            digests[key] = part.claims
    return match_disclosures(asked.disclosures, digests)


def read_added(
    lookup: CredentialLookup, asked: Sequence[SubmittedCredential], start: int
) -> tuple[list[Subject], list[tuple[str, dict[str, Any]]], list[str]]:
    """Read credentials that are added to a case, whose numbers begin at `start`.

    Return them, what is kept of them sealed (kinds and contents), and notes. Raises a refusal, and `WireError` for a
    receipt that proves nothing.
    """
    read = [_read(lookup, subject, f"$.add[{number}]") for number, subject in enumerate(asked)]
    subjects = [subject for part in read for subject in part.subjects]
    return subjects, list(_kept(read, subjects, [], start)), [note for part in read for note in part.notes]


def _kept(
    read: Sequence[_Read],
    subjects: Sequence[Subject],
    proven: Sequence[Proven],
    start: int = 0,
    taken: Sequence[str] = (),
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return what is kept, sealed, of files, and of whom documents and disclosures name: kinds and contents.

    `taken` are the applicant's values that come from the files themselves, so that these confirm nothing.
    """
    number = start
    for part in read:
        for text in (part.asked.receipt, part.asked.file):
            if text is not None:
                yield "file", {"subject": number, "content": text}
        for place, upload in enumerate(part.uploads, number):
            named = {
                "familyName": upload.family_name, "givenName": upload.given_name, "dateOfBirth": upload.date_of_birth
            }  # fmt: skip
            if not (upload.family_name or upload.given_name):
                named |= upload.identity
            fields = [_FIELDS[name] for name in taken]
            yield TEXT_KIND, holder_text("document", named, subject=place, about=None) | {"taken": fields}
        number += len(part.subjects)
    keys = [key_of(subject) for subject in subjects]
    for each in proven:
        yield TEXT_KIND, each.text(keys.index(each.key))


def _holder_notes(
    registry: Registry,
    learner: Learner,
    person: Mapping[str, str],
    subjects: Sequence[Subject],
    kept: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return in sentences whose credentials these are, where that is not the applicant, or is not known."""
    known = registry.vault.learner(registry.cursor(), learner.learner)
    applicant = {**(known[1] if known is not None else {}), **person}
    checks = check_subjects(registry, learner.learner, applicant, subjects, kept)
    return [*mismatches(checks), *reminders(checks)]


_FIELDS: Final = {field.name: field.encode_name for field in msgspec.structs.fields(Applicant)}


def key_of(subject: Subject) -> Key | None:
    """Return the member's credential that a subject is; None for what no member issued."""
    return None if subject.credential is None else (subject.credential.member, subject.credential.credential)


def _completed(applicant: Applicant, read: Sequence[Uploaded]) -> Applicant:
    """The applicant, with the names that their files say where the application says none."""
    if applicant.learner is not None or not read:
        return applicant
    said = {name: value for name in NAMES if (value := getattr(read[0], name)) and getattr(applicant, name) is None}
    return msgspec.structs.replace(applicant, **said)
