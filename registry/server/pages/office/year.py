"""The office's year as a page, as CSV and as PDF. The figures hold no person, and none of them is suppressed here."""

import csv
import io
from typing import Any, Final, NamedTuple

from litestar import Response, get

from projections.recognition.office_year import read_office_year
from projections.records.member_names import read_member_names
from registry.http import FieldError, HttpProblem, requires
from registry.http.responses import Position
from registry.letters.report import render_report
from registry.office.cases.year_file import read_appeals, read_case_days
from registry.server.pages import charts
from registry.server.pages.languages import language_of
from registry.server.pages.office.desk import AtDesk, Desk, desk_routes
from registry.server.pages.office.year_figures import SPANS, YearFigures, figures_of, first_decisions, table_of
from registry.server.pages.office.year_words import YearWords
from registry.wire.today import utc_today

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9998


class _Read(NamedTuple):
    figures: YearFigures
    names: dict[str, str]
    position: Position


@get("/office/year", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def show_year(desk: AtDesk) -> Response[Any]:
    """Show a year of the office."""
    read, words = _read(desk), YearWords(language_of(desk.request))
    figures = read.figures
    return desk.pages.render(
        desk.request,
        "office/year.html",
        position=read.position,
        names=read.names,
        private=True,
        figures=figures,
        outcome_chart=charts.bar_chart(
            [(words.code("outcome", outcome), number) for outcome, number in figures.outcomes]
        ),
        time_chart=charts.bar_chart(
            [(words.span(span), number) for span, number in zip(SPANS, figures.times.spans, strict=True)]
        ),
        spans=[words.span(span) for span in SPANS],
        bar_width=charts.bar_width,
    )


@get("/office/year.csv", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def download_csv(desk: AtDesk) -> Response[str]:
    """Return the figures of a year as one table."""
    read = _read(desk)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("table", "code", "detail", "number"))
    writer.writerows(table_of(read.figures))
    return Response(text.getvalue(), media_type="text/csv", headers=_headers(read.figures, "csv"))


@get("/office/year.pdf", include_in_schema=False, sync_to_thread=True, **requires("cases:read"))
def download_pdf(desk: AtDesk) -> Response[bytes]:
    """Return the figures of a year as a document."""
    read = _read(desk)
    office = read.names.get(desk.own, desk.own)
    report = YearWords(language_of(desk.request)).report(read.figures, office)
    pdf = render_report(report, utc_today())
    return Response(pdf, media_type="application/pdf", headers=_headers(read.figures, "pdf"))


def _headers(figures: YearFigures, kind: str) -> dict[str, str]:
    disposition = "inline" if kind == "pdf" else "attachment"
    return {
        "Cache-Control": "no-store",
        "Content-Disposition": f'{disposition}; filename="office-{figures.year}.{kind}"',
    }


def _read(desk: Desk) -> _Read:
    text = str(desk.request.query_params.get("year", "")) or str(utc_today().year)
    if not (text.isascii() and text.isdigit() and len(text) == 4 and _FIRST_YEAR <= int(text) <= _LAST_YEAR):
        raise HttpProblem("unprocessable", errors=[FieldError("query year", "is a year, for example 2026", "year")])
    year = int(text)
    with desk.views.snapshot() as snapshot:
        decisions = read_office_year(snapshot.connection, desk.own, year)
        names = read_member_names(snapshot.connection)
        position = snapshot.position
    with desk.private.reading() as registry:
        days, appeals = read_case_days(registry.cursor(), first_decisions(decisions)), read_appeals(registry, year)
    return _Read(figures_of(decisions, days, appeals, year), names, position)


ROUTES: Final = desk_routes(show_year, download_csv, download_pdf)
