"""The desk's credentials: found by what the log says and by whom they are about, and one credential's history."""

import re
import uuid

import pytest

from tests.support.served import form, once, row

MARKUP = "<script>alert(1)</script>"
ZOE_S_DAY = "2026-02-11"
ZOE_S_DAYS = {"from": ZOE_S_DAY, "until": ZOE_S_DAY}
"""A filter: a search by name reads some thousand credentials, and other tests issue more."""


@pytest.fixture(scope="module")
def clerk(node):
    return node.sign_in("clerk")


@pytest.fixture(scope="module")
def issue(node, offer):
    """Issue a credential; return its id once the views have it."""
    system = node.client()

    def act(record, student, **more):
        answer = system.post(
            "/v1/credentials", json=row(offer, record, student, **more), headers=once(f"desk {record}")
        )
        assert answer.status_code == 201, answer.text
        credential = answer.json()["credential"]
        waiting = {"Registry-Wait-For": answer.headers["registry-position"]}
        assert system.get(f"/v1/credentials/twente/{credential}", headers=waiting).status_code == 200
        return credential

    return act


@pytest.fixture(scope="module")
def zoe(issue):
    """Zoë Ångström's credential, the only one of its day."""
    return issue("desk-1", "d1", family_name="Ångström", given_name="Zoë", awarding_date=ZOE_S_DAY)


def find(clerk, who, **more):
    """Search, and go where the answer leads, unless that is a credential."""
    page = clerk.get("/desk/credentials")
    answer = clerk.post("/desk/credentials/find", data=form(page, who=who, **more))
    return clerk.get(answer.headers["location"]) if "/found/" in answer.headers.get("location", "") else answer


def test_credentials_are_listed_with_their_learners_and_lead_to_their_history(clerk, zoe):
    credential = zoe
    page = clerk.get(f"/desk/credentials?from={ZOE_S_DAY}&until={ZOE_S_DAY}&status=active")
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    assert f"/desk/credentials/{credential}" in page.text
    one = clerk.get(f"/desk/credentials/{credential}")
    assert one.status_code == 200, one.text
    assert "Ångström, Zoë" in one.text
    assert "Issued" in one.text
    assert re.search(r'href="/log/twente/\d+@\d+"', one.text)
    assert "Ångström" not in re.search("<title>(.*?)</title>", one.text)[1]


@pytest.mark.parametrize("who", ["angstrom zoe", "ÅNGSTRÖM", "zoë ang"])
def test_a_name_finds_whatever_its_accents_and_no_address_or_log_has_it(node, clerk, zoe, who):
    assert zoe
    found = find(clerk, who, **ZOE_S_DAYS)
    assert found.status_code == 200
    assert "1 credential found" in found.text
    assert "Ångström, Zoë" in found.text
    assert "ngstr" not in node.said.casefold()


def test_what_was_found_has_an_address_without_the_name_for_its_session_alone(node, clerk, zoe):
    page = clerk.get("/desk/credentials")
    answer = clerk.post("/desk/credentials/find", data=form(page, who="angstrom", status="active", **ZOE_S_DAYS))
    address = answer.headers["location"]
    assert answer.status_code == 303
    assert "angstrom" not in address
    for _ in range(2):  # and again by Back
        found = clerk.get(address)
        assert found.status_code == 200
        assert f"/desk/credentials/{zoe}" in found.text
        assert 'value="angstrom"' in found.text
        assert 'name="status" value="active"' in found.text
    for other, path in ((node.sign_in("clerk"), address), (clerk, f"/desk/credentials/found/{uuid.uuid4()}")):
        gone = other.get(path)
        assert gone.status_code == 410
        assert "This search is not kept any more" in gone.text
        assert "credentials found" not in gone.text
        assert f"/desk/credentials/{zoe}" not in gone.text


