"""Over HTTP a number with another person behind it is held, listed and decided."""

import pytest

from tests.support.served import once, problem, row

PETR = {"family_name": "Novak", "given_name": "Petr", "date_of_birth": "1979-11-30"}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "learners:decide")


def issue(system, offer, record, **more):
    return system.post("/v1/credentials", json=row(offer, record, **more), headers=once(f"held {record} {more}"[:200]))


def test_a_system_that_may_only_issue_learns_nobody_and_decides_nothing(node, system, offer):
    assert issue(system, offer, "held-3", student="held-8").status_code == 201
    issuing = node.client("credentials:write")
    found = problem(issue(issuing, offer, "held-4", student="held-8", **PETR), 409, "refused")
    assert found["code"] == "person-differs"
    assert "Jansen" not in str(found)
    assert issuing.get("/v1/held-rows").status_code == 403
    body = {"record": "held-4", "version": "0" * 12, "decision": "same-person"}
    assert issuing.post("/v1/held-rows/decisions", json=body, headers=once("may only issue")).status_code == 403


def test_a_held_row_shows_both_persons_and_is_issued_once_it_is_decided(node, system, offer):
    first = issue(system, offer, "held-1", student="held-7")
    assert first.status_code == 201
    found = problem(issue(system, offer, "held-2", student="held-7\u200b", **PETR), 409, "refused")
    assert (found["code"], found["path"]) == ("person-differs", "student")
    assert "Ada Jansen, born 2001-02-03" in found["detail"]
    assert "Petr Novak, born 1979-11-30" in found["detail"]
    assert "Novak" not in node.said
    items = [one for one in system.get("/v1/held-rows").json()["items"] if one["record"] == "held-2"]
    [held] = items
    assert held["stated"] == {"familyName": "Novak", "givenName": "Petr", "dateOfBirth": "1979-11-30"}
    assert held["learner"] == first.json()["learner"]
    body = {"record": "held-2", "version": held["version"], "decision": "other-person"}
    decided = system.post("/v1/held-rows/decisions", json=body, headers=once("decide held-2"))
    assert (decided.status_code, decided.json()["unchanged"]) == (200, False), decided.text
    again = system.post("/v1/held-rows/decisions", json=body, headers=once("decide held-2 again"))
    assert again.json()["unchanged"] is True
    other = system.post(
        "/v1/held-rows/decisions", json=body | {"decision": "same-person"}, headers=once("decide otherwise")
    )
    assert problem(other, 409, "refused")["code"] == "already-decided"
    issued = system.post(
        "/v1/credentials", json=row(offer, "held-2", student="held-7", **PETR), headers=once("held-2 at last")
    )
    assert (issued.status_code, issued.json()["learner"]) == (201, decided.json()["learner"])


def test_a_row_that_was_replaced_after_it_was_read_is_not_decided_on(node, system, offer):
    known = {number: issue(system, offer, f"own-{number}", student=number) for number in ("swap-1", "swap-2")}
    eve = PETR | {"family_name": "Mallory", "given_name": "Eve"}
    problem(issue(system, offer, "swap", student="swap-1", **PETR), 409, "refused")
    [read] = [one for one in system.get("/v1/held-rows").json()["items"] if one["record"] == "swap"]
    replaced = problem(issue(node.client("credentials:write"), offer, "swap", student="swap-2", **eve), 409, "refused")
    assert "another number and name was held" in replaced["detail"]
    body = {"record": "swap", "version": read["version"], "decision": "same-person"}
    for decision in ("same-person", "other-person"):
        refused = system.post(
            "/v1/held-rows/decisions", json=body | {"decision": decision}, headers=once(f"haste {decision}")
        )
        assert problem(refused, 409, "refused")["code"] == "held-row-changed"
    [now] = [one for one in system.get("/v1/held-rows").json()["items"] if one["record"] == "swap"]
    assert (now["learner"], now["known"]["familyName"]) == (known["swap-2"].json()["learner"], "Jansen")
    assert now["changes"] == ["name", "student"]
    assert now["version"] != read["version"]
    decided = system.post(
        "/v1/held-rows/decisions", json=body | {"version": now["version"]}, headers=once("with the version of now")
    )
    assert decided.status_code == 200, decided.text


@pytest.mark.parametrize("version", [None, "", "0" * 11, "0" * 13, "G" * 12, 7])
def test_a_decision_without_a_version_is_refused(system, version):
    body = {"record": "any", "decision": "same-person"} | ({} if version is None else {"version": version})
    problem(system.post("/v1/held-rows/decisions", json=body, headers=once(f"{version}")), 400, "invalid")


def test_held_rows_come_in_pages(system, offer):
    issue(system, offer, "page-0", student="page-7")
    for number in range(1, 4):
        issue(system, offer, f"page-{number}", student="page-7", **PETR)
    found, cursor = [], ""
    while cursor is not None:
        page = system.get("/v1/held-rows", params={"limit": 2, "cursor": cursor}).json()
        assert len(page["items"]) <= 2
        found += [one["record"] for one in page["items"]]
        cursor = page["next"]
    assert [record for record in found if record.startswith("page-")] == ["page-1", "page-2", "page-3"]
    assert system.get("/v1/held-rows", params={"cursor": "elsewhere"}).status_code == 422


def test_what_is_not_held_and_who_may_not_are_refused(node, system):
    body = {"record": "never-held", "version": "0" * 12, "decision": "same-person"}
    problem(system.post("/v1/held-rows/decisions", json=body, headers=once("never")), 404, "not-found")
    reader = node.client("learners:read")
    assert reader.get("/v1/held-rows").status_code == 403
    assert reader.post("/v1/held-rows/decisions", json=body, headers=once("may not")).status_code == 403


@pytest.mark.parametrize(("field", "value"), [("student", "8,9652E+15"), ("date_of_birth", "0001-01-01")])
def test_a_spoilt_number_and_an_impossible_birth_date_are_refused(system, offer, field, value):
    answer = issue(system, offer, f"spoilt {field}", **{field: value})
    assert answer.status_code in (409, 422), answer.text
    assert field in answer.text
