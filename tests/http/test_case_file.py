"""A case's file over HTTP: attachments, disclosures, assignments, search by name, and disclosures for anybody."""

import pytest

from tests.http.test_cases import PERSON, STATISTICS, done, opened
from tests.support.served import once, problem, row

PDF = b"%PDF-1.7 a scan"


@pytest.fixture(scope="module")
def clerk(node):
    return node.client("cases:read", "cases:write")


@pytest.fixture(scope="module")
def credential(node, offer):
    """One of the node's own university, once its views have it."""
    made = node.client("credentials:write").post("/v1/credentials", json=row(offer, "file"), headers=once("file"))
    waiting = {"Registry-Wait-For": made.headers["registry-position"]}
    found = made.json()["credential"]
    assert node.anybody().get(f"/v1/credentials/twente/{found}", headers=waiting).status_code == 200
    return found


def attached(client, case, content, key, **query):
    headers = once(key) | {"Content-Type": "application/octet-stream"}
    return client.post(f"/v1/cases/{case}/attachments", content=content, params=query, headers=headers)


def test_a_scan_is_attached_listed_and_served_as_a_download(node, clerk):
    case = opened(clerk)
    answer = attached(clerk, case, PDF, "scan", kind="transcript", subject=0)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["mediaType"], made["kind"], made["subject"]) == ("application/pdf", "transcript", 0)
    assert attached(clerk, case, PDF, "scan", kind="transcript", subject=0).json() == made
    [listed] = clerk.get(f"/v1/cases/{case}/attachments").json()["items"]
    assert listed == made
    out = clerk.get(answer.headers["location"])
    assert out.content == PDF
    assert out.headers["content-disposition"] == f'attachment; filename="{made["attachment"]}.pdf"'
    assert (out.headers["x-content-type-options"], out.headers["cache-control"]) == ("nosniff", "no-store")
    assert out.headers["content-type"].startswith("application/octet-stream")
    problem(node.client("feed:read").get(answer.headers["location"]), 403, "scope-missing")


def test_a_file_that_is_none_of_the_kept_types_is_refused(clerk):
    case = opened(clerk)
    for number, (content, query) in enumerate(
        [
            (b"PK\x03\x04\xff\xfe", {}),
            (b"", {}),
            (b"text", {"kind": "transcript"}),
            (PDF, {"subject": 1}),
            (PDF, {"subject": -1}),
        ]
    ):
        assert attached(clerk, case, content, f"wrong {number}", **query).status_code == 422
    assert attached(clerk, case, PDF, "wrong kind", kind="passport").status_code == 400
    assert clerk.get(f"/v1/cases/{case}/attachments").json()["items"] == []


def test_cases_are_found_by_a_name_in_the_body_and_who_works_on_them_is_said(node, clerk):
    case = opened(clerk, applicant=PERSON | {"familyName": "Ångström", "givenName": "Zoë"})
    [found] = clerk.post("/v1/cases/search", json={"name": "angstrom z"}).json()["items"]
    assert (found["case"], found["applicant"], found["holder"]) == (case, "Ångström, Zoë", "notChecked")
    assert found["credentials"] == [{"title": "Statistics", "issuer": "Oslo Met", "country": "NO"}]
    assert done(clerk, case, "assign", assignee="k.berg") == {"case": case, "assignee": "k.berg"}
    page = clerk.get("/v1/cases", params={"assignee": "k.berg"}).json()
    assert [one["case"] for one in page["items"]] == [case]
    assert page["changed"] == 0
    assert clerk.get("/v1/cases", params={"changed": True}).json()["items"] == []
    done(clerk, case, "assign", key="nobody", assignee=None)
    assert clerk.get("/v1/cases", params={"assignee": "k.berg"}).json()["items"] == []
    assert "ngstr" not in node.said


def test_who_assessed_is_shown_with_the_name_of_the_key(node):
    client = node.client("cases:read", "cases:write")
    case = opened(client)
    done(client, case, "complete")
    done(client, case, "propose", grants=[{"from": [0], "outcome": "full", "mode": "recognised",
                                           "gradeTransfer": "none"}])  # fmt: skip
    shown = client.get(f"/v1/cases/{case}").json()["case"]
    assert shown["assessor"].startswith("key:")
    assert shown["assessorName"]
    assert not shown["assessorName"].startswith("key:")


def test_the_university_hands_out_disclosures_that_anybody_checks_and_the_office_takes(node, clerk, credential):
    handed = node.client("learners:read").get(f"/v1/credentials/twente/{credential}/disclosures")
    assert (handed.status_code, handed.headers["cache-control"]) == (200, "no-store")
    carried = handed.json()["disclosures"]
    problem(node.anybody().get(f"/v1/credentials/twente/{credential}/disclosures"), 401, "unauthenticated")
    body = {"member": "twente", "credential": credential, "disclosures": carried}
    proven = node.anybody().post("/v1/disclosures/verify", json=body).json()
    assert (proven["credential"], proven["status"]) == (credential, "active")
    person = {name: proven["claims"][name] for name in ("familyName", "givenName", "dateOfBirth")}
    for wrong in (carried[:-1], [*carried[:-1], "abcd"]):
        answer = node.anybody().post("/v1/disclosures/verify", json=body | {"disclosures": wrong})
        assert problem(answer, 422, "unprocessable")["code"] == "not-proven"
        assert person["familyName"] not in answer.text
    unknown = body | {"credential": "0bbac7a9-a411-4809-ad9e-534f483b7a03"}
    problem(node.anybody().post("/v1/disclosures/verify", json=unknown), 404, "not-found")
    neither = {"member": "twente", "disclosures": carried}
    problem(node.anybody().post("/v1/disclosures/verify", json=neither), 422, "unprocessable")

    subject = {"credential": {"member": "twente", "credential": credential}}
    case = opened(clerk, subject, applicant=person, disclosures=[carried])
    assert clerk.get(f"/v1/cases/{case}").json()["holders"][0]["state"] == "matches"
    other = opened(clerk, subject, applicant=PERSON | {"dateOfBirth": "1950-01-01", "familyName": "Okafor",
                                                       "givenName": "Chi"})  # fmt: skip
    answer = clerk.post(f"/v1/cases/{other}/disclosures", json={"disclosures": [carried]}, headers=once("hand in"))
    assert answer.json()["holders"][0]["state"] == "differs"
    assert person["familyName"] not in answer.text
    refused = clerk.post(f"/v1/cases/{other}/disclosures", json={"disclosures": [carried[1:]]}, headers=once("less"))
    problem(refused, 422, "unprocessable")


def test_a_decided_case_in_which_nothing_changed_has_nothing_to_acknowledge(clerk):
    case = opened(clerk)
    answer = clerk.post(f"/v1/cases/{case}/acknowledge", json={}, headers=once("seen"))
    assert "nothing changed" in problem(answer, 422, "unprocessable")["errors"][0]["detail"]


def test_several_things_that_are_wrong_with_an_application_come_as_several_errors(clerk):
    body = {
        "applicant": {},
        "subjects": [{}, {"external": STATISTICS["external"] | {"country": "XX"}}],
        "purpose": "admission",
    }
    answer = clerk.post("/v1/cases", json=body, headers=once("several"))
    found = problem(answer, 422, "unprocessable")
    assert found["code"] == "not-opened"
    assert [one["where"] for one in found["errors"]] == [
        "$.subjects[0]", "$.subjects[1].external.country", "$.applicant"
    ]  # fmt: skip
