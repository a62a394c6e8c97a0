"""The recognition office over HTTP: its people by their keys, and what they may not do."""

import concurrent.futures
import itertools
import json
import uuid

import pytest

from tests.support.served import once, problem, row

PERSON = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03"}
STATISTICS = {"external": {"issuerName": "Oslo Met", "country": "NO", "title": "Statistics"}}
FULL = {"from": [0], "outcome": "full", "mode": "recognised", "gradeTransfer": "none", "ects": 5}
PLAIN = {name: value for name, value in FULL.items() if name != "ects"}
"""Of what nobody stated the credits."""


@pytest.fixture(scope="module")
def people(node):
    """An assessor and two who approve, each with a key of their own."""
    return [node.client("cases:read", "cases:write", *more) for more in ([], ["cases:approve"], ["cases:approve"])]


@pytest.fixture(scope="module")
def credential(node, offer):
    """One that the node's own university issued: an office may decide about those as well."""
    return issue(node, offer, "case")


@pytest.fixture
def undecided_credential(node, offer):
    """A credential that no case has decided about."""
    return issue(node, offer, f"case {uuid.uuid4()}")


def issue(node, offer, record):
    """Issue a credential, and return its id when the node has read it."""
    issued = node.client("credentials:write").post("/v1/credentials", json=row(offer, record), headers=once(record))
    waiting = {"Registry-Wait-For": issued.headers["registry-position"]}
    credential = issued.json()["credential"]
    assert node.anybody().get(f"/v1/credentials/twente/{credential}", headers=waiting).status_code == 200
    return credential


NUMBERS = itertools.count()


def opened(client, *subjects, **more):
    body = {"applicant": PERSON, "subjects": list(subjects) or [STATISTICS], "purpose": "creditTransfer"} | more
    answer = client.post("/v1/cases", json=body, headers=once(f"open {hash(json.dumps(body))} {next(NUMBERS)}"))
    assert answer.status_code == 201, answer.text
    return answer.json()["case"]


def move(client, case, name, key=None, **body):
    return client.post(f"/v1/cases/{case}/{name}", json=body, headers=once(key or f"{case} {name}"))


def approving(client, case):
    """The body of an approval of the proposal that this client reads in the case."""
    return {"proposalId": client.get(f"/v1/cases/{case}").json()["waiting"]["proposalId"]}


