"""What readers ask: the catalogue with facets, precedents, a university's credentials, its feed."""

import json
import threading

import httpx
import pytest
from cloudevents.v1.http import from_dict

from tests.support.command import until
from tests.support.served import achievement, once, problem, row


@pytest.fixture(scope="module")
def system(reading):
    return reading.client()


@pytest.fixture(scope="module")
def credential(system):
    made = system.post("/v1/achievements", json=achievement(), headers=once("theirs"))
    issued = system.post("/v1/credentials", json=row(made.json()["achievement"], "theirs"), headers=once("theirs 2"))
    return issued.json()["credential"], made.json()["achievement"]


@pytest.fixture(scope="module")
def before(system):
    """Where the feed ended before these tests."""
    return system.get("/v1/feed", params={"limit": 500}).json()["next"]


@pytest.fixture(scope="module")
def decision(before, decide, system, credential):
    assert before >= 0  # asked before anything is decided
    until(lambda: system.get(f"/v1/credentials/twente/{credential[0]}").status_code == 200)
    return decide(credential[0])


def test_the_feed_says_what_another_member_decided_and_the_cloudevents_sdk_reads_it(
    system, before, credential, decision
):
    until(lambda: system.get("/v1/feed", params={"after": before}).json()["items"])
    page = system.get("/v1/feed", params={"after": before}).json()
    [told] = page["items"]
    event = from_dict(told)
    assert event["type"] == "registry.feed.credential.recognised.v1"
    assert (event["subject"], event.data["decision"]) == (credential[0], decision)
    assert event["source"].endswith("/twente/feed")
    assert page["next"] == int(told["id"])
    assert system.get("/v1/feed", params={"after": page["next"]}).json() == {"items": [], "next": page["next"]}


def test_a_place_that_the_feed_has_not_come_to_is_refused_and_the_newest_event_told(system, decision):
    assert decision
    until(lambda: system.get("/v1/feed").json()["items"])
    newest = system.get("/v1/feed", params={"limit": 500}).json()["next"]
    for path, asked, where in (
        ("/v1/feed", {"params": {"after": newest + 1}}, "query after"),
        ("/v1/feed/stream", {"params": {"after": newest + 1}}, "query after"),
        ("/v1/feed/stream", {"headers": {"Last-Event-ID": str(newest + 1)}}, "header Last-Event-ID"),
    ):
        [told] = problem(system.get(path, **asked), 422, "unprocessable")["errors"]
        assert told["where"] == where
        assert f"the newest event here is {newest};" in told["detail"]
    with system.stream("GET", "/v1/feed/stream", params={"after": newest}) as answer:
        assert answer.status_code == 200


def test_the_stream_gives_what_is_there_and_what_comes_and_goes_on_after_the_last_id(
    reading, system, before, credential, decision, decide
):
    seen = []

    def listen():
        with (
            httpx.Client(base_url=reading.url, headers=system.headers, timeout=20) as client,
            client.stream("GET", "/v1/feed/stream", params={"after": before}) as answer,
        ):
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert "content-encoding" not in answer.headers
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    seen.append(json.loads(line.removeprefix("data:")))
                    if len(seen) == 2:
                        return

    listening = threading.Thread(target=listen)
    listening.start()
    until(lambda: len(seen) == 1)
    later = decide(credential[0])
    listening.join(20)
    assert [event["data"]["decision"] for event in seen] == [decision, later]
    with system.stream("GET", "/v1/feed/stream", headers={"Last-Event-ID": seen[0]["id"]}) as answer:
        first = json.loads(next(line[5:] for line in answer.iter_lines() if line.startswith("data:")))
    assert first["id"] == seen[1]["id"]
    problem(system.get("/v1/feed/stream", headers={"Last-Event-ID": "x"}), 422, "unprocessable")


