"""Letters over HTTP, and the questions that a reader of one asks of the node that it leads to."""

import io

import pypdf
import pytest

from tests.support.served import once, problem, row

PERSON = {"familyName": "Jansen", "givenName": "Ada", "dateOfBirth": "2001-02-03", "language": "pt-PT"}
GRANT = {
    "from": [0], "outcome": "partial", "mode": "recognised", "gradeTransfer": "none", "ects": 2.5,
    "grounds": [{"aspect": "workload", "difference": "substantiallyLess"}],
}  # fmt: skip


@pytest.fixture(scope="module")
def office(node):
    return node.client("cases:read", "cases:write", "cases:approve")


@pytest.fixture(scope="module")
def second(node):
    """Another person, who approves and decides."""
    return node.client("cases:write", "cases:approve")


@pytest.fixture(scope="module")
def decided(node, offer, office, second):
    """A case that is decided, and its decision, which the node has published and read."""
    issued = node.client("credentials:write").post("/v1/credentials", json=row(offer, "let"), headers=once("let"))
    credential = issued.json()["credential"]
    waiting = {"Registry-Wait-For": issued.headers["registry-position"]}
    assert node.anybody().get(f"/v1/credentials/twente/{credential}", headers=waiting).status_code == 200
    subject = {"credential": {"member": "twente", "credential": credential}}
    body = {"applicant": PERSON, "subjects": [subject], "purpose": "creditTransfer"}
    case = office.post("/v1/cases", json=body, headers=once("letter's case")).json()["case"]
    for client, move, body in (
        (office, "complete", {}),
        (office, "propose", {"grants": [GRANT], "note": "Bem-vinda!"}),
        (second, "approve", {}),
        (second, "decide", {}),
    ):
        named = {}
        if move == "approve":
            named = {"proposalId": office.get(f"/v1/cases/{case}").json()["waiting"]["proposalId"]}
        done = client.post(f"/v1/cases/{case}/{move}", json=body | named, headers=once(f"{case} {move}"))
        assert done.status_code == 200, done.text
    return case, done.json()["decision"], done.headers["registry-position"]


@pytest.fixture(scope="module")
def verified(node, decided):
    _, decision, position = decided
    url = f"/v1/decisions/twente/{decision}/verification"
    answer = node.anybody().get(url, headers={"Registry-Wait-For": position})
    assert answer.status_code == 200, answer.text
    return answer


def text_of(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    assert "receipt.tlog-proof" in reader.attachments
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())


@pytest.mark.usefixtures("verified")
def test_a_cases_letter_is_in_the_applicants_language_or_in_the_one_asked_for(office, decided):
    text = text_of(office.get(f"/v1/cases/{decided[0]}/letter"))
    for said in ("Caro(a) Ada Jansen,", "Reconhecimento parcial", "2,5 ECTS", "Bem-vinda!"):
        assert said in text, said
    assert "Teilweise anerkannt" in text_of(office.get(f"/v1/cases/{decided[0]}/letter", params={"language": "de"}))


@pytest.mark.usefixtures("verified")
def test_a_decisions_letter_names_whom_the_request_names_and_the_nodes_log_nobody(node, office, decided):
    body = {
        "decision": decided[1],
        "language": "fr",
        "applicant": {"familyName": "Unverwechselbar", "givenName": "Zoë"},
    }
    assert "Bonjour Zoë Unverwechselbar," in text_of(office.post("/v1/letters", json=body))
    assert "Unverwechselbar" not in node.said


def test_a_letter_that_cannot_be_is_a_problem_that_says_why(office, decided):
    unknown = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
    problem(office.get(f"/v1/cases/{unknown}/letter"), 404, "not-found")
    problem(office.post("/v1/letters", json={"decision": unknown}), 404, "not-found")
    problem(office.get(f"/v1/cases/{decided[0]}/letter", params={"language": "xx"}), 400, "invalid")
    unshown = {"decision": decided[1], "applicant": {"familyName": "\u738b"}}
    assert "U+738B" in problem(office.post("/v1/letters", json=unshown), 422, "unprocessable")["detail"]
    for wrong in ({"familyName": 7}, {"name": "A"}, {"nam": "A"}):
        problem(office.post("/v1/letters", json={"decision": decided[1], "applicant": wrong}), 400, "invalid")


