"""Agreements, statements, cohorts and the office's year on their pages: twente's office, and what lund issued."""

import contextlib
import csv
import io
import re
import uuid

import pytest

from tests.http.test_cases import done, opened
from tests.http.test_office_pages import summary
from tests.support.command import registry, until
from tests.support.served import Served, form

CREDENTIALS = 4
TITLE = "<script>alert(1)</script> & Energy"


@pytest.fixture(scope="module")
def office(tmp_path_factory, postgres):
    """Twente's office; lund has published an achievement and issued credentials of it."""
    with contextlib.closing(Served(tmp_path_factory.mktemp("office"), postgres)) as made:
        lund = made.consortium.join("lund")
        file = made.consortium.folder / "lunds.json"
        file.write_text(registry("import", "template", "achievement").stdout.replace("Data literacy", TITLE))
        made.achievement = registry("achievement", "publish", file, home=lund).stdout.split()[1].rstrip(",")
        made.credentials = []
        for number in range(CREDENTIALS):
            said = registry(
                "credential", "issue", made.achievement, "--record", f"r{number}", "--student", f"s{number}",
                "--family-name", "Ek", "--given-name", "Bo", "--date-of-birth", "2001-02-03",
                "--awarding-date", "2026-06-30", home=lund,
            ).stdout.split()  # fmt: skip
            made.credentials.append(said[said.index("credential") + 1].rstrip(","))
        made.start()
        until(lambda: made.anybody().get(f"/v1/credentials/lund/{made.credentials[-1]}").status_code == 200)
        made.officer, made.approver = made.sign_in("officer"), made.sign_in("decision-approver")
        made.assessor = made.sign_in("assessor")
        yield made


def hidden(page, action):
    """The hidden fields of the form that leads to an address."""
    body = re.search(rf'<form[^>]*action="{re.escape(action)}"[^>]*>(.*?)</form>', page, re.DOTALL)[1]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body))


def covered(office):
    return f"withMember=lund&achievement={office.achievement}@1&purpose=creditTransfer&revisions=true"


@pytest.fixture(scope="module")
def agreement(office):
    """An agreement that was published on the pages; its id."""
    query = f"/office/agreements/declare?{covered(office)}"
    page = office.assessor.get(query)
    assert "Publish an agreement with Lund?" in page.text
    assert "<script>alert" not in page.text
    data = hidden(page.text, "/office/agreements/declare") | {"validFrom": "2026-01-01"}
    for _ in range(2):  # a double click
        answer = office.assessor.post("/office/agreements/declare", data=data)
        assert answer.status_code == 303, summary(answer)
    reader = office.anybody()
    until(lambda: reader.get("/v1/agreements?member=twente").json()["items"])
    [declared] = reader.get("/v1/agreements?member=twente").json()["items"]
    return declared["agreement"]


def test_an_agreement_is_simulated_before_it_is_published(office):
    page = office.assessor.get("/office/agreements/simulate?withMember=lund")
    assert "&lt;script&gt;alert(1)" in page.text
    simulated = office.assessor.get(f"/office/agreements/simulate?{covered(office)}")
    assert simulated.status_code == 200
    assert "This office has decided nothing of it yet" in simulated.text
    assert f"{CREDENTIALS}</dd>" in simulated.text
    for typed in ("many", "inf", "nan"):
        wrong = office.assessor.get(f"/office/agreements/simulate?{covered(office)}&ectsRatio={typed}")
        assert wrong.status_code == 422
        assert f'value="{typed}"' in wrong.text
    nothing = office.officer.get(f"/office/agreements/declare?{covered(office)}")
    assert nothing.status_code == 403


