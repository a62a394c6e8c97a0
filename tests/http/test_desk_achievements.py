"""A clerk publishes, revises and retires achievements on pages, without a script."""

import re
from uuid import uuid4

import pytest

from tests.http.test_batches import send
from tests.support.command import until
from tests.support.page_forms import fields_of
from tests.support.served import achievement, csv_of, once, row

NEW = "/desk/achievements/new"
HARM = "<script>alert(1)</script>"
FILLED = {
    "title.en": "Grid codes for engineers",
    "learningOutcomes[0].title.en": "Reads a grid code",
    "creditBearing": "true",
    "ects": "2,5",
    "workloadHours": "70",
    "eqfLevel": "6",
    "levelBasis": "referenced",
    "fieldsOfEducation[0]": "0713",
    "language[0]": "en",
    "participation:online": "on",
    "assessments:projectWork": "on",
    "supervision": "online",
    "identityVerified": "true",
    "qualityAssurance[0].type": "institutionalQA",
    "qualityAssurance[0].agency": "NVAO",
    "stackability": "stackable",
}


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


def step(clerk, page, path, do, **changes):
    """Press a button of the form on a page, with these fields changed."""
    return clerk.post(path, data={**fields_of(page, path), **changes, "do": do})


def summary(answer):
    """The text of the error summary on a page."""
    text = answer.text.partition('class="summary-error"')[2].partition("</div>")[0]
    return re.sub(r"\s+|<[^>]+>", " ", text)


def published(clerk, **changes):
    """The path of an achievement that was published through the form."""
    preview = step(clerk, clerk.get(NEW), NEW, "preview", **{**FILLED, **changes})
    assert preview.status_code == 200, summary(preview)
    done = step(clerk, preview, NEW, "publish")
    assert done.status_code == 303, summary(done)
    return done.headers["location"]


def test_an_achievement_is_published_after_its_preview(node, clerk):
    preview = step(clerk, clerk.get(NEW), NEW, "preview", **FILLED)
    assert preview.status_code == 200, summary(preview)
    assert "nothing is published yet" in preview.text
    assert "It cannot be taken back." in preview.text
    assert "2.5 ECTS" in preview.text
    location = step(clerk, preview, NEW, "publish").headers["location"]
    page = clerk.get(location)
    assert page.headers["cache-control"] == "no-store"
    assert "Published: everybody sees it" in page.text
    public = f"/achievements/twente/{location.rpartition('/')[2]}"
    until(lambda: node.anybody().get(public).status_code == 200)
    assert "Reads a grid code" in node.anybody().get(public).text
    assert "Grid codes for engineers" in clerk.get("/desk/achievements", params={"text": "grid codes"}).text


def test_who_comes_back_to_a_form_that_published_is_told_with_a_link(clerk):
    page = clerk.get(NEW)
    preview = step(clerk, page, NEW, "preview", **{**FILLED, "title.en": "Back again"})
    location = step(clerk, preview, NEW, "publish").headers["location"]
    assert step(clerk, preview, NEW, "publish").headers["location"] == location  # the same form, a double click
    back = step(clerk, page, NEW, "preview", **{**FILLED, "title.en": "Back again"})
    assert back.status_code == 409
    assert "This form published its achievement before" in summary(back)
    assert f'href="{location}"' in back.text
    assert fields_of(back, NEW)["title.en"] == "Back again"


def test_an_achievement_like_another_one_is_published_knowingly(clerk):
    location = published(clerk, **{"title.en": "Twins of the grid"})
    until(lambda: "Twins of the grid" in clerk.get("/desk/achievements", params={"text": "twins"}).text)
    preview = step(clerk, clerk.get(NEW), NEW, "preview", **{**FILLED, "title.en": "twins of the  Grid"})
    assert "1 other achievement of yours has this title, level and number of credits" in preview.text
    assert f'href="{location}"' in preview.text
    other = step(clerk, clerk.get(NEW), NEW, "preview", **{**FILLED, "title.en": "Twins of the grid", "eqfLevel": "7"})
    assert "other achievement of yours" not in other.text
    assert step(clerk, preview, NEW, "publish").status_code == 303


def test_a_version_that_was_published_in_another_tab_is_one_s_own(clerk, node):
    path = f"{published(clerk, **{'title.en': 'In two tabs'})}/revise"
    first, second = clerk.get(path), clerk.get(path)
    preview = step(clerk, first, path, "preview", **{"title.en": "In two tabs, revised"})
    assert step(clerk, preview, path, "publish").status_code == 303
    late = step(clerk, second, path, "preview", **{"title.en": "Another title"})
    assert late.status_code == 409
    assert "You published version 2 in another tab" in late.text
    colleague = node.sign_in("clerk")
    theirs = step(colleague, second, path, "preview", csrf=fields_of(colleague.get(path), path)["csrf"])
    assert "Somebody published version 2 while you were working" in theirs.text


