"""The desk's overview, held rows and learners: corrected, merged, split, exported and erased by people."""

import contextlib
import io
import json
import re
import uuid
import zipfile

import pypdf
import pytest

from registry.accounts.services import AccountServices
from registry.accounts.site import site_of
from registry.settings.sign_in import AccountSetting
from tests.support.command import until
from tests.support.served import form, once, row

MARKUP = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk", name=f"Clerk {uuid.uuid4()}")


@pytest.fixture(scope="module")
def colleague(node):
    return node.sign_in("clerk", name=f"Colleague {uuid.uuid4()}")


@pytest.fixture(scope="module")
def approver(node):
    return node.sign_in("approver")


@pytest.fixture(scope="module")
def issue(node, offer):
    """Issue a credential; return its id and its learner once the views have it."""
    system = node.client()

    def act(record, student, **more):
        answer = system.post(
            "/v1/credentials", json=row(offer, record, student, **more), headers=once(f"desk learner {record}")
        )
        assert answer.status_code == 201, answer.text
        issued = answer.json()
        waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
        path = f"/v1/credentials/twente/{issued['credential']}"
        assert system.get(path, headers=waiting).status_code == 200
        return issued["credential"], issued["learner"]

    return act


def hidden(page, action):
    """The hidden fields of the form of a page that leads to this action."""
    part = page.text.partition(f'action="{action}"')[2].partition("</form>")[0]
    return dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)">', part))


def send(client, page, action, **typed):
    return client.post(action, data={**hidden(page, action), **typed})


def test_the_overview_shows_numbers_that_lead_on(clerk, approver):
    page = clerk.get("/desk")
    assert page.status_code == 200, page.text
    for path in ("/desk/releases", "/desk/held-rows", "/desk/worklist", "/desk/feed"):
        assert f'href="{path}"' in page.text
    assert clerk.get("/desk/feed").status_code == 200
    assert clerk.get("/desk/worklist").status_code == 200
    assert "/desk/held-rows" not in approver.get("/desk").text
    assert approver.get("/desk/held-rows").status_code == 403


def test_a_held_row_is_decided_once_and_for_the_version_that_was_read(node, offer, clerk, issue):
    issue("lh-1", "lh")
    stated = {"family_name": "Novak", "given_name": "Petr", "date_of_birth": "1979-11-30"}
    content = row(offer, "lh-2", "lh", **stated)
    assert node.client().post("/v1/credentials", json=content, headers=once("lh-2")).status_code == 409
    page = clerk.get("/desk/held-rows")
    assert "Novak" in page.text
    fields = dict(re.findall(r'name="(record|version|key|csrf)" value="([^"]*)"', page.text.partition("Row lh-2<")[2]))
    assert fields["record"] == "lh-2"
    undecided = clerk.post("/desk/held-rows", data=fields)
    assert (undecided.status_code, "This step changed nothing." in undecided.text) == (422, True)
    stale = clerk.post(
        "/desk/held-rows", data={**fields, "key": "stale", "version": "0" * 12, "decision": "same-person"}
    )
    assert (stale.status_code, "changed since you read it" in stale.text) == (409, True)
    for _ in range(2):  # a double click
        decided = clerk.post("/desk/held-rows", data={**fields, "decision": "other-person"})
        assert (decided.status_code, decided.headers["location"]) == (303, "/desk/held-rows")
    assert "Decided: it is another person. The row is not issued yet" in clerk.get("/desk/held-rows").text


