"""Opening a case: what is presented is looked up and shown, and the same form then opens the case.

The form goes by POST both times, because it is about a person: nothing of it is in an address.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from litestar import Response, get, post

from projections.catalogue import search
from projections.catalogue.search import CatalogueQuery, Offer
from projections.credentials.credentials import find_issuers
from projections.records.member_names import read_member_names
from registry.api.case_actions import perform
from registry.application.registry import Registry
from registry.http import requires
from registry.office.assessments.profiles import list_profiles
from registry.office.cases.opening import MOST_SUBJECTS, Application, check_application, key_of
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.views import CaseUpdate
from registry.office.ports import CredentialFacts, CredentialLookup
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.languages import language_of
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.office.new_case_form import (
    APPLICANT,
    EVIDENCE,
    PURPOSES,
    FormFault,
    ReadForm,
    application_of,
    count_rows,
    line_faults,
    place_faults,
    read_lines,
)
from registry.server.pages.refusals import problem_of
from registry.server.pages.templates import Formats
from registry.values.countries import COUNTRIES

_MOST_OFFERED: Final = 200
"""Programmes that the page offers to choose from; any other can be typed."""


class ShownCredential(NamedTuple):
    """A credential of a member, as it is shown before the case is opened."""

    member: str
    credential: str
    facts: CredentialFacts | None
    """None where it has not arrived here."""


class CheckedForm(NamedTuple):
    """An application that can be opened, with what an officer looks at before."""

    application: Application
    credentials: list[ShownCredential]
    notes: list[str]

    @property
    def digest(self) -> str:
        """The hash that the form carries, so that nothing is opened but what was shown: also what was found of it.

        How far the issuer's log was read does not count: it grows by entries about others.
        """
        credentials = [
            each if each.facts is None else each._replace(facts=msgspec.structs.replace(each.facts, size=0))
            for each in self.credentials
        ]
        return hashlib.sha256(msgspec.json.encode((self.application, credentials, self.notes))).hexdigest()


class _NotShown(Exception):
    """The form is not what was shown, or something else is found of it by now."""


class _Faulty(Exception):
    """Lines that name no credentials."""

    def __init__(self, faults: Sequence[FormFault]) -> None:
        super().__init__()
        self.faults = list(faults)


@get("/office/cases/new", include_in_schema=False, sync_to_thread=True, **requires("cases:write"))
def show_form(desk: AtDesk) -> Response[str]:
    """Ask for the applicant, what they present, and what it is for."""
    return _render(desk, {})


@post("/office/cases/new", include_in_schema=False, status_code=200, sync_to_thread=True, **requires("cases:write"))
def open_from_form(desk: AtDesk, data: Typed) -> Response[Any]:
    """Look up what is presented and show it; open the case where the form is one that was shown so."""
    do = data.get("do", "check")
    if do.startswith("add-"):
        return _render(desk, data)
    read: ReadForm | None = None
    try:
        read = application_of(data, _find_references(desk, data.get("credentials", "")))
        if do != "open":
            return _render(desk, data, checked=_check(desk, read))
        try:
            answer = _open(desk, data, read.application)
        except _NotShown:
            return _render(desk, data, checked=_check(desk, read), changed=True)
    except _Faulty as error:
        return _render(desk, data, faults=error.faults, status=422)
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(desk.request, error)
        return _render(desk, data, faults=place_faults(problem, read), status=problem["status"], problem=problem)
    case = answer.headers["Location"].rpartition("/")[2]
    return desk.pages.redirect(desk.request, f"/office/cases/{case}", "case-opened")


def _open(desk: Desk, data: Mapping[str, str], application: Application) -> Response[Any]:
    """Open the case, once. Raises `_NotShown`, and what the use case raises."""

    def act(office: RecognitionOffice, by: str) -> CaseUpdate:
        # Looked up where it is opened: a form that is sent twice gets its answer before.
        if data.get("checked") != _look_up(office.registry, office.lookup, application).digest:
            raise _NotShown
        return office.open(application, by)

    return perform(desk.private, desk.office, desk.request, application, form_key(data), act, status=201)


def _check(desk: Desk, read: ReadForm) -> CheckedForm:
    """Return what is known of an application. Raises what the use case raises."""
    with desk.private.reading() as registry:
        return _look_up(registry, desk.lookup, read.application)


def _look_up(registry: Registry, lookup: CredentialLookup, application: Application) -> CheckedForm:
    checked = check_application(registry, lookup, application)
    keys = [key for each in checked.subjects if (key := key_of(each)) is not None]
    facts = lookup.find_credentials(keys) if keys else {}
    shown = [ShownCredential(*key, facts.get(key)) for key in keys]
    return CheckedForm(application, shown, checked.notes)


def _find_references(desk: Desk, text: str) -> list[tuple[str, str]]:
    """Return the credentials that lines name. A number alone is looked up at all members. Raises `_Faulty`."""
    lines = read_lines(text)
    if not lines:
        return []
    alone = [each for each in lines if each.member is None and each.credential is not None][:MOST_SUBJECTS]
    with desk.views.snapshot() as snapshot:
        members = read_member_names(snapshot.connection).keys()
        issuers = find_issuers(snapshot.connection, [str(each.credential) for each in alone]) if alone else {}
    unknown = [each for each in alone if len(issuers.get(str(each.credential), ())) != 1]
    foreign = [each for each in lines if each.member is not None and each.member not in members]
    if faults := line_faults(lines, unknown, foreign):
        raise _Faulty(faults)
    return [(each.member or issuers[str(each.credential)][0], str(each.credential)) for each in lines]


def _render(
    desk: Desk,
    typed: Mapping[str, str],
    *,
    checked: CheckedForm | None = None,
    changed: bool = False,
    faults: Sequence[FormFault] = (),
    status: int = 200,
    problem: Mapping[str, Any] | None = None,
) -> Response[str]:
    with desk.views.snapshot() as snapshot:
        names = read_member_names(snapshot.connection)
        own: list[Offer] = search.search(
            snapshot.connection, CatalogueQuery(member=desk.own), limit=_MOST_OFFERED
        ).items
    with desk.private.reading() as registry:
        profiles = [each.name for each in list_profiles(registry.cursor(), _MOST_OFFERED)]
    formats = Formats(language_of(desk.request))
    first_faults: dict[str, FormFault] = {}
    for fault in faults:
        first_faults.setdefault(fault.field, fault)
    return desk.pages.render(
        desk.request,
        "office/new_case.html",
        private=True,
        status=status,
        names=names,
        typed=typed,
        checked=checked,
        changed=changed,
        listed=faults,
        faults=first_faults,
        problem=problem,
        applicant=APPLICANT,
        purposes=PURPOSES,
        evidence=EVIDENCE,
        externals=count_rows(typed, "external"),
        programmes=count_rows(typed, "programme"),
        offers=own,
        profiles=profiles,
        countries=sorted(((code, formats.country(code)) for code in COUNTRIES), key=lambda pair: pair[1]),
        most=MOST_SUBJECTS,
        key=new_key(),
    )


ROUTES: Final = desk_routes(show_form, open_from_form)
