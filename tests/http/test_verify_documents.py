"""Verification of any document over HTTP, and of the file that a reader drops on the verify page."""

import json
import re
from datetime import date

import pytest

from registry.export.document import Copy
from registry.export.elm import export_elm
from registry.export.elmo import export_elmo
from registry.export.facts import portfolio_of
from tests.support.command import registry
from tests.support.portable import credential
from tests.support.sealing import Authority
from tests.support.served import once, problem, row

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30), tie="none")
BINARY = {"Content-Type": "application/octet-stream"}


def waiting(answer):
    return {"Registry-Wait-For": answer.headers["registry-position"]}


@pytest.fixture(scope="module")
def system(node):
    return node.client("credentials:write", "achievements:write", "learners:read")


@pytest.fixture(scope="module")
def receipt(node, system, offer, tmp_path_factory):
    """A credential, and its receipt."""
    made = system.post("/v1/credentials", json=row(offer, "document", "document"), headers=once("document"))
    file = tmp_path_factory.mktemp("document") / "r.tlog-proof"
    assert node.anybody().get(made.headers["location"], headers=waiting(made)).status_code == 200
    registry("receipt", "create", "credential", made.json()["credential"], "--out", file, home=node.home)
    return made.json()["credential"], file.read_bytes()


def verify(node, content):
    answer = node.anybody().post("/v1/verify", content=content, headers=BINARY)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def drop(node, name, content):
    """Send the form of the verify page with a file."""
    reader = node.browser()
    token = re.search(r'name="csrf" value="([^"]+)"', reader.get("/verify").text)[1]
    return reader.post("/verify/file", data={"csrf": token}, files={"file": (name, content)})


def results(report):
    return {check["name"]: check["result"] for check in report["checks"]}


def test_a_receipt_is_valid_until_its_credential_is_revoked(node, system, receipt):
    identifier, content = receipt
    report = verify(node, content)
    assert (report["verdict"], report["issuerName"], report["issuerNameSource"]) == ("valid", "Twente", "governance")
    assert results(report)["onLog"] == "passed"
    body = {"reason": "issuedInError"}
    revoked = system.post(f"/v1/credentials/{identifier}/revoke", json=body, headers=once("document revoke"))
    assert node.anybody().get("/v1/members/twente", headers=waiting(revoked)).status_code == 200
    after = verify(node, content)
    assert (after["verdict"], results(after)["status"]) == ("invalid", "failed")


def test_a_sealed_credential_of_others_says_what_is_open(node):
    content = Authority().seal().general(export_elm(credential(), COPY).content)
    report = verify(node, content)
    assert (report["format"], report["verdict"]) == ("jades", "cannotTell")
    assert report["issuerNameSource"] == "certificate"
    forged = verify(node, content.replace(b"8.5", b"9.5"))
    assert (forged["verdict"], forged["claims"], forged["issuerName"]) == ("invalid", {}, None)


def test_what_is_no_document_has_an_answer_and_an_empty_body_none(node):
    assert verify(node, b"Dear Sir or Madam")["format"] is None
    problem(node.anybody().post("/v1/verify", content=b"", headers=BINARY), 422, "unprocessable")
    problem(node.anybody().post("/v1/verify", content=b"x" * 12_100_000, headers=BINARY), 413, "too-large")


def test_the_verify_page_shows_each_check_of_a_dropped_transcript(node):
    content = export_elmo(portfolio_of(credential()), COPY).content
    page = drop(node, "t.xml", content)
    assert page.status_code == 200, page.text
    assert "We cannot tell at the moment" in page.text
    assert "EMREX ELMO transcript" in page.text
    assert "Nobody signed the transcript" in page.text
    assert "Żółkiewska-Núñez" in page.text


def test_names_in_a_dropped_document_are_text_and_nothing_else(node):
    person = {"familyName": "<script>alert(1)</script>", "givenName": "x", "dateOfBirth": "2001-02-03"}
    content = export_elm(credential(claims=person), COPY).content
    page = drop(node, "t.jsonld", content)
    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text
    assert "&lt;script&gt;alert(1)" in page.text


def test_a_broken_document_on_the_page_shows_nothing_of_what_it_says(node):
    content = Authority().seal().general(export_elm(credential(), COPY).content).replace(b"8.5", b"9.5")
    page = drop(node, "t.jsonld", content)
    assert "Not valid" in page.text
    assert "Żółkiewska" not in page.text


def test_each_document_of_a_list_has_its_part_of_the_page(node, receipt):
    identifier, content = receipt
    transcript = export_elm(credential(), COPY).content.decode()
    report = verify(node, json.dumps([json.loads(transcript), content.decode()]).encode())
    assert [inner["format"] for inner in report["contained"]] == ["elm", "receipt"]
    page = drop(node, "list.json", json.dumps([json.loads(transcript), content.decode()]).encode())
    first, second = page.text.index("Document 1 inside of it"), page.text.index("Document 2 inside of it")
    assert first < page.text.index("Nobody sealed the document") < second
    assert second < page.text.index(identifier)
    assert "List of documents" in page.text