def done(client, case, name, key=None, **body):
    if name == "approve":
        body |= approving(client, case)
    answer = move(client, case, name, key, **body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def proposed(client, *subjects, grant=None):
    case = opened(client, *subjects)
    done(client, case, "complete")
    done(client, case, "propose", grants=[grant or (FULL if subjects else PLAIN)])
    return case


def test_a_case_goes_from_an_application_to_a_published_decision_by_two_people(node, people, credential):
    assessor, approver, _ = people
    about = {"credential": {"member": "twente", "credential": credential}}
    partial = FULL | {
        "outcome": "partial", "ects": 3, "grounds": [{"aspect": "workload", "difference": "substantiallyLess"}]
    }  # fmt: skip
    case = proposed(assessor, about, grant=partial)
    refused = problem(move(node.client("cases:approve"), case, "decide"), 409, "refused")
    assert refused["code"] == "illegal-transition"
    done(approver, case, "approve")
    answer = move(approver, case, "decide")
    decision = answer.json()["decision"]
    shown = assessor.get(f"/v1/cases/{case}").json()
    assert (shown["case"]["state"], shown["applicant"]["familyName"]) == ("decided", "Jansen")
    assert shown["case"]["assessor"] != shown["case"]["approver"]
    assert shown["subjects"][0]["atDecision"]["status"] == "active"
    read = node.client("recognition:read").get(
        f"/v1/decisions/twente/{decision}", headers={"Registry-Wait-For": answer.headers["registry-position"]}
    )
    assert read.json()["content"]["grants"][0]["outcome"] == "partial"
    assert read.json()["content"]["basis"][0]["credential"]["credential"] == credential


def test_what_is_recorded_about_a_country_is_shown_with_its_sources_and_nothing_where_nothing_is(node, people):
    assessor = people[0]
    known = assessor.get("/v1/countries/NL/note").json()
    assert known["deadlineMonths"] == 4
    assert all(one["source"] and one["date"] for one in known["statements"])
    unknown = assessor.get("/v1/countries/AQ/note").json()
    assert (unknown["summary"], unknown["statements"]) == ("Nothing is recorded about this country.", [])
    assert unknown["deadlineMonths"] is None
    problem(assessor.get("/v1/countries/XX/note"), 422, "unprocessable")
    problem(assessor.get("/v1/countries/nl/note"), 400, "invalid")
    problem(node.anybody().get("/v1/countries/NL/note"), 401, "unauthenticated")


def test_what_an_assessment_says_of_a_members_credential_is_what_the_log_says(people, credential):
    assessor = people[0]
    case = opened(assessor, {"credential": {"member": "twente", "credential": credential}})
    done(assessor, case, "complete")
    draft = assessor.get(f"/v1/cases/{case}/draft").json()
    draft["assessed"][0]["offered"]["ects"] = 500
    grant = FULL | {"outcome": "partial", "ects": 300, "grounds": [{"aspect": "level", "difference": "lowerLevel"}]}
    draft["assessed"][0]["elements"][0]["named"] = ["lowerLevel"]
    done(assessor, case, "assess", assessment=draft | {"proposed": [{"grant": grant}]})
    refused = problem(move(assessor, case, "propose", key=f"{case} too much"), 409, "refused")
    assert "the original" in refused["detail"], refused["detail"]
    misspelt = move(assessor, case, "assess", key=f"{case} misspelt", assessment=draft | {"propsed": []})
    problem(misspelt, 422, "unprocessable")


@pytest.mark.parametrize("day", ["2026-02-30", "199", "yesterday", "2999-01-01"])
def test_a_date_of_birth_is_a_day_a_month_or_a_year_that_was(people, credential, day):
    subject = {"credential": {"member": "twente", "credential": credential}}
    body = {"applicant": PERSON | {"dateOfBirth": day}, "subjects": [subject], "purpose": "creditTransfer"}
    answer = people[0].post("/v1/cases", json=body, headers=once(f"born {day}"))
    assert problem(answer, 422, "unprocessable")["errors"][0]["where"] == "$.applicant.dateOfBirth"


def test_an_assessment_is_begun_from_what_is_known_and_an_appeal_ends_in_an_amended_decision(
    node, people, undecided_credential
):
    assessor, approver, _ = people
    case = opened(assessor, {"credential": {"member": "twente", "credential": undecided_credential}})
    done(assessor, case, "complete")
    draft = assessor.get(f"/v1/cases/{case}/draft").json()
    assert draft["assessed"][0]["offered"]["ects"] == 5
    incomplete = draft | {"proposed": [{"grant": FULL | {"ects": 4}}]}
    done(assessor, case, "assess", assessment=incomplete)
    objection = problem(move(assessor, case, "propose", key=f"{case} first"), 409, "refused")
    assert (objection["code"], "fullWithLess" in objection["detail"]) == ("assessment-objections", True)
    half = move(assessor, case, "assess", key=f"{case} half", assessment=draft | {"assessed": [{"offered": {}}]})
    assert problem(half, 422, "unprocessable")["errors"][0]["where"].startswith("$.assessed[0]")
    done(assessor, case, "propose", key=f"{case} second", grants=[FULL])
    done(approver, case, "approve")
    first = done(approver, case, "decide")
    assert first["appealUntil"]
    problem(move(assessor, case, "close"), 409, "refused")
    done(assessor, case, "appeal", note="It was five.")
    done(assessor, case, "propose", key=f"{case} third", grants=[FULL])
    done(approver, case, "approve", key=f"{case} again")
    answer = move(approver, case, "amend")
    read = node.client("recognition:read").get(
        f"/v1/decisions/twente/{first['decision']}",
        headers={"Registry-Wait-For": answer.headers["registry-position"]},
    ).json()  # fmt: skip
    assert (read["state"], read["supersededBy"]) == ("superseded", answer.json()["decision"])
    noted = done(people[2], case, "withdraw", key=f"{case} first", reason="decidedInError")
    assert (noted["state"], noted["decision"]) == ("decided", None)
    withdrawn = done(approver, case, "withdraw", reason="decidedInError")
    assert (withdrawn["state"], withdrawn["decision"]) == ("withdrawn", answer.json()["decision"])
    assert done(assessor, case, "close", key=f"{case} end")["state"] == "closed"


def test_a_second_decision_about_a_credential_of_the_same_applicant_takes_an_override(people, undecided_credential):
    assessor, approver, _ = people
    subject = {"credential": {"member": "twente", "credential": undecided_credential}}
    before = proposed(assessor, subject)
    done(approver, before, "approve")
    done(approver, before, "decide")
    number = assessor.get(f"/v1/cases/{before}").json()["case"]["fileNumber"]
    case = opened(assessor, subject)
    done(assessor, case, "complete")
    stopped = problem(move(assessor, case, "propose", grants=[FULL]), 409, "refused")
    assert (stopped["code"], f"case {number} decided about it" in stopped["detail"]) == ("stopped", True)
    done(assessor, case, "propose", key=f"{case} override", grants=[FULL], override="It is about another programme.")
    assert problem(move(approver, case, "approve", **approving(approver, case)), 409, "refused")["code"] == "stopped"
    assert done(approver, case, "approve", key=f"{case} accepted", acceptOverride=True)["state"] == "approved"


def test_who_proposes_does_not_approve_whatever_their_key_lets_them_do(people):
    _, approver, other = people
    case = proposed(approver)
    problem(move(approver, case, "approve", **approving(approver, case)), 403, "second-person")
    assert done(other, case, "approve")["state"] == "approved"


def test_an_approval_names_the_proposal_that_was_read_and_approves_no_other(people):
    assessor, approver, other = people
    case = opened(assessor)
    done(assessor, case, "complete")
    partial = PLAIN | {"outcome": "partial", "grounds": [{"aspect": "level", "difference": "levelNotEstablished"}],
                       "mode": "credited", "ects": 3}  # fmt: skip
    first = done(assessor, case, "propose", grants=[partial])["proposalId"]
    done(other, case, "return")
    second = done(assessor, case, "propose", key=f"{case} 2", grants=[FULL], override="My cousin.")["proposalId"]
    assert move(approver, case, "approve", key=f"{case} unnamed").status_code == 400
    body = {"proposalId": first, "acceptOverride": True}
    changed = problem(move(approver, case, "approve", key=f"{case} first", **body), 409, "refused")
    assert (changed["code"], second in changed["detail"]) == ("proposal-changed", True)
    waiting = assessor.get(f"/v1/cases/{case}").json()["waiting"]
    assert (waiting["proposalId"], waiting["grants"][0]["ects"]) == (second, 5)
    assert any("credits are granted" in note for note in waiting["notes"])


def test_each_thing_that_stops_a_proposal_is_named_by_itself(people):
    case = opened(people[0])
    done(people[0], case, "complete")
    stopped = problem(move(people[0], case, "propose", grants=[FULL | {"eqfLevel": 8}]), 409, "refused")
    told = [one["detail"] for one in stopped["errors"]]
    assert (len(told), "credits are granted" in told[0], "EQF level 8 is granted" in told[1]) == (2, True, True)


def test_an_enquiry_in_a_case_of_several_credentials_names_one(people):
    physics = {"external": {"issuerName": "Bergen", "country": "NO", "title": "Physics"}}
    case = opened(people[0], STATISTICS, physics)
    problem(move(people[0], case, "enquire"), 422, "unprocessable")
    asked = done(people[0], case, "enquire", key=f"{case} second", subject=1)["asked"]
    assert asked == "Bergen about credential 1 (Physics)"


def test_of_many_who_approve_at_once_one_wins_and_the_others_are_told(node, people):
    case = proposed(people[0])
    body = approving(people[0], case)
    approvers = [node.client("cases:approve") for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda client: move(client, case, "approve", **body), approvers))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    for answer in answers:
        if answer.status_code == 409:
            assert answer.json()["code"] in ("illegal-transition", "case-changed")


