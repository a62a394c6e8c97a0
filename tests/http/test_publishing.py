"""A university's systems publish: once each, whatever is sent again, and nothing for anybody else."""

import concurrent.futures
import gzip
import json
import re
import uuid

import pytest

from registry.application.status_notes import read_notes
from registry.node.node import open_node
from registry.values.persons import normalise_identifier
from tests.support.command import registry, until
from tests.support.served import achievement, once, problem, row

UNKNOWN = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
KINDS = {400: "invalid", 422: "unprocessable"}
ALL = (
    "credentials:write", "achievements:write", "learners:read", "university:read", "recognition:read",
    "recognition:write",
)  # fmt: skip


@pytest.fixture(scope="module")
def system(node):
    return node.client(*ALL)


def issue(system, offer, record, **more):
    answer = system.post("/v1/credentials", json=row(offer, record, **more), headers=once(f"issue {hash(record)}"))
    assert answer.status_code == 201, answer.text
    return answer


def test_what_was_written_is_read_by_waiting_for_its_position(node, system, offer):
    answer = issue(system, offer, "own-write", student="s-own")
    credential, waiting = answer.json(), {"Registry-Wait-For": answer.headers["registry-position"]}
    assert answer.headers["location"] == f"/v1/credentials/twente/{credential['credential']}"
    verified = node.anybody().get(answer.headers["location"], headers=waiting).json()
    assert (verified["status"], verified["achievement"]["title"]) == ("active", {"en": "Data literacy"})
    assert (verified["issuerWhenIssued"], verified["issuerNow"]) == ("active", "active")
    assert credential["learner"] not in json.dumps(verified)
    learner = system.get(f"/v1/learners/{credential['learner']}", headers=waiting).json()
    assert [one["credential"] for one in learner["credentials"]] == [credential["credential"]]
    year = system.get("/v1/universities/twente/years/2026", headers=waiting).json()
    assert year["member"] == "twente"


def test_a_request_sent_again_takes_effect_once_and_gets_the_same_answer(system, offer):
    first = issue(system, offer, "again")
    second = system.post("/v1/credentials", json=row(offer, "again"), headers=once(f"issue {hash('again')}"))
    assert (second.status_code, second.json()) == (201, first.json())
    by_record = system.post("/v1/credentials", json=row(offer, "again"), headers=once("another request"))
    assert (by_record.status_code, by_record.json()["unchanged"]) == (200, True)
    assert by_record.json()["credential"] == first.json()["credential"]
    other = system.post("/v1/credentials", json=row(offer, "again", grade="9"), headers=once(f"issue {hash('again')}"))
    problem(other, 422, "idempotency-key-reused")


def test_many_at_once_with_one_key_issue_one_credential(node, offer):
    client = node.client("credentials:write")

    def send(_):
        return client.post("/v1/credentials", json=row(offer, "crowd"), headers=once("crowd"))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(24)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.json()["credential"] for answer in answers if answer.status_code == 201}) == 1
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "in-progress")


def test_one_systems_key_for_a_request_is_not_anothers(node, offer):
    for name in ("one", "two"):
        answer = node.client("credentials:write").post(
            "/v1/credentials", json=row(offer, f"key-{name}"), headers=once("1")
        )
        assert answer.status_code == 201


def test_a_credential_is_suspended_reinstated_and_revoked_and_that_is_final(node, system, offer):
    path = f"/v1/credentials/{issue(system, offer, 'status').json()['credential']}"

    def change(to, key, reason=None):
        body = {"reason": reason} if reason else None
        return system.post(f"{path}/{to}", json=body, headers=once(key))

    assert change("suspend", "s1", "underReview").json()["status"] == "suspended"
    assert problem(change("suspend", "s2", "underReview"), 409, "refused")["code"] == "illegal-transition"
    assert change("reinstate", "s3").json()["status"] == "active"
    revoked = change("revoke", "s4", "issuedInError")
    assert revoked.json()["status"] == "revoked"
    assert problem(change("reinstate", "s5"), 409, "refused")["code"] == "illegal-transition"
    assert change("revoke", "s4", "issuedInError").json() == revoked.json()
    assert problem(change("revoke", "s6", "because"), 400, "invalid")
    verified = node.anybody().get(
        path.replace("credentials/", "credentials/twente/"),
        headers={"Registry-Wait-For": revoked.headers["registry-position"]},
    )
    assert verified.json()["status"] == "revoked"


