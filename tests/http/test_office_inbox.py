"""The inbox: filters in its address, a search by name that is in no address, and who works on what."""

import html
import re
import uuid

import pytest

from tests.http.test_cases import done, opened
from tests.http.test_office_pages import page_client, summary
from tests.support.served import form


@pytest.fixture(scope="module")
def system(node):
    return node.client("cases:read", "cases:write")


@pytest.fixture(scope="module")
def officer(node):
    return node.sign_in("officer", name="Sara Lindgren")


def person_in(page, name):
    """The actor of a colleague, as the page's list of people has it."""
    return re.search(rf'value="(person:[^"]+)"[^>]*>{name}<', page)[1]


def lists(officer, address, number):
    """True if a page of the list, or one after it, has a case: other tests open many."""
    while address:
        page = officer.get(address)
        assert page.status_code == 200, page.text
        if number in page.text:
            return True
        following = re.search(r'href="([^"]+)" rel="next"', page.text)
        address = following and html.unescape(following[1])
    return False


def test_a_filter_is_in_the_address_and_selects_cases(system, officer):
    case = opened(system)
    number = system.get(f"/v1/cases/{case}").json()["case"]["fileNumber"]
    for query in ("", "?unassigned=true", "?country=NO", "?state=collecting", f"?fileNumber={number}", "?state=all"):
        assert lists(officer, f"/office{query}", number), query
    for query in ("?country=SE", "?state=decided", "?mine=true", "?overdue=true"):
        assert not lists(officer, f"/office{query}", number), query
    for query in ("?country=XX", "?state=nonsense"):
        assert officer.get(f"/office{query}").status_code == 422


def test_a_name_is_searched_by_a_form_and_is_in_no_address(system, officer):
    name = {"familyName": "Zebrowska<script>alert(1)</script>", "givenName": "Anna", "dateOfBirth": "2001-02-03"}
    case = opened(system, applicant=name)
    page = officer.get("/office")
    sent = officer.post("/office/search", data=form(page, name="zebrow"))
    assert sent.status_code == 303
    answer = officer.get(sent.headers["location"])
    assert answer.status_code == 200
    assert f"/office/cases/{case}" in answer.text
    assert "<script>alert" not in answer.text
    assert "zebrow" not in str(answer.url)
    assert officer.get(str(answer.url)).status_code == 200
    assert officer.get(f"/office/found/{uuid.uuid4()}").status_code == 410
    assert "zebrow" not in re.search("<title>(.*?)</title>", answer.text)[1].casefold()
    assert "?" not in str(answer.url)
    sent = officer.post("/office/search", data=form(page, name='Nobody"><script>alert(1)</script>'))
    nobody = officer.get(sent.headers["location"])
    assert "No applicant has such a name" in nobody.text
    assert "<script>alert" not in nobody.text
    empty = officer.post("/office/search", data=form(page, name=" "))
    assert empty.status_code == 422
    assert "Type a name" in summary(empty)


def test_cases_are_taken_and_assigned_from_the_list(node, system, officer):
    first, second = opened(system), opened(system)
    kim = node.sign_in("officer", name=f"Kim {uuid.uuid4()}")
    page = officer.get("/office")
    taken = officer.post("/office/take", data=form(page, key="take 1", case=first, back="unassigned=true"))
    assert taken.status_code == 303
    assert taken.headers["location"].endswith("/office?unassigned=true")
    assert first in officer.get("/office?mine=true").text
    name = re.search(r"Kim [0-9a-f-]{36}", kim.get("/account").text)[0]
    listed = officer.get("/office?mine=true")
    [shown] = re.findall(rf'name="case" value="({first}@person:[^"]+)"', listed.text)
    assign = form(page, key="assign 1", case=[shown, second], assignee=person_in(listed.text, name))
    assert officer.post("/office/assign", data=assign).status_code == 303
    assert officer.post("/office/assign", data=assign).status_code == 303  # a double click
    mine = kim.get("/office?mine=true").text
    assert first in mine
    assert second in mine
    assert first not in officer.get("/office?mine=true").text
    again = officer.post("/office/assign", data={**assign, "key": "assign 2"})
    assert "assigned so already" in officer.get(again.headers["location"]).text
    none = officer.post("/office/assign", data=form(page, key="assign 3", assignee="nobody"))
    assert none.status_code == 422
    assert "Choose at least one case" in summary(none)
    stranger = officer.post("/office/assign", data=form(page, key="assign 4", case=second, assignee="person:nobody"))
    assert stranger.status_code == 422


def test_a_case_that_somebody_else_took_meanwhile_is_not_taken_away(node, system, officer):
    case = opened(system)
    other = node.sign_in("officer")
    address = f"/office/cases/{case}"
    seen = officer.get(address)
    stale = form(seen, key="mine", before="")
    assert other.post(f"{address}/take", data=form(other.get(address), key="theirs", before="")).status_code == 303
    refused = officer.post(f"{address}/take", data=stale)
    assert refused.status_code == 409
    assert "Somebody else changed this case meanwhile" in summary(refused)


def test_the_list_takes_no_case_from_a_colleague_and_says_what_was_assigned(node, system, officer):
    theirs, free = opened(system), opened(system)
    number = system.get(f"/v1/cases/{theirs}").json()["case"]["fileNumber"]
    seen, other = officer.get("/office"), node.sign_in("officer")
    assert other.post("/office/take", data=form(other.get("/office"), key="theirs", case=theirs)).status_code == 303
    refused = officer.post("/office/take", data=form(seen, key="mine", case=theirs))
    assert refused.status_code == 409
    me = re.search(r'value="(person:[^"]+)" selected', seen.text)[1]
    partly = officer.post("/office/assign", data=form(seen, key="both", case=[f"{theirs}@", f"{free}@"], assignee=me))
    assert partly.status_code == 409
    assert "1 case was not assigned" in summary(partly)
    assert "1 case was assigned." in summary(partly)
    assert f"{number} : " in summary(partly)
    assert theirs in other.get("/office?mine=true").text
    assert theirs not in officer.get("/office?mine=true").text
    assert free in officer.get("/office?mine=true").text


def test_who_may_only_read_finds_no_form_and_cannot_assign(node, system):
    case = opened(system)
    approver = node.sign_in("decision-approver")
    page = approver.get("/office")
    assert "/office/assign" not in page.text
    assert approver.post("/office/assign", data=form(page, key="x", case=case, assignee="nobody")).status_code == 403
    assert page_client(node, "feed:read").get("/office/year").status_code == 403


def test_shortcuts_are_off_by_a_setting_of_the_account(officer):
    assert "keyboard.js" in officer.get("/office").text
    account = officer.get("/account")
    assert officer.post("/account/shortcuts", data=form(account, shortcuts="off")).status_code == 303
    page = officer.get("/office").text
    assert "keyboard.js" not in page
    assert "<kbd>" not in page
    officer.post("/account/shortcuts", data=form(officer.get("/account"), shortcuts="on"))
    assert "keyboard.js" in officer.get("/office").text


def test_the_number_beside_a_tab_is_that_of_its_list(system, officer):
    case = opened(system)
    done(system, case, "complete")
    page = officer.get("/office?unassigned=true").text
    tab = re.search(r'aria-current="page">With nobody yet (\d+)<', page)
    assert tab is not None
    assert int(tab[1]) == page.count("data-keys-row") or int(tab[1]) > 25
