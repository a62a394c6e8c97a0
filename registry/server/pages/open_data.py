"""Open data: the tables of the statistics as CSV, JSON and Parquet, their columns, and a DCAT-AP catalogue of them."""

import csv
import io
from typing import Any, Final

import msgspec
from anyio.to_thread import run_sync
from litestar import Request, Response, get

from projections.api.reading import Views
from projections.records.member_names import read_member_names
from projections.statistics.datasets import DESCRIPTIONS, DataSet
from registry.http import HttpProblem
from registry.http.responses import POSITION, answer
from registry.server.pages import parquet
from registry.server.pages.frame import Pages
from registry.server.pages.statistics_tables import SharedTables
from registry.server.pages.texts import N_

TITLES: Final = {
    "awards-by-month": N_("Credentials awarded, by month and university"),
    "awards-by-field-and-level": N_("Credentials awarded, by year, field and level"),
    "revocations": N_("Credentials revoked, by year of the award and university"),
    "larger-credentials": N_("Larger credentials awarded, by year and university"),
    "recognition-by-month": N_("Outcomes of recognition, by month, office and outcome"),
    "recognition-by-field-and-level": N_("Outcomes of recognition of all time, by field, level and outcome"),
    "flows": N_("Recognition between universities, by year"),
    "grounds": N_("Grounds of recognition in part or refused, by year"),
}
COLUMNS: Final = {
    "month": N_("The month of the award or of the decision, for example 2026-05."),
    "year": N_("The year of the award or of the decision."),
    "member": N_("The short name of the university that awarded."),
    "office": N_("The short name of the university whose office decided."),
    "issuer": N_("The short name of the university whose achievement it is about."),
    "field": N_("Broad field of ISCED-F 2013, two digits: the first field of the achievement’s newest version."),  # noqa: RUF001
    "eqfLevel": N_("Level of the European Qualifications Framework, 1 to 8; empty if the achievement states none."),
    "outcome": N_("full, partial, conditional, alternative or refused."),
    "aspect": N_("The aspect in which there is a substantial difference, or formal."),
    "difference": N_("The difference, as the catalogue of events names it."),
    "issued": N_("Credentials awarded, whatever their status is now."),
    "revoked": N_("Those of the credentials awarded then that are revoked now."),
    "grants": N_("Grants in force, and assessments in force: one for each achievement that a decision rests on."),
    "recognised": N_("Grants in force that recognise in full, in part, on conditions or in another way."),
    "refused": N_("Grants in force that refuse recognition."),
}
READ_AT: Final = "Registry-Read-At"
"""The header with the time that a table was made from its position at, as the page of the statistics says it."""
_MEDIA_TYPES: Final = {"csv": "text/csv", "json": "application/json"} | (
    {"parquet": parquet.MEDIA_TYPE} if parquet.IS_AVAILABLE else {}
)


@get("/data", include_in_schema=False)
async def explain(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[str]:
    """List the tables with their columns."""
    response = await views.answer("", read_member_names)
    return pages.render(
        request,
        "data.html",
        position=response.headers[POSITION],
        names=response.content,
        descriptions=DESCRIPTIONS,
        kinds=list(_MEDIA_TYPES),
        titles=TITLES,
        columns=COLUMNS,
    )


@get("/data/{file:str}", include_in_schema=False)
async def download(views: Views, shared_tables: SharedTables, file: str) -> Response[Any]:
    """Return one table as CSV, JSON or Parquet. An empty cell is a count that is not shown."""
    name, _, kind = file.rpartition(".")
    if name not in TITLES or kind not in _MEDIA_TYPES:
        raise HttpProblem(
            "not-found", f"the tables are {', '.join(TITLES)}, each as {', '.join(f'.{kind}' for kind in _MEDIA_TYPES)}"
        )
    read = await shared_tables.read(views)
    position, table = read.position, read.datasets[name]
    read_at = read.read_at.isoformat(timespec="seconds")
    if kind == "json":
        response = answer(_as_json(table, position), position)
        response.headers[READ_AT] = read_at
        return response
    headers = {POSITION: position, READ_AT: read_at, "Content-Disposition": f'inline; filename="{file}"'}
    if kind == "parquet":
        content = await run_sync(parquet.write_parquet_table, table, position)
        return Response(content, media_type=parquet.MEDIA_TYPE, headers=headers)
    return Response(_as_csv(table), media_type="text/csv", headers=headers)


def _as_json(table: DataSet, position: str) -> dict[str, Any]:
    names = (*table.description.dimensions, *table.description.measures)
    rows = [dict(zip(names, (*row.key, *row.counts), strict=True)) for row in table.rows]
    return {"name": table.description.name, "position": position, "columns": list(names), "rows": rows}


def _as_csv(table: DataSet) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow((*table.description.dimensions, *table.description.measures))
    writer.writerows((*row.key, *row.counts) for row in table.rows)
    return text.getvalue()


@get("/data/catalogue.jsonld", include_in_schema=False)
async def catalogue(request: Request[Any, Any, Any], views: Views, pages: Pages) -> Response[Any]:
    """Return the description of the tables by which data portals find them (DCAT-AP)."""
    response = await views.answer("", read_member_names)
    address = _public_address(request, pages)
    content = describe(address, str(request.app.state.member), response.content)
    headers = {POSITION: response.headers[POSITION]}
    return Response(msgspec.json.encode(content), media_type="application/ld+json", headers=headers)


def _public_address(request: Request[Any, Any, Any], pages: Pages) -> str:
    return pages.origin(request) + pages.address(request, "", {})


def describe(address: str, member: str, names: dict[str, str]) -> dict[str, Any]:
    """Return the DCAT-AP catalogue of the tables at a node's address."""
    publisher = {"@id": f"{address}/#publisher", "@type": "foaf:Agent", "foaf:name": names.get(member, member)}
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
        },
        "@id": f"{address}/data",
        "@type": "dcat:Catalog",
        "dct:title": _english("Statistics of micro-credentials"),
        "dct:description": _english("What the universities of a consortium awarded and recognised, from their logs."),
        "dct:publisher": publisher,
        "foaf:homepage": {"@id": f"{address}/statistics"},
        "dcat:dataset": [
            {
                "@id": f"{address}/data#{each.name}",
                "@type": "dcat:Dataset",
                "dct:title": _english(TITLES[each.name]),
                "dct:description": _english(
                    " ".join(f"{column}: {COLUMNS[column]}" for column in (*each.dimensions, *each.measures))
                ),
                "dct:identifier": each.name,
                "dct:publisher": {"@id": publisher["@id"]},
                "dcat:landingPage": {"@id": f"{address}/data#{each.name}"},
                "dcat:distribution": [_distribution(address, each.name, kind) for kind in _MEDIA_TYPES],
            }
            for each in DESCRIPTIONS
        ],
    }


def _distribution(address: str, name: str, kind: str) -> dict[str, Any]:
    url = {"@id": f"{address}/data/{name}.{kind}"}
    return {
        "@id": f"{address}/data/{name}.{kind}#distribution",
        "@type": "dcat:Distribution",
        "dcat:accessURL": url,
        "dcat:downloadURL": url,
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{_MEDIA_TYPES[kind]}"},
    }


def _english(text: str) -> dict[str, str]:
    return {"@language": "en", "@value": text}


ROUTES: Final = [explain, download, catalogue]
