"""A recognition office's systems over HTTP: assessments, departures from precedent, agreements."""

import contextlib
import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
import pytest

from registry.node.node import open_node
from registry.wire.disclosures import claims_digest, open_disclosures
from tests.bench.data import achievement
from tests.support.command import registry, until
from tests.support.node import request
from tests.support.served import Served, once, problem

DATES = {"begin": "2026-01-01", "end": "2026-12-31"}


@pytest.fixture(scope="module")
def office(tmp_path_factory, postgres):
    """Twente's office; lund has published an achievement and issued a credential of it."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("office"), postgres)) as made:
        made.lund = made.consortium.join("lund")
        file = made.consortium.folder / "lunds.json"
        file.write_text(registry("import", "template", "achievement").stdout)
        said = registry("achievement", "publish", file, home=made.lund).stdout
        made.achievement = said.split()[1].rstrip(",")
        issued = registry(
            "credential", "issue", made.achievement, "--record", "r1", "--student", "s1", "--family-name", "Ek",
            "--given-name", "Bo", "--date-of-birth", "2001-02-03", "--awarding-date", "2026-06-30", home=made.lund,
        ).stdout.split()  # fmt: skip
        made.credential = issued[issued.index("credential") + 1].rstrip(",")
        made.start()
        until(lambda: made.anybody().get(f"/v1/credentials/lund/{made.credential}").status_code == 200)
        yield made


@pytest.fixture(scope="module")
def system(office):
    return office.client("recognition:read", "recognition:write")


def statement(office, **more):
    about = {"member": "lund", "achievement": office.achievement, "version": 1}
    values = {
        "achievement": about, "purpose": "creditTransfer", "outcome": "full", "mode": "recognised",
        "effect": "binding", "ects": 5,
    }  # fmt: skip
    return values | more


def draft(office, **more):
    about = {"member": "lund", "achievement": office.achievement, "version": 1}
    return {"with": "lund", "achievements": [about], "purpose": "creditTransfer"} | more


def waiting(answer):
    return {"Registry-Wait-For": answer.headers["registry-position"]}


def test_an_assessment_is_stated_read_and_taken_back_once_each(office, system):
    stated = system.post("/v1/assessments", json=statement(office, purpose="admission"), headers=once("a1"))
    assert stated.status_code == 201, stated.text
    again = system.post("/v1/assessments", json=statement(office, purpose="admission"), headers=once("a1"))
    assert again.json() == stated.json()
    read = system.get(stated.headers["location"], headers=waiting(stated)).json()
    assert (read["state"], read["ofMember"], read["content"]["ects"]) == ("inForce", "lund", 5)
    path = f"/v1/assessments/{read['assessment']}/withdraw"
    gone = system.post(path, json={"reason": "decidedInError"}, headers=once("a2"))
    assert gone.json()["state"] == "withdrawn"
    assert system.get(stated.headers["location"], headers=waiting(gone)).json()["state"] == "withdrawn"
    twice = problem(system.post(path, json={"reason": "decidedInError"}, headers=once("a3")), 409, "refused")
    assert twice["code"] == "illegal-transition"


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"ects": 6}, ["aboveOriginal"]),
        ({"ects": 3}, ["fullWithLess"]),
        ({"eqfLevel": 7}, ["levelAboveOriginal"]),
        (
            {"outcome": "refused", "ects": None, "grounds": [{"aspect": "level", "difference": "lowerLevel"}]},
            ["milderNotConsidered"] * 3,
        ),
        ({"grounds": [{"aspect": "level", "difference": "lowerLevel"}]}, ["fullDespiteDifference"]),
        ({"outcome": "partial", "ects": 3}, [""]),
        ({"purpose": "employment"}, [""]),
        ({"ects": 1.234}, ["ects"]),
        ({"validUntil": "2026-02-30"}, ["validUntil"]),
        ({"validUntil": "2020-01-01"}, ["alreadyOver"]),
    ],
)
def test_what_is_in_the_way_of_an_assessment_is_named_and_nothing_is_stored(office, system, changes, codes):
    body = {name: value for name, value in statement(office, **changes).items() if value is not None}
    found = problem(system.post("/v1/assessments", json=body, headers=once(f"bad {changes}")), 422, "unprocessable")
    assert [one.get("field", "") for one in found["errors"]] == codes
    assert all(one["where"].startswith("$") and one["detail"] for one in found["errors"])


def test_a_refusal_is_stated_with_why_nothing_milder_was_possible_which_is_not_published(office, system):
    considered = [
        {"outcome": "partial", "notPossible": "nothingComparable"},
        {"outcome": "conditional", "notPossible": "noConditionSuffices"},
        {"outcome": "alternative", "notPossible": "noAlternative"},
    ]
    body = statement(office, outcome="refused", purpose="stacking", considered=considered) | {
        "grounds": [{"aspect": "profile", "difference": "differentField"}]
    }
    del body["ects"]
    stated = system.post("/v1/assessments", json=body, headers=once("r1"))
    assert stated.status_code == 201, stated.text
    read = system.get(stated.headers["location"], headers=waiting(stated)).json()
    assert read["outcome"] == "refused"
    assert "considered" not in read["content"]


def test_an_achievement_that_has_not_arrived_is_not_assessed(office, system):
    other = {"member": "lund", "achievement": "0bbac7a9-a411-4809-ad9e-534f483b7a03", "version": 1}
    found = problem(
        system.post("/v1/assessments", json=statement(office, achievement=other), headers=once("n")), 404, "not-found"
    )
    assert "has not arrived here" in found["detail"]


def test_a_draft_that_departs_from_precedent_is_told_so(office, system):
    registry("views", "update", home=office.lund)
    decided = registry("recognition", "decide", f"lund/{office.credential}", "--ects", 5, home=office.lund).stdout
    until(lambda: system.get(f"/v1/decisions/lund/{decided.split()[1]}").status_code == 200)
    asked = {
        "member": "lund", "achievement": office.achievement, "version": 1, "purpose": "creditTransfer",
        "outcome": "partial", "ground": "workload:substantiallyLess",
    }  # fmt: skip
    found = system.get("/v1/precedents/departures", params=asked).json()
    assert found["departs"]
    assert found["sentence"].startswith(
        "The one other office recognised this in full; you name a difference in workload (substantially less) that"
    )
    same = system.get("/v1/precedents/departures", params=asked | {"outcome": "full", "ground": []}).json()
    assert (same["departs"], same["outcomes"]) == (False, {"full": 1})
    two = ["workload:substantiallyLess", "level:lowerLevel"]
    assert len(system.get("/v1/precedents/departures", params=asked | {"ground": two}).json()["grounds"]) == 2
    problem(system.get("/v1/precedents/departures", params=asked | {"ground": "much"}), 422, "unprocessable")
    problem(system.get("/v1/precedents/departures", params=asked | {"outcome": "most"}), 422, "unprocessable")
    problem(system.get("/v1/precedents/departures", params=asked | {"member": "a\0b"}), 422, "unprocessable")
    problem(system.get("/v1/precedents/departures"), 400, "invalid")


def test_an_agreement_is_tried_then_declared_then_shown_on_what_it_covers_then_ended(office, system):
    tried = system.post("/v1/agreements/simulate", json=draft(office) | DATES).json()
    assert (tried["covered"], tried["decided"], tried["differ"]) == (1, 0, 0)
    assert tried["byAchievement"][0]["granted"] == 5
    body = draft(office, outcome="full", ectsRatio=1, includeRevisions=True, validFrom="2026-01-01")
    declared = system.post("/v1/agreements", json=body, headers=once("g1"))
    assert declared.status_code == 201, declared.text
    agreement = declared.json()["agreement"]
    path = f"/v1/credentials/lund/{office.credential}"
    shown = office.anybody().get(path, headers=waiting(declared)).json()
    assert shown["recognisedBy"] == [f"twente/{agreement}"]
    printed = registry("credential", "show", office.credential, "--member", "lund", "--json", home=office.home).stdout
    assert f"twente/{agreement}" in printed
    read = office.anybody().get(declared.headers["location"]).json()
    assert (read["withMember"], read["mutual"], read["content"]["ectsRatio"]) == ("lund", False, 1)
    listed = system.get("/v1/agreements", params={"member": "twente"})
    assert listed.status_code == 200, office.said[-3000:]
    assert [one["agreement"] for one in listed.json()["items"]] == [agreement]
    ended = system.post(
        f"/v1/agreements/{agreement}/withdraw", json={"withdrawnFrom": "2026-06-01"}, headers=once("g2")
    )
    assert office.anybody().get(path, headers=waiting(ended)).json()["recognisedBy"] == []
    again = system.post(
        f"/v1/agreements/{agreement}/withdraw", json={"withdrawnFrom": "2027-01-01"}, headers=once("g3")
    )
    assert problem(again, 409, "refused")["code"] == "illegal-transition"
    problem(office.anybody().get(f"/v1/agreements/lund/{agreement}"), 404, "not-found")
    other = system.post("/v1/agreements", json=body | {"purpose": "stacking"}, headers=once("g9"))
    page, cursor = [], ""
    while cursor is not None:
        found = system.get(
            "/v1/agreements", params={"limit": 1, "cursor": cursor, "withMember": "lund"}, headers=waiting(other)
        ).json()
        page, cursor = page + [one["agreement"] for one in found["items"]], found["next"]
    assert page == sorted([agreement, other.json()["agreement"]])
    problem(system.get("/v1/agreements", params={"cursor": "WyJ0d2VudGUiLCJ4Il0"}), 422, "unprocessable")


@pytest.mark.parametrize(
    "changes",
    [
        {"with": "twente"},
        {"achievements": {}},
        {"achievements": {"fieldsOfEducation": ["06"]}, "begin": "2026-02-30"},
        {"begin": "2026-12-31", "end": "2026-01-01"},
        {"achievements": [{"member": "lund", "achievement": "X" * 36, "version": 1}]},
        {"includeRevisions": 0},
        {"ectsRatio": "1"},
    ],
)
def test_an_agreement_that_cannot_be_is_neither_tried_nor_declared(office, system, changes):
    body = draft(office, **changes)
    problem(system.post("/v1/agreements/simulate", json=body), 422, "unprocessable")
    declared = {name: value for name, value in body.items() if name not in ("begin", "end")}
    declared = {"outcome": "full", "ectsRatio": 1, "includeRevisions": False, "validFrom": "2026-01-01"} | declared
    if "begin" not in body:
        answer = system.post("/v1/agreements", json=declared, headers=once(f"wrong {changes}"))
        problem(answer, 422, "unprocessable")


def test_no_agreement_ends_before_it_begins(office, system):
    body = {name: value for name, value in draft(office).items() if name not in ("begin", "end")}
    days = {"validFrom": "2026-09-01", "validUntil": "2020-01-01"}
    declared = {"outcome": "full", "ectsRatio": 1, "includeRevisions": False} | body | days
    ended = system.post("/v1/agreements", json=declared, headers=once("ended"))
    assert "before it begins" in problem(ended, 422, "unprocessable")["errors"][0]["detail"]


def test_a_cohort_is_decided_by_an_assessment_and_again_is_the_same(office, system):
    stated = system.post("/v1/assessments", json=statement(office, purpose="employment", effect="advisory"),
                         headers=once("c1"))  # fmt: skip
    assert stated.status_code == 201, stated.text
    path = f"/v1/assessments/{stated.json()['assessment']}/decisions"
    items = [
        {"member": "lund", "credential": office.credential, "record": "student 1"},
        {"member": "lund", "credential": "0bbac7a9-a411-4809-ad9e-534f483b7a03"},
    ]
    dry = system.post(path, json={"items": items, "dryRun": True}, headers=once("c2")).json()
    assert (dry["decided"], dry["notDecided"], dry["items"][0].get("decision")) == (1, 1, None)
    done = system.post(path, json={"items": items}, headers=once("c3"))
    assert (done.status_code, done.json()["decided"], done.json()["notDecided"]) == (200, 1, 1)
    assert "has not arrived" in done.json()["items"][1]["problem"]
    decision = done.json()["items"][0]["decision"]
    read = system.get(f"/v1/decisions/twente/{decision}", headers=waiting(done))
    assert (read.status_code, read.json()["purpose"]) == (200, "employment")
    again = system.post(path, json={"items": items[:1]}, headers=once("c4")).json()
    assert (again["unchanged"], again["items"][0]["decision"]) == (1, decision)
    conditions = {"items": items, "conditions": [{"code": "interview"}]}
    problem(system.post(path, json=conditions, headers=once("c5")), 409, "conflict")
    nowhere = "/v1/assessments/0bbac7a9-a411-4809-ad9e-534f483b7a03/decisions"
    problem(system.post(nowhere, json={"items": items}, headers=once("c6")), 404, "not-found")


@contextlib.contextmanager
def cohort_served(folder, postgres, count, **how):
    """A node that serves, its key, an assessment, where cohorts are decided by it, and the rows of one."""
    with contextlib.closing(Served(folder, postgres)) as node:
        with open_node(node.consortium.join("lund")) as lund:
            lund.registry.achievements.publish(achievement("lund", offered := str(uuid.uuid4())))
            issued = lund.issuer.issue([request(number, offered) for number in range(count)])
            lund.publisher().publish_pending()
        node.achievement = offered
        node.start(**how)
        key = node.key("recognition:read", "recognition:write")
        system = node.client(key=key)
        until(lambda: system.get(f"/v1/credentials/lund/{issued[-1].credential}").status_code == 200)
        stated = system.post("/v1/assessments", json=statement(node, purpose="admission"), headers=once("a"))
        items = [{"member": "lund", "credential": one.credential} for one in issued]
        yield node, key, stated, f"/v1/assessments/{stated.json()['assessment']}/decisions", items


def killed_in(node, key, path, items, request_key, rows):
    """Send a cohort to a node that is killed when this number of rows is decided; it serves again."""
    with ThreadPoolExecutor(1) as pool, psycopg.connect(node.dsn, autocommit=True) as private:
        sent = pool.submit(node.client(key=key).post, path, json={"items": items}, headers=once(request_key))
        until(lambda: private.execute("SELECT count(*) > %s FROM vault.cohorts", (rows,)).fetchone() == (True,), 30, 0)
        node.kill()
        assert isinstance(sent.exception(), httpx.TransportError), "it had answered before"
    return node.start().client(key=key)


def test_a_node_that_is_killed_in_a_cohort_decides_each_row_once(tmp_path, postgres):
    count = 150
    with cohort_served(tmp_path, postgres, count) as (node, key, stated, path, items):
        killed_in(node, key, path, items, "first", count // 5)
        system = killed_in(node, key, path, items, "second", count // 2)
        done = system.post(path, json={"items": items}, headers=once("first")).json()
        assert (done["decided"] + done["unchanged"], done["notDecided"]) == (count, 0)
        assert count // 2 < done["unchanged"] < count
        assert system.post(path, json={"items": items}, headers=once("first")).json() == done
        for other in ("second", "third"):
            again = system.post(path, json={"items": items}, headers=once(other))
            assert again.json()["items"] == [one | {"unchanged": True} for one in done["items"]]
        assert system.get(stated.headers["location"], headers=waiting(again)).status_code == 200
        said = {claims_digest([one["disclosure"]]): one for one in done["items"]}
        about = [open_disclosures(digest, [one["disclosure"]])["credential"] for digest, one in said.items()]
        assert about == items
        with psycopg.connect(node.dsn) as views:
            shown = views.execute(
                "SELECT content->'basis'->0->>'credentialDigest', decision::text FROM views.decisions"
            )
            assert sorted(shown) == sorted((digest, one["decision"]) for digest, one in said.items())
        node.stop()
        assert "Verified up to" in registry("audit", home=node.home).stdout


def test_a_cohort_that_two_send_at_once_is_decided_once(tmp_path, postgres):
    count = 60
    with cohort_served(tmp_path, postgres, count, workers=2) as (node, key, _, path, items):
        start = threading.Barrier(4)

        def send(place):
            one = node.client(key=key)
            start.wait()
            return one.post(path, json={"items": items}, headers=once(f"at once {place}")).json()

        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(send, range(4)))
        assert [answer["notDecided"] for answer in answers] == [0] * 4
        assert sum(answer["decided"] for answer in answers) == count
        said = [[(one["decision"], one["disclosure"]) for one in answer["items"]] for answer in answers]
        assert said == [said[0]] * 4


def test_joint_awarding_is_confirmed_where_the_other_member_says_so(office):
    system = office.client("achievements:write")
    content = json.loads(registry("import", "template", "achievement").stdout) | {"awardingBodies": ["lund", "twente"]}
    file = office.consortium.folder / "joint.json"
    file.write_text(json.dumps(content))
    joint = registry("achievement", "publish", file, home=office.lund).stdout.split()[1].rstrip(",")
    reading = f"/v1/achievements/lund/{joint}"
    until(lambda: office.anybody().get(reading).status_code == 200)
    body = {"member": "lund", "achievement": joint, "version": 1}
    joined = system.post("/v1/achievements/joint", json=body, headers=once("j1"))
    assert (joined.status_code, joined.headers["location"]) == (201, reading)
    shown = office.anybody().get(reading, headers=waiting(joined)).json()
    assert "confirmed" in json.dumps(shown)
    problem(system.post("/v1/achievements/joint", json=body, headers=once("j2")), 409, "refused")
    alone = body | {"achievement": office.achievement}
    found = problem(system.post("/v1/achievements/joint", json=alone, headers=once("j3")), 422, "unprocessable")
    assert "not twente" in found["errors"][0]["detail"]
    problem(system.post("/v1/achievements/joint", json=body | {"version": 2}, headers=once("j4")), 404, "not-found")


def test_reading_is_not_writing(office):
    assert office.anybody().options("/v1/agreements").headers["allow"] == "GET, OPTIONS, POST"
    reader = office.client("recognition:read")
    problem(reader.post("/v1/assessments", json=statement(office), headers=once("x")), 403, "scope-missing")
    body = draft(office) | DATES
    assert reader.post("/v1/agreements/simulate", json=body).status_code == 200
