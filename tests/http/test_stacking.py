"""Stacking and erasing over HTTP: progress, a larger credential, what impairs it; and a learner who goes."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.support.command import until
from tests.support.served import achievement, csv_of, once, problem, row

SCOPES = (
    "credentials:write", "achievements:write", "batches:read", "learners:read", "learners:erase", "university:read",
)  # fmt: skip
UNKNOWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"


@pytest.fixture(scope="module")
def system(node):
    return node.client(*SCOPES)


def sent(answer):
    """What a write answered, and the header to read it with."""
    assert answer.status_code == 201, answer.text
    return answer.json(), {"Registry-Wait-For": answer.headers["registry-position"]}


@pytest.fixture(scope="module")
def offers(system):
    """Two modules, and a programme that asks for both."""
    modules = [
        system.post("/v1/achievements", json=achievement(), headers=once(f"module {n}")).json()["achievement"]
        for n in range(2)
    ]
    composition = {
        "required": [{"member": "twente", "achievement": one} for one in modules],
        "choices": [], "minEcts": 10, "sharing": "forbidden",
    }  # fmt: skip
    programme = achievement() | {
        "kind": "programme", "ects": 30, "workloadHours": 840, "composition": composition
    }  # fmt: skip
    return [
        *modules,
        sent(system.post("/v1/achievements", json=programme, headers=once("programme")))[0]["achievement"],
    ]


def award(system, offer, record, **more):
    return system.post("/v1/credentials", json=row(offer, record, **more), headers=once(record))


def part(credential, ects=5, **more):
    return {"member": "twente", "credential": credential, "ects": ects, **more}


def test_a_larger_credential_from_the_first_module_to_the_worklist(node, system, offers):
    one, two, whole = offers
    first, waiting = sent(award(system, one, "m1", student="stacker"))
    path = f"/v1/learners/{first['learner']}/progress/twente/{whole}"
    found = system.get(path, params={"on": "2026-08-31"}, headers=waiting).json()
    assert (found["complete"], found["counted"], found["on"]) == (False, 5, "2026-08-31")
    assert [(one["credential"], one["counts"], one["basis"]) for one in found["parts"]] == [
        (first["credential"], 5, "own")
    ]
    assert [(gap["requirement"], [o["achievement"] for o in gap["offers"]]) for gap in found["gaps"]] == [
        ("required[1]", [two]),
        ("minEcts", [two]),
    ]
    early = award(system, whole, "whole", student="stacker", parts=[part(first["credential"])])
    told = problem(early, 409, "refused")
    assert (told["code"], told["path"]) == ("parts-refused", "parts")
    assert [(each["where"], each["field"]) for each in told["errors"]] == [
        ("$.parts", "required"),
        ("$.parts", "minEcts"),
    ]
    second, waiting = sent(award(system, two, "m2", student="stacker"))
    found = system.get(path, headers=waiting).json()
    assert found["complete"], found
    parts = [part(each["credential"], each["counts"]) for each in found["parts"]]
    larger, waiting = sent(award(system, whole, "whole", student="stacker", parts=parts))
    verified = node.anybody().get(f"/v1/credentials/twente/{larger['credential']}", headers=waiting).json()
    assert (verified["status"], verified["flags"]) == ("active", [])
    again = system.get(path).json()
    assert (again["complete"], list(again["held"])) == (False, [f"twente/{larger['credential']}"])
    assert {left["why"] for left in again["left"]} == {"used"}
    shared = award(system, whole, "whole again", student="stacker", parts=parts)
    assert [each["field"] for each in problem(shared, 409, "refused")["errors"]] == ["sharing"]

    revoked = system.post(
        f"/v1/credentials/{first['credential']}/revoke", json={"reason": "issuedInError"}, headers=once("revoke m1")
    )
    waiting = {"Registry-Wait-For": revoked.headers["registry-position"]}
    items = system.get("/v1/worklist", headers=waiting).json()["items"]
    [item] = [each for each in items if each["id"] == larger["credential"]]
    assert (item["kind"], item["because"]) == (
        "impaired", [{"member": "twente", "credential": first["credential"], "what": "revoked"}],
    )  # fmt: skip
    verified = node.anybody().get(f"/v1/credentials/twente/{larger['credential']}").json()
    assert (verified["flags"], verified["impairedBy"]) == (["impaired"], [f"twente/{first['credential']}"])
    assert second["learner"] == larger["learner"]


def test_own_parts_that_do_not_hold_are_refused_in_any_case_and_others_knowingly_not(system, offers):
    one, _, whole = offers
    mine, waiting = sent(award(system, one, "hard1", student="hard"))
    theirs, _ = sent(award(system, one, "hard2", student="another"))
    system.get("/v1/worklist", headers=waiting)
    everything = ["pending", "required", "minEcts", "learner-mismatch", "not-active"]
    for record, credential, code in (
        ("h1", theirs["credential"], "learner-mismatch"),
        ("h2", UNKNOWN, "unknown-credential"),
    ):
        refused = award(system, whole, record, student="hard", parts=[part(credential)], override=everything)
        assert [each["field"] for each in problem(refused, 409, "refused")["errors"]] == [code]
    elsewhere = {"member": "lund", "credential": UNKNOWN, "ects": 4, "by": {"member": "twente", "decision": UNKNOWN}}
    parts = [part(mine["credential"]), elsewhere]
    refused = award(system, whole, "h3", student="hard", parts=parts)
    assert [each["field"] for each in problem(refused, 409, "refused")["errors"]] == ["pending", "required", "minEcts"]
    issued, waiting = sent(award(system, whole, "h3", student="hard", parts=parts, override=everything[:3]))
    shown = system.get(f"/v1/credentials/twente/{issued['credential']}", headers=waiting).json()
    assert shown["flags"] == ["pending", "requirements-unmet"]


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"parts": [part("x")]}, 400, "parts"),
        ({"parts": [part(UNKNOWN, 1.005)]}, 422, "decimals"),
        ({"parts": [part(UNKNOWN, by={"member": "twente"})]}, 422, "either a decision or an agreement"),
        ({"parts": [part(UNKNOWN) | {"member": "governance"}]}, 400, "member"),
        ({"override": ["everything"]}, 400, "override"),
    ],
)
def test_parts_that_cannot_be_are_said_to_be(system, offers, more, status, says):
    answer = award(system, offers[2], f"wrong {says}", student="wrong", **more)
    assert answer.status_code == status
    assert says in answer.text


def test_progress_towards_nothing_and_of_nobody_is_not_found(system, offers):
    learner, waiting = sent(award(system, offers[0], "p1", student="progress"))
    path = f"/v1/learners/{learner['learner']}/progress/twente"
    assert "composition" in problem(system.get(f"{path}/{offers[0]}", headers=waiting), 404, "not-found")["detail"]
    problem(system.get(f"{path}/{UNKNOWN}"), 404, "not-found")
    problem(system.get(f"/v1/learners/{UNKNOWN}/progress/twente/{offers[2]}"), 404, "not-found")
    problem(system.get(f"{path}/{offers[2]}", params={"on": "soon"}), 400, "invalid")


def test_rows_of_a_batch_may_name_parts(system, offers):
    one, two, whole = offers
    issued = [sent(award(system, each, f"b{n}", student="batch")) for n, each in enumerate((one, two))]
    system.get("/v1/worklist", headers=issued[1][1])
    parts = " ".join(f"twente/{each['credential']}:5" for each, _ in issued)
    rows = [
        row(whole, record, "batch") | {"parts": given}
        for record, given in (("bulk1", parts.split()[0]), ("bulk2", "twente"), ("bulk3", parts))
    ]
    headers = {"Content-Type": "text/csv", **once("bulk")}
    location = system.post("/v1/batches", content=csv_of(rows), headers=headers).headers["location"]
    until(lambda: system.get(location).json()["state"] == "done", 60)
    assert system.get(location).json()["issued"] == 1
    told = system.get(f"{location}/problems").json()["items"]
    assert [(one["line"], one["field"], one["code"]) for one in told] == [
        (2, "parts", "parts-refused"),
        (3, "parts", ""),
    ]
    assert "required[1]" in told[0]["detail"]
    assert "MEMBER/CREDENTIAL:ECTS" in told[1]["detail"]


def test_a_learner_is_erased_for_good(node, system, offers):
    issued, waiting = sent(award(system, offers[0], "e1", student="erased"))
    learner = issued["learner"]
    path = f"/v1/learners/{learner}/erase"
    problem(system.post(path, json={"confirm": UNKNOWN}, headers=once("e")), 422, "unprocessable")
    problem(system.post(path, json={}, headers=once("e")), 400, "invalid")
    nobody = system.post(f"/v1/learners/{UNKNOWN}/erase", json={"confirm": UNKNOWN}, headers=once("nobody"))
    problem(nobody, 404, "not-found")
    assert system.get(f"/v1/learners/{learner}", headers=waiting).status_code == 200
    done = system.post(path, json={"confirm": learner}, headers=once("e"))
    erased = done.json()
    assert (done.status_code, erased["member"], erased["learner"]) == (200, "twente", learner)
    assert date.fromisoformat(erased["goneBy"]) > datetime.now(UTC).date() - timedelta(days=1)
    assert system.post(path, json={"confirm": learner}, headers=once("e")).json() == erased
    assert (
        problem(system.post(path, json={"confirm": learner}, headers=once("f")), 409, "refused")["code"] == "duplicate"
    )
    gone = {"Registry-Wait-For": done.headers["registry-position"]}
    problem(system.get(f"/v1/learners/{learner}", headers=gone), 404, "not-found")
    assert node.anybody().get(f"/v1/credentials/twente/{issued['credential']}").json()["status"] == "active"
    again = system.post("/v1/credentials", json=row(offers[0], "e1", student="erased"), headers=once("e1 again"))
    assert problem(again, 409, "refused")["code"] == "erased"
    assert sent(award(system, offers[0], "e2", student="erased"))[0]["learner"] != learner
