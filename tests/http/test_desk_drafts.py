"""A clerk completes, publishes and deletes the drafts that documents brought, on pages."""

import json

import pytest

from registry.server.pages.desk.achievement_form import form_of
from tests.http.test_batches import finished, send
from tests.http.test_desk_achievements import step, summary
from tests.http.test_documents import JSON, SAMPLES
from tests.support.page_forms import fields_of

LIST = "/desk/achievements/drafts"


@pytest.fixture(scope="module")
def system(node):
    return node.client()


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


def drafted(system, key, **changes):
    """The path of a draft that a document brought."""
    document = json.loads(SAMPLES.joinpath("euhemc.json").read_text())
    before = {one["draft"] for one in system.get("/v1/drafts").json()["items"]}
    text = json.dumps(document)
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    finished(system, send(system, text, key, JSON))
    [draft] = {one["draft"] for one in system.get("/v1/drafts").json()["items"]} - before
    return f"{LIST}/{draft}"


def test_a_draft_is_deleted_after_a_question(system, clerk):
    path = drafted(system, "draft to drop", title=("Tides and harbours", "<script>alert(1)</script>"))
    page = clerk.get(f"{path}/drop")
    assert "<script>alert" not in clerk.get(path).text + clerk.get(LIST).text + page.text
    assert "1 credential that waits for it is deleted with it." in page.text
    sent = [clerk.post(f"{path}/drop", data=fields_of(page, "/drop")) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert path not in clerk.get(LIST).text
    assert clerk.get(path).status_code == 404


def test_a_draft_says_what_it_lacks_is_saved_published_and_what_waits_is_issued(system, clerk):
    path = drafted(system, "draft page")
    listed = clerk.get(LIST)
    assert path in listed.text
    assert "1 draft waits" in listed.text or "drafts wait" in listed.text
    page = clerk.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert "Annex I requires" in page.text
    lacking = step(clerk, page, path, "preview")
    assert lacking.status_code == 422
    assert 'class="summary-error"' in lacking.text
    rest = json.loads(SAMPLES.joinpath("euhemc-rest.json").read_text())["achievement"]
    typed = form_of(rest, "en").fields
    saved = step(clerk, page, path, "save", **typed)
    assert saved.status_code == 303, summary(saved)
    page = clerk.get(path)
    assert "The draft is saved" in page.text
    preview = step(clerk, page, path, "preview", **typed)
    assert preview.status_code == 200, summary(preview)
    assert "issue what is complete" in preview.text
    first, again = (step(clerk, preview, path, "publish") for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303), summary(first)
    assert first.headers["location"] == again.headers["location"]
    assert clerk.get(first.headers["location"]).status_code == 200
    view = system.get(f"/v1/drafts/{path.rpartition('/')[2]}").json()
    assert view["achievement"] == first.headers["location"].rpartition("/")[2]
    assert view["waiting"] == []


def test_drafts_are_for_those_who_publish(node):
    assert node.sign_in("auditor").get(LIST).status_code == 403
