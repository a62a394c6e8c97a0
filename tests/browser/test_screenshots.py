"""Pictures of the main pages for the README: `make screenshots` writes them into docs/images; the test checks them."""

import contextlib
import itertools
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.browser import open_page, require_chromium
from tests.support.command import registry, until
from tests.support.served import Served, achievement, csv_of, once, row

FOLDER = os.environ.get("REGISTRY_SCREENSHOTS")
"""Where the pictures go; without it they are only checked."""
MAX_BYTES = 200_000
NUMBERS = itertools.count()
PEOPLE = {"case": ("Olga Nilsson", "officer", "assessor"), "import": ("Carla Visser", "clerk")}
"""The person who sees a page, and their roles."""
NAMES = (("Lindqvist", "Bram"), ("Müller", "Farah"), ("de Wit", "Noor"), ("Weiß", "Jonas"), ("García", "Elin"))
VIEW = {"width": 1280, "height": 860}
OFFERS = (
    ("Renewable energy systems", "0713", 5, 7),
    ("Data literacy for engineers", "0612", 5, 6),
    ("Water in the city", "0732", 3, 6),
    ("Ethics of artificial intelligence", "0223", 4, 7),
    ("Circular design", "0212", 5, 6),
)


@pytest.fixture(scope="module")
def show(tmp_path_factory, postgres):
    """A node with offers, a credential and a case; `addresses` are those of its pages."""
    require_chromium()
    with contextlib.closing(Served(tmp_path_factory.mktemp("show"), postgres)) as node:
        node.lund = node.consortium.join("lund")
        node.start()
        addresses, offers = _fill(node)
        node.link("approver", name="Anna de Vries")
        yield SimpleNamespace(url=node.url, link=node.link, addresses=addresses, offers=offers)


def _fill(node):
    system = node.client()

    def post(path, content):
        answer = system.post(path, json=content, headers=once(f"show {next(NUMBERS)}"))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    offers = []
    for title, field, ects, level in OFFERS:
        changes = {"title": {"en": title}, "fieldsOfEducation": [field], "ects": ects, "workloadHours": 28 * ects}
        offers.append(post("/v1/achievements", achievement() | changes | {"eqfLevel": level})["achievement"])
    issued = [post("/v1/credentials", row(offers[0], f"show {n}", student=f"s{n}"))["credential"] for n in range(12)]
    until(lambda: node.anybody().get(f"/v1/credentials/twente/{issued[-1]}").status_code == 200)
    _recognise(node, offers, issued)
    case = {
        "applicant": {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"},
        "subjects": [{"credential": {"member": "twente", "credential": issued[-1]}}],
        "purpose": "creditTransfer",
    }
    opened = post("/v1/cases", case)["case"]
    post(f"/v1/cases/{opened}/complete", {})
    return {
        "catalogue": "/?at=lund",
        "verification": f"/verify/twente/{issued[0]}",
        "log-entry": "/log/twente/3@12",
        "case": f"/office/cases/{opened}",
        "import": "/desk/imports",
    }, offers


def _upload(page, offers):
    """Import twenty rows, three of them with a fault."""
    rows = [
        row(offers[n % 5], f"spring {n}", student=f"t{n:05}", ects=OFFERS[n % 5][2])
        | dict(zip(("family_name", "given_name"), NAMES[n % 5], strict=True))
        for n in range(20)
    ]
    rows[3]["awarding_date"], rows[8]["ects"], rows[14]["date_of_birth"] = "2026-13-02", 7.5, "2029-10-15"
    file = {"name": "spring-2026.csv", "mimeType": "text/csv", "buffer": csv_of(rows).encode()}
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Upload and check").click()
    page.get_by_role("heading", name="3 of 20 rows cannot be issued yet").wait_for()


def _recognise(node, offers, issued):
    """Let lund have an agreement, an assessment and decisions."""
    registry("views", "update", home=node.lund)
    registry(
        "agreement", "declare", "twente", "--achievement", f"{offers[0]}@1", "--valid-from", "2026-01-01",
        home=node.lund,
    )  # fmt: skip
    registry(
        "recognition", "assess", f"twente/{offers[1]}@1", "--outcome", "partial", "--ects", 3,
        "--ground", "workload:substantiallyLess", home=node.lund,
    )  # fmt: skip
    for credential in issued[:3]:
        registry("recognition", "decide", f"twente/{credential}", "--ects", 5, home=node.lund)
    reader = node.anybody()
    until(lambda: any(view["member"] == "lund" and view["size"] >= 5 for view in reader.get("/v1/streams").json()))


def test_the_pictures_of_the_main_pages_are_small_and_of_pages_that_work(show, chromium, tmp_path):
    folder = Path(FOLDER) if FOLDER else tmp_path
    page, watch = open_page(chromium, show.url, viewport=VIEW)
    for name, address in show.addresses.items():
        if name in PEOPLE:
            person, *roles = PEOPLE[name]
            page.context.clear_cookies()
            page.goto(show.link(*roles, name=person))
            page.get_by_role("main").get_by_role("button").click()
            page.wait_for_url("**/account")
        page.goto(address)
        if name == "import":
            _upload(page, show.offers)
        page.evaluate("document.fonts.ready")
        file = folder / f"{name}.png"
        page.screenshot(path=file)
        assert page.locator("h1").count() == 1, name
        assert not re.search("Not found|error", page.title()), name
        assert file.stat().st_size < MAX_BYTES, f"{name}: {file.stat().st_size:,} bytes"
    page.context.close()
    assert not watch.faults
