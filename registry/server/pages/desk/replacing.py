"""Replacing a credential by a corrected one: a form that begins with what the old one says."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from projections.api.reading import Views
from projections.credentials.dependents import NOTHING, Dependents, read_dependents
from projections.records.member_names import read_member_names
from registry.api.bodies import Offers
from registry.api.credentials import CountedByRow, CredentialRow, PartRow, make_issue, read_request, require_issued
from registry.api.idempotency import Answer
from registry.api.prepared_rows import send_rows
from registry.api.private_side import PrivateSide, Write
from registry.api.receiving import Receiving
from registry.batches.imports.content import encode_row
from registry.batches.imports.handing_over import NDJSON
from registry.batches.replacements import Replacement
from registry.http import HttpProblem, requires
from registry.intake.rows.report import Catalogue
from registry.intake.rows.row_checker import RowChecker
from registry.learners.own_award import OwnAward, read_own_award
from registry.server.pages.desk.credential_rows import OwnRow, read_rows
from registry.server.pages.desk.replaced_fields import FIELDS
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

_DAYS: Final = ("date_of_birth", "awarding_date", "valid_until")


class ReplacePage(NamedTuple):
    """The credential that is replaced, and what the form begins with."""

    row: OwnRow
    award: OwnAward
    dependents: Dependents
    version: int
    """The number of events that this node has stored of it."""
    names: dict[str, str]
    position: str

    def __repr__(self) -> str:
        return f"ReplacePage({self.row.view.credential})"  # a person is never shown by accident


def values_of(award: OwnAward) -> dict[str, str]:
    """Return what the form begins with: what the award says, for the person as they are known now. Its id is new."""
    person = award.person or award.claims
    values = {
        "family_name": person.get("familyName"),
        "given_name": person.get("givenName"),
        "date_of_birth": person.get("dateOfBirth"),
        "student": person.get("student"),
        "awarding_date": award.issued.awarding_date,
        "valid_until": award.issued.valid_until,
        "grade": award.claims.get("grade"),
        "original_grade": award.claims.get("originalGrade"),
        "note": award.claims.get("note"),
    }
    return {name: str(values.get(name) or "") for name in FIELDS}


def row_of(award: OwnAward, typed: Mapping[str, str]) -> CredentialRow:
    """Return the row that a form makes: of the same achievement and version, with the same parts.

    Raises `msgspec.ValidationError` for a value that no row can have.
    """
    values: dict[str, Any] = {name: typed.get(name, "").strip() for name in FIELDS}
    optional = ("valid_until", "grade", "original_grade", "note")
    values = {name: value for name, value in values.items() if value or name not in optional}
    parts = [
        PartRow(
            part.member,
            UUID(part.credential),
            float(part.ects),
            None if part.by is None else _counted_by(part.by),
        )
        for part in award.issued.parts or ()
    ]
    values |= {
        "achievement": award.issued.achievement,
        "version": award.issued.version,
        "replaces": award.issued.credential,
    }
    if award.claims.get("nationalId"):
        values["national_id"] = award.claims["nationalId"]
    row = msgspec.convert(values, CredentialRow, strict=False)
    return msgspec.structs.replace(row, parts=parts or None)


def _counted_by(by: Any) -> CountedByRow:  # noqa: ANN401 - of an event's data
    decision, agreement = (None if each is None else UUID(each) for each in (by.decision, by.agreement))
    return CountedByRow(by.member, decision, agreement)


def _read(private: PrivateSide, views: Views, member: str, credential: str) -> ReplacePage:
    with views.snapshot() as snapshot, private.reading() as registry:
        rows = read_rows(snapshot, registry, member, [credential])
        if not rows:
            raise HttpProblem("not-found", "this university has no such credential, as far as this node has read")
        return ReplacePage(
            rows[0],
            read_own_award(registry, credential),
            read_dependents(snapshot.connection, member, [credential]).get(credential, NOTHING),
            registry.credentials.get(credential).version,
            read_member_names(snapshot.connection),
            snapshot.position,
        )


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    receiving: Receiving,
    page: ReplacePage,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    faults: dict[str, str] = {}
    for fault in (problem or {}).get("errors", ()):
        faults.setdefault(fault.get("field") or fault["where"].rpartition(".")[2], fault["detail"])
    return pages.render(
        request,
        "desk/replace.html",
        private=True,
        status=status,
        position=page.position,
        names=page.names,
        page=page,
        view=page.row.view,
        values=dict(typed) if typed is not None else values_of(page.award),
        fields=FIELDS,
        days=_DAYS,
        second_person="replace" in receiving.second_person,
        problem=problem,
        faults=faults,
        key=new_key(),
    )


@get(
    "/desk/credentials/{credential:uuid}/replace",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write", "learners:read"),
)
def ask(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    credential: UUID,
) -> Response[str]:
    """Show the form, with what the credential says."""
    return _render(request, pages, receiving, _read(private, views, request.app.state.member, str(credential)))


@post(
    "/desk/credentials/{credential:uuid}/replace",
    include_in_schema=False,
    sync_to_thread=True,
    **requires("credentials:write", "learners:read"),
)
def replace(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    offered: Offers,
    pages: Pages,
    receiving: Receiving,
    credential: UUID,
    data: Typed,
) -> Response[Any]:
    """Issue the corrected credential, which takes the place of the old one; or ask a second person to."""
    page = _read(private, views, request.app.state.member, str(credential))
    try:
        row = row_of(page.award, data)
        if "replace" in receiving.second_person:
            return _ask_colleague(request, private, offered, pages, receiving, page, row, form_key(data))
        answer = private.write_once(request, form_key(data), row, make_issue(row, offered, request.user.scopes))
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        typed = {name: data.get(name, "") for name in FIELDS}
        return _render(request, pages, receiving, page, problem=problem, typed=typed, status=problem["status"])
    issued = msgspec.to_builtins(answer.content)
    done = "credential-unchanged" if issued["unchanged"] else "credential-replaced"
    # The views may not have the new credential yet: the old one's page has the way to it.
    return pages.redirect(request, f"/desk/credentials/{credential}", done)


def _ask_colleague(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    offered: Catalogue,
    pages: Pages,
    receiving: Receiving,
    page: ReplacePage,
    row: CredentialRow,
    key: str,
) -> Response[Any]:
    """Check the corrected credential, and let it wait for a second person. Raises as the check does."""

    def send(write: Write) -> Answer:
        corrected = read_request(row, RowChecker(offered, keep_text=row.keep_text))
        require_issued(write.issuer.check(corrected), request.user.scopes)
        replaced = page.row.view.credential
        batch = send_rows(
            receiving, "replace 1", "credentials", NDJSON, encode_row(corrected) + b"\n", request.user.actor, key,
            awaits_release=True, replaces=Replacement(replaced, page.version),
        )  # fmt: skip
        return Answer(202, batch)

    answer = private.write_once(request, key, row, send)
    batch = msgspec.to_builtins(answer.content)["batch"]
    return pages.redirect(request, f"/desk/releases/{batch}", "changes-sent")


ROUTES: Final = [ask, replace]
