"""Opening a case from a receipt, a credential on the log, an uploaded file, or an external credential."""

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
from registry.office.cases.evidence import DisclosureSets, ProvenDisclosures, match_disclosures
from registry.office.cases.holder import TEXT_KIND, check_subjects, holder_text, mismatches, reminders
from registry.office.cases.related_cases import related_cases
from registry.office.cases.rows import Texts, has_file_number, next_file_number
from registry.office.cases.uploads import MAX_CHARACTERS, Uploaded, read_upload
from registry.office.errors import ErrorCollector
from registry.office.ports import CredentialLookup, Key
from registry.store.recorder import TransactionalRows
from registry.values.countries import COUNTRIES
from registry.vault.vault import Learner, random_id
from registry.vault.vault_rows import VaultRows
from registry.wire.errors import InvalidEvent, InvalidProof, WireError
from registry.wire.forms import Checker, Country, CredentialRef, checker
from registry.wire.recognition import Evidence, External, Purpose, Towards

Words = Annotated[str, Meta(max_length=20_000)]
"""Free text, which is stored encrypted."""
MOST_SUBJECTS: Final = 50


class SubmittedCredential(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A credential that an applicant submits: one of `credential`, `receipt`, `external`, or a `file` alone."""

    credential: CredentialRef | None = None
    receipt: Annotated[str, Meta(max_length=200_000)] | None = None
    """The text of a receipt that proves its issuing."""
    external: External | None = None
    evidence: Evidence | None = None
    """The evidence; left out, it is `onLog`, `verifiedFile` (a receipt), `paper` or `other` (a file)."""
    documented: bool = True
    """False: no documents can be obtained, and a background paper replaces them."""
    file: Annotated[str, Meta(max_length=MAX_CHARACTERS)] | None = None
    """The text of a credential's file. It is stored, and read where nothing else names the credential."""
    country: Country | None = None
    """The issuer's, where a file does not say it."""
    issuer: Annotated[str, Meta(min_length=1, max_length=300)] | None = None
    """The issuer's name, where a file does not say it."""


class Application(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """An application of one person for the recognition of credentials."""

    applicant: Applicant
    subjects: Annotated[list[SubmittedCredential], Meta(min_length=1, max_length=MOST_SUBJECTS)]
    purpose: Purpose
    advisory: bool = False
    """True if the office only states its opinion, as it always does for employment."""
    towards: Annotated[list[Towards], Meta(max_length=MOST_SUBJECTS)] | None = None
    file_number: FileNumber | None = None
    """The office's own number; left out, the next one of the year."""
    note: Words | None = None
    disclosures: DisclosureSets | None = None
    """The applicant's disclosures, one list for each credential, in any order. Each list is checked against the log,
    which shows the credential that it belongs to."""


class OpenedCase(NamedTuple):
    """A case to be stored, with the rows that go with it."""

    case: Case
    rows: Sequence[TransactionalRows]
    notes: list[str]


class _Read(NamedTuple):
    """The subjects that one submitted credential became: one, or several of a file."""

    submitted: SubmittedCredential
    subjects: list[Subject]
    uploads: list[Uploaded]
    """For a file: its statements about each of `subjects`."""
    claims: str | None = None
    """The digest of what a receipt's credential says of its holder."""
    notes: Sequence[str] = ()


class CheckedApplication(NamedTuple):
    """An application that can be opened as a case, with what is known of it before anything is stored."""

    subjects: list[Subject]
    person: dict[str, str]
    """The applicant's data, to be encrypted."""
    learner: Learner
    vault_rows: VaultRows
    texts: list[tuple[str, dict[str, Any]]]
    """The statements of the credentials' files and of disclosures, to be encrypted, by kind."""
    notes: list[str]


def check_application(registry: Registry, lookup: CredentialLookup, application: Application) -> CheckedApplication:
    """Return what an application is, and store nothing.

    Raises a refusal, `WireError` for an invalid request or receipt, and `NotOpened` with all errors where there are
    several.
    """
    if (fault := _check(application)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
    problems = ErrorCollector()
    _check_numbers(registry, application, problems)
    read = _read_all(lookup, application, problems)
    subjects = [subject for part in read for subject in part.subjects]
    keys = [key for subject in subjects if (key := key_of(subject)) is not None]
    if len(set(keys)) < len(keys):
        problems.add(UnknownSubject("the same credential is named twice", "$.subjects"))
    completed = _complete_applicant(application.applicant, [each for part in read for each in part.uploads])
    from_file = [
        name for name in NAMES if getattr(application.applicant, name) is None and getattr(completed, name) is not None
    ]
    applicant = normalise(completed)
    rows = VaultRows()
    learner = problems.catch(lambda: find_or_add_learner(registry, applicant, rows), "$.applicant")
    proven = problems.catch(lambda: _prove_disclosures(lookup, application, read), "$.disclosures")
    problems.raise_any()
    assert learner is not None and proven is not None  # noqa: S101, PT018 - else there was a problem
    person = {name: value for name, value in msgspec.to_builtins(applicant).items() if name != "learner"}
    notes = [note for part in read for note in part.notes]
    notes += programme_notes(registry, application.towards or ())
    notes += related_cases(registry, learner, person, keys)
    texts = list(_texts_of(read, subjects, proven, from_file=from_file))
    notes += _holder_notes(registry, learner, person, subjects, [text for kind, text in texts if kind == TEXT_KIND])
    return CheckedApplication(subjects, person, learner, rows, texts, list(dict.fromkeys(notes)))


def open_case(registry: Registry, lookup: CredentialLookup, application: Application, by: str, day: str) -> OpenedCase:
    """Return a new case, to be stored. Raises what `check_application` raises."""
    checked = check_application(registry, lookup, application)
    case = random_id()
    texts = Texts(registry.vault, case, checked.learner, by)
    texts.add("applicant", checked.person)
    for kind, content in checked.texts:
        texts.add(kind, content)
    if application.note:
        texts.add("note", application.note)
    data = events.Opened(
        case=case,
        file_number=application.file_number or next_file_number(registry.cursor(), int(day[:4])),
        learner=checked.learner.learner,
        purpose=application.purpose,
        effect="advisory" if application.advisory or application.purpose == "employment" else "binding",
        subjects=checked.subjects,
        on=day,
        by=by,
        towards=application.towards or None,
    )
    return OpenedCase(Case.open(data), [checked.vault_rows, texts], checked.notes)


_check: Final[Checker] = checker(Application) or (lambda _: None)


def _check_numbers(registry: Registry, application: Application, problems: ErrorCollector) -> None:
    """Add what is wrong with the file number and with what the credentials should count towards."""
    if application.file_number is not None and has_file_number(registry.cursor(), application.file_number):
        problems.add(
            FileNumberTaken(
                f"another case has the file number {application.file_number}; choose another, or leave it out for"
                " the next of the year",
                "$.fileNumber",
            )
        )
    for problem in towards_problems(registry, application.towards or ()):
        problems.add(problem)


def towards_problems(registry: Registry, towards: Sequence[Towards]) -> Iterator[UnknownSubject]:
    """Yield what is wrong with what a case should count towards, each with its place."""
    for number, programme in enumerate(towards):
        where = f"$.towards[{number}]"
        if (fault := programme.fault()) is not None:
            yield UnknownSubject(fault[1], f"{where}{fault[0]}")
        elif programme.member == registry.member and programme.achievement is not None:
            try:
                registry.achievements.get(programme.achievement)
            except UnknownAchievement:
                yield UnknownSubject(
                    f"{programme.member} has published no achievement {programme.achievement}; name one of its"
                    " own, or a programme by its title",
                    f"{where}.achievement",
                )


def _read_all(lookup: CredentialLookup, application: Application, problems: ErrorCollector) -> list[_Read]:
    read = []
    for number, subject in enumerate(application.subjects):
        where = f"$.subjects[{number}]"
        try:
            read.append(_read(lookup, subject, where))
        except (Refusal, WireError) as error:
            problems.add(error, where)
    return read


def _read(lookup: CredentialLookup, submitted: SubmittedCredential, where: str) -> _Read:
    """Return what one named credential is. Raises a refusal, and `WireError` for a receipt that proves nothing."""
    sources = [source for source in (submitted.credential, submitted.receipt, submitted.external) if source is not None]
    if len(sources) > 1 or not (sources or submitted.file):
        raise UnknownSubject("name one of: a credential, a receipt, what no member issued, or a file", where)
    _check_country(submitted.country, f"{where}.country")
    if submitted.external is not None:
        if submitted.evidence == "onLog":
            raise UnknownSubject("what no member issued is not on the log", f"{where}.evidence")
        _check_country(submitted.external.country, f"{where}.external.country")
        return _Read(
            submitted,
            [Subject(submitted.evidence or "paper", external=submitted.external, documented=submitted.documented)],
            [],
        )
    if submitted.receipt is not None:
        return _read_receipt(lookup, submitted, submitted.receipt)
    if submitted.credential is not None:
        key = submitted.credential.member, submitted.credential.credential
        facts = lookup.find_credentials([key]).get(key)
        achievement = facts.achievement if facts is not None else None
        return _Read(
            submitted,
            [
                Subject(
                    submitted.evidence or "onLog", submitted.credential, achievement, documented=submitted.documented
                )
            ],
            [],
        )
    return _read_file(submitted, submitted.file or "", where)


def _read_receipt(lookup: CredentialLookup, submitted: SubmittedCredential, receipt: str) -> _Read:
    """Return the credential that a receipt proves. Raises `WireError`, in words for who reads applications."""
    try:
        proven = lookup.verify_receipt(receipt)
    except WireError as error:
        raise InvalidProof(
            f"the receipt was altered or is of another log, and proves nothing ({error}). Open the case with what else"
            " there is, for example as a paper document, and attach this file to it as evidence"
            " (`registry case attach CASE FILE --kind evidence`)"
        ) from error
    subject = Subject("verifiedFile", proven.credential, proven.achievement, documented=submitted.documented)
    return _Read(submitted, [subject], [], proven.claims, proven.notes)


def _read_file(submitted: SubmittedCredential, file: str, where: str) -> _Read:
    """Return what a file says. Raises `NoCredential`, which names what to do with a file that cannot be read."""
    try:
        uploads = read_upload(file, submitted.country, f"{where}.file", submitted.issuer)
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
        Subject(submitted.evidence or "other", external=each.external, documented=submitted.documented)
        for each in uploads
    ]
    return _Read(submitted, subjects, uploads, None, [note for each in uploads for note in each.notes])


def _check_country(country: str | None, where: str) -> None:
    if country is not None and country not in COUNTRIES:
        raise UnknownSubject(f"{country} is not a country's code (ISO 3166-1 alpha-2, for example NL)", where)


def _prove_disclosures(
    lookup: CredentialLookup, application: Application, read: Sequence[_Read]
) -> list[ProvenDisclosures]:
    """Return what the applicant's disclosures prove. Raises `UnknownSubject` where they fit no credential."""
    if not application.disclosures:
        return []
    keys = [key for part in read for subject in part.subjects if (key := key_of(subject)) is not None]
    digests = {key: facts.claims for key, facts in lookup.find_credentials(keys).items()} if keys else {}
    for part in read:
        if part.claims is not None and (key := key_of(part.subjects[0])) is not None:
            digests[key] = part.claims
    return match_disclosures(application.disclosures, digests)


def read_added(
    lookup: CredentialLookup, added: Sequence[SubmittedCredential], start: int
) -> tuple[list[Subject], list[tuple[str, dict[str, Any]]], list[str]]:
    """Read credentials that are added to a case, whose numbers begin at `start`.

    Return them, their texts to be encrypted (kinds and contents), and notes. Raises a refusal, and `WireError` for a
    receipt that proves nothing.
    """
    read = [_read(lookup, subject, f"$.add[{number}]") for number, subject in enumerate(added)]
    subjects = [subject for part in read for subject in part.subjects]
    return subjects, list(_texts_of(read, subjects, [], start)), [note for part in read for note in part.notes]


def _texts_of(
    read: Sequence[_Read],
    subjects: Sequence[Subject],
    proven: Sequence[ProvenDisclosures],
    start: int = 0,
    from_file: Sequence[str] = (),
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the texts to be encrypted, by kind: files, and the holders that documents and disclosures name.

    `from_file` are the applicant's values that come from the files themselves, and so confirm nothing.
    """
    number = start
    for part in read:
        for text in (part.submitted.receipt, part.submitted.file):
            if text is not None:
                yield "file", {"subject": number, "content": text}
        for place, upload in enumerate(part.uploads, number):
            named = {
                "familyName": upload.family_name, "givenName": upload.given_name, "dateOfBirth": upload.date_of_birth
            }  # fmt: skip
            if not (upload.family_name or upload.given_name):
                named |= upload.identity
            fields = [_FIELDS[name] for name in from_file]
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
    contents: Sequence[Mapping[str, Any]],
) -> list[str]:
    """Return in sentences which credentials belong to somebody else, or to nobody known."""
    holder = registry.vault.read_learner(registry.cursor(), learner.learner)
    applicant = {**(holder[1] if holder is not None else {}), **person}
    checks = check_subjects(registry, learner.learner, applicant, subjects, contents)
    return [*mismatches(checks), *reminders(checks)]


_FIELDS: Final = {field.name: field.encode_name for field in msgspec.structs.fields(Applicant)}


def key_of(subject: Subject) -> Key | None:
    """Return the key of a member's credential; None for an external one."""
    return None if subject.credential is None else (subject.credential.member, subject.credential.credential)


def _complete_applicant(applicant: Applicant, read: Sequence[Uploaded]) -> Applicant:
    """Return the applicant, with the names of their files where the application has none."""
    if applicant.learner is not None or not read:
        return applicant
    values = {name: value for name in NAMES if (value := getattr(read[0], name)) and getattr(applicant, name) is None}
    return msgspec.structs.replace(applicant, **values)