def test_anybody_who_was_shown_a_letter_sees_whether_its_decision_is_in_force_and_about_nobody(node, decided, verified):
    told = verified.json()
    assert (told["state"], told["grants"][0]["outcome"], told["grants"][0]["ects"]) == ("inForce", "partial", 2.5)
    assert told["office"]["content"]["legalName"] == "Twente"
    assert not {"learner", "basis", "content"} & set(told)
    page = node.anybody().get(f"/decisions/twente/{decided[1]}")
    assert page.headers["content-type"].startswith("text/html")
    assert "This decision is in force." in page.text
    assert "Twente decided on" in page.text
    assert "recognised in part, 2.5 ECTS" in page.text
    assert "Jansen" not in page.text + verified.text
    problem(node.anybody().get("/decisions/twente/0bbac7a9-a411-4809-ad9e-534f483b7a03"), 404, "not-found")


@pytest.mark.usefixtures("verified")
def test_a_decision_that_two_persons_withdrew_is_said_to_be_withdrawn(node, office, second, decided):
    case, decision, _ = decided
    url = f"/v1/decisions/twente/{decision}/verification"

    def withdraw(client, key):
        body = {"reason": "decidedInError"}
        return client.post(f"/v1/cases/{case}/withdraw", json=body, headers=once(f"{case} {key}"))

    proposed = withdraw(office, "proposed")
    assert (proposed.status_code, proposed.json()["state"]) == (200, "decided"), proposed.text
    assert any("another person must confirm" in one for one in proposed.json()["warnings"])
    problem(withdraw(office, "by the same person"), 403, "second-person")
    assert office.get(f"/v1/cases/{case}/letter").headers["letter-kind"] == "decision"
    waiting = {"Registry-Wait-For": proposed.headers["registry-position"]}
    assert node.anybody().get(url, headers=waiting).json()["state"] == "inForce"
    confirmed = withdraw(second, "confirmed")
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "withdrawn"), confirmed.text
    waiting = {"Registry-Wait-For": confirmed.headers["registry-position"]}
    assert node.anybody().get(url, headers=waiting).json()["state"] == "withdrawn"
    assert "was withdrawn" in node.anybody().get(f"/decisions/twente/{decision}").text


def test_a_case_gets_the_letter_that_its_state_calls_for(office):
    statistics = {"external": {"issuerName": "Oslo Met", "country": "NO", "title": "Statistics"}}
    body = {"applicant": PERSON | {"language": "en"}, "subjects": [statistics], "purpose": "admission"}
    case = office.post("/v1/cases", json=body, headers=once("letters by state")).json()["case"]

    def letter(**params):
        answer = office.get(f"/v1/cases/{case}/letter", params=params)
        assert answer.status_code == 200, answer.text
        reader = pypdf.PdfReader(io.BytesIO(answer.content))
        pages = " ".join(page.extract_text() for page in reader.pages)
        return answer.headers["letter-kind"], " ".join(pages.replace("\u200b", "").split())

    def move(name, **more):
        done = office.post(f"/v1/cases/{case}/{name}", json=more, headers=once(f"{case} {name} letters"))
        assert done.status_code == 200, done.text

    kind, text = letter()
    assert (kind, "We have received your application" in text) == ("receipt", True)
    move("request-documents", documents=["transcript"], note="Both pages, please.")
    kind, text = letter()
    assert (kind, "the transcript of records" in text, "Both pages, please." in text) == ("documents", True, True)
    move("enquire", note="Is 4711 yours?")
    kind, text = letter(kind="enquiry")
    assert (kind, "Is 4711 yours?" in text, "Ada Jansen" in text) == ("enquiry", True, True)
    detail = problem(office.get(f"/v1/cases/{case}/letter", params={"kind": "delay"}), 422, "unprocessable")["detail"]
    assert "no decision is due" in detail
    move("withdraw")
    kind, text = letter()
    assert (kind, "Your application was withdrawn" in text) == ("applicationWithdrawn", True)


@pytest.mark.usefixtures("verified")
def test_a_withdrawn_decision_gets_a_letter_that_says_so_and_why(office, decided):
    case = decided[0]
    answer = office.get(f"/v1/cases/{case}/letter", params={"language": "en"})
    assert answer.headers["letter-kind"] == "decisionWithdrawn"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).replace("\u200b", "").split())
    for said in ("we withdrew our decision", "It is no longer in force", "the decision was made in error",
                 "The last day for this is"):  # fmt: skip
        assert said in text, said
    assert "binding on us" not in text