def test_a_move_that_is_sent_again_is_made_once_and_answered_alike(people):
    case = opened(people[0])
    first = move(people[0], case, "complete", key="once more")
    again = move(people[0], case, "complete", key="once more")
    assert (again.status_code, again.json()) == (200, first.json())
    assert len(people[0].get(f"/v1/cases/{case}").json()["history"]) == 2
    assert problem(move(people[0], case, "complete", key="another"), 409, "refused")["code"] == "illegal-transition"


@pytest.mark.parametrize(
    ("scope", "method", "path"),
    [
        ("cases:read", "GET", "/v1/cases"),
        ("cases:write", "POST", "/v1/cases"),
        ("cases:approve", "POST", "/v1/cases/0bbac7a9-a411-4809-ad9e-534f483b7a03/approve"),
        ("cases:approve", "POST", "/v1/cases/0bbac7a9-a411-4809-ad9e-534f483b7a03/decide"),
        ("cases:write", "POST", "/v1/cases/0bbac7a9-a411-4809-ad9e-534f483b7a03/propose"),
        ("cases:read", "GET", "/v1/cases/0bbac7a9-a411-4809-ad9e-534f483b7a03"),
    ],
)
def test_every_scope_is_needed_and_is_enough(node, scope, method, path):
    others = [each for each in ("cases:read", "cases:write", "cases:approve", "recognition:read") if each != scope]
    body = {"json": {}, "headers": once(f"scope {path}")} if method == "POST" else {}
    problem(node.anybody().request(method, path, **body), 401, "unauthenticated")
    problem(node.client(*others).request(method, path, **body), 403, "scope-missing")
    assert node.client(scope).request(method, path, **body).status_code in (200, 400, 404)