def test_a_record_and_a_credential_s_number_lead_to_the_credential_and_a_student_number_to_all(clerk, issue):
    first, second = issue("desk-2", "d2"), issue("desk-3", "d2", awarding_date="2026-05-30")
    for who in ("desk-2", first, first.upper()):
        answer = find(clerk, who)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/credentials/{first}")
    page = find(clerk, "d2")
    assert page.status_code == 200
    assert f"/desk/credentials/{first}" in page.text
    assert f"/desk/credentials/{second}" in page.text


def test_a_search_that_finds_nothing_says_what_was_searched_and_one_without_words_what_to_enter(clerk):
    nothing = find(clerk, "Nobody-Has-This-Name", **ZOE_S_DAYS)
    assert "0 credentials found" in nothing.text
    assert "Nothing was found" in nothing.text
    empty = find(clerk, "  ")
    assert empty.status_code == 422
    assert "Nothing was searched" in empty.text
    assert "credentials found" not in empty.text
    assert "<title>Error:" in empty.text
    assert find(clerk, "x" * 300).status_code == 422


def test_a_search_in_one_room_is_not_kept_in_the_other(node):
    both = node.sign_in("clerk", "officer")
    desk = find_path(both, "/desk/credentials/find", who="angstrom")
    office = find_path(both, "/office/search", name="angstrom")
    assert both.get(desk).status_code == both.get(office).status_code == 200
    for path in (f"/office/found/{desk[-36:]}", f"/desk/credentials/found/{office[-36:]}"):
        gone = both.get(path)
        assert gone.status_code == 410
        assert "This search is not kept any more" in gone.text
        assert "credentials found" not in gone.text


def find_path(browser, path, **fields):
    """Where the answer to a search leads."""
    page = browser.get("/desk/credentials")
    return browser.post(path, data=form(page, **fields)).headers["location"]


@pytest.mark.parametrize("count", [50, 51])
def test_a_page_of_what_was_found_is_not_its_total(clerk, issue, count):
    day = {50: "2025-02-03", 51: "2025-02-04"}[count]
    name = f"Manyfold{'x' * (count - 50)}"
    for number in range(count):
        issue(f"many-{count}-{number}", f"many-{count}-{number}", family_name=name, awarding_date=day)
    days = {"from": day, "until": day}
    first = find(clerk, name, **days)
    if count == 50:
        assert "<h1>50 credentials found</h1>" in first.text
        assert "Search on" not in first.text
        return
    assert "<h1>At least 50 credentials found</h1>" in first.text
    after = re.search(r'name="after" value="([^"]+)"', first.text)[1]
    rest = find(clerk, name, after=after, **days)
    assert "<h1>1 more credential found</h1>" in rest.text
    assert "Search on" not in rest.text


def order_of(page, *credentials):
    places = {page.text.index(f'href="/desk/credentials/{each}"'): each for each in credentials}
    return [places[place] for place in sorted(places)]


def test_the_order_is_of_awarding_days_or_of_the_log_and_of_names_where_a_person_was_searched(clerk, issue):
    late = issue("in-order-1", "in-order-1", awarding_date="2026-03-21", family_name="Order", given_name="Zita")
    early = issue("in-order-2", "in-order-2", awarding_date="2026-03-20", family_name="Order", given_name="Ada")
    days = {"from": "2026-03-20", "until": "2026-03-21"}
    assert order_of(clerk.get("/desk/credentials", params=days), late, early) == [late, early]
    newest = clerk.get("/desk/credentials", params={**days, "sort": "newest"})
    assert order_of(newest, late, early) == [early, late]
    assert '<option value="newest" selected>' in newest.text
    assert '<input type="hidden" name="sort" value="newest">' in newest.text
    assert order_of(find(clerk, "order", **days), late, early) == [late, early]
    assert order_of(find(clerk, "order", sort="name", **days), late, early) == [early, late]
    assert clerk.get("/desk/credentials?sort=colour").status_code == 422
    by_name = clerk.get("/desk/credentials?sort=name")
    assert (by_name.status_code, "only what was found by a person is listed by name" in by_name.text) == (422, True)
    for order, first, last in (("newest", early, late), ("awarded", late, early)):
        params = {"do": "suspend", "all": "true", "sort": order, **days}
        every = clerk.get("/desk/credentials/change", params=params).text
        assert f'name="credentials" value="{first},{last}"' in every
    for sort in ({}, {"sort": "newest"}):
        refused = clerk.get("/desk/credentials/change", params={"do": "suspend", "all": "true", **sort})
        assert (refused.status_code, "choose a filter" in refused.text) == (422, True)


