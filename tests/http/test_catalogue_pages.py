"""The catalogue's pages for everybody: order, what an achievement stacks into, and precedents without persons."""

import csv
import io

import pytest

from tests.support.command import until
from tests.support.served import achievement, once

HARM = "=<script>alert(1)</script> Sorted"


@pytest.fixture(scope="module")
def offers(node):
    """Three achievements with different credits, the last made of the first."""
    system, made = node.client("achievements:write"), []
    for number, ects in enumerate((3, 7, 5)):
        more = {}
        if number == 2:
            ref = {"member": "twente", "achievement": made[0]}
            more["composition"] = {"required": [ref], "choices": [], "minEcts": 3, "sharing": "forbidden"}
        content = achievement() | {"title": {"en": f"{HARM} {number}"}, "ects": ects, "workloadHours": 28 * ects} | more
        answer = system.post(
            "/v1/achievements", params={"keepText": True}, json=content, headers=once(f"sort {number}")
        )
        assert answer.status_code == 201, answer.text
        made.append(answer.json()["achievement"])
    until(lambda: node.anybody().get(f"/v1/achievements/twente/{made[-1]}").status_code == 200)
    return made


def test_offers_are_sorted_by_credits_page_by_page(node, offers):
    reader = node.browser()
    page = reader.get("/", params={"text": "sorted", "sort": "credits"}).text
    places = [page.index(f"/achievements/twente/{offers[number]}") for number in (1, 2, 0)]
    assert places == sorted(places)
    by_title = reader.get("/", params={"text": "sorted", "sort": "title"}).text
    places = [by_title.index(f"/achievements/twente/{each}") for each in offers]
    assert places == sorted(places)
    assert reader.get("/", params={"sort": "length"}).status_code == 422
    listed = node.anybody().get("/v1/catalogue", params={"text": "sorted", "sort": "credits", "limit": 1}).json()
    following = {"text": "sorted", "sort": "credits", "limit": 1, "cursor": listed["next"]}
    second = node.anybody().get("/v1/catalogue", params=following).json()
    assert [each["items"][0]["ects"] for each in (listed, second)] == [7, 5]


def test_an_unknown_university_is_said(node, offers):
    reader = node.browser()
    for path in ("/", f"/achievements/twente/{offers[0]}"):
        page = reader.get(path, params={"at": "<script>nobody"})
        assert page.status_code == 200
        assert "No member has the short name “&lt;script&gt;nobody”" in page.text
    assert "No member has the short name" not in reader.get("/", params={"at": "twente"}).text


def test_an_achievement_says_what_it_stacks_into_and_what_it_is_made_of(node, offers):
    reader = node.browser()
    part, whole = (
        reader.get(f"/achievements/twente/{offers[0]}").text,
        reader.get(f"/achievements/twente/{offers[2]}").text,
    )
    assert "What it stacks into" in part
    assert f"/achievements/twente/{offers[2]}" in part
    assert "What is stacked into it" in whole
    assert f"/achievements/twente/{offers[0]}" in whole
    assert "<script>alert" not in part + whole


def test_precedents_are_public_as_a_page_and_as_a_table(node):
    reader = node.browser()
    assert "What offices decided" in reader.get("/precedents").text
    nothing = reader.get("/precedents", params={"text": "nothing-has-this-word"})
    assert "No decision is not a refusal." in nothing.text
    assert "No member has the short name" in reader.get("/precedents", params={"office": "nobody"}).text
    table = reader.get("/precedents.csv")
    assert table.headers["content-type"].startswith("text/csv")
    header, *rows = csv.reader(io.StringIO(table.text))
    assert header == ["member", "achievement", "title", "basis", "office", "outcome", "ground", "count"]
    assert all(not row[2].startswith("=") for row in rows)
    assert reader.get("/precedents", params={"text": "x" * 600}).status_code == 422
