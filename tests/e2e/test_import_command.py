"""Documents, drafts and course codes by the command, as a university's people use it."""

import json
from importlib import resources

import pytest

from tests.support.command import Consortium, printed_json

SAMPLES = resources.files("registry.intake").joinpath("samples")


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    return Consortium(tmp_path_factory.mktemp("imports"), postgres)


def test_a_badge_becomes_a_draft_is_completed_and_published_and_its_credential_is_on_the_log(consortium):
    badge, rest = SAMPLES.joinpath("openbadge.json"), SAMPLES.joinpath("openbadge-rest.json")
    said = consortium.run("import", "file", badge, check=1).stdout
    assert "missing achievement.learningOutcomes" in said
    [draft] = printed_json(consortium.run("achievement", "draft", "list", "--json"))["items"]
    assert draft["waiting"] == 1
    refused = consortium.run("achievement", "draft", "publish", draft["draft"], check=1)
    assert "still requires" in refused.stderr
    completed = consortium.run("achievement", "draft", "complete", draft["draft"], rest).stdout
    assert "(given)" in completed
    assert "waiting: record" in completed
    issued = printed_json(consortium.run("achievement", "draft", "publish", draft["draft"], "--json"))["items"]
    consortium.run("views", "update")
    shown = printed_json(consortium.run("credential", "show", issued[0]["credential"], "--json"))
    assert (shown["title"], shown["ects"], shown["status"]) == ({"en": "Soil in the city"}, 2.5, "active")
    assert "0 issued, 1 as before" in consortium.run("import", "file", badge).stdout


def test_the_template_as_it_is_issues_nothing_and_says_why(consortium, tmp_path):
    file = tmp_path / "awards.csv"
    file.write_text(consortium.run("import", "template", "csv").stdout)
    said = consortium.run("import", "file", file, check=1).stdout
    assert "line 2 is the template's own example" in said
    assert "there is no row in it: line 1 of the table names its columns (record, " in said
    assert "0 issued" in said


def test_a_transcript_is_issued_by_course_code_and_rows_name_courses_too(consortium, tmp_path):
    file = tmp_path / "sensors.json"
    given = json.loads(consortium.run("import", "template", "achievement").stdout)
    file.write_text(json.dumps(given | {"title": {"en": "Sensing"}, "ects": 4.5, "workloadHours": 100, "eqfLevel": 6}))
    sensors = consortium.run("achievement", "publish", file).stdout.split()[1].rstrip(",")
    codes = tmp_path / "codes.csv"
    codes.write_text(f"code,achievement,version\nTFYA-12,{sensors},\nTFYA-13,soil,\n")
    assert "1 set, 1 not" in consortium.run("course-code", "import", codes, check=1).stdout
    assert consortium.run("course-code", "list", "--csv").stdout.splitlines()[1:] == [f"TFYA-12,{sensors},"]
    report = printed_json(consortium.run("import", "file", SAMPLES.joinpath("transcript.xml"), "--json", check=1))
    assert [one["how"] for one in report["awards"]] == [
        "no published achievement matches it: a draft",
        "course code TFYA-12 stands for it",
    ]
    assert report["issued"] == 1
    assert "/elmo/learner/citizenship" in report["unmapped"]
    rows = tmp_path / "rows.csv"
    rows.write_text(
        "record,course,student,family_name,given_name,date_of_birth,awarding_date,ects\n"
        "a1,TFYA-12,s9,Jansen,Ada,2001-02-03,2026-06-30,4.5\n"
        "a2,TFYA-13,s9,Jansen,Ada,2001-02-03,2026-06-30,\n"
    )
    assert "1 issued, 0 as before, 1 not taken in" in consortium.run("import", "file", rows, check=1).stdout


def test_an_unclear_document_exits_1_dry_or_not_and_is_issued_once_it_is_said(consortium, tmp_path):
    badge = json.loads(SAMPLES.joinpath("openbadge.json").read_text()) | {"id": "urn:e2e:1", "validUntil": "next year"}
    rest = json.loads(SAMPLES.joinpath("openbadge-rest.json").read_text())
    file, beside = tmp_path / "badge.json", tmp_path / "rest.json"
    file.write_text(json.dumps({"credential": badge, "deliveryDetails": {}}))
    beside.write_text(json.dumps(rest))
    for more in (["--dry-run"], []):
        said = consortium.run("import", "file", file, "--complete", beside, *more, check=1).stdout
        assert "credential.valid_until 'next year'" in said
        assert "null" in said
        assert "--complete" in said
    beside.write_text(json.dumps(rest | {"credential": rest.get("credential", {}) | {"valid_until": None}}))
    assert "1 issued" in consortium.run("import", "file", file, "--complete", beside).stdout


def test_a_programme_and_its_parts_count_once(consortium, tmp_path):
    text = SAMPLES.joinpath("transcript.xml").read_text()
    end = "</learningOpportunitySpecification>"
    start = text.index("<learningOpportunitySpecification>")
    parts = [part + end for part in text[start : text.rindex(end)].split(end) if "<status>passed" in part]
    whole = parts[0].replace("TFYA-11", "PROG-1").replace("Light and materials", "Physics outdoors")
    whole = whole.replace("<value>6</value>", "<value>10.5</value>").replace("Ljus och material", "Fysik ute")
    inner = "".join(f"<hasPart>{part.replace('TFYA', 'TFYC')}</hasPart>" for part in parts)
    file, beside = tmp_path / "programme.xml", tmp_path / "rest.json"
    nested = text[:start] + whole.replace("</specifies>", f"</specifies>{inner}") + text[text.rindex(end) + len(end) :]
    file.write_text(nested.replace("l2600004", "l777"))
    rest = json.loads(SAMPLES.joinpath("transcript-rest.json").read_text())
    outcomes = {"learningOutcomes": [{"title": {"en": "Does physics"}}]}
    rest["awards"] = {code: {"achievement": outcomes} for code in ("TFYC-11", "TFYC-12", "PROG-1")}
    beside.write_text(json.dumps(rest))
    report = printed_json(consortium.run("import", "file", file, "--complete", beside, "--json"))
    assert report["issued"] == 3
    consortium.run("views", "update")
    learner = report["awards"][2]["learner"]
    shown = printed_json(consortium.run("learner", "show", learner, "--json"))
    assert shown["ects"] == 10.5


def test_a_badge_that_asks_or_failed_or_says_a_name_twice_is_not_issued_and_exits_1(consortium, tmp_path):
    badge = json.loads(SAMPLES.joinpath("openbadge.json").read_text()) | {"id": "urn:asked:1"}
    rest = tmp_path / "rest.json"
    rest.write_text(SAMPLES.joinpath("openbadge-rest.json").read_text())
    file = tmp_path / "badge.json"
    file.write_text(json.dumps(badge | {"issuer": [{"name": "Ada College"}, {"name": "Bell College"}]}))
    said = consortium.run("import", "file", file, "--complete", rest, check=1).stdout
    assert "0 issued" in said
    assert "credential.issuer" in said
    badge["credentialSubject"]["result"][0]["value"] = "4.9"
    file.write_text(json.dumps(badge | {"issuer": {"name": "Sham Academy"}}))
    said = consortium.run("import", "file", file, "--complete", rest, check=1).stdout
    assert "below the requiredValue" in " ".join(said.split())
    assert said.startswith("note: the document says that Sham Academy issued it")
    rest.write_text('{"credential": {"grade": "8", "grade": "9"}}')
    refused = consortium.run("import", "file", file, "--complete", rest, check=1)
    assert "'grade' twice in $.credential" in " ".join(refused.stderr.split())