def test_nobody_revokes_what_another_member_issued(system):
    problem(
        system.post(
            f"/v1/credentials/{UNKNOWN}/revoke",
            json={"reason": "issuedInError"}, headers=once("foreign"),
        ),
        404, "not-found",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("awarding_date", "30 June", "date"),
        ("date_of_birth", "2001-02-30", "date"),
        ("achievement", "0bbac7a9-a411-4809-ad9e-534f483b7a03", "achievement"),
        ("achievement", "data-literacy", "UUID"),
        ("ects", 6, "5"),
        ("ects", -1, "0"),
        ("version", 9, "version"),
        ("family_name", "-", "family_name"),
        ("student", "x" * 3000, "student"),
    ],
)
def test_what_is_wrong_with_a_credential_is_said_and_its_key_may_be_used_again(system, offer, field, value, says):
    answer = system.post("/v1/credentials", json=row(offer, "wrong") | {field: value}, headers=once(f"wrong {field}"))
    assert answer.status_code in (400, 404, 422), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert says in answer.text
    right = system.post("/v1/credentials", json=row(offer, f"right {field}"), headers=once(f"wrong {field}"))
    assert right.status_code in (200, 201), right.text


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/achievements", {"identityVerified": 0}, "$.identityVerified"),
        ("/v1/achievements", {"ects": "5"}, "$.ects"),
        ("/v1/credentials", {"ects": "5"}, "$.ects"),
        ("/v1/credentials", {"version": True}, "$.version"),
        (f"/v1/credentials/{UNKNOWN}/revoke", {"reason": 5}, "$.reason"),
        ("/v1/course-codes", {"items": [{"code": 101, "achievement": None}]}, "$.items[0].code"),
    ],
)
def test_a_number_is_no_text_and_nought_is_not_no(system, offer, path, body, where):
    whole = {"/v1/achievements": achievement(), "/v1/credentials": row(offer, "lenient")}.get(path, {})
    method = system.put if "course-codes" in path else system.post
    answer = method(path, json=whole | body, headers=once(f"lenient {path} {where}"))
    assert answer.status_code in (400, 422)
    assert [one["where"] for one in problem(answer, answer.status_code, KINDS[answer.status_code])["errors"]] == [where]


@pytest.mark.parametrize(
    "text",
    [
        "x'; DROP TABLE vault.learners; --",
        "<script>alert(1)</script>",
        "\u00c5\u202etxt",
        "{{a*7}}",
        "%s%n",
    ],
)
def test_hostile_texts_are_only_texts(system, offer, text):
    answer = issue(system, offer, text, student=text, family_name=text, given_name=text, keep_text=True)
    assert answer.json()["record"] == normalise_identifier(text)


def test_what_a_spreadsheet_would_run_is_refused_where_it_would_be_shown(system, offer):
    answer = system.post("/v1/credentials", json=row(offer, '=HYPERLINK("http://x")'), headers=once("formula"))
    assert "formula" in problem(answer, 422, "unprocessable")["errors"][0]["detail"]


def test_nul_and_lone_surrogates_are_refused(system, offer):
    for body in (b'{"record": "a\\u0000b"', b'{"record": "a\\ud800b"'):
        sent = json.dumps(row(offer)).encode().replace(b'{"record": "r1"', body)
        answer = system.post(
            "/v1/credentials", content=sent, headers={"Content-Type": "application/json", **once("nul")}
        )
        assert answer.status_code in (400, 422), answer.text


def test_an_achievement_is_published_revised_and_retired(node, system):
    made = system.post("/v1/achievements", json=achievement(), headers=once("a1"))
    path = f"/v1/achievements/{made.json()['achievement']}"
    revised = system.post(
        f"{path}/versions", json=achievement() | {"ects": 6, "workloadHours": 168}, headers=once("a2")
    )
    assert revised.json()["version"] == 2
    problem(system.post(f"{path}/versions", json=achievement() | {"version": 2}, headers=once("a3")), 409, "refused")
    retired = system.post(f"{path}/retire", headers=once("a4"))
    assert retired.json()["retired"] is True
    shown = node.anybody().get(
        made.headers["location"], headers={"Registry-Wait-For": retired.headers["registry-position"]}
    )
    assert [one["ects"] for one in shown.json()] == [5, 6]
    late = system.post("/v1/credentials", json=row(made.json()["achievement"], "late"), headers=once("a5"))
    assert "retired" in late.text
    assert late.status_code in (409, 422)


