"""Correcting a case's file: the applicant, what it is for, and which credentials it is about."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from registry.application.registry import Registry
from registry.domain.case import Case
from registry.domain.case_errors import NotApplicant, UnknownSubject
from registry.domain.case_events import Corrected, Index
from registry.office.cases.applicants import Applicant, check_applicant, normalise
from registry.office.cases.opening import (
    MOST_SUBJECTS,
    SubmittedCredential,
    Words,
    key_of,
    read_added,
    towards_problems,
)
from registry.office.cases.rows import Texts
from registry.office.ports import CredentialLookup
from registry.wire.errors import InvalidEvent
from registry.wire.forms import Checker, checker
from registry.wire.recognition import Purpose, Towards


class Correction(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel", forbid_unknown_fields=True):
    """A correction of a case. A field that is left out is unchanged."""

    applicant: Applicant | None = None
    """The values that change. `student` and `learner` say who the person is, and cannot be corrected here."""
    purpose: Purpose | None = None
    advisory: bool | None = None
    """True if the office only states its opinion, as it always does for employment."""
    towards: Annotated[list[Towards], Meta(max_length=MOST_SUBJECTS)] | None = None
    """All that it should count towards from now on; an empty list: nothing."""
    add: Annotated[list[SubmittedCredential], Meta(max_length=MOST_SUBJECTS)] = []
    """Further credentials."""
    remove: Annotated[list[Index], Meta(max_length=MOST_SUBJECTS)] = []
    """The numbers of credentials that the case is about no more. The others keep theirs."""
    note: Words | None = None
    """Why; kept encrypted."""


class Corrections(NamedTuple):
    """The event of a correction, and notes."""

    data: Corrected
    notes: Sequence[str]


_check: Final[Checker] = checker(Correction) or (lambda _: None)


def build_correction(
    registry: Registry,
    lookup: CredentialLookup,
    case: Case,
    correction: Correction,
    stated: Mapping[str, Any],
    texts: Texts,
    by: str,
    day: str,
) -> Corrections:
    """Return the event of a correction, and add to `texts` what it writes of the person.

    `stated` is what the application says of the applicant until now. Raises a refusal, and `WireError` for what has no
    form.
    """
    if (fault := _check(correction)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
    changed = _changed_values(correction.applicant, stated)
    if changed:
        texts.add("applicant", changed)
    for problem in towards_problems(registry, correction.towards or ()):
        raise problem
    if len(case.subjects) + len(correction.add) > MOST_SUBJECTS:
        raise UnknownSubject(f"a case has {MOST_SUBJECTS} credentials at most", "$.add")
    subjects, new_texts, notes = read_added(lookup, correction.add, len(case.subjects))
    present = {
        key_of(subject)
        for number, subject in enumerate(case.subjects)
        if number not in {*case.removed, *correction.remove}
    }
    keys = [key for subject in subjects if (key := key_of(subject)) is not None]
    if len(set(keys)) < len(keys) or present & set(keys):
        raise UnknownSubject("the case is about this credential already", "$.add")
    for kind, content in new_texts:
        texts.add(kind, content)
    purpose = correction.purpose or case.data.purpose
    effect = None
    if correction.advisory is not None or correction.purpose is not None:
        advisory = case.data.effect == "advisory" if correction.advisory is None else correction.advisory
        effect = "advisory" if advisory or purpose == "employment" else "binding"
    data = Corrected(
        day,
        by,
        sorted(changed),
        correction.purpose if correction.purpose != case.data.purpose else None,
        effect if effect != case.data.effect else None,  # type: ignore[arg-type] # one of the two words
        correction.towards if correction.towards != (case.data.towards or []) else None,
        subjects,
        list(dict.fromkeys(correction.remove)),
        texts.add("note", correction.note) if correction.note else None,
    )
    return Corrections(data, notes)


def _changed_values(applicant: Applicant | None, stated: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an applicant that are other ones now. Raises `NotApplicant`."""
    if applicant is None:
        return {}
    if applicant.student is not None or applicant.learner is not None:
        raise NotApplicant(
            "a number says who the person is, and cannot be corrected; withdraw the case, and open one of the right"
            " person",
            "$.applicant",
        )
    spelt = normalise(applicant)
    check_applicant(spelt)
    values: dict[str, Any] = msgspec.to_builtins(spelt)
    return {name: value for name, value in values.items() if stated.get(name) != value}
