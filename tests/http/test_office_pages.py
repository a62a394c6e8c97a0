"""The office's pages: a case from its file to its decision, by two persons, without a script."""

import re
import uuid

import pytest

from tests.http.test_cases import opened
from tests.http.test_signing_in import end_sessions, resend
from tests.support.served import form

HTML = {"Accept": "text/html"}
SHOWN = {"stops-shown": "true"}
"""What a form carries that shows the stops which its override is about."""


@pytest.fixture(scope="module")
def officer(node):
    return page_client(node, "cases:read", "cases:write")


@pytest.fixture(scope="module")
def approver(node):
    return page_client(node, "cases:read", "cases:approve")


def page_client(node, *scopes):
    client = node.client(*scopes)
    client.headers.update(HTML)
    return client


def summary(answer):
    """The text of the error summary on a page."""
    return re.sub(r"\s+|<[^>]+>", " ", answer.text.partition('class="summary-error"')[2])[:1000]


def version(client, case):
    """The version of the case that its page shows."""
    page = client.get(f"/office/cases/{case}").text
    return (re.search(r'name="version" value="(\d+)"', page) or [0, "0"])[1]


def send(client, case, action, **fields):
    form = {"key": str(uuid.uuid4()), "version": version(client, case), **fields}
    return client.post(f"/office/cases/{case}/{action}", data=form)


def test_a_case_goes_from_its_file_to_a_decision_by_two_persons(officer, approver):
    case = opened(officer)
    assert send(officer, case, "complete").headers["location"].endswith(f"/office/cases/{case}")
    grant = {"outcome-0": "partial", "ects-0": "3", "profile-0": "differentField", "do": "propose"}
    answer = send(officer, case, "propose", **grant)
    if answer.status_code != 303:  # nobody stated its credits and level: a stop
        assert answer.status_code == 409
        answer = send(officer, case, "propose", **grant, override="The transcript on paper says it.", **SHOWN)
    assert answer.status_code == 303, summary(answer)
    page = approver.get(f"/office/cases/{case}").text
    proposal = re.search(r'name="proposalId" value="([^"]+)"', page)[1]
    own = send(officer, case, "approve", proposalId=proposal)
    assert own.status_code == 403
    assert ">Approve<" not in officer.get(f"/office/cases/{case}").text
    accepted = send(approver, case, "approve", proposalId=proposal, acceptOverride="true")
    assert accepted.status_code == 303, accepted.text
    assert send(approver, case, "decide").status_code == 303
    assert "Recognised in part" in officer.get(f"/office/cases/{case}").text


def test_a_refusal_says_why_and_keeps_what_was_typed(officer):
    case = opened(officer)
    answer = send(officer, case, "propose", **{"outcome-0": "full", "letter-note": "Well done", "do": "propose"})
    assert answer.status_code == 409
    assert "This step changed nothing." in answer.text
    send(officer, case, "complete")
    typed = {"outcome-0": "full", "ects-0": "many", "letter-note": "Well done", "do": "propose"}
    wrong = send(officer, case, "propose", **typed)
    assert wrong.status_code == 422
    assert 'value="many"' in wrong.text
    assert "Well done" in wrong.text


def test_a_form_that_is_sent_twice_acts_once(officer):
    case = opened(officer)
    seen = version(officer, case)
    first, again = (send(officer, case, "complete", key="the same", version=seen) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    without_key = send(officer, case, "complete", key="")
    assert without_key.status_code == 400
    other_key = send(officer, case, "complete")
    assert other_key.status_code == 409


def test_what_was_done_is_told_once_and_no_address_can_claim_it(officer):
    case, other = opened(officer), opened(officer)
    told = "The file is complete, and the time for the decision has started"
    assert send(officer, case, "complete").status_code == 303
    assert told not in officer.get(f"/office/cases/{other}").text
    assert told in officer.get(f"/office/cases/{case}").text
    assert told not in officer.get(f"/office/cases/{case}").text
    claimed = officer.get(f"/office/cases/{other}?done=decide").text
    assert "Decision published" not in claimed
    assert 'class="notice"' not in claimed


def test_an_applicant_s_name_is_text_and_never_markup(officer):
    name = {"familyName": "<script>alert(1)</script>", "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    case = opened(officer, applicant=name)
    for path in ("/office", f"/office/cases/{case}"):
        answer = officer.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)" in officer.get(f"/office/cases/{case}").text


def test_pages_of_the_office_need_a_scope(node):
    anybody = node.anybody().get("/office", headers=HTML)
    assert anybody.status_code == 303
    assert anybody.headers["location"].startswith("/signin")
    assert page_client(node, "feed:read").get("/office").status_code == 403


def test_what_a_person_does_to_a_case_is_in_the_journal_once(node, officer):
    case = opened(officer)
    person = node.sign_in("officer")
    page = person.get(f"/office/cases/{case}")
    for _ in range(2):  # a double click
        sent = person.post(f"/office/cases/{case}/take", data=form(page, key="a double click"))
        assert sent.status_code == 303
    journal = node.sign_in("administrator").get("/admin/journal").text
    assert journal.count(case) == 1
    assert "POST /office/cases/{case}/take" in journal
    assert "Jansen" not in journal


def test_a_form_of_a_case_that_is_sent_again_after_signing_in_acts(node, officer):
    case, name = opened(officer), f"Kim {uuid.uuid4()}"
    client = node.sign_in("officer", name=name)
    address = f"/office/cases/{case}"
    typed = form(client.get(address), key=str(uuid.uuid4()), version=version(client, case))
    end_sessions(node, name)
    page = client.post(f"{address}/complete", data=typed)
    assert page.status_code == 403
    path = node.link("officer")
    client.post(path, data=form(client.get(path)))
    asked = client.post(f"{address}/complete", data=dict(resend(page)))
    assert asked.status_code == 403
    assert f'action="{address}/complete"' in client.get(address).text
    acted = client.post(f"{address}/complete", data=dict(resend(asked)))
    assert acted.status_code == 303, summary(acted)
    assert "File complete" in client.get(address).text