@pytest.mark.parametrize(
    ("path", "where"),
    [
        ("/v1/universities/twente/years/2026?firstmonth=9", "query firstmonth"),
        ("/v1/catalogue?eqflevel=6", "query eqflevel"),
        ("/v1/catalogue?text=data&text=ethics", "query text"),
        ("/v1/members?page=2", "query page"),
    ],
)
def test_a_parameter_that_is_not_there_is_a_misspelt_one(system, path, where):
    assert [one["where"] for one in problem(system.get(path), 400, "invalid")["errors"]] == [where]


def test_a_cursor_leads_on_in_its_own_list_alone(system, offer):
    for number in range(3):
        issue(system, offer, f"paged {number}", awarding_date="2025-06-30")
    of_day = {"begin": "2025-06-30", "end": "2025-06-30", "limit": 1}
    until(lambda: system.get("/v1/universities/twente/credentials", params=of_day).json()["next"])
    cursor = system.get("/v1/universities/twente/credentials", params=of_day).json()["next"]
    on = system.get("/v1/universities/twente/credentials", params=of_day | {"cursor": cursor})
    assert on.status_code == 200
    for path, more in (
        ("/v1/universities/twente/credentials", {"end": "2025-07-01"}),
        ("/v1/universities/twente/credentials", {"status": "revoked"}),
        ("/v1/universities/lund/credentials", {}),
    ):
        problem(system.get(path, params=of_day | {"cursor": cursor} | more), 422, "unprocessable")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "$"),
        (b" ", "$"),
        (b'{"reason": "issuedInError", "why": "x"}', "$"),
        (b'{"reason": "issued\\u0000InError"}', "$.reason"),
    ],
)
def test_a_body_is_what_it_should_be_or_is_told_where_it_is_not(system, body, where):
    answer = system.post(f"/v1/credentials/{UNKNOWN}/revoke", content=body, headers=once(f"body {body!r}"))
    assert [one["where"] for one in problem(answer, 400, "invalid")["errors"]] == [where]


def test_a_body_that_says_it_is_no_json_is_not_read_as_if_it_were(system, offer):
    def send(kind, key):
        body = json.dumps(row(offer, f"kind-{key}"))
        return system.post("/v1/credentials", content=body, headers={**kind, **once(f"kind {key}")})

    for kind in ("text/csv", "application/x-www-form-urlencoded", "application/jsonp; charset=utf-8"):
        told = problem(send({"Content-Type": kind}, "other"), 415, "unsupported-media-type")
        assert "application/json" in told["detail"]
        assert kind.partition(";")[0] in told["detail"]
    taken = [{}, {"Content-Type": "Application/JSON; charset=utf-8"}, {"Content-Type": "application/ld+json"}]
    assert [send(kind, number).status_code for number, kind in enumerate(taken)] == [201, 201, 201]


def writes(node):
    """Every operation that writes, with made-up ids in its path."""
    for path, operations in node.anybody().get("/openapi.json").json()["paths"].items():
        for method in operations.keys() & {"post", "put", "patch", "delete"}:
            yield method, re.sub(r"\{member\}", "twente", path), operations[method]


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match", "If-Unmodified-Since"])
def test_no_write_is_done_in_spite_of_a_condition_that_it_does_not_evaluate(node, system, offer, name):
    client, tried = node.client(), 0
    for method, path, _ in writes(node):
        answer = client.request(
            method, re.sub(r"\{\w+\}", UNKNOWN, path), headers={name: '"x"', **once(f"condition {name}")}
        )
        [trouble] = problem(answer, 400, "invalid")["errors"]
        assert trouble["where"] == f"header {name}", path
        assert "is not supported, and nothing was done" in trouble["detail"]
        tried += 1
    assert tried > 30
    made = issue(system, offer, f"condition-{name}").json()
    path = f"/v1/credentials/{made['credential']}/revoke"
    reason = {"reason": "issuedInError"}
    problem(system.post(path, json=reason, headers={name: '"x"', **once(f"revoke {name}")}), 400, "invalid")
    assert system.post(path, json=reason, headers=once(f"revoke {name}")).json()["status"] == "revoked"


@pytest.mark.parametrize("encoding", ["gzip", "br, gzip", "GZIP", "unknown"])
def test_a_body_that_is_compressed_or_said_to_be_is_not_taken(system, offer, encoding):
    body = json.dumps(row(offer, f"encoding-{encoding}")).encode()
    for content in (body, gzip.compress(body)):
        headers = {"Content-Encoding": encoding, "Content-Type": "application/json", **once(f"encoding {encoding}")}
        answer = system.post("/v1/credentials", content=content, headers=headers)
        told = problem(answer, 415, "unsupported-media-type")["detail"]
        assert "send the body uncompressed" in told
        assert encoding in told
        assert answer.headers["accept-encoding"] == "identity"


