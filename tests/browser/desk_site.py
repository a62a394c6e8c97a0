"""A node with a filled desk, and browsers of its people: one for each file that uses it, since journeys change it."""

import contextlib
import itertools
from types import SimpleNamespace

import pytest

from tests.support.browser import open_page, require_chromium
from tests.support.command import registry, until
from tests.support.served import Served, achievement, once, row

NAMES = (("Kowalczyk", "Marta"), ("Müller", "Farah"), ("Lindqvist", "Bram"), ("Weiß", "Jonas"), ("De Wit", "Noor"))


@pytest.fixture(scope="module")
def desk(tmp_path_factory, postgres):
    """A node with credentials in several states, a held row, a larger credential, and a decision of lund."""
    require_chromium()
    settings = "[http]\nrelease_above = 2\n"
    with contextlib.closing(Served(tmp_path_factory.mktemp("desk"), postgres, settings)) as node:
        node.lund = node.consortium.join("lund")
        node.start()
        _fill(node)
        yield node


def _fill(node):
    system, keys = node.client(), itertools.count()

    def post(path, content, status=(200, 201)):
        answer = system.post(path, json=content, headers=once(f"key {next(keys)}"))
        assert answer.status_code in status, answer.text
        if answer.is_success:  # a larger credential needs its parts in the views
            waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
            assert system.get("/v1/members", headers=waiting).status_code == 200
        return answer

    plain = post("/v1/achievements", achievement()).json()["achievement"]
    composition = {
        "required": [{"member": "twente", "achievement": plain}], "choices": [], "minEcts": 5, "sharing": "allowed",
    }  # fmt: skip
    title = {"en": "Sustainable cities"}
    larger = achievement() | {
        "kind": "programme",
        "title": title,
        "ects": 30,
        "workloadHours": 840,
        "composition": composition,
    }
    larger = post("/v1/achievements", larger).json()["achievement"]
    node.plain, node.larger = plain, larger
    issued = []
    for number, (family, given) in enumerate(NAMES):
        content = row(plain, f"record {number}", f"s{number}", family_name=family, given_name=given)
        answer = post("/v1/credentials", content).json()
        issued.append(answer["credential"])
        node.learner = answer["learner"] if number == 1 else getattr(node, "learner", "")
    [first, second, third, fourth, fifth] = issued
    post(f"/v1/credentials/{fourth}/suspend", {"reason": "underReview", "note": "The transcript is in doubt."})
    part = {"member": "twente", "credential": third, "ects": 5}
    name = {"family_name": "Lindqvist", "given_name": "Bram", "ects": 30}
    post("/v1/credentials", row(larger, "whole", "s2", parts=[part], override=["pending"], **name))
    spoiled = post("/v1/credentials", row(plain, "spoiled", "s4", family_name="De Wit", given_name="Noor")).json()
    part = {"member": "twente", "credential": spoiled["credential"], "ects": 5}
    name = {"family_name": "De Wit", "given_name": "Noor", "ects": 30}
    post("/v1/credentials", row(larger, "impaired", "s4", parts=[part], override=["pending"], **name))
    post(f"/v1/credentials/{spoiled['credential']}/revoke", {"reason": "issuedInError"})
    held = row(plain, "held", "s0", family_name="Novak", given_name="Petr", date_of_birth="1979-11-30")
    post("/v1/credentials", held, (409,))
    registry("views", "update", home=node.lund)
    registry("recognition", "decide", f"twente/{second}", "--ects", 5, home=node.lund)
    until(lambda: system.get("/v1/feed").json()["items"])
    node.credentials = SimpleNamespace(plain=first, decided=second, part=third, suspended=fourth, other=fifth)


@pytest.fixture
def open_desk(chromium, desk):
    """Open pages of a person with these roles; fail if one violated the policy."""
    watches = []

    def open_one(*roles, name=None, **options):
        page, watch = open_page(chromium, desk.url, **options)
        watches.append((page, watch))
        page.goto(desk.link(*roles, name=name))
        page.get_by_role("main").get_by_role("button").click()
        page.wait_for_url("**/account")
        return page

    yield open_one
    faults = [fault for page, watch in watches for fault in watch.faults]
    for page, _ in watches:
        page.context.close()
    assert not faults, "\n".join(faults)
