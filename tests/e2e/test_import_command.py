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
    said = consortium.run("import", badge, check=1).stdout
    assert "wants achievement.learningOutcomes" in said
    [draft] = printed_json(consortium.run("achievement", "draft", "list", "--json"))["items"]
    assert draft["waiting"] == 1
    refused = consortium.run("achievement", "draft", "publish", draft["draft"], check=1)
    assert "still wants" in refused.stderr
    completed = consortium.run("achievement", "draft", "complete", draft["draft"], rest).stdout
    assert "(given)" in completed
    assert "waiting: record" in completed
    issued = printed_json(consortium.run("achievement", "draft", "publish", draft["draft"], "--json"))["items"]
    consortium.run("project")
    shown = printed_json(consortium.run("credential", "show", issued[0]["credential"], "--json"))
    assert (shown["title"], shown["ects"], shown["status"]) == ({"en": "Soil in the city"}, 2.5, "active")
    assert "0 issued, 1 as before" in consortium.run("import", badge).stdout


def test_the_template_as_it_is_issues_nothing_and_says_why(consortium, tmp_path):
    file = tmp_path / "awards.csv"
    file.write_text(consortium.run("template", "csv").stdout)
    said = consortium.run("import", file, check=1).stdout
    assert "line 2 is the template's own example" in said
    assert "there is no row in it: nothing was taken in" in said
    assert "0 issued" in said


def test_a_transcript_is_issued_by_course_code_and_rows_name_courses_too(consortium, tmp_path):
    file = tmp_path / "sensors.json"
    given = json.loads(consortium.run("template", "achievement").stdout)
    file.write_text(json.dumps(given | {"title": {"en": "Sensing"}, "ects": 4.5, "workloadHours": 100, "eqfLevel": 6}))
    sensors = consortium.run("achievement", "publish", file).stdout.split()[1].rstrip(",")
    codes = tmp_path / "codes.csv"
    codes.write_text(f"code,achievement,version\nTFYA-12,{sensors},\nTFYA-13,soil,\n")
    assert "1 set, 1 not" in consortium.run("mapping", "import", codes, check=1).stdout
    assert consortium.run("mapping", "list", "--csv").stdout.splitlines()[1:] == [f"TFYA-12,{sensors},"]
    report = printed_json(consortium.run("import", SAMPLES.joinpath("transcript.xml"), "--json", check=1))
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
    assert "1 issued, 0 as before, 1 not taken in" in consortium.run("import", rows, check=1).stdout