def test_the_worklist_comes_in_pages_and_says_how_much_there_is(people):
    cases = {opened(people[0]) for _ in range(3)}
    seen, cursor = [], ""
    while cursor is not None:
        page = people[0].get("/v1/cases", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2}).json()
        seen += [one["case"] for one in page["items"]]
        cursor = page["next"]
    assert cases <= set(seen)
    assert len(seen) == len(set(seen)) == sum(page["counts"]["states"].values())
    number = people[0].get(f"/v1/cases/{seen[0]}").json()["case"]["fileNumber"]
    found = people[0].get("/v1/cases", params={"fileNumber": number}).json()["items"]
    assert [one["case"] for one in found] == [seen[0]]
    problem(people[0].get("/v1/cases", params={"cursor": "x"}), 422, "unprocessable")


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"applicant": {}}, 422, "familyName"),
        ({"applicant": {"learner": "0bbac7a9-a411-4809-ad9e-534f483b7a03"}}, 422, "no learner"),
        ({"applicant": PERSON | {"shoeSize": 44}}, 400, "shoeSize"),
        ({"subjects": []}, 400, "subjects"),
        ({"subjects": [{}]}, 422, "name one of"),
        ({"subjects": [{"credential": {"member": "twente", "credential": "x" * 36}}]}, 422, "UUID"),
        ({"subjects": [{"receipt": "no receipt"}]}, 422, ""),
        ({"subjects": [{"file": "[" * 2000}]}, 422, "not JSON"),
        ({"subjects": [{"external": {"issuerName": "a", "country": "Norway", "title": "b"}}]}, 400, "country"),
        ({"towards": [{"member": "twente"}]}, 422, "title"),
        ({"purpose": "fun"}, 400, "purpose"),
        ({"fileNumber": "a\u0000b"}, 400, "fileNumber"),
        ({"note": "x" * 20_001}, 400, "note"),
    ],
)
def test_what_is_wrong_with_an_application_is_said_with_its_place(people, change, status, says):
    body = {"applicant": PERSON, "subjects": [STATISTICS], "purpose": "admission"} | change
    answer = people[0].post("/v1/cases", json=body, headers=once(f"wrong {hash(json.dumps(body))}"))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert says in answer.text


def test_what_is_wrong_with_a_move_is_said_and_nothing_happens(people):
    case = opened(people[0])
    done(people[0], case, "complete")
    wrong = [
        ("propose", {"grants": []}, 409),
        ("propose", {"grants": [FULL | {"from": [4]}]}, 422),
        ("propose", {"grants": [FULL | {"outcome": "partial"}]}, 422),
        ("propose", {"grants": [FULL | {"ects": -1}]}, 400),
        ("complete", {"on": "2999-01-01"}, 422),
        ("request-documents", {"documents": ["identity"], "on": "2999-01-01"}, 422),
        ("request-documents", {"documents": ["passport"]}, 400),
        ("enquire", {"subject": 7}, 422),
        ("answer", {"enquiry": "0bbac7a9-a411-4809-ad9e-534f483b7a03", "answer": "authentic"}, 422),
        ("withdraw", {"reason": "onAppeal"}, 409),
    ]
    approver = people[1]
    for number, (name, body, status) in enumerate(wrong):
        answer = move(approver, case, name, key=f"wrong {case} {number}", **body)
        assert answer.status_code == status, (name, answer.text)
    assert len(people[0].get(f"/v1/cases/{case}").json()["history"]) == 2
    problem(move(approver, "0bbac7a9-a411-4809-ad9e-534f483b7a03", "complete"), 404, "not-found")


@pytest.mark.parametrize("text", ["'; DROP TABLE office.cases; --", '=HYPERLINK("http://x")', "<b>{{7*7}}</b>%s"])
def test_hostile_texts_are_only_texts(people, text):
    case = opened(people[0], applicant=dict.fromkeys(PERSON, text) | {"dateOfBirth": "1999-05"}, note=text)
    done(people[0], case, "complete")
    done(people[0], case, "enquire", note=text)
    shown = people[0].get(f"/v1/cases/{case}").json()
    assert shown["applicant"]["familyName"] == text
    assert {one["content"] for one in shown["written"] if one["kind"] != "applicant"} == {text}


