"""The form by which an officer opens a case, as the application that the API takes. Pure.

Rows of the form carry their number, counted from 1: `title-1`, `issuer-1`, `programme-2`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

from registry.api.bodies import content_of
from registry.office.cases.opening import MOST_SUBJECTS, Application
from registry.server.pages.forms import read_number
from registry.server.pages.verifying import read_reference
from registry.wire.forms import check_uuid
from registry.wire.recognition import Evidence, Purpose

PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
EVIDENCE: Final = tuple(code for code in get_args(Evidence) if code not in ("onLog", "verifiedFile"))
"""The kinds of evidence of a credential that no member issued. A file that is verified comes with the file."""
_NAMES: Final = ("familyName", "givenName")
APPLICANT: Final = (*_NAMES, "dateOfBirth", "student", "learner", "email", "address", "language", "reference")
"""The fields about the applicant, by their names in the API."""
_MOST_ROWS: Final = 20
_MAX_SHOWN: Final = 80
"""Characters of a faulty line that the summary repeats."""
_EXTERNAL: Final = {"issuerName": "issuer", "country": "country", "title": "title"}
_PLACE: Final = re.compile(r"\$\.(\w+)(?:\[(\d+)\])?(?:\.(.*))?")
_LAST: Final = re.compile(r"-(\d+)$")


class PresentedLine(NamedTuple):
    """A line that names a credential of a member."""

    number: int
    """The number of the line, counted from 1."""
    text: str
    member: str | None
    """None where a number stands alone, or where the line names no credential."""
    credential: str | None
    """None where the line names no credential."""


class FormFault(NamedTuple):
    """A fault of the form."""

    field: str
    """The id of the field in the page; empty where it is about no field."""
    detail: str
    code: str = ""
    """The code of the page's own words for the fault; empty where `detail` says it."""
    line: int | None = None

    @property
    def name(self) -> str:
        """The name of the field without its number."""
        return _LAST.sub("", self.field)

    @property
    def row(self) -> int | None:
        """The number of its row; None for a field that stands once."""
        row = _LAST.search(self.field)
        return int(row[1]) if row else None


def read_lines(text: str) -> list[PresentedLine]:
    """Return the credentials that the lines of a text name: links, texts of QR codes, or numbers."""
    lines = []
    for number, line in enumerate(text.splitlines(), 1):
        typed = line.strip()
        if not typed:
            continue
        reference = read_reference(typed)
        if reference is not None:
            lines.append(PresentedLine(number, typed, *reference))
        else:
            lines.append(
                PresentedLine(number, typed, None, typed.lower() if check_uuid(typed.lower()) is None else None)
            )
    return lines


def count_rows(typed: Mapping[str, str], name: str) -> int:
    """Return how many rows the form has of a kind: those that it had, and one more where that was asked for."""
    typed_rows = read_number(typed.get(f"{name}-rows", ""))
    rows = typed_rows if isinstance(typed_rows, int) else 1
    return max(1, min(max(1, rows) + (typed.get("do") == f"add-{name}"), _MOST_ROWS))


class ReadForm(NamedTuple):
    """The application that a form makes."""

    application: Application
    subjects: list[str]
    """The field of each of its credentials."""
    programmes: list[str]
    """The field of each of its programmes."""


def application_of(typed: Mapping[str, str], credentials: Sequence[tuple[str, str]]) -> ReadForm:
    """Return the application that a form makes.

    `credentials` are those of members, found before. Raises `HttpProblem`.
    """
    subjects: list[dict[str, Any]] = [
        {"credential": {"member": member, "credential": credential}} for member, credential in credentials
    ]
    fields = ["credentials"] * len(subjects)
    for row in range(1, count_rows(typed, "external") + 1):
        external = {name: _value(typed, f"{field}-{row}") for name, field in _EXTERNAL.items()}
        if any(external.values()):
            subject = {"external": external, "evidence": _value(typed, f"evidence-{row}") or EVIDENCE[0]}
            if typed.get(f"undocumented-{row}"):
                subject["documented"] = False
            subjects.append(subject)
            fields.append(f"title-{row}")
    towards, programmes = [], []
    for row in range(1, count_rows(typed, "programme") + 1):
        if value := _value(typed, f"programme-{row}"):
            reference = read_reference(value)
            programme: dict[str, Any] = {"title": {"en": value}}
            towards.append(programme if reference is None else {"member": reference[0], "achievement": reference[1]})
            programmes.append(f"programme-{row}")
    values: dict[str, Any] = {
        "applicant": _applicant_of(typed),
        "subjects": subjects,
        "purpose": typed.get("purpose", ""),
        "advisory": bool(typed.get("advisory")),
        "towards": towards or None,
        "fileNumber": _value(typed, "fileNumber") or None,
        "note": _value(typed, "note") or None,
    }
    application = content_of({name: value for name, value in values.items() if value is not None}, Application)
    return ReadForm(application, fields, programmes)


def _applicant_of(typed: Mapping[str, str]) -> dict[str, str]:
    """Return what the form says of the applicant. A name that is left out stands for one that the person lacks."""
    applicant = {name: value for name in APPLICANT if (value := _value(typed, name))}
    if applicant.keys() & {"student", "learner"} and not applicant.keys() & set(_NAMES):
        return applicant
    return dict.fromkeys(_NAMES, "") | applicant


def _value(typed: Mapping[str, str], name: str) -> str:
    return typed.get(name, "").strip()


def place_faults(problem: Mapping[str, Any], read: ReadForm | None) -> list[FormFault]:
    """Return what is wrong with a form, each with its field. `problem` is the use case's document."""
    errors: Sequence[Mapping[str, str]] = problem["errors"]
    if not errors and problem.get("path"):
        errors = [{"where": problem["path"], "detail": problem["detail"]}]
    subjects, programmes = ([], []) if read is None else (read.subjects, read.programmes)
    return [_place(each.get("where", ""), each["detail"], subjects, programmes) for each in errors]


def _place(where: str, detail: str, subjects: Sequence[str], programmes: Sequence[str]) -> FormFault:
    match = _PLACE.fullmatch(where)
    if match is None:
        return FormFault("", detail)
    part, index, rest = match[1], int(match[2] or 0), match[3] or ""
    if part == "applicant":
        return FormFault(rest, detail) if rest in APPLICANT else FormFault("dateOfBirth", detail, "applicant-unknown")
    if part == "subjects":
        field = subjects[index] if match[2] and index < len(subjects) else "credentials"
        name = _EXTERNAL.get(rest.removeprefix("external."))
        return FormFault(field.replace("title", name) if name else field, detail)
    if part == "towards":
        return FormFault(programmes[index] if index < len(programmes) else "programme-1", detail)
    return FormFault(part if part in ("purpose", "fileNumber", "note") else "", detail)


def line_faults(
    lines: Sequence[PresentedLine], unknown: Iterable[PresentedLine], foreign: Iterable[PresentedLine]
) -> list[FormFault]:
    """Return what is wrong with the lines: with those that name no credential, or a number or a member that is unknown.

    `unknown` are numbers that no member issued, or several; `foreign` name somebody who is not a member.
    """
    kinds = (
        ("line-unreadable", [each for each in lines if each.credential is None]),
        ("number-unknown", unknown),
        ("member-unknown", foreign),
    )
    faults = [
        FormFault("credentials", each.text[:_MAX_SHOWN], code, each.number) for code, wrong in kinds for each in wrong
    ]
    if len(lines) > MOST_SUBJECTS:
        faults.append(FormFault("credentials", "", "too-many-lines"))
    return faults
