"""One learner: who they are, what all universities awarded them, and what this university can do about it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream

from projections.api.reading import Views
from projections.records import learners
from projections.records.learners import LearnerRecord
from projections.records.member_names import read_member_names
from registry.accounts.services import AccountServices
from registry.api.access_exports import Export, respond_pdf, stream_archive
from registry.api.idempotency import Answer
from registry.api.private_side import PrivateSide, Write
from registry.export.formats import FORMATS, LANGUAGES, Language
from registry.http import Cursors, FieldError, HttpProblem, requires
from registry.learners.change import Change
from registry.learners.rectification import person_version, rectify
from registry.learners.restriction_reasons import LIFTING, REASONS
from registry.learners.restrictions import Restriction, list_restrictions
from registry.privacy.access_journal import LearnerRead, list_reads
from registry.server.pages.desk.credential_rows import shown_status
from registry.server.pages.desk.learner_services import changes_of
from registry.server.pages.forms import Typed, form_key, new_key
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of
from registry.values.actors import actor_names
from registry.values.persons import FORMERLY
from registry.wire.today import utc_today

PER_PAGE: Final = 50
READS: Final = 20
"""Reads of the learner's data on their page."""
FIELDS: Final = {"familyName": "family-name", "givenName": "given-name", "dateOfBirth": "date-of-birth"}
"""The fields of the form that corrects a person, by the vault's names."""


class LearnerPage(NamedTuple):
    """A learner as this node knows them."""

    learner: str
    person: Mapping[str, Any] | None
    """None where the vault does not have the person, or not any more."""
    formerly: list[Mapping[str, Any]]
    version: str
    record: LearnerRecord
    next: str | None
    changes: list[Change]
    erased_on: date | None
    """The day (UTC) on which this university announced the learner's erasure; None where it did not."""
    names: dict[str, str]
    position: str
    restrictions: list[Restriction]
    """Restrictions of the use of their data, and objections, the newest first."""
    reads: list[LearnerRead]
    """The newest reads of their data."""
    actors: Mapping[str, str]
    """The names of the accounts and keys that read it."""

    def __repr__(self) -> str:
        return f"LearnerPage({self.learner})"  # a person is never shown by accident


def read_learner(private: PrivateSide, views: Views, learner: str, cursor: str = "") -> LearnerPage:
    """Return what the node knows of a learner. Raises `HttpProblem` where it knows nothing."""
    after, cursors = None, Cursors("learner", learner)
    if cursor:
        of, credential = cursors.decode(cursor, str, UUID)
        after = of, str(credential)
    with views.snapshot() as snapshot:
        record = learners.read(snapshot.connection, learner, after=after, limit=PER_PAGE)
        names, position = read_member_names(snapshot.connection), snapshot.position
    with private.reading() as registry:
        stored = registry.vault.read_learner(registry.cursor(), learner)
        erased_on = registry.erasures.erased_on(learner)
        changes = changes_of(registry, views).list_changes(learner, 50)
        restrictions = list_restrictions(registry.cursor(), learner)
        reads = list_reads(registry.cursor(), learner, READS)
        actors = actor_names(registry.cursor(), [read.actor for read in reads])
        person = None if stored is None else stored.person
        version = "" if person is None else person_version(registry.vault, person)
    if person is None and not record.credentials and after is None and not changes and erased_on is None:
        raise HttpProblem("not-found", "neither this university nor the log knows this learner")
    following = None if record.next is None else cursors.encode(record.next.split("/"))
    formerly = [] if person is None else list(person.get(FORMERLY, ()))
    return LearnerPage(
        learner,
        person,
        formerly,
        version,
        record,
        following,
        changes,
        erased_on,
        names,
        position,
        restrictions,
        reads,
        actors,
    )


def render_learner(
    request: Request[Any, Any, Any],
    pages: Pages,
    page: LearnerPage,
    *,
    problem: Mapping[str, Any] | None = None,
    typed: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    """Return the page; with a problem, what was typed stays in its form."""
    today = utc_today()
    return pages.render(
        request,
        "desk/learner.html",
        private=True,
        status=status,
        position=page.position,
        names=page.names,
        page=page,
        own_person=page.person,
        record=page.record,
        own=request.app.state.member,
        problem=problem,
        typed=typed or {},
        fields=FIELDS,
        restriction_reasons=REASONS,
        lifting_reasons=LIFTING,
        key=new_key(),
        portfolio_formats=[each for each in FORMATS.list_formats("portfolio") if not each.needs_holder],
        document_languages=LANGUAGES,
        scopes=request.user.scopes,
        status_of=lambda view: shown_status(view.status, view.valid_until, today),
    )


@get("/desk/learners/{learner:uuid}", include_in_schema=False, sync_to_thread=True, **requires("learners:read"))
def show_learner(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, learner: UUID
) -> Response[str]:
    """Show one learner."""
    cursor = str(request.query_params.get("cursor", ""))
    return render_learner(request, pages, read_learner(private, views, str(learner), cursor))


@post(
    "/desk/learners/{learner:uuid}/export",
    include_in_schema=False,
    status_code=200,
    sync_to_thread=True,
    uncompressed=True,
    **requires("learners:read"),
)
def export(
    request: Request[Any, Any, Any], private: PrivateSide, exporter: Export, services: AccountServices, learner: UUID
) -> Stream:
    """Return what this node knows of a learner, as a file. The journal has who took it."""
    answer = stream_archive(private, exporter, str(learner))
    services.journal.add(request.user.actor, "learner.export", str(learner))
    return answer


@post(
    "/desk/learners/{learner:uuid}/export-pdf",
    include_in_schema=False,
    status_code=200,
    sync_to_thread=True,
    **requires("learners:read"),
)
def export_paper(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    exporter: Export,
    services: AccountServices,
    learner: UUID,
    data: Typed,
) -> Response[bytes]:
    """Return what this node knows of a learner as a PDF. The journal has who took it."""
    try:
        language = msgspec.convert(data.get("language") or "en", Language)
    except msgspec.ValidationError as error:
        raise HttpProblem("unprocessable", errors=[FieldError("language", str(error), "language")]) from error
    answer = respond_pdf(private, exporter, str(learner), language)
    services.journal.add(request.user.actor, "learner.export", str(learner))
    return answer


@post(
    "/desk/learners/{learner:uuid}/rectify", include_in_schema=False, sync_to_thread=True, **requires("learners:decide")
)
def correct(
    request: Request[Any, Any, Any], private: PrivateSide, views: Views, pages: Pages, learner: UUID, data: Typed
) -> Response[Any]:
    """Correct a learner's names or date of birth in the vault."""
    stated = {name: data.get(field, "").strip() for name, field in FIELDS.items()}

    def act(write: Write) -> Answer:
        keep_text = "keep-text" in data
        rectify(write.registry, str(learner), stated, data.get("version", ""), request.user.actor, keep_text=keep_text)
        return Answer(200, {"learner": str(learner)})

    try:
        private.write_once(
            request,
            form_key(data),
            {**stated, "version": data.get("version", ""), "keepText": "keep-text" in data},
            act,
        )
    except Exception as error:  # noqa: BLE001 - `problem_of` raises again what is a failure of the node
        problem = problem_of(request, error)
        page = read_learner(private, views, str(learner))
        return render_learner(request, pages, page, problem=problem, typed=data, status=problem["status"])
    return pages.redirect(request, f"/desk/learners/{learner}", "learner-rectified")


ROUTES: Final = [show_learner, export, export_paper, correct]