def test_the_same_person_is_confirmed_with_the_change_of_the_learner_in_view(node, offer, clerk, issue):
    _, learner = issue("ls-0", "ls")
    stated = {"family_name": "Smit", "given_name": "Zoe", "date_of_birth": "1999-01-01"}
    content = row(offer, "ls-2", "ls", **stated)
    assert node.client().post("/v1/credentials", json=content, headers=once("ls-2")).status_code == 409
    page = clerk.get("/desk/held-rows")
    assert "the student number in the row is mistyped" in page.text
    fields = dict(re.findall(r'name="(record|version|key|csrf)" value="([^"]*)"', page.text.partition("Row ls-2<")[2]))
    asked = clerk.post("/desk/held-rows", data={**fields, "decision": "same-person"})
    assert (asked.status_code, asked.headers["cache-control"]) == (200, "no-store")
    before, after = asked.text.partition("<tbody")[2].split("After this decision", 1)
    assert ("Jansen" in before, "Smit" in after, "Jansen" in after) == (True, True, False)
    assert "Smit" not in clerk.get(f"/desk/learners/{learner}").text
    for _ in range(2):  # a double click
        decided = clerk.post("/desk/held-rows", data=hidden(asked, "/desk/held-rows") | {"confirmed": "true"})
        assert (decided.status_code, decided.headers["location"]) == (303, "/desk/held-rows")
    assert "Decided: it is the same person. The row is not issued yet" in clerk.get("/desk/held-rows").text
    assert "Smit" in clerk.get(f"/desk/learners/{learner}").text