def test_a_body_that_says_that_it_is_as_it_was_made_is_taken(system, offer):
    headers = {"Content-Encoding": "identity", **once("encoding identity")}
    assert system.post("/v1/credentials", json=row(offer, "identity"), headers=headers).status_code == 201


def test_nothing_is_published_with_a_null_in_its_text_and_no_agreement_is_with_nobody(system):
    null = system.post("/v1/achievements", json=achievement() | {"title": {"en": "a\0b"}}, headers=once("null"))
    assert problem(null, 422, "unprocessable")["errors"][0]["where"] == "$.title.en"
    agreement = {
        "with": "lund", "achievements": {"fieldsOfEducation": ["06"]}, "includeRevisions": True,
        "purpose": "creditTransfer", "outcome": "full", "ectsRatio": 1,
        "validFrom": "2026-09-01",
    }  # fmt: skip
    [told] = problem(system.post("/v1/agreements", json=agreement, headers=once("lund")), 422, "unprocessable")[
        "errors"
    ]
    assert (told["where"], told["detail"][:15]) == ("$.with", "is not a member")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"title": {"en": ""}}, "$.title.en"),
        ({"title": {"en": "Data", "nl": " \t"}}, "$.title.nl"),
        (
            {"learningOutcomes": [{"title": {"en": "Reads"}}, {"title": {"en": "\u00a0"}}]},
            "$.learningOutcomes[1].title.en",
        ),
        ({"qualityAssurance": [{"type": "internal", "agency": ""}]}, "$.qualityAssurance[0].agency"),
        ({"description": {"en": ""}}, "$.description.en"),
    ],
)
def test_no_text_of_what_is_offered_is_blank(system, change, where):
    blank = system.post("/v1/achievements", json=achievement() | change, headers=once(f"blank {where}"))
    [trouble] = problem(blank, 422, "unprocessable")["errors"]
    assert trouble["where"] == where
    assert "is empty; write it" in trouble["detail"]
    made = system.post("/v1/achievements", json=achievement(), headers=once(f"blank {where} not")).json()
    path = f"/v1/achievements/{made['achievement']}/versions"
    revised = system.post(path, json=achievement() | change, headers=once(f"blank {where} later"))
    assert problem(revised, 422, "unprocessable")["errors"][0]["where"] == where


def test_what_annex_i_wants_is_asked_for(system):
    body = achievement()
    del body["learningOutcomes"]
    answer = system.post("/v1/achievements", json=body, headers=once("annex"))
    assert answer.status_code in (400, 422)
    assert "learningOutcomes" in answer.text
    wrong = system.post("/v1/achievements", json=achievement() | {"ects": "five"}, headers=once("annex"))
    assert "ects" in problem(wrong, 400, "invalid")["errors"][0]["where"]


def test_waiting_for_what_never_comes_ends_and_says_so(node):
    asked = {"Registry-Wait-For": "twente:999999999,governance:1,nobody:7"}
    waiting = node.anybody().get("/v1/members", headers=asked)
    detail = problem(waiting, 412, "not-there-yet")["detail"]
    assert re.fullmatch(r"twente: at [0-9]+, 999999999 asked for; nobody: at 0, 7 asked for", detail), detail
    assert waiting.headers["retry-after"]
    wrong = node.anybody().get("/v1/members", headers={"Registry-Wait-For": "tomorrow"})
    assert "Registry-Wait-For" in str(problem(wrong, 422, "unprocessable")["errors"])


def test_all_that_came_over_http_is_what_an_auditor_finds(node, system, offer):
    answer = issue(system, offer, "audited")
    node.anybody().get("/v1/members", headers={"Registry-Wait-For": answer.headers["registry-position"]})
    assert "Verified up to" in registry("audit", home=node.home).stdout


def test_all_that_is_wrong_with_an_achievement_is_listed_at_once(system):
    wrong = {"creditBearing": False, "language": ["english"], "fieldsOfEducation": ["533", "99"]}
    for path, said in (
        (wrong, {"$.ects", "$.language[0]", "$.fieldsOfEducation[0]", "$.fieldsOfEducation[1]"}),
        ({"kind": "course", "language": "en", "ects": "5"}, {"$.kind", "$.language", "$.ects"}),
        ({"learningOutcomes": [{"title": {"en": "x"}, "escoSkils": []}]}, {"$.learningOutcomes[0]"}),
    ):
        for query in ({}, {"dryRun": "true"}):
            refused = system.post(
                "/v1/achievements", json=achievement() | path, headers=once(f"faulty {uuid.uuid4()}"), params=query
            )
            assert refused.status_code in (400, 422)
            assert {error["where"] for error in refused.json()["errors"]} == said