def test_precedents_are_found_and_counted(system, credential, decision):
    about = {"member": "twente", "achievement": credential[1]}
    found = system.get("/v1/precedents", params=about).json()
    assert decision in [one["id"] for one in found["items"]]
    assert found["counts"]["outcomes"] == {"full": found["counts"]["total"]}
    refused = system.get("/v1/precedents", params=about | {"outcome": "refused"}).json()
    assert refused["items"] == []
    wrong = system.get("/v1/precedents", params={"outcome": "maybe"})
    assert problem(wrong, 422, "unprocessable")["errors"][0]["where"] == "query outcome"
    problem(system.get("/v1/precedents", params={"cursor": "AAAA"}), 422, "unprocessable")
    problem(system.get("/v1/precedents", params={"text": "'; DROP TABLE decisions; --", "limit": 0}), 400, "invalid")
    assert system.get("/v1/precedents", params={"text": "'; DROP TABLE decisions; --"}).status_code == 200
    listed = system.get("/v1/decisions/lund", params={"limit": 1}).json()
    rest = system.get("/v1/decisions/lund", params={"cursor": listed["next"]}).json()
    assert decision in [one["decision"] for one in listed["items"] + rest["items"]]


def test_the_catalogue_is_searched_narrowed_and_paged(reading, system):
    def offer(key, **more):
        answer = system.post("/v1/achievements", json=achievement() | more, headers=once(key))
        assert answer.status_code == 201, answer.text
        return answer

    offer("c1", title={"en": "Soil chemistry", "nl": "Bodemchemie"}, ects=3, workloadHours=84, eqfLevel=7)
    offer("c2", title={"en": "Soils of Europe"}, ects=10, workloadHours=280, fieldsOfEducation=["0532"])
    last = offer("c3", title={"en": "Painting"}, fieldsOfEducation=["0213"])
    waiting = {"Registry-Wait-For": last.headers["registry-position"]}
    anybody = reading.anybody()
    found = anybody.get("/v1/catalogue", params={"text": "soil", "language": "en"}, headers=waiting)
    assert found.status_code == 200, (found.text, reading.said[-3000:])
    found = found.json()
    assert {one["title"]["en"] for one in found["items"]} == {"Soil chemistry", "Soils of Europe"}
    assert (found["total"], found["facets"]["eqfLevel"], found["facets"]["ects"]) == (
        2,
        {"6": 1, "7": 1},
        {"10": 1, "3": 1},
    )
    accents = anybody.get("/v1/catalogue", params={"text": "bodemchemie"}).json()
    assert accents["total"] == 1
    narrowed = anybody.get("/v1/catalogue", params={"text": "soil", "minEcts": 5, "field": "05"}).json()
    assert [one["title"]["en"] for one in narrowed["items"]] == ["Soils of Europe"]
    everything, cursor = [], None
    while True:
        page = anybody.get("/v1/catalogue", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        everything += page["items"]
        if not (cursor := page["next"]):
            break
    assert len(everything) == page["total"] == len({one["achievement"] for one in everything})
    assert [one["title"]["en"].casefold() for one in everything] == sorted(
        one["title"]["en"].casefold() for one in everything
    )
    problem(anybody.get("/v1/catalogue", params={"kind": "course"}), 422, "unprocessable")
    problem(anybody.get("/v1/catalogue", params={"eqfLevel": 9}), 400, "invalid")
    retired = system.post(f"/v1/achievements/{last.json()['achievement']}/retire", headers=once("c4"))
    waiting = {"Registry-Wait-For": retired.headers["registry-position"]}
    assert anybody.get("/v1/catalogue", params={"text": "painting"}, headers=waiting).json()["total"] == 0
    assert anybody.get("/v1/catalogue", params={"text": "painting", "retired": True}).json()["total"] == 1


def test_a_universitys_credentials_are_listed_page_by_page_and_field_by_field(system):
    made = system.post("/v1/achievements", json=achievement(), headers=once("u"))
    for number in range(5):
        day = f"2026-0{number + 1}-01"
        issued = system.post(
            "/v1/credentials",
            json=row(made.json()["achievement"], f"u{number}", awarding_date=day),
            headers=once(f"u{number}"),
        )
    waiting = {"Registry-Wait-For": issued.headers["registry-position"]}
    path, of = "/v1/universities/twente/credentials", {"achievement": made.json()["achievement"], "limit": 3}
    first = system.get(path, params=of, headers=waiting).json()
    second = system.get(path, params=of | {"cursor": first["next"]}).json()
    days = [one["awardingDate"] for one in first["items"] + second["items"]]
    assert days == [f"2026-0{number}-01" for number in (5, 4, 3, 2, 1)]
    assert second["next"] is None
    some = system.get(path, params=of | {"fields": "credential,status", "begin": "2026-05-01"}).json()
    assert some["items"] == [{"credential": issued.json()["credential"], "status": "active"}]
    assert "learner" not in json.dumps(first)
    problem(system.get(path, params=of | {"fields": "learner"}), 422, "unprocessable")
    problem(system.get(path, params={"cursor": "WzFd"}), 422, "unprocessable")
    assert system.get("/v1/agreements", params={"withMember": "lund"}).json()["items"] == []


def test_of_long_lists_only_the_fields_that_are_asked_for_are_given(system, credential, decision):
    _, achievement = credential
    agreement = {
        "with": "lund", "achievements": {"fieldsOfEducation": ["06"]}, "includeRevisions": True,
        "purpose": "creditTransfer", "outcome": "full", "ectsRatio": 1, "validFrom": "2026-09-01",
    }  # fmt: skip
    declared = system.post("/v1/agreements", json=agreement, headers=once("fields"))
    waiting = {"Registry-Wait-For": declared.headers["registry-position"]}
    for path, of, wanted in (
        ("/v1/catalogue", {"member": "twente", "limit": 500}, {"achievement": achievement, "ects": 5}),
        ("/v1/precedents", {"office": "lund"}, {"id": decision, "member": "lund"}),
        ("/v1/decisions/lund", {}, {"decision": decision, "state": "inForce"}),
        ("/v1/agreements", {"member": "twente"}, {"agreement": declared.json()["agreement"], "withMember": "lund"}),
    ):
        asked = of | {"fields": ",".join(wanted)}
        some = system.get(path, params=asked, headers=waiting).json()
        assert wanted in some["items"], path
        assert all(one.keys() == wanted.keys() for one in some["items"])
        every = system.get(path, params=of).json()
        assert some.keys() == every.keys()
        assert len(every["items"][0]) > len(wanted)
        told = problem(system.get(path, params=of | {"fields": "learner"}), 422, "unprocessable")["errors"]
        assert [one["where"] for one in told] == ["query fields"]
    # What others of this node's tests see of agreements is as it was before.
    agreement, day = declared.json()["agreement"], {"withdrawnFrom": "2026-09-01"}
    gone = system.post(f"/v1/agreements/{agreement}/withdraw", json=day, headers=once("fields gone"))
    waiting = {"Registry-Wait-For": gone.headers["registry-position"]}
    assert system.get(f"/v1/agreements/twente/{agreement}", headers=waiting).status_code == 200


def test_a_member_that_there_is_not_is_told_by_its_parameter_and_is_no_empty_list(system, credential):
    _, achievement = credential
    draft = {"achievement": achievement, "version": 1, "purpose": "stacking", "outcome": "full"}
    for path, parameters, names in (
        ("/v1/catalogue", {"member": "nosuch"}, ["member"]),
        ("/v1/catalogue", {"member": "twente", "recognisedBy": "nosuch"}, ["recognisedBy"]),
        ("/v1/agreements", {"member": "nosuch", "withMember": "neither"}, ["member", "withMember"]),
        ("/v1/precedents", {"member": "lund", "office": "nosuch"}, ["office"]),
        ("/v1/precedents/departures", {"member": "nosuch", **draft}, ["member"]),
        (f"/v1/achievements/twente/{achievement}/recognition", {"by": "nosuch"}, ["by"]),
    ):
        errors = problem(system.get(path, params=parameters), 422, "unprocessable")["errors"]
        assert [one["where"] for one in errors] == [f"query {name}" for name in names], path
    for path in ("/v1/universities/nosuch/credentials", "/v1/universities/nosuch/years/2026", "/v1/decisions/nosuch"):
        [told] = problem(system.get(path), 404, "not-found")["errors"]
        assert told["where"] == "path member"
    assert system.get("/v1/decisions/twente").json()["items"] == []
    path = f"/v1/achievements/twente/{achievement}/recognition"
    assert system.get(path, params={"by": "twente"}).json() == {"items": [], "next": None}
