"""Statistics and open data over HTTP: pages, tables, and no count that speaks of a few people."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from projections.statistics.datasets import DESCRIPTIONS
from tests.support.command import until
from tests.support.served import achievement, once, problem, row

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def anybody(reading):
    """A reader of a node on which three credentials were awarded in June 2026."""
    system = reading.client()
    made = system.post("/v1/achievements", json=achievement(), headers=once("counted"))
    for number in range(3):
        request = row(made.json()["achievement"], f"counted {number}", f"counted {number}")
        issued = system.post("/v1/credentials", json=request, headers=once(f"counted {number}"))
    credential = issued.json()["credential"]
    until(lambda: system.get(f"/v1/credentials/twente/{credential}").status_code == 200)
    return reading.anybody()


def test_the_page_shows_the_year_and_leaves_small_counts_out(anybody):
    page = anybody.get("/statistics", headers=HTML)
    assert page.status_code == 200, page.text
    assert "Awarded each month" in page.text
    assert "not shown" in page.text
    assert "Made from the log" in page.text
    assert 'role="img"' in page.text
    assert "style=" not in page.text


def test_a_year_and_a_university_that_do_not_exist_lead_to_all_with_a_notice(anybody):
    known = anybody.get("/statistics", params={"year": "2026", "member": "twente"}, headers=HTML).text
    assert "that the address names" not in known
    page = anybody.get("/statistics", params={"year": "<script>", "member": "<script>"}, headers=HTML)
    assert page.status_code == 200
    assert "Shown is 2026, the newest year that has some." in page.text
    assert '<a href="/statistics?year=2026">2026</a>' in page.text
    assert "Shown are the figures of all." in page.text
    assert "<script>" not in re.sub(r"<script src=[^>]*>", "", page.text)


@pytest.mark.parametrize("table", DESCRIPTIONS, ids=lambda table: table.name)
def test_each_table_is_the_same_as_csv_and_as_json(anybody, table):
    text = anybody.get(f"/data/{table.name}.csv")
    assert text.headers["registry-position"].startswith("governance:")
    assert datetime.now(UTC) - datetime.fromisoformat(text.headers["registry-read-at"]) < timedelta(minutes=11)
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    header, *rows = csv.reader(io.StringIO(text.text))
    document = anybody.get(f"/data/{table.name}.json")
    content = document.json()
    assert header == [*table.dimensions, *table.measures] == content["columns"]
    assert content["position"] == document.headers["registry-position"] == text.headers["registry-position"]
    assert rows == [["" if value is None else str(value) for value in each.values()] for each in content["rows"]]
    counts = [each[measure] for each in content["rows"] for measure in table.measures]
    assert not [count for count in counts if count is not None and 0 < count < 10]


def test_the_columns_are_explained_and_the_catalogue_names_every_file(anybody):
    page = anybody.get("/data", headers=HTML)
    catalogue = anybody.get("/data/catalogue.jsonld")
    assert catalogue.headers["content-type"].startswith("application/ld+json")
    urls = [
        distribution["dcat:downloadURL"]["@id"]
        for dataset in catalogue.json()["dcat:dataset"]
        for distribution in dataset["dcat:distribution"]
    ]
    kinds = {url.rpartition(".")[2] for url in urls}
    assert {"csv", "json"} <= kinds
    assert len(urls) == len(kinds) * len(DESCRIPTIONS)
    for table in DESCRIPTIONS:
        assert f'id="{table.name}"' in page.text
        assert f"http://localhost:{anybody.base_url.port}/data/{table.name}.csv" in urls
    asked = anybody.get("/data/catalogue.jsonld", headers={"Host": "evil.example"})
    assert "evil.example" not in asked.text


def test_a_table_that_does_not_exist_is_refused(anybody):
    problem(anybody.get("/data/persons.csv"), 404, "not-found")
    problem(anybody.get("/data/flows.xml"), 404, "not-found")