def test_a_dry_run_of_an_achievement_publishes_nothing(system):
    offer = achievement() | {"title": {"en": "Only checked"}}
    key = once("only checked")
    checked = system.post("/v1/achievements", json=offer, headers=key, params={"dryRun": "true"})
    assert (checked.status_code, checked.json()["dryRun"]) == (200, True)
    made = system.post("/v1/achievements", json=offer, headers=key)
    assert (made.status_code, made.json()["dryRun"]) == (201, False)
    path = f"/v1/achievements/{made.json()['achievement']}/versions"
    checked = system.post(path, json=offer, headers=key, params={"dryRun": "true"})
    assert (checked.status_code, checked.json()["version"]) == (200, 2)
    again = system.post(path, json=offer | {"version": 7}, headers=once(f"faulty {uuid.uuid4()}"))
    assert "the next version is 2, not 7" in again.json()["detail"]


def test_a_spoilt_text_is_refused_over_http_and_a_doubtful_one_unless_it_is_meant(system):
    kept = {"keepText": "true"}
    cases = (("Data \ufffd", (422, 422)), ("BiologÃ\xada", (422, 200)), ("tbd", (422, 200)), ("\u200b", (422, 422)))
    for text, statuses in cases:
        offer = achievement() | {"title": {"en": text}}
        for query, status in zip(({}, kept), statuses, strict=True):
            answer = system.post(
                "/v1/achievements", json=offer, headers=once("checked"), params=query | {"dryRun": "true"}
            )
            assert answer.status_code == status, (text, query)
            if status == 422:
                assert [error["where"] for error in answer.json()["errors"]] == ["$.title.en"]
    offer = achievement() | {"title": {"en": "BiologÃ\xada"}}
    made = system.post("/v1/achievements", json=offer, headers=once("kept"), params=kept)
    assert made.status_code == 201
    path = f"/v1/achievements/{made.json()['achievement']}/versions"
    assert system.post(path, json=offer, headers=once("kept 2")).status_code == 422
    assert system.post(path, json=offer, headers=once("kept 3"), params=kept).status_code == 201


def test_what_is_doubtful_in_an_achievement_is_noted(system):
    offer = achievement() | {"title": {"en": "Hard\u200b work"}, "workloadHours": 1400}
    for query in ({"dryRun": "true"}, {}):
        notes = system.post("/v1/achievements", json=offer, headers=once("hard work"), params=query).json()["notes"]
        assert [note.split()[0] for note in notes] == ["$.title.en", "$.workloadHours"]


def test_a_credential_that_replaces_one_of_another_achievement_is_noted(system, offer):
    first = issue(system, offer, "replaced before", student="s-one").json()
    assert first["notes"] == []
    offered = system.post("/v1/achievements", json=achievement() | {"title": {"en": "Soil"}}, headers=once("soil"))
    other = offered.json()["achievement"]
    second = issue(system, other, "replaced after", student="s-one", replaces=first["credential"])
    [note] = second.json()["notes"]
    assert f"replaces credential {first['credential']} of another achievement" in note
    assert offer in note.partition(", now ")[0]
    assert f"'Soil' (achievement {other}, version 1)" in note.partition(", now ")[2]
    third = issue(system, other, "replaced again", student="s-one", replaces=second.json()["credential"])
    assert third.json()["notes"] == []


def test_a_note_beside_a_reason_is_kept_privately_and_bounded(node, system, offer):
    credential = issue(system, offer, "noted", student="s-noted").json()["credential"]
    path = f"/v1/credentials/{credential}/suspend"
    long = system.post(path, json={"reason": "withheld", "note": "x" * 2001}, headers=once("long note"))
    assert long.status_code == 400
    bad = system.post(path, json={"reason": "withheld", "note": "x\u0007"}, headers=once("bad note"))
    assert problem(bad, 422, "unprocessable")["errors"][0]["where"] == "$.note"
    done = system.post(path, json={"reason": "withheld", "note": "Our own words"}, headers=once("note"))
    assert done.status_code == 200
    with open_node(node.home) as served:
        [note] = read_notes(served.registry.vault, served.registry.cursor(), credential)
    assert (note.change, note.note) == ("suspend", "Our own words")
