"""Reports of audits, as `registry audit --save` writes them: one shown, or two compared. No file is stored."""

from typing import Any, Final, NamedTuple

from anyio.to_thread import run_sync
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile

from consumers.audit.audit_compare import Comparison, OtherConsortium, compare
from consumers.audit.audit_contradictions import find_contradictions
from consumers.audit.audit_report import AuditReport, NoReport
from registry.http import requires
from registry.server.pages.frame import Pages
from registry.wire.errors import MalformedNote

_PATH: Final = "/log/reports"
_MAX_FILE: Final = 8 * 1024 * 1024
_MAX_BODY: Final = 2 * _MAX_FILE + 16 * 1024
"""A form has a little more than its two files."""
_READ: Final = requires("university:read")
SHOWN: Final = 50
"""Faults, streams and other lines that a page shows of each kind."""


class ReadReport(NamedTuple):
    """A report that was uploaded, or why its file is none."""

    report: AuditReport | None
    fault: str = ""
    """`empty`, `large` or `other` for a file that is not a report."""


class ComparedReports(NamedTuple):
    """Two reports and their comparison, or why they cannot be compared."""

    comparison: Comparison | None
    fault: str = ""
    """`consortium`: they are about two consortia; `damaged`: one holds what cannot be read."""


@get(_PATH, include_in_schema=False, **_READ)
async def show_upload(request: Request[Any, Any, Any], pages: Pages) -> Response[str]:
    """Show the form."""
    return _render(request, pages, {})


@post(_PATH, include_in_schema=False, status_code=200, request_max_body_size=_MAX_BODY, **_READ)
async def show_reports(request: Request[Any, Any, Any], pages: Pages) -> Response[str]:
    """Show one report, or compare two."""
    form = await request.form()
    contents = [await _content(form.get(name)) for name in ("first", "second")]
    first, second = [await run_sync(read_report, content) for content in contents]
    faults = {"first": first.fault} if first.fault else {}
    if second.fault and second.fault != "empty":
        faults["second"] = second.fault
    if faults or first.report is None:
        return _render(request, pages, faults)
    if second.report is None:
        return pages.render(
            request,
            "audit_report.html",
            report=first.report,
            contradictions=await run_sync(find_contradictions, first.report),
            shown=SHOWN,
        )
    compared = await run_sync(compare_reports, first.report, second.report)
    if compared.comparison is None:
        return _render(request, pages, {"second": compared.fault})
    return pages.render(
        request,
        "audit_comparison.html",
        comparison=compared.comparison,
        reports=[first.report, second.report],
        shown=SHOWN,
    )


def _render(request: Request[Any, Any, Any], pages: Pages, faults: dict[str, str]) -> Response[str]:
    most = _MAX_FILE // (1024 * 1024)
    return pages.render(
        request, "audit_reports.html", status=422 if faults else 200, faults=faults, most_megabytes=most
    )


async def _content(file: Any) -> bytes:  # noqa: ANN401 - what a form may hold
    return await file.read(_MAX_FILE + 1) if isinstance(file, UploadFile) else b""


def read_report(content: bytes) -> ReadReport:
    """Return the report in a file, or why there is none."""
    if not content:
        return ReadReport(None, "empty")
    if len(content) > _MAX_FILE:
        return ReadReport(None, "large")
    try:
        return ReadReport(AuditReport.read(content))
    except (NoReport, RecursionError):
        return ReadReport(None, "other")


def compare_reports(first: AuditReport, second: AuditReport) -> ComparedReports:
    """Compare two reports."""
    try:
        return ComparedReports(compare(first, second))
    except OtherConsortium:
        return ComparedReports(None, "consortium")
    except MalformedNote:
        return ComparedReports(None, "damaged")


ROUTES: Final = [show_upload, show_reports]