def test_a_learner_s_person_is_corrected_and_the_former_name_stays_known(clerk, issue):
    credential, learner = issue("lr-1", "lr")
    address = f"/desk/learners/{learner}"
    page = clerk.get(address)
    assert page.headers["cache-control"] == "no-store"
    person = {"family-name": "Van Dyck", "given-name": "Ada", "date-of-birth": "2001-02-03"}
    wrong = send(clerk, page, f"{address}/rectify", **{**person, "date-of-birth": "2999-01-01"})
    assert (wrong.status_code, "Van Dyck" in wrong.text) == (409, True)
    same = send(clerk, page, f"{address}/rectify", **{**person, "family-name": "Jansen"})
    assert "nothing was changed" in same.text
    sent = {**hidden(page, f"{address}/rectify"), **person}
    for _ in range(2):
        assert clerk.post(f"{address}/rectify", data=sent).status_code == 303
    shown = clerk.get(address).text
    assert "Van Dyck" in shown
    assert "Known before as" in shown
    stale = clerk.post(f"{address}/rectify", data={**sent, "key": "other", "family-name": "De Wit"})
    assert (stale.status_code, "De Wit" in stale.text) == (409, True)
    markup = send(clerk, clerk.get(address), f"{address}/rectify", **{**person, "given-name": MARKUP})
    assert markup.status_code == 409
    assert "<script>alert" not in markup.text
    kept = send(clerk, markup, f"{address}/rectify", **{**person, "given-name": MARKUP, "keep-text": "yes"})
    assert kept.status_code == 303, kept.text
    for path in (address, f"/desk/credentials?learner={learner}", f"/desk/credentials/{credential}"):
        shown = clerk.get(path).text
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_an_export_says_what_is_in_it_and_what_not_and_its_name_says_nothing(node, clerk, issue):
    credential, learner = issue("le-1", "le-number", grade="8")
    page = clerk.get(f"/desk/learners/{learner}")
    assert "who read their data" in page.text
    answer = clerk.post(f"/desk/learners/{learner}/export", data=form(page))
    assert answer.headers["content-disposition"] == 'attachment; filename="what-we-store.zip"'
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        content, manifest, reads = (
            json.loads(archive.read(name)) for name in ("export.json", "manifest.json", "reads.json")
        )
    acts = [read["act"] for read in reads]
    assert acts[0] == "POST /desk/learners/{learner}/export"
    assert "GET /desk/learners/{learner}" in acts
    assert content["person"]["student"] == "le-number"
    [exported] = content["credentials"]
    assert (exported["credential"], exported["says"]["grade"]) == (credential, "8")
    assert [view["credential"] for view in content["published"]] == [credential]
    assert [content[name] for name in ("allCredentials", "allMergesAndSplits", "allCases", "allPublished")] == [
        True
    ] * 4
    assert "backups" in [each["data"] for each in manifest["notIncluded"]]
    system = node.client("learners:read")
    by_system = system.get(f"/v1/learners/{learner}/export")
    assert by_system.headers["content-type"] == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(by_system.content))
    assert system.get(f"/v1/learners/{uuid.uuid4()}/export").status_code == 404
    assert clerk.post(f"/desk/learners/{uuid.uuid4()}/export", data=form(page)).status_code == 404
    assert clerk.get(f"/desk/learners/{learner}/export").status_code == 405
    paper = clerk.post(f"/desk/learners/{learner}/export-pdf", data=form(page, language="nl"))
    for answer in (paper, system.get(f"/v1/learners/{learner}/export.pdf", params={"language": "nl"})):
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.headers["cache-control"] == "no-store"
        text = " ".join(each.extract_text() for each in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
        assert "le-number" in text
        assert "Uw rechten" in text
    assert clerk.post(f"/desk/learners/{learner}/export-pdf", data=form(page, language="xx")).status_code == 422
    assert system.get(f"/v1/learners/{uuid.uuid4()}/export.pdf").status_code == 404
    with contextlib.closing(AccountServices(node.dsn, AccountSetting(), site_of(None, "", 8000))) as services:
        acts = [entry.act for entry in services.journal.newest(100) if entry.subject == learner]
    assert acts == ["learner.export"] * 2
    assert clerk.get(f"/desk/learners/{uuid.uuid4()}").status_code == 404


def test_a_merge_is_proposed_by_one_person_and_confirmed_by_another(clerk, colleague, issue):
    credential, source = issue("lm-1", "lm-1")
    _, target = issue("lm-2", "lm-2")
    address = f"/desk/learners/{source}"
    page = clerk.get(address)
    unknown = send(clerk, page, f"{address}/merge", target="nobody")
    assert (unknown.status_code, "no learner here has this number or id" in unknown.text) == (422, True)
    proposed = send(clerk, page, f"{address}/merge", target="lm-2")
    change = proposed.headers["location"]
    own = clerk.get(change)
    assert "You proposed it, so another person confirms it." in own.text
    assert clerk.post(f"{change}/confirm", data=form(own, key="own")).status_code == 409
    review = colleague.get(change)
    assert "Are these two one person?" in review.text
    assert credential in review.text
    sent = hidden(review, f"{change}/confirm")
    for _ in range(2):
        assert colleague.post(f"{change}/confirm", data=sent).status_code == 303
    assert "Issued again as" in colleague.get(change).text
    late = colleague.post(f"{change}/confirm", data={**sent, "key": "again"})
    assert late.status_code == 303
    assert "Somebody confirmed it before" in colleague.get(change).text
    assert target in colleague.get(address).text or "Merged into another learner" in colleague.get(address).text


def test_a_split_needs_a_choice_and_a_number_and_can_be_dropped(clerk, issue):
    credential, learner = issue("ls-1", "ls-1")
    issue("ls-2", "ls-1", awarding_date="2026-05-30")
    address = f"/desk/learners/{learner}"
    page = clerk.get(address)
    assert send(clerk, page, f"{address}/split", number="ls-new").status_code == 409
    nobody = send(clerk, page, f"{address}/split", **{f"credential-{credential}": "yes", "key": "k2"})
    assert nobody.status_code == 422
    chosen = {f"credential-{credential}": "yes", "number": "ls-new", "key": "k3"}
    proposed = send(clerk, page, f"{address}/split", **chosen)
    change = proposed.headers["location"]
    shown = clerk.get(change)
    assert "Do these credentials belong to another person?" in shown.text
    dropped = clerk.post(f"{change}/drop", data=hidden(shown, f"{change}/drop"))
    assert dropped.headers["location"] == "/desk/learner-changes"
    assert "The proposal is dropped" in clerk.get("/desk/learner-changes").text
    assert clerk.get(change).status_code == 404


def test_an_erasure_asks_for_the_name_and_leaves_nothing_to_read(clerk, approver, issue):
    credential, learner = issue("lx-1", "lx-1", family_name="Ünver", given_name="Deniz")
    address = f"/desk/learners/{learner}"
    assert clerk.get(f"{address}/erase").status_code == 403
    page = approver.get(f"{address}/erase")
    assert "personal data behind 1 credential" in page.text
    assert "Deniz Ünver" in page.text
    assert "Ünver" not in re.search("<title>(.*?)</title>", page.text)[1]
    wrong = send(approver, page, f"{address}/erase", name="Jansen")
    assert (wrong.status_code, "Nothing was erased." in wrong.text) == (422, True)
    sent = {**hidden(page, f"{address}/erase"), "name": "deniz unver"}
    first = approver.post(f"{address}/erase", data=sent)
    assert first.status_code == 303, first.text
    assert approver.post(f"{address}/erase", data=sent).status_code == 303
    erased = approver.get(address).text
    assert "Erased. The log announces it" in erased
    assert "A learner whom this university erased" in erased
    assert re.search(r"Erased on \d+ \w+ \d{4}", erased)
    assert "What stays: that credentials were awarded" in erased
    other = approver.post(f"{address}/erase", data={**sent, "key": "another"})
    assert other.status_code in (404, 409)
    assert approver.get(f"{address}/erase").status_code == 404
    until(lambda: "Erased" in clerk.get(f"/desk/credentials/{credential}").text)
    assert "Ünver" not in clerk.get(f"/desk/credentials/{credential}").text


def test_a_restricted_learner_is_a_note_in_lists_gets_nothing_new_and_is_found_again_when_it_is_lifted(
    node, offer, clerk, issue
):
    credential, learner = issue("restricted-1", "restricted-number", family_name="Restrictova")
    address, system = f"/desk/learners/{learner}", node.client()
    begun = send(clerk, clerk.get(address), f"{address}/restrict", reason="restriction:accuracyContested")
    assert (begun.status_code, begun.headers["location"]) == (303, address), begun.text
    page = clerk.get(address)
    assert "They contest that the data is right" in page.text
    listed = clerk.get(f"/desk/credentials?learner={learner}").text
    assert "Use restricted" in listed
    assert "Restrictova" not in listed
    refused = system.post(
        "/v1/credentials", json=row(offer, "restricted-2", "restricted-number"), headers=once("restricted-2")
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "restricted"), refused.text
    disclosures = system.get(f"/v1/credentials/twente/{credential}/disclosures")
    assert (disclosures.status_code, disclosures.json()["code"]) == (409, "restricted"), disclosures.text
    [restriction] = system.get(f"/v1/learners/{learner}/restrictions").json()["items"]
    action = f"{address}/lift/{restriction['restriction']}"
    wrong = send(clerk, page, action, reason="because")
    assert wrong.status_code == 409, wrong.text
    lifted = send(clerk, page, action, reason="accuracyVerified")
    assert lifted.status_code == 303, lifted.text
    assert "Restrictova" in clerk.get(f"/desk/credentials?learner={learner}").text
    assert system.get(f"/v1/credentials/twente/{credential}/disclosures").status_code == 200


def test_before_an_erasure_the_page_says_what_law_keeps_and_on_what_basis(approver, issue):
    _, learner = issue("lk-1", "lk-number")
    page = approver.get(f"/desk/learners/{learner}/erase").text
    assert "What law keeps, and why" in page
    assert "Art. 17(3)(b) and (d)" in page


def test_the_learners_page_says_who_read_their_data(node, issue):
    _, learner = issue("lw-1", "lw-number")
    reader = node.sign_in("clerk", name="Curious Clerk")
    reader.get(f"/desk/learners/{learner}")
    assert "Curious Clerk" in reader.get(f"/desk/learners/{learner}").text