def test_rows_and_languages_are_added_and_taken_away_without_losing_what_was_typed(clerk):
    page = clerk.get(NEW)
    filled = {f"learningOutcomes[{n}].title.en": f"Outcome {n}" for n in range(3)} | {"title.en": "T", "ects": "many"}
    page = step(clerk, page, NEW, "add:learningOutcomes", **filled)
    assert 'name="learningOutcomes[3].title.en"' in page.text
    assert re.search(r'name="learningOutcomes\[3\]\.title\.en"[^>]* autofocus', page.text)
    page = step(clerk, page, NEW, "add-language", newLanguage="nl")
    page = step(clerk, page, NEW, "remove:learningOutcomes:1", **{"title.nl": "Netten", "participation:onsite": "on"})
    fields = fields_of(page, NEW)
    outcomes = [fields[f"learningOutcomes[{n}].title.en"] for n in range(3)]
    assert outcomes == ["Outcome 0", "Outcome 2", ""]
    assert (fields["title.nl"], fields["ects"], fields["participation:onsite"]) == ("Netten", "many", "on")
    page = step(clerk, page, NEW, "remove-language:nl")
    assert "title.nl" not in fields_of(page, NEW)


def test_all_faults_are_told_at_once_with_what_was_typed(clerk):
    typed = {**FILLED, "title.en": "", "ects": "many", "fieldsOfEducation[0]": "9999", "description.en": HARM}
    answer = step(clerk, clerk.get(NEW), NEW, "preview", **typed)
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert "3 entries are to be changed" in answer.text
    for target in ("title.en", "ects", "fieldsOfEducation-0"):
        assert f'href="#{target}"' in answer.text
        assert f'id="{target}"' in answer.text
    assert 'value="many"' in answer.text
    assert HARM not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_a_text_that_looks_wrong_can_be_meant(clerk):
    answer = step(clerk, clerk.get(NEW), NEW, "preview", **FILLED | {"title.en": "Test"})
    assert answer.status_code == 422
    assert "keepText" in answer.text
    assert "--keep-text" not in answer.text
    kept = step(clerk, answer, NEW, "preview", keepText="true")
    assert kept.status_code == 200
    assert step(clerk, kept, NEW, "publish").status_code == 303


