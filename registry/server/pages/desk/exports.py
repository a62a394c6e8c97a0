"""Documents of credentials, portfolios and terms for the clerk: what there is, what each lacks, and the downloads."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.response import Stream

from projections.api.reading import Views
from registry.api.exports import DocumentExporter, Exports, respond_document
from registry.api.private_side import PrivateSide
from registry.export.document import ExportError, Tie
from registry.export.exporter import ExportRequest
from registry.export.formats import FORMATS, LANGUAGES, Language
from registry.export.ports import NoDocument, TermQuery
from registry.export.previews import Preview
from registry.http import FieldError, HttpProblem, requires
from registry.server.pages.desk.credential_rows import OwnRow, read_rows
from registry.server.pages.forms import Typed
from registry.server.pages.frame import Pages
from registry.server.pages.refusals import problem_of

_SCOPE: Final = "documents:export"
_MAX_HOLDER: Final = 2_000
"""Characters of a holder's key as JSON."""


def read_choice(typed: Mapping[str, str]) -> ExportRequest:
    """Return the document that a form asks for. Raises `HttpProblem`."""
    holder = typed.get("holder", "").strip()
    if len(holder) > _MAX_HOLDER:
        raise HttpProblem("unprocessable", errors=[FieldError("holder", "is too long for a public key", "holder")])
    try:
        return ExportRequest(
            format=typed.get("format", ""),
            holder=msgspec.json.decode(holder, type=dict[str, Any]) if holder else None,
            tie=msgspec.convert(typed.get("tie"), Tie | None),
            language=msgspec.convert(typed.get("language"), Language | None) if _has_language(typed) else None,
        )
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise HttpProblem("unprocessable", errors=[FieldError("holder", "is not a JWK as JSON", "holder")]) from error
    except msgspec.ValidationError as error:
        raise HttpProblem("unprocessable", errors=[FieldError("form", str(error))]) from error


def _has_language(typed: Mapping[str, str]) -> bool:
    """Return whether the chosen format is made in one language; forms offer languages beside all formats."""
    formats = [*FORMATS.list_formats("credential"), *FORMATS.list_formats("portfolio")]
    return any(each.name == typed.get("format") and "language" in each.arguments for each in formats)


def read_days(typed: Mapping[str, str]) -> tuple[date | None, date | None]:
    """Return the first and the last day of a term. Raises `HttpProblem`."""
    days: list[date | None] = []
    for field in ("from", "until"):
        text = typed.get(field, "").strip()
        try:
            days.append(date.fromisoformat(text) if text else None)
        except ValueError as error:
            raise HttpProblem("unprocessable", errors=[FieldError(field, "is not a day", field)]) from error
    first, last = days
    if first is not None and last is not None and last < first:
        raise HttpProblem("unprocessable", errors=[FieldError("until", "is before the first day", "until")])
    return first, last


def _find_row(request: Request[Any, Any, Any], private: PrivateSide, views: Views, credential: str) -> OwnRow:
    with views.snapshot() as snapshot, private.reading() as registry:
        rows = read_rows(snapshot, registry, request.app.state.member, [credential])
    if not rows:
        raise HttpProblem("not-found", "this university has no such credential, as far as this node has read")
    return rows[0]


def _render(
    request: Request[Any, Any, Any],
    pages: Pages,
    row: OwnRow,
    documents: DocumentExporter,
    *,
    problem: Mapping[str, Any] | None = None,
) -> Response[str]:
    """Return the page of a credential's documents; with a problem, it says what is wrong with the last request."""
    refusal, previews = "", list[Preview]()
    try:
        previews = documents.preview_credential(row.view.credential)
    except NoDocument as error:
        refusal = str(error)
    return pages.render(
        request,
        "desk/documents.html",
        private=True,
        status=200 if problem is None else problem["status"],
        row=row,
        view=row.view,
        previews=previews,
        refusal=refusal,
        document_languages=LANGUAGES,
        problem=problem,
    )


@get("/desk/credentials/{credential:uuid}/documents", include_in_schema=False, sync_to_thread=True, **requires(_SCOPE))
def show_documents(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    exports: Exports,
    credential: UUID,
) -> Response[str]:
    """Show the documents that can be made of a credential, with their sizes and what each lacks."""
    return _render(request, pages, _find_row(request, private, views, str(credential)), exports)


@post(
    "/desk/credentials/{credential:uuid}/documents",
    include_in_schema=False,
    status_code=200,
    sync_to_thread=True,
    **requires(_SCOPE),
)
def download_document(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    exports: Exports,
    credential: UUID,
    data: Typed,
) -> Response[Any]:
    """Return a document of a credential as a file. The journal has who took it."""
    try:
        document = exports.of_credential(str(credential), read_choice(data), request.user.actor)
    except (ExportError, HttpProblem) as error:
        row = _find_row(request, private, views, str(credential))
        return _render(request, pages, row, exports, problem=problem_of(request, error))
    return respond_document(document, "credential")


@post(
    "/desk/learners/{learner:uuid}/portfolio",
    include_in_schema=False,
    status_code=200,
    sync_to_thread=True,
    **requires(_SCOPE),
)
def download_portfolio(
    request: Request[Any, Any, Any], exports: Exports, learner: UUID, data: Typed
) -> Response[bytes]:
    """Return a learner's credentials at this university as one file. The journal has who took it."""
    return respond_document(exports.of_portfolio(str(learner), read_choice(data), request.user.actor), "portfolio")


@post(
    "/desk/achievements/{achievement:uuid}/documents",
    include_in_schema=False,
    status_code=200,
    sync_to_thread=True,
    **requires(_SCOPE),
)
def download_term(request: Request[Any, Any, Any], exports: Exports, achievement: UUID, data: Typed) -> Response[Any]:
    """Return the documents of an achievement's credentials as one ZIP archive, with a report of those that lack."""
    archive = exports.of_term(TermQuery(str(achievement), *read_days(data)), read_choice(data), request.user.actor)
    headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="documents.zip"'}
    return Stream(archive, media_type="application/zip", headers=headers)


ROUTES: Final = [show_documents, download_document, download_portfolio, download_term]
