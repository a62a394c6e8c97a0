"""A clerk sees whose parts complete a larger achievement, and awards it, on pages."""

import pytest

from tests.http.test_stacking import award, sent
from tests.support.command import until
from tests.support.page_forms import fields_of
from tests.support.served import achievement, once

LIST = "/desk/stacks"


@pytest.fixture(scope="module")
def whole(node):
    """A larger achievement, and a learner who has both of its parts; another has one."""
    system = node.client("credentials:write", "achievements:write", "university:read", "learners:read")
    modules = [
        system.post("/v1/achievements", json=achievement(), headers=once(f"desk module {n}")).json()["achievement"]
        for n in range(2)
    ]
    composition = {
        "required": [{"member": "twente", "achievement": each} for each in modules],
        "choices": [], "minEcts": 10, "sharing": "forbidden",
    }  # fmt: skip
    content = achievement() | {
        "title": {"en": "Whole <script>alert(1)</script>"}, "kind": "programme", "ects": 30, "workloadHours": 840,
        "composition": composition,
    }  # fmt: skip
    made = system.post("/v1/achievements", json=content, headers=once("desk whole")).json()["achievement"]
    name = {"family_name": "De <script>alert(1)</script>"}
    sent(award(system, modules[0], "desk1", student="desk-stacker", **name, keep_text=True))
    sent(award(system, modules[0], "desk3", student="desk-other"))
    _, waiting = sent(award(system, modules[1], "desk2", student="desk-stacker", **name, keep_text=True))
    assert system.get("/v1/worklist", headers=waiting).status_code == 200
    return made


def test_a_stack_that_is_ready_is_awarded_once_with_its_parts(node, whole):
    clerk, path = node.sign_in("clerk"), f"{LIST}/{whole}"
    assert path in clerk.get(LIST).text
    page = clerk.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert "1 learner can be awarded it" in page.text
    assert "desk-stacker" in page.text
    assert "desk-other" not in page.text
    assert "<script>alert" not in page.text
    asked = clerk.post(path, data={**fields_of(page, path), "do": "look"})
    assert asked.status_code == 200
    assert "<script>alert" not in asked.text
    without = clerk.post(path, data={**fields_of(asked, path), "do": "award"})
    assert without.status_code in (409, 422)
    assert 'class="summary-error"' in without.text
    ready = {**fields_of(asked, path), "record": "desk whole", "do": "award"}
    first, again = (clerk.post(path, data=ready) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303), first.text
    assert "The credential is issued with its parts" in clerk.get(path).text
    before = clerk.post(path, data={**ready, "key": "the same award again"})
    assert before.status_code == 303, before.text
    assert "It was so before. Nothing was changed" in clerk.get(path).text
    until(lambda: "0 learners can be awarded it" in clerk.get(path).text)


def test_learners_are_for_those_who_may_see_them(node, whole):
    assert node.sign_in("officer").get(LIST).status_code == 403
    auditor = node.sign_in("auditor")
    page = auditor.get(f"{LIST}/{whole}")
    assert page.status_code == 200
    assert 'value="look"' not in page.text
    system = node.client("credentials:write", "university:read")
    assert system.get(f"{LIST}/{whole}", headers={"Accept": "text/html"}).status_code == 403
    assert auditor.get(f"{LIST}/0bbac7a9-a411-4809-ad9e-534f483b7a03").status_code == 404
