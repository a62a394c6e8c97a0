"""A case on its page: documents, identity, forms about an older version, refusals with their reasons, withdrawal."""

import re
import uuid

import pytest

from tests.http.test_cases import done, opened
from tests.http.test_office_pages import SHOWN, page_client, send, summary, version
from tests.support.served import form, once

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
NAME = '<script>alert(1)</script>".pdf'


@pytest.fixture(scope="module")
def officer(node):
    return page_client(node, "cases:read", "cases:write")


@pytest.fixture(scope="module")
def approver(node):
    return page_client(node, "cases:read", "cases:approve")


def attach(client, case, content=PDF, name="scan.pdf", **fields):
    data = {"key": str(uuid.uuid4()), "kind": "transcript", **fields}
    return client.post(f"/office/cases/{case}/files", data=data, files={"file": (name, content, "text/html")})


def undecided(client):
    """A complete case about something that nobody decided about before."""
    title = f"Course {uuid.uuid4()}"
    person = {"familyName": title, "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    external = {"issuerName": title, "country": "NO", "title": title}
    case = opened(client, {"external": external}, applicant=person)
    done(client, case, "complete")
    return case


def propose_in_full(client, case):
    """Propose full recognition, with a reason where something speaks against it."""
    grant = {"outcome-0": "full", "reason-quality-0": "NOKUT accredits it.", "do": "propose"}
    answer = send(client, case, "propose", **grant)
    assert answer.status_code == 303, summary(answer)


def withdraw(client, case, reason):
    """Send the form of the confirm page, with the version that it shows."""
    seen = re.search(r'name="version" value="(\d+)"', client.get(f"/office/cases/{case}/withdraw").text)[1]
    return send(client, case, "withdraw", reason=reason, version=seen)


def files(client, case):
    page = client.get(f"/office/cases/{case}").text
    return list(dict.fromkeys(re.findall(rf"/office/cases/{case}/files/[0-9a-f-]{{36}}", page)))


def test_a_document_is_attached_shown_in_a_sandbox_and_taken_away(officer):
    case = opened(officer)
    answer = attach(officer, case, name=NAME, subject="0", kind="transcript")
    assert answer.status_code == 303, summary(answer)
    page = officer.get(f"/office/cases/{case}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    [address] = files(officer, case)
    shown = officer.get(address)
    assert shown.content == PDF
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "no-store"
    assert "script" not in shown.headers["content-disposition"]
    saved = officer.get(f"{address}?save=true")
    assert saved.headers["content-disposition"].startswith("attachment;")
    assert saved.headers["content-type"].startswith("application/octet-stream")


def test_a_file_that_is_no_document_or_too_large_is_refused_with_the_reason(officer):
    case = opened(officer)
    for content, reason in (
        (b"<html><script>alert(1)</script>", "not a PDF, PNG, JPEG or TIFF"),
        (b"", "choose a file"),
        (PDF + b" " * 10 * 1024**2, "bytes"),
    ):
        answer = attach(officer, case, content)
        assert answer.status_code == 422, answer.text[:300]
        assert reason in summary(answer)
        assert "attachment_bytes" not in answer.text
    assert files(officer, case) == []
    text = attach(officer, case, b"Plain words", kind="evidence")
    assert text.status_code == 303
    [address] = files(officer, case)
    assert officer.get(address).headers["content-disposition"].startswith("attachment;")


def test_a_file_that_is_sent_twice_by_a_double_click_is_attached_once(officer):
    case = opened(officer)
    for _ in range(2):
        assert attach(officer, case, PNG, "a.png", key="a double click").status_code == 303
    assert len(files(officer, case)) == 1


def test_a_form_about_an_older_version_overwrites_nothing_and_says_what_changed(officer):
    case = opened(officer)
    seen = version(officer, case)
    done(officer, case, "complete")
    stale = send(
        officer, case, "request-documents", documents=["transcript", "identity"], version=seen, note="Both pages"
    )
    assert stale.status_code == 409
    assert "Somebody else changed this case meanwhile" in summary(stale)
    assert "File complete" in summary(stale)
    assert "Both pages" in stale.text
    assert "Waiting for the applicant" not in officer.get(f"/office/cases/{case}").text
    fresh = send(officer, case, "request-documents", documents=["transcript", "identity"])
    assert fresh.status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert page.count('name="documents" value="transcript"') == 1
    assert send(officer, case, "receive-documents", documents=["transcript", "identity"]).status_code == 303
    assert send(officer, case, "complete", version="nonsense").status_code == 400


def test_of_two_who_approve_at_once_one_is_told_what_the_other_did(node, officer, approver):
    case = undecided(officer)
    propose_in_full(officer, case)
    other = page_client(node, "cases:read", "cases:approve")
    seen = version(approver, case)
    proposal = re.search(r'name="proposalId" value="([^"]+)"', approver.get(f"/office/cases/{case}").text)[1]
    first = send(approver, case, "approve", proposalId=proposal, version=seen)
    assert first.status_code == 303, summary(first)
    second = send(other, case, "approve", proposalId=proposal, version=seen)
    assert second.status_code == 409
    assert "Approved" in summary(second)


def test_a_refusal_needs_to_say_why_nothing_milder_is_possible(officer, approver):
    case = undecided(officer)
    refused = {"outcome-0": "refused", "learningOutcomes-0": "keyOutcomeMissing", "do": "propose"}
    answer = send(officer, case, "propose", **refused)
    assert answer.status_code == 409
    assert "The assessment must be changed first" in summary(answer)
    assert "$." not in summary(answer)
    assert "It is recognised whole or not at all" in summary(answer)
    assert "wholeOnly" not in summary(answer)
    assert "Your comparison is saved as a draft." in summary(answer)
    considered = {
        "considered-partial-0": "wholeOnly",
        "considered-conditional-0": "noConditionSuffices",
        "considered-alternative-0": "noAlternative",
    }
    answer = send(officer, case, "propose", **refused, **considered)
    assert answer.status_code == 303, summary(answer)
    page = approver.get(f"/office/cases/{case}").text
    assert "It is recognised whole or not at all" in page
    assert send(officer, case, "return", note="").status_code == 403
    assert send(approver, case, "return", note="<script>alert(1)</script>").status_code == 303
    assert "<script>alert" not in officer.get(f"/office/cases/{case}").text


def test_a_message_names_no_option_of_a_command_and_no_field_of_the_api(officer):
    case = opened(officer)
    done(officer, case, "complete")
    stopped = send(officer, case, "propose", **{"outcome-0": "full", "ects-0": "5", "do": "propose"})
    assert stopped.status_code == 409
    said = summary(stopped)
    assert "Something speaks against it" in said
    for words in ("--", "over HTTP", "registry case", "`"):
        assert words not in said


def test_a_decision_is_withdrawn_by_two_persons_after_a_page_that_says_what_hangs_on_it(node, officer, approver):
    case = undecided(officer)
    propose_in_full(officer, case)
    proposal = re.search(r'name="proposalId" value="([^"]+)"', approver.get(f"/office/cases/{case}").text)[1]
    assert send(approver, case, "approve", proposalId=proposal).status_code == 303
    assert send(approver, case, "decide").status_code == 303
    assert send(officer, case, "appeal", note="<script>alert(1)</script> I object").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; I object" in page
    address = f"/office/cases/{case}/withdraw"
    assert officer.get(address).status_code == 403
    confirm = approver.get(address).text
    assert "Withdraw the published decision?" in confirm
    assert "Another person. Until then the decision is in force." in confirm
    assert withdraw(approver, case, "nonsense").status_code == 422
    assert withdraw(approver, case, "onAppeal").status_code == 303
    assert "You asked for it, so another person confirms it." in approver.get(address).text
    other = page_client(node, "cases:read", "cases:approve")
    assert "On appeal" in other.get(address).text
    assert withdraw(other, case, "onAppeal").status_code == 303
    assert "Application withdrawn" in other.get(f"/office/cases/{case}").text


def test_disclosures_that_prove_nothing_are_refused_and_stay_in_the_form(node):
    person = node.sign_in("officer")
    case = opened(node.client("cases:read", "cases:write"))
    address = f"/office/cases/{case}"
    page = person.get(address)
    assert "Not compared yet" in page.text
    answer = person.post(f"{address}/disclosures", data=form(page, key="d1", disclosures="abc\n\ndef"))
    assert answer.status_code == 422
    assert ">abc\n\ndef<" in answer.text.replace("\r", "")
    empty = person.post(f"{address}/disclosures", data=form(page, key="d2", disclosures=" "))
    assert empty.status_code == 422


def test_right_to_left_names_keep_their_direction(officer):
    name = {"familyName": "\u05db\u05d4\u05df", "givenName": "\u05d3\u05e0\u05d4", "dateOfBirth": "2001-02-03"}
    case = opened(officer, applicant=name)
    assert "<bdi>\u05db\u05d4\u05df, \u05d3\u05e0\u05d4</bdi>" in officer.get(f"/office/cases/{case}").text


def test_why_a_proposal_was_sent_back_is_read_by_who_proposes_again(officer, approver):
    case = undecided(officer)
    propose_in_full(officer, case)
    silent = send(approver, case, "return", note=" ")
    assert silent.status_code == 422
    assert "Say what should change." in summary(silent)
    assert 'aria-describedby="note-error"' in silent.text
    assert send(approver, case, "return", note="Name the <b>accreditation</b>").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert page.count("<bdi>Name the &lt;b&gt;accreditation&lt;/b&gt;</bdi>") == 2  # above the form, and in the history
    assert page.index("Why it was sent back") < page.index('name="outcome-0"')
    propose_in_full(officer, case)
    assert "Why it was sent back" not in officer.get(f"/office/cases/{case}").text


def test_the_note_for_the_applicant_is_kept_with_the_draft(officer, approver):
    case = undecided(officer)
    filled = re.compile(r'name="letter-note"[^>]*>([^<]*)<')
    typed = {"outcome-0": "full", "reason-quality-0": "NOKUT accredits it.", "letter-note": 'Bring "both" pages'}
    assert send(officer, case, "propose", **typed, do="save").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert filled.search(page)[1] == "Bring &#34;both&#34; pages"
    typed["letter-note"] = "Bring one page"
    assert send(officer, case, "propose", **typed, do="propose").status_code == 303
    assert "<bdi>Bring one page</bdi>" in approver.get(f"/office/cases/{case}").text
    assert send(approver, case, "return", note="Shorter").status_code == 303
    assert filled.search(officer.get(f"/office/cases/{case}").text)[1] == "Bring one page"
    typed["letter-note"] = " "
    assert send(officer, case, "propose", **typed, do="save").status_code == 303
    assert filled.search(officer.get(f"/office/cases/{case}").text)[1] == ""


def test_reasons_are_kept_with_the_draft(officer):
    others = [{"external": {"issuerName": "Oslo Met", "country": "NO", "title": str(uuid.uuid4())}} for _ in range(2)]
    case = opened(officer, *others)
    done(officer, case, "complete")
    reason, override = "Sent <b>for information</b>", "The transcript says it."
    typed = {"outcome-0": "leave", "leave-0": reason, "outcome-1": "partial", "override": override}
    assert send(officer, case, "propose", **typed, do="save").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert re.search(r'name="outcome-0" value="leave" checked', page)
    assert 'name="leave-0" value="Sent &lt;b&gt;for information&lt;/b&gt;"' in page
    assert re.search(r'name="override"[^>]*>The transcript says it\.<', page)
    unfinished = {"outcome-0": "leave", "leave-0": "", "outcome-1": "partial"}
    assert send(officer, case, "propose", **unfinished, do="save").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert re.search(r'name="outcome-0" value="leave" checked', page)
    assert 'name="override"' not in page


def test_the_reasons_of_a_proposal_that_is_sent_back_are_kept_beside_its_note(officer, approver):
    others = [{"external": {"issuerName": "Oslo Met", "country": "NO", "title": str(uuid.uuid4())}} for _ in range(2)]
    case = opened(officer, *others)
    done(officer, case, "complete")
    typed = {
        "outcome-0": "leave",
        "leave-0": "Sent for information",
        "outcome-1": "full",
        "letter-note": "Bring a copy",
    }
    typed |= {"reason-quality-1": "NOKUT accredits it.", "override": "Known here.", "stops-shown": "true"}
    sent = send(officer, case, "propose", **typed, do="propose")
    assert sent.status_code == 303, summary(sent)
    assert send(approver, case, "return", note="Shorter").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert 'name="leave-0" value="Sent for information"' in page
    assert re.search(r'name="letter-note"[^>]*>Bring a copy<', page)
    assert re.search(r'name="override"[^>]*>Known here\.<', page)


def test_a_draft_keeps_what_is_typed_before_and_beside_an_outcome(officer):
    case = undecided(officer)
    typed = {
        "ects-0": "4,5",
        "mode-0": "credited",
        "grade-0": "passOnly",
        "condition-0": "originalDocuments",
        "formal-0": "notAuthentic",
        "considered-partial-0": "wholeOnly",
    }
    for outcome in ({}, {"outcome-0": "partial"}):
        given = typed | outcome | ({"ects-0": "4.5"} if outcome else {})
        assert send(officer, case, "propose", **given, do="save").status_code == 303
        page = officer.get(f"/office/cases/{case}").text
        assert f'name="ects-0" inputmode="decimal" value="{given["ects-0"]}"' in page
        for field in typed.keys() - {"ects-0"}:
            select = re.search(rf'<select[^>]*name="{field}".*?</select>', page, re.DOTALL)[0]
            assert f'value="{typed[field]}" selected' in select, (field, outcome)
        assert ('value="partial" checked' in page) == bool(outcome)


def test_a_reason_of_a_draft_overrides_no_stop_that_was_not_shown(officer):
    case = undecided(officer)
    typed = {"outcome-0": "full", "override": "NOKUT says so."}
    assert send(officer, case, "propose", **typed, do="save").status_code == 303
    stopped = send(officer, case, "propose", **typed, do="propose")
    assert stopped.status_code == 409, summary(stopped)
    assert 'name="stops-shown" value="true"' in stopped.text
    shown = send(officer, case, "propose", **typed, **SHOWN, do="propose")
    assert shown.status_code == 303, summary(shown)


def test_what_it_is_compared_with_stands_beside_the_comparison(officer):
    name = f"Master of {uuid.uuid4()}"
    profile = {"name": name, "requirement": {"ects": 10}}
    assert officer.put("/v1/office/profiles", json=profile, headers=once(name)).status_code == 200
    case = opened(officer, towards=[{"title": {"en": name}}])
    done(officer, case, "complete")
    page = officer.get(f"/office/cases/{case}").text
    assert f"<bdi>{name}</bdi>" in page
    assert "Profile of this office, changed on" in page
    assert "Nothing to compare with" not in page
    assert send(officer, case, "propose", **{"outcome-0": ""}, do="save").status_code == 303
    assert officer.put("/v1/office/profiles", json=profile | {"requirement": {"ects": 30}},
                       headers=once(f"{name} 2")).status_code == 200  # fmt: skip
    assert "It requires something else by now" in officer.get(f"/office/cases/{case}").text


def test_a_programme_without_a_profile_is_not_called_assessed(officer, approver):
    case = opened(officer, towards=[{"title": {"en": f"Jazz {uuid.uuid4()}"}}])
    done(officer, case, "complete")
    page = officer.get(f"/office/cases/{case}").text
    assert "Nothing to compare with: this programme has no profile" in page
    grant = {"outcome-0": "full", "reason-quality-0": "NOKUT accredits it.", **SHOWN, "override": "Known here."}
    assert send(officer, case, "propose", **grant, do="propose").status_code == 303
    page = approver.get(f"/office/cases/{case}").text
    assert "Nothing was assessed" in page
    assert "No substantial difference was named." not in page
    assert "Draft saved, nothing compared" in page
    unnamed = opened(officer)
    done(officer, unnamed, "complete")
    assert "the case names no programme" in officer.get(f"/office/cases/{unnamed}").text


def test_documents_are_asked_for_and_received_only_where_one_is_chosen(officer):
    case = opened(officer)
    asked = send(officer, case, "request-documents", note="Both pages")
    assert asked.status_code == 422
    assert "Choose at least one document." in summary(asked)
    assert 'aria-describedby="documents-error"' in asked.text
    assert '<details class="more" open>' in asked.text
    assert ">Both pages</textarea>" in asked.text
    assert "missing required field" not in asked.text
    assert send(officer, case, "request-documents", documents=["transcript", "identity"]).status_code == 303
    came = send(officer, case, "receive-documents")
    assert came.status_code == 422
    assert came.text.count("Choose at least one document.") == 2  # in the summary, and at the field


def test_each_outcome_names_the_credential_that_it_is_about(officer, approver):
    titles = [f"{name} {uuid.uuid4()}" for name in ("Algebra", "Sent along", "Logic")]
    others = [{"external": {"issuerName": "Oslo Met", "country": "NO", "title": title}} for title in titles]
    name = {"familyName": titles[0], "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    case = opened(officer, *others, applicant=name)
    done(officer, case, "complete")
    typed = {
        "outcome-0": "partial", "ects-0": "3", "profile-0": "differentField",
        "outcome-1": "leave", "leave-1": "For information",
        "outcome-2": "full", "reason-quality-2": "NOKUT accredits it.",
    }  # fmt: skip
    sent = send(officer, case, "propose", **typed, **SHOWN, override="It says so.", do="propose")
    assert sent.status_code == 303, summary(sent)
    expected = {titles[0]: "Recognised in part", titles[2]: "Recognised in full"}
    page = approver.get(f"/office/cases/{case}").text
    waiting = page.partition('id="waiting"')[2].partition("</section>")[0]
    assert _outcomes_by_title(waiting) == expected
    assert re.findall(r'<th scope="row" role="rowheader">(.*?)</th>', waiting) == [
        f'Profile<span class="sub"><bdi>{titles[0]}</bdi></span>'
    ]
    proposal = re.search(r'name="proposalId" value="([^"]+)"', page)[1]
    approved = send(approver, case, "approve", proposalId=proposal, acceptOverride="true")
    assert approved.status_code == 303, summary(approved)
    assert send(approver, case, "decide").status_code == 303
    page = officer.get(f"/office/cases/{case}").text
    assert _outcomes_by_title(page.partition('id="decision-1"')[2].partition("</section>")[0]) == expected


def _outcomes_by_title(section):
    """Each title in a list of grants, with the outcome after it."""
    items = re.findall(r"<li>(.*?)</li>", section.partition("</ul>")[0], re.DOTALL)
    texts = (re.sub(r"<[^>]+>", "", item).partition(":") for item in items)
    return {title: re.match(r"[\w ]+", rest.strip())[0] for title, _, rest in texts}


def test_a_case_names_with_a_link_what_another_case_decided_about_its_credential(officer, approver):
    title = f"Logic {uuid.uuid4()}"
    external = {"external": {"issuerName": title, "country": "NO", "title": title}}
    person = {"student": title, "familyName": title, "givenName": "Ada", "dateOfBirth": "2001-02-03"}
    case = opened(officer, external, applicant=person)
    done(officer, case, "complete")
    typed = {"outcome-0": "full", "reason-quality-0": "NOKUT accredits it.", "override": "Known.", **SHOWN}
    sent = send(officer, case, "propose", **typed, do="propose")
    assert sent.status_code == 303, summary(sent)
    page = approver.get(f"/office/cases/{case}").text
    proposal = re.search(r'name="proposalId" value="([^"]+)"', page)[1]
    approved = send(approver, case, "approve", proposalId=proposal, acceptOverride="true")
    assert approved.status_code == 303, summary(approved)
    other = opened(officer, external, applicant=person)
    link = f'/office/cases/{case}">Case '
    assert link not in officer.get(f"/office/cases/{other}").text
    assert send(approver, case, "decide").status_code == 303
    page = officer.get(f"/office/cases/{other}").text
    assert link in page
    warned = page.partition(link)[0].rpartition("<p ")[2]
    assert f"<bdi>{title}</bdi>: " in warned
    assert "Recognised in full, for this purpose: Transfer of credits" in re.sub(r"</?bdi>", "", warned)
    assert link not in officer.get(f"/office/cases/{case}").text