def test_the_next_page_of_the_newest_goes_on_where_the_first_ended(clerk, issue):
    made = [issue(f"pages-{number}", f"pages-{number}") for number in range(27)]
    first = clerk.get("/desk/credentials?sort=newest")
    [address] = re.findall(r'href="(/desk/credentials\?[^"]+)" rel="next"', first.text)
    address = address.replace("&amp;", "&")
    assert "sort=newest" in address
    shown = re.findall(r'<th role="rowheader" scope="row"><a href="/desk/credentials/([0-9a-f-]{36})"', first.text)
    shown += re.findall(r'scope="row"><a href="/desk/credentials/([0-9a-f-]{36})"', clerk.get(address).text)
    assert shown[:27] == made[::-1]
    assert clerk.get(address.replace("sort=newest", "sort=awarded")).status_code == 422


def test_the_address_of_a_form_leads_to_its_page(clerk, zoe):
    for form_path, page in (
        ("/desk/credentials/find", "/desk/credentials"),
        (f"/desk/credentials/{zoe}/change", f"/desk/credentials/{zoe}"),
    ):
        answer = clerk.get(form_path, params={"lang": "nl"})
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?lang=nl")


def test_names_are_text_and_never_markup(clerk, issue):
    credential = issue("desk-4", "d4", family_name="O&apos", given_name="Sam", keep_text=True)
    assert find(clerk, MARKUP).text.count("<script>alert") == 0
    assert "O&amp;apos" in clerk.get(f"/desk/credentials/{credential}").text


def test_a_wrong_filter_and_an_unknown_credential_say_so(clerk):
    assert clerk.get("/desk/credentials?status=lost").status_code == 422
    assert clerk.get("/desk/credentials?from=yesterday").status_code == 422
    assert clerk.get("/desk/credentials?cursor=x").status_code == 422
    assert clerk.get(f"/desk/credentials/{uuid.uuid4()}").status_code == 404


def test_the_desk_needs_a_scope(node):
    anybody = node.anybody().get("/desk/credentials", headers={"Accept": "text/html"})
    assert anybody.headers["location"].startswith("/signin")
    assert node.sign_in("officer").get("/desk/credentials").status_code == 403


def test_a_credential_has_a_page_to_print_with_its_holder_its_facts_and_the_address_that_verifies_it(clerk, issue):
    credential = issue(
        "desk-print", "d77", family_name="Ní Chóil & Co", given_name="Zoë", grade="8.5", note="With honour"
    )
    page = clerk.get(f"/desk/credentials/{credential}/print")
    assert page.status_code == 200, page.text
    assert page.headers["cache-control"] == "no-store"
    for words in (
        "This is to certify that",
        "Zoë Ní Chóil &amp; Co",
        "8.5",
        "With honour",
        "What you can do afterwards",
    ):
        assert words in page.text, words
    assert f"/verify/twente/{credential}</p>" in page.text
    assert '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ' in page.text
    assert "Chóil" not in re.search("<title>(.*?)</title>", page.text)[1]
    assert f"/desk/credentials/{credential}/print" in clerk.get(f"/desk/credentials/{credential}").text


def test_nobody_prints_a_credential_of_others_or_without_the_right_to_read_learners(node, clerk, zoe):
    assert clerk.get(f"/desk/credentials/{uuid.uuid4()}/print").status_code == 404
    assert node.sign_in("administrator").get(f"/desk/credentials/{zoe}/print").status_code == 403
