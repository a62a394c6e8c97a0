"""Fixtures for pages in a browser: one node with a credential in each state, and one browser."""

import contextlib
import shutil
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.desk_site import desk, open_desk  # noqa: F401 - fixtures
from tests.browser.tables import status_of
from tests.support.browser import NARROW, WIDE, html_faults, open_page, require_chromium
from tests.support.command import registry, until
from tests.support.page_judge import Judge
from tests.support.served import Served, achievement, once, row

TITLE = "<script>alert(1)</script> & Energy systems"
"""A title that does harm wherever a page does not escape it."""


@pytest.fixture(scope="session")
def site(tmp_path_factory, postgres):
    """A node whose catalogue has offers of two universities; `credentials` are ids by state."""
    require_chromium()
    with contextlib.closing(Served(tmp_path_factory.mktemp("site"), postgres)) as node:
        node.lund = node.consortium.join("lund")
        node.start()
        _fill(node)
        yield node


def _fill(node):
    """Publish achievements, and a credential in each state that the log can have."""
    system = node.client()

    def post(path, content):
        answer = system.post(path, json=content, headers=once(f"{path} {content}"[:200]))
        assert answer.status_code in (200, 201), answer.text
        return answer

    def offer(**changes):
        return post("/v1/achievements", achievement() | changes).json()["achievement"]

    plain = offer()
    joint = offer(title={"en": "Renewable grids", "nl": "Duurzame netten"}, awardingBodies=["twente", "lund"])
    composition = {
        "required": [{"member": "twente", "achievement": plain}],
        "choices": [],
        "minEcts": 5,
        "sharing": "allowed",
    }
    larger = offer(
        kind="programme", title={"en": "Sustainable cities"}, ects=30, workloadHours=840, composition=composition
    )
    node.achievements = SimpleNamespace(plain=plain, joint=joint, larger=larger, hostile=offer(title={"en": TITLE}))
    issued = {}
    for number, (state, of, changes) in enumerate(
        (
            ("valid", plain, {}),
            ("warning", joint, {}),
            ("suspended", plain, {}),
            ("revoked", plain, {}),
            ("replaced", plain, {}),
            ("expired", plain, {"awarding_date": "2020-06-30", "valid_until": "2021-06-30"}),
            ("hostile", node.achievements.hostile, {}),
        )
    ):
        content = row(of, f"record {number}", student=f"s{number}", **changes)
        issued[state] = post("/v1/credentials", content).json()["credential"]
    post(f"/v1/credentials/{issued['suspended']}/suspend", {"reason": "administrative"})
    post(f"/v1/credentials/{issued['revoked']}/revoke", {"reason": "issuedInError"})
    last = post("/v1/credentials", row(plain, "record 4b", student="s4", replaces=issued["replaced"]))
    position = {"Registry-Wait-For": last.headers["registry-position"]}
    assert system.get(f"/v1/credentials/twente/{issued['valid']}", headers=position).status_code == 200
    node.credentials = SimpleNamespace(**issued)
    _recognise(node)


def _recognise(node):
    """Let lund have an agreement about one offer, and an assessment of another."""
    offers = node.achievements
    registry("views", "update", home=node.lund)
    registry(
        "agreement", "declare", "twente", "--achievement", f"{offers.plain}@1", "--valid-from", "2026-01-01",
        home=node.lund,
    )  # fmt: skip
    registry(
        "recognition", "assess", f"twente/{offers.joint}@1", "--outcome", "partial", "--ects", 3,
        "--ground", "workload:substantiallyLess", home=node.lund,
    )  # fmt: skip
    reader = node.anybody()
    until(lambda: any(view["member"] == "lund" and view["size"] >= 2 for view in reader.get("/v1/streams").json()))


@pytest.fixture(scope="package")
def chromium():
    """The browser. It ends with this folder's tests: its event loop would be in the way of others."""
    path = require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_reader(chromium, site):
    """Open pages for readers of any kind; fail if one of them violated the policy or loaded from elsewhere."""
    opened = []

    def open_one(**options):
        page, watch = open_page(chromium, site.url, **options)
        opened.append((page, watch))
        return page

    yield open_one
    faults = [fault for page, watch in opened for fault in watch.faults]
    for page, _ in opened:
        page.context.close()
    assert not faults, "\n".join(faults)


READERS: dict[str, dict[str, Any]] = {
    "wide without scripts": {"viewport": WIDE, "scripts": False},
    "narrow": {"viewport": NARROW},
}
"""Each width once, with scripts once. The journeys by keyboard and those of two persons are wide and with scripts."""


@pytest.fixture(params=READERS)
def page(request, open_reader):
    """A page of each reader: at 1280 pixels without scripts, at 390 with them."""
    return open_reader(**READERS[request.param])


@pytest.fixture(scope="package")
def page_judge(npm_checks):
    """Says what is wrong with a page as it is shown now, in each of its looks."""
    return Judge(npm_checks / "node_modules/axe-core/axe.min.js")


@pytest.fixture
def judge(page_judge):
    """Fail with all that is wrong with a page as it is shown now: `judge(page)`."""

    def check(page):
        faults = page_judge.faults(page)
        assert not faults, "\n".join(faults)

    return check


@pytest.fixture
def vnu(npm_checks):
    """The Nu validator."""
    if shutil.which("java") is None:
        pytest.skip("needs Java 17 or later")
    return npm_checks / "node_modules/vnu-jar/build/dist/vnu.jar"


@pytest.fixture
def walk(page_judge, vnu, tmp_path):
    """Open each page of a table once: its status, all that `judge` looks at, and valid HTML."""

    def go(page, addresses, places):
        faults, sources = [], {}
        for name, address in addresses.items():
            answer = page.goto(address.format(**places))
            if answer.status != status_of(name):
                faults.append(f"{name}: {answer.status} instead of {status_of(name)}")
            sources[name.replace(" ", "-")] = answer.text()
            faults += [f"{name}: {fault}" for fault in page_judge.faults(page)]
        folder = tmp_path / "html"
        folder.mkdir()
        faults += html_faults(vnu, folder, sources)
        assert not faults, "\n".join(faults)

    return go