def test_an_agreement_that_says_the_same_is_refused_with_a_link_to_the_one_in_force(office, agreement):
    page = office.assessor.get(f"/office/agreements/declare?{covered(office)}").text
    again = hidden(page, "/office/agreements/declare") | {"validFrom": "2026-02-01"}
    answer = office.assessor.post("/office/agreements/declare", data=again)
    assert answer.status_code == 409
    assert "That was done already" in summary(answer)
    assert f'href="/office/agreements/{agreement}"' in answer.text
    assert len(office.anybody().get("/v1/agreements?member=twente").json()["items"]) == 1


def test_cases_that_an_agreement_covers_are_decided_in_one_go_by_two_persons(office, agreement):
    system = office.client("cases:read", "cases:write")
    subjects = [{"credential": {"member": "lund", "credential": each}} for each in office.credentials[:3]]
    cases = [opened(system, subject) for subject in subjects]
    for case in cases:
        done(system, case, "complete")
    inbox = office.officer.get("/office").text
    assert "3 cases can be decided in one go." in inbox
    assert inbox.count("data-keys-row") == office.officer.get(f"/office?agreement={agreement}").text.count(
        "data-keys-row"
    )
    address = f"/office/together/{agreement}"
    page = office.officer.get(address).text
    chosen = re.findall(r'name="case" value="([^"]+)" form="propose"', page)
    assert len(chosen) == 3
    none = office.officer.post(f"{address}/propose", data=hidden(page, f"{address}/propose"))
    assert none.status_code == 409
    assert "Choose at least one case" in summary(none)
    data = hidden(page, f"{address}/propose") | {"case": chosen[:2]}
    for _ in range(2):  # a double click
        assert office.officer.post(f"{address}/propose", data=data).status_code in (303, 200)
    own = office.officer.get(address).text
    assert "You proposed them, so another person approves them." in own
    assert f'action="{address}/approve"' not in own
    waiting = office.approver.get(address).text
    chosen = re.findall(r'name="case" value="([^"]+)" form="approve"', waiting)
    assert len(chosen) == 2
    stale = f"{chosen[0].partition('@')[0]}@1"
    answer = office.approver.post(
        f"{address}/approve", data=hidden(waiting, f"{address}/approve") | {"case": [stale, chosen[1]]}
    )
    assert "1 case was not decided" in summary(answer)
    assert "1 case went through." in summary(answer)
    states = [system.get(f"/v1/cases/{case}").json()["case"]["state"] for case in cases]
    assert sorted(states) == ["assessing", "decided", "proposed"]


def test_an_agreement_is_ended_after_a_page_that_says_what_hangs_on_it(office, agreement):
    address = f"/office/agreements/{agreement}/end"
    page = office.assessor.get(address)
    assert "What was awarded before that day stays covered." in page.text
    assert office.officer.get(address).status_code == 403
    data = hidden(page.text, address)
    wrong = office.assessor.post(address, data={**data, "withdrawnFrom": "soon"})
    assert wrong.status_code == 422
    ended = office.assessor.post(address, data={**data, "key": str(uuid.uuid4()), "withdrawnFrom": "2027-01-01"})
    assert ended.status_code == 303, summary(ended)
    told = office.assessor.get(f"/office/agreements/{agreement}").text
    assert "its end on 1 Jan 2027 is being published" in told or "ends on 1 Jan 2027" in told
    assert f'href="{address}"' not in told


