"""A clerk completes, publishes and deletes the drafts that documents brought, on pages."""

import json

import pytest

from registry.server.pages.desk.achievement_form import form_of
from tests.http.test_batches import finished, send
from tests.http.test_desk_achievements import step, summary
from tests.http.test_documents import JSON, SAMPLES
from tests.support.page_forms import fields_of
from tests.support.served import once

LIST = "/desk/achievements/drafts"
STUDENT = '"identifier": {"type": "Identifier", "notation": "a2600003"}, '
TITLES = json.dumps({"en": "Tides and harbours", "pt": "Marés e portos"})
"""Of both: a document whose title in any language is that of an achievement is one of it."""
RECORD = "urn:uuid:0f4b2c1d-7d58-4c8e-a2fb-1b7b60a0d4e3"


@pytest.fixture(scope="module")
def system(node):
    return node.client()


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


def document(**changes):
    """A document of one award, with these texts in the place of others."""
    text = json.dumps(json.loads(SAMPLES.joinpath("euhemc.json").read_text()))
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    return text


def drafted(system, key, **changes):
    """The path of a draft that a document brought that no other test sends."""
    before = {one["draft"] for one in system.get("/v1/drafts").json()["items"]}
    own = {
        "id": (RECORD, key.replace(" ", "-")),
        "code": ("TIDES-3", key.upper()),
    }
    done = finished(system, send(system, document(**own | changes), key, JSON))
    new = {one["draft"] for one in system.get("/v1/drafts").json()["items"]} - before
    assert len(new) == 1, (new, done, system.get(f"/v1/batches/{done['batch']}/problems").text)
    return f"{LIST}/{new.pop()}"


def stored(system, path):
    """The draft as the API shows it."""
    return system.get(f"/v1/drafts/{path.rpartition('/')[2]}").json()


def complete(system, path, key, **values):
    """Complete a draft as a colleague does."""
    answer = system.patch(f"/v1/drafts/{path.rpartition('/')[2]}", json=values, headers=once(key))
    assert answer.status_code == 200, answer.text


def publish(system, path, key):
    """Publish a draft, and issue what is complete, as a colleague does."""
    answer = system.post(f"/v1/drafts/{path.rpartition('/')[2]}/publish", headers=once(key))
    assert answer.status_code == 200, answer.text
    return answer.json()


def rest():
    """The elements that the document lacks."""
    return json.loads(SAMPLES.joinpath("euhemc-rest.json").read_text())["achievement"]


def two_waiting(system, key):
    """The path of a published draft, for which two credentials wait that lack a student number."""
    changes = {"title": (TITLES, f'{{"en": "Tides, {key}"}}'), "code": ("TIDES-3", key), "student": (STUDENT, "")}
    path = drafted(system, f"{key} 1", id=(RECORD, f"{key}-1"), **changes)
    changes["name"] = ("Costa", "Silva")
    finished(system, send(system, document(id=(RECORD, f"{key}-2"), **changes), f"{key} 2", JSON))
    complete(system, path, f"{key} 3", achievement=rest())
    assert publish(system, path, f"{key} 4")["waiting"] == 2
    return path


def test_a_draft_is_deleted_after_a_question(system, clerk):
    path = drafted(
        system,
        "draft to drop",
        id=(RECORD, "draft-to-drop"),
        title=(TITLES, '{"en": "Tides to drop <script>alert(1)</script>"}'),
    )
    page = clerk.get(f"{path}/drop")
    assert "<script>alert" not in clerk.get(path).text + clerk.get(LIST).text + page.text
    assert "1 credential that waits for it is deleted with it." in page.text
    sent = [clerk.post(f"{path}/drop", data=fields_of(page, "/drop")) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert path not in clerk.get(LIST).text
    assert clerk.get(path).status_code == 404


def test_a_draft_says_what_it_lacks_is_saved_published_and_what_waits_is_issued(system, clerk):
    path = drafted(system, "draft page", id=(RECORD, "draft-page"), title=(TITLES, '{"en": "Tides of the page"}'))
    listed = clerk.get(LIST)
    assert path in listed.text
    assert "1 draft waits" in listed.text or "drafts wait" in listed.text
    page = clerk.get(path)
    assert page.headers["cache-control"] == "no-store"
    assert "Annex I requires" in page.text
    lacking = step(clerk, page, path, "preview")
    assert lacking.status_code == 422
    assert 'class="summary-error"' in lacking.text
    typed = form_of(rest(), "en").fields
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
    assert "Published. Credentials issued: 1. Still waiting: 0" in clerk.get(first.headers["location"]).text
    view = stored(system, path)
    assert view["achievement"] == first.headers["location"].rpartition("/")[2]
    assert view["waiting"] == []


def test_columns_stay_with_their_credential_when_a_colleague_issues_another(system, clerk):
    path = two_waiting(system, "moved-columns")
    page = clerk.get(path)
    first, second = [name for name in fields_of(page, path) if name.startswith("waiting[")]
    complete(system, path, "moved-columns 5", credentials={"moved-columns-1": {"student": "moved-columns one"}})
    assert publish(system, path, "moved-columns 6")["issued"] == 1
    gone = step(clerk, page, path, "publish", **{first: "s-<script>"})
    assert gone.status_code == 409
    assert "Typed for credentials that no longer wait for it" in gone.text
    assert "s-&lt;script&gt;" in gone.text
    assert stored(system, path)["waiting"] == [{"record": "moved-columns-2", "missing": ["student"]}]
    nothing = step(clerk, page, path, "publish", key="moved-columns 7")
    assert nothing.headers["location"] == path
    assert "Credentials issued: 0. Still waiting: 1" in clerk.get(path).text
    issued = step(clerk, page, path, "publish", **{second: "moved-columns two"})
    assert issued.status_code == 303, summary(issued)
    done = clerk.get(issued.headers["location"]).text
    assert "Credentials issued: 1. Still waiting: 0" in done
    assert "Published. Credentials" not in done
    assert stored(system, path)["waiting"] == []


def test_a_draft_that_a_colleague_changed_is_not_overwritten(system, clerk):
    changes = {"title": (TITLES, '{"en": "A draft of two"}'), "code": ("TIDES-3", "TWO-3")}
    path = drafted(system, "draft of two", id=(RECORD, "draft-of-two"), **changes)
    page, typed = clerk.get(path), form_of(rest(), "en").fields | {"nqfLevel": "mine"}
    complete(system, path, "draft of two 2", achievement={"nqfLevel": "<script>alert(1)</script>"})
    for do in ("save", "preview", "publish"):
        refused = step(clerk, page, path, do, **typed, key=f"draft of two {do}")
        assert refused.status_code == 409
        assert "This draft was changed while you were working" in refused.text
        assert "&lt;script&gt;alert(1)" in refused.text
        assert "<script>alert" not in refused.text
        assert fields_of(refused, path)["nqfLevel"] == "mine"
    assert stored(system, path)["content"]["nqfLevel"] == "<script>alert(1)</script>"
    preview = step(clerk, refused, path, "preview")
    assert preview.status_code == 200, summary(preview)
    done = [step(clerk, preview, path, "publish") for _ in range(2)]
    assert [answer.status_code for answer in done] == [303, 303]
    assert stored(system, path)["content"]["nqfLevel"] == "mine"


def test_drafts_are_for_those_who_publish(node):
    assert node.sign_in("auditor").get(LIST).status_code == 403