def test_a_double_click_publishes_once_and_the_back_button_does_not_publish_again(clerk):
    title = "Once and never twice"
    preview = step(clerk, clerk.get(NEW), NEW, "preview", **FILLED | {"title.en": title})
    first, again = (step(clerk, preview, NEW, "publish") for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    back = step(clerk, preview, NEW, "publish", key="another key")
    assert back.status_code == 409
    listed = lambda: clerk.get("/desk/achievements", params={"text": title}).text.count("Once and never twice</a>")  # noqa: E731 - short
    until(lambda: listed() > 0)
    assert listed() == 1
    assert "Grid codes" not in clerk.get("/desk/achievements", params={"text": title}).text


def test_markup_is_text_on_every_page(clerk):
    path = published(clerk, **{"title.en": HARM, "prerequisites.en": HARM})
    for page in (path, f"{path}/revise", f"{path}/retire"):
        answer = clerk.get(page)
        assert answer.status_code == 200
        assert HARM not in answer.text
    assert "alert" not in clerk.get(path).headers["content-security-policy"]


def test_a_revision_shows_what_changes_and_keeps_what_the_form_does_not_have(node, clerk):
    system = node.client("achievements:write")
    part = system.post("/v1/achievements", json=achievement(), headers=once("a part of it")).json()["achievement"]
    ref = {"member": "twente", "achievement": part}
    composition = {"required": [ref], "choices": [{"from": [ref], "minCount": 1}], "minEcts": 5, "sharing": "forbidden"}
    content = achievement() | {"composition": composition, "kind": "programme", "ects": 30, "workloadHours": 840}
    whole = system.post("/v1/achievements", json=content, headers=once("a whole of it")).json()["achievement"]
    path = f"/desk/achievements/{whole}/revise"
    form = clerk.get(path)
    assert fields_of(form, path)["composition.required[0]"] == f"twente/{part}"
    same = step(clerk, form, path, "preview")
    assert same.status_code == 422
    assert "Nothing differs" in same.text
    preview = step(clerk, form, path, "preview", **{"title.en": "Data literacy at large", "ects": "31"})
    assert preview.status_code == 200, summary(preview)
    assert "<del>" in preview.text
    assert "Data literacy at large" in preview.text
    assert step(clerk, preview, path, "publish").status_code == 303
    until(lambda: len(node.anybody().get(f"/v1/achievements/twente/{whole}").json()) == 2)
    first, second = node.anybody().get(f"/v1/achievements/twente/{whole}").json()
    assert second["content"]["composition"] == first["content"]["composition"]
    assert second["content"]["ects"] == 31


def test_two_who_revise_at_once_see_both_and_overwrite_nothing(clerk):
    path = f"{published(clerk, **{'description.en': 'The first text'})}/revise"
    mine, theirs = clerk.get(path), clerk.get(path)
    preview = step(clerk, theirs, path, "preview", **{"description.en": "Their text"})
    mine = step(clerk, mine, path, "preview", **{"description.en": "My text"})
    assert step(clerk, preview, path, "publish").status_code == 303
    conflict = step(clerk, mine, path, "publish")
    assert conflict.status_code == 409
    assert "Their text" in conflict.text
    assert "My text" in conflict.text
    assert "published version 2" in conflict.text
    further = step(clerk, conflict, path, "preview")
    assert further.status_code == 200
    assert "Publish version 3" in further.text


def test_retiring_shows_its_consequences_first_and_is_for_good(clerk):
    path = published(clerk)
    clerk.post(f"{path}/course-codes", data={**fields_of(clerk.get(path), "course-codes"), "code": "GRID-1"})
    page = clerk.get(f"{path}/retire")
    assert "GRID-1" in page.text
    assert "0 valid credentials stay as they are." in page.text
    sent = [clerk.post(f"{path}/retire", data=fields_of(page, "/retire")) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert "Retired: it is no longer offered" in clerk.get(path).text
    again = clerk.post(f"{path}/retire", data=fields_of(clerk.get(f"{path}/retire"), "/retire"))
    assert again.status_code == 409
    assert clerk.get(f"{path}/revise").status_code == 409


def test_the_imports_that_are_open_are_those_of_credentials(node, clerk):
    system, path = node.client(), published(clerk)

    def count():
        text = clerk.get(f"{path}/retire").text
        counted = re.search(r"(\d+) imports? of this university", text)
        assert counted or "No import is open." in text
        return int(counted[1]) if counted else 0

    def schedule(kind, content):
        begun = send(system, content, f"open {kind}", kind=kind, publishAt="2099-01-01T00:00:00Z")
        assert begun.json()["state"] == "scheduled"
        return begun.headers["location"]

    before = count()
    batches = [schedule("statusChanges", f"credential,change,reason\n{uuid4()},suspend,underReview\n")]
    assert count() == before
    batches.append(schedule("credentials", csv_of([row(path.rpartition("/")[2], "open", "s-open")])))
    assert count() == before + 1
    for batch in batches:
        assert system.post(f"{batch}/cancel", headers=once(f"cancel {batch}")).json()["state"] == "cancelled"
    assert count() == before


def test_retiring_counts_imports_that_are_not_handed_over(clerk):
    def imports_open():
        text = clerk.get(f"{path}/retire").text
        return 0 if "No import is open." in text else int(re.search(r"(\d+) imports? of this university", text)[1])

    path = published(clerk)
    before = imports_open()
    content = csv_of([row(path.rpartition("/")[2], "retire-1", "retire-s1")])
    data = fields_of(clerk.get("/desk/imports"), "/desk/imports")
    answer = clerk.post("/desk/imports", data=data, files={"file": ("open.csv", content)})
    imported = answer.headers["location"]
    until(lambda: "See how far it is now" not in clerk.get(imported).text, 30)
    assert imports_open() == before + 1
    page = clerk.get(imported)
    assert clerk.post(f"{imported}/close", data=fields_of(page, f"{imported}/close")).status_code == 303
    assert imports_open() == before


def test_a_course_code_moves_only_knowingly(clerk):
    first, second = published(clerk), published(clerk, **{"title.en": "Another one"})

    def send(path, **fields):
        return clerk.post(f"{path}/course-codes", data={**fields_of(clerk.get(path), "course-codes"), **fields})

    assert send(first, code="MOVE-1", do="set").status_code == 303
    refused = send(second, code="MOVE-1", do="set")
    assert refused.status_code == 409
    assert "Grid codes for engineers" in refused.text
    assert send(second, code="MOVE-1", do="set", move="true").status_code == 303
    assert "MOVE-1" not in clerk.get(first).text
    assert send(first, code="MOVE-1", do="remove").status_code == 303
    assert "It was so before. Nothing was changed" in clerk.get(first).text
    assert "MOVE-1" in clerk.get(second).text
    assert send(second, code="MOVE-1", do="remove").status_code == 303
    assert "The course code is removed" in clerk.get(second).text
    assert send(second, code="MOVE-1", do="remove", key="removed before").status_code == 303
    assert "It was so before. Nothing was changed" in clerk.get(second).text
    assert "MOVE-1" not in clerk.get(second).text
    wrong = send(second, code="=1+1", do="set")
    assert wrong.status_code == 422
    assert "=1+1" in wrong.text


def test_who_may_only_read_sees_no_act(node, clerk):
    path = published(clerk)
    auditor = node.sign_in("auditor")
    assert auditor.get(path).status_code == 200
    assert "/retire" not in auditor.get(path).text
    assert auditor.get(NEW).status_code == 403
    assert auditor.get(f"{path}/revise").status_code == 403
    assert node.browser().get("/desk/achievements").headers["location"].startswith("/signin")