def test_no_answer_that_is_kept_and_no_line_of_the_nodes_log_names_the_applicant(node, people):
    case = opened(people[0], applicant=PERSON | {"familyName": "Zwartkruis"}, note="Zwartkruis telephoned")
    assert "Zwartkruis" not in json.dumps(done(people[0], case, "complete"))
    assert "Zwartkruis" not in node.said


def test_what_an_issuer_denies_is_stopped_until_two_persons_override_it_with_a_reason(node, people):
    assessor, approver, _ = people
    case = opened(assessor, STATISTICS)
    done(assessor, case, "complete")
    enquiry = done(assessor, case, "enquire")["enquiry"]
    done(assessor, case, "answer", enquiry=enquiry, answer="notAuthentic")
    grant = PLAIN
    stopped = problem(move(assessor, case, "propose", grants=[grant]), 409, "refused")
    assert (stopped["code"], "says that it is not authentic" in stopped["detail"]) == ("stopped", True)
    done(assessor, case, "propose", key=f"{case} all the same", grants=[grant], override="Zwartkruis vouched for it.")
    not_accepted = problem(move(approver, case, "approve", **approving(approver, case)), 409, "refused")
    assert not_accepted["code"] == "stopped"
    assert "Zwartkruis" not in not_accepted["detail"]
    shown = assessor.get(f"/v1/cases/{case}").json()["override"]
    assert (shown["against"], shown["reason"]) == (["notAuthentic:0"], "Zwartkruis vouched for it.")
    done(approver, case, "approve", key=f"{case} accepted", acceptOverride=True)
    assert done(approver, case, "decide")["state"] == "decided"
    assert assessor.get(f"/v1/cases/{case}").json()["override"]["accepted"] is True
    assert "Zwartkruis" not in node.said


def test_a_credential_of_several_is_left_out_with_a_reason_only(people):
    assessor = people[0]
    case = opened(assessor, STATISTICS, {"external": {"issuerName": "Bergen", "country": "NO", "title": "Physics"}})
    done(assessor, case, "complete")
    refused = problem(move(assessor, case, "propose", grants=[PLAIN]), 409, "refused")
    assert refused["code"] == "credential-not-covered"
    left = [{"subject": 1, "reason": "It was sent for information only."}]
    done(assessor, case, "propose", key=f"{case} left", grants=[PLAIN], leave=left)
    assert assessor.get(f"/v1/cases/{case}").json()["left"] == left


def test_a_case_is_corrected_and_says_who_corrected_what(people):
    assessor = people[0]
    case = opened(assessor, STATISTICS)
    correction = {"applicant": {"familyName": "Janssen"}, "purpose": "admission", "note": "Misspelt by us."}
    done(assessor, case, "correct", correction=correction)
    shown = assessor.get(f"/v1/cases/{case}").json()
    assert (shown["applicant"]["familyName"], shown["case"]["purpose"]) == ("Janssen", "admission")
    assert shown["history"][-1]["what"] == "corrected"
    assert shown["history"][-1]["data"]["applicant"] == ["familyName"]
    assert "Janssen" not in json.dumps(shown["history"])
    nothing = move(assessor, case, "correct", key=f"{case} nothing", correction={})
    assert problem(nothing, 409, "refused")["code"] == "illegal-transition"
    unknown = move(assessor, case, "correct", key=f"{case} unknown", correction={"remove": [7]})
    problem(unknown, 422, "unprocessable")


def test_a_programme_profile_is_kept_and_cases_are_compared_with_it(people):
    assessor = people[0]
    profile = {"name": "Master of Urban Analytics", "requirement": {"eqfLevel": 6, "ects": 180}}
    assert assessor.put("/v1/office/profiles", json=profile, headers=once("profile")).status_code == 200
    [kept] = [one for one in assessor.get("/v1/office/profiles").json()["items"] if one["name"] == profile["name"]]
    assert kept["requirement"]["ects"] == 180
    case = opened(assessor, STATISTICS, towards=[{"title": {"en": "master of urban analytics"}}])
    draft = assessor.get(f"/v1/cases/{case}/draft").json()
    assert draft["assessed"][0]["requirement"]["ects"] == 180
    problem(assessor.get(f"/v1/cases/{case}/draft", params={"against": "No such"}), 404, "not-found")
    gone = {"name": "MASTER OF URBAN ANALYTICS", "requirement": None}
    assert assessor.put("/v1/office/profiles", json=gone, headers=once("profile gone")).status_code == 200
    problem(assessor.put("/v1/office/profiles", json=gone, headers=once("profile again")), 404, "not-found")