def test_a_statement_is_published_and_decides_a_cohort(office):
    assessor = office.assessor
    query = f"member=lund&achievement={office.achievement}@1&purpose=creditTransfer&outcome=full&mode=recognised"
    page = assessor.get(f"/office/assessments/confirm?{query}&effect=binding&ects=5&towards=<script>alert(1)</script>")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    data = hidden(page.text, "/office/assessments") | {"towards": "Energy"}
    for _ in range(2):  # a double click
        answer = assessor.post("/office/assessments", data=data)
        assert answer.status_code == 303, summary(answer)
    until(lambda: "Decide a cohort by it" in assessor.get("/office/assessments").text)
    listed = assessor.get("/office/assessments").text
    assert listed.count("data-keys-row") == 1
    assessment = re.search(r"cohorts\?assessment=([0-9a-f-]+)", listed)[1]
    assert office.officer.get("/office/cohorts").status_code == 403
    page = assessor.get(f"/office/cohorts?assessment={assessment}").text
    last, unknown = office.credentials[3], str(uuid.uuid4())
    sent = hidden(page, "/office/cohorts") | {
        "assessment": assessment,
        "list": f"lund/{last} own-1\nlund/{unknown}\n<script>alert(1)</script>",
        "do": "check",
    }
    empty = {"file": ("", b"")}
    checked = assessor.post("/office/cohorts", data=sent, files=empty)
    assert "1 credential can be decided" in checked.text
    assert "<script>alert" not in checked.text
    body = re.search(r'<textarea name="list" hidden[^>]*>(.*?)</textarea>', checked.text, re.DOTALL)[1]
    decide = hidden(checked.text, "/office/cohorts") | {"list": body, "do": "decide"}
    for _ in range(2):  # a double click
        decided = assessor.post("/office/cohorts", data=decide, files=empty)
        assert "1 credential is decided" in decided.text
    none = assessor.post("/office/cohorts", data={**sent, "list": " ", "key": "other"}, files=empty)
    assert none.status_code == 422
    long = "\n".join(f"lund/{uuid.uuid4()}" for _ in range(501))
    assert assessor.post("/office/cohorts", data={**sent, "list": long, "key": "long"}, files=empty).status_code == 422
    address = f"/office/assessments/{assessment}/withdraw"
    page = assessor.get(address).text
    gone = assessor.post(address, data=hidden(page, address) | {"reason": "administrative"})
    assert gone.status_code == 303, summary(gone)


def test_a_refusal_without_reasons_is_not_published(office):
    query = f"member=lund&achievement={office.achievement}@1&outcome=refused&ground=level:lowerLevel"
    page = office.assessor.get(f"/office/assessments/confirm?{query}").text
    answer = office.assessor.post("/office/assessments", data=hidden(page, "/office/assessments"))
    assert answer.status_code == 422
    assert "This step changed nothing." in summary(answer)


def test_a_country_has_its_notes_with_their_sources(office):
    assert "Norway" in office.officer.get("/office/countries").text
    chosen = office.officer.get("/office/countries?country=NO")
    assert chosen.headers["location"].endswith("/office/countries/NO")
    page = office.officer.get("/office/countries/NO").text
    assert "Source" in page
    assert office.officer.get("/office/countries/ZZ").status_code == 404


def test_the_year_is_a_page_a_table_and_a_document(office):
    officer = office.officer
    until(lambda: re.search(r"<h1>[1-9]\d* decisions?", officer.get("/office/year").text))
    page = officer.get("/office/year").text
    rows = list(csv.DictReader(io.StringIO(officer.get("/office/year.csv").text)))
    made = next(row["number"] for row in rows if row["code"] == "made")
    assert re.search(r"<h1>(\d+) decisions?", page)[1] == made
    wide = re.findall(r'(<div class="scroll"[^>]*>)?<table(?:(?!</table>).)*class="bar"', page, re.DOTALL)
    assert wide  # on a telephone these scroll, and not the page
    assert all(wide)
    pdf = officer.get("/office/year.pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert pdf.headers["cache-control"] == "no-store"
    assert "0 decisions in 1999" in officer.get("/office/year?year=1999").text
    for year in ("soon", "1", "99999", "²026"):
        assert officer.get(f"/office/year?year={year}").status_code == 422, year


def test_a_form_of_another_site_changes_nothing(office):
    page = office.assessor.get("/office/cohorts")
    for path in ("/office/assessments", "/office/agreements/declare", "/office/assign", "/office/search"):
        answer = office.assessor.post(path, data={"key": "x"})
        assert answer.status_code == 403, path
    elsewhere = office.assessor.post("/office/assessments", data=form(page), headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403
