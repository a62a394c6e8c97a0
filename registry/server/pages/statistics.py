"""Statistics for everybody: what was awarded and recognised in a year, with pictures and tables."""

from typing import Any, Final

from litestar import Request, Response, get

from projections.api.reading import Views
from registry.server.pages import charts
from registry.server.pages.frame import Pages
from registry.server.pages.languages import language_of
from registry.server.pages.open_data import TITLES
from registry.server.pages.statistics_tables import SharedTables
from registry.server.pages.templates import Formats


@get("/statistics", include_in_schema=False)
async def show_statistics(
    request: Request[Any, Any, Any], views: Views, pages: Pages, shared_tables: SharedTables
) -> Response[str]:
    """Show a year of all universities, or of one."""
    read = await shared_tables.read(views)
    asked_member, asked_year = (str(request.query_params.get(name, "")) for name in ("member", "year"))
    member = asked_member if asked_member in read.names else ""
    figures = read.figures(asked_year, member)
    formats = Formats(language_of(request))
    labels = [formats.month(month) for month in figures.months]
    flows = {
        (read.names.get(issuer, issuer), read.names.get(office, office)): number.shown
        for (issuer, office), number in (figures.flows if figures.is_matrix else figures.largest_flows).items()
        if number.shown
    }
    return pages.render(
        request,
        "statistics.html",
        position=read.position,
        read_at=read.read_at,
        names=read.names,
        figures=figures,
        member=member,
        is_other_year=asked_year not in ("", figures.year),
        is_other_member=asked_member != member,
        labels=labels,
        month_chart=charts.bar_chart(
            [(label, number.shown) for label, number in zip(labels, figures.by_month, strict=True)]
        ),
        flow_chart=charts.flow_chart(flows) if flows else None,
        most_in_cell=max((number or 0 for row in figures.by_field for number in row.levels), default=0),
        spark_bars=charts.spark_bars,
        bar_width=charts.bar_width,
        titles=TITLES,
        shade=charts.shade_of,
    )


ROUTES: Final = [show_statistics]
