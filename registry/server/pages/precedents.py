"""Precedents for everybody: what offices decided and stated about achievements, without any person."""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from litestar import Request, Response, get

from projections.api.reading import Views
from projections.precedents import published
from projections.precedents.published import PublicPage, PublicPrecedents, PublicQuery
from projections.records.member_names import read_member_names
from registry.http.responses import POSITION
from registry.server.pages.catalogue import OUTCOME_TONES
from registry.server.pages.forms import read_search
from registry.server.pages.frame import Pages
from registry.values.formulas import escape_formulas
from registry.wire.today import utc_today

_PER_PAGE: Final = 20
_IN_FILE: Final = 500
"""Achievements in a file."""
_COLUMNS: Final = ("member", "achievement", "title", "basis", "office", "outcome", "ground", "count")


class _Read(NamedTuple):
    page: PublicPage
    names: dict[str, str]


def _read(connection: Any, query: PublicQuery, cursor: str, limit: int) -> _Read:  # noqa: ANN401 - a connection
    page = published.search(connection, query, utc_today(), cursor=cursor or None, limit=limit)
    return _Read(page, read_member_names(connection))


@get("/precedents", include_in_schema=False)
async def show_precedents(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[str]:
    """Search what offices decided."""
    query = read_search(request.query_params, PublicQuery)
    cursor = str(request.query_params.get("cursor", ""))
    response = await views.answer("", lambda connection: _read(connection, query, cursor, _PER_PAGE), "search")
    read: _Read = response.content
    return pages.render(
        request,
        "precedents.html",
        position=response.headers[POSITION],
        names=read.names,
        fragment="results",
        query=query,
        page=read.page,
        tones=OUTCOME_TONES,
        unknown=[name for name in (query.member, query.office) if name is not None and name not in read.names],
        most_in_file=_IN_FILE,
    )


@get("/precedents.csv", include_in_schema=False)
async def download_precedents(request: Request[Any, Any, Any], views: Views) -> Response[str]:
    """Return the same as CSV: one row for each outcome that is shown, each ground, statement and agreement."""
    query = read_search(request.query_params, PublicQuery)
    response = await views.answer("", lambda connection: _read(connection, query, "", _IN_FILE), "scan")
    read: _Read = response.content
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(row for item in read.page.items for row in _rows(item))
    headers = {
        POSITION: response.headers[POSITION],
        "Content-Disposition": 'inline; filename="precedents.csv"',
        "Cache-Control": "no-cache",
    }
    return Response(text.getvalue(), media_type="text/csv", headers=headers)


def _rows(item: PublicPrecedents) -> Iterator[tuple[str | int, ...]]:
    """Yield the rows of one achievement. An empty office stands for all offices together."""
    title = item.title.get("en") or next(iter(item.title.values()), "")
    # Every member writes its own titles.
    first = (item.member, item.achievement, escape_formulas(title))
    decisions = item.decisions
    for outcome, number in decisions.outcomes.items():
        yield *first, "decision", "", outcome, "", number
    for ground, number in decisions.grounds.items():
        yield *first, "decision", "", "", ground, number
    for office, outcomes in decisions.offices.items():
        for outcome, number in outcomes.items():
            yield *first, "decision", office, outcome, "", number
    for statement in item.statements:
        yield *first, "statement", statement.member, statement.outcome, "", 1
    for agreement in item.agreements:
        yield *first, "agreement", agreement.member, agreement.outcome, "", 1


ROUTES: Final = [show_precedents, download_precedents]
