"""Documents of every format: our own and others' samples, what is read, what is reported, what is never guessed."""

import json
from importlib import resources

import jsonschema
import pytest
from lxml import etree

from registry.intake.files import open_intake
from registry.intake.formats.document import Document
from registry.intake.formats.documents import read_document, read_file
from registry.intake.formats.isced import names_another
from registry.intake.rows.ndjson_rows import NdjsonRows
from registry.intake.rows.report import IntakeError
from registry.intake.rows.row_checker import RowChecker
from registry.intake.rows.table_rows import TableRows
from tests.support.catalogues import Everything
from tests.support.samples import OPEN_BADGES, sample

SAMPLES = resources.files("registry.intake").joinpath("samples")
ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
OWN = {
    "microcredential.jsonld": ("European Learning Model", 1, "microcredential-rest.json"),
    "openbadge.json": ("Open Badges 3.0", 1, "openbadge-rest.json"),
    "euhemc.json": ("European higher-education micro-credential", 1, "euhemc-rest.json"),
    "transcript.xml": ("EMREX ELMO", 2, "transcript-rest.json"),
    "transcript-2.xml": ("EMREX ELMO", 2, "transcript-rest.json"),
}


def own(name):
    return read_document(SAMPLES.joinpath(name).read_bytes(), name)


def rest(name):
    return json.loads(SAMPLES.joinpath(name).read_text())


def badge(change=lambda _: None):
    made = json.loads(SAMPLES.joinpath("openbadge.json").read_text())
    change(made)
    return read_document(json.dumps(made).encode(), "badge")


def transcript(*changes, name="transcript.xml"):
    text = SAMPLES.joinpath(name).read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return read_document(text.encode(), name)


def said(document, path):
    return [problem for problem in document.problems if path in problem.where]


# Our own samples


@pytest.mark.parametrize("name", OWN)
def test_our_own_samples_become_whole_achievements_and_credentials(name):
    form, awards, completions = OWN[name]
    document, given = own(name), rest(completions)
    assert (document.FORMAT, len(document.awards)) == (form, awards)
    for award in document.awards:
        assert award.missing(given, "twente") == []
        content = award.content(ID, "twente", given, lambda _: None)
        request = award.request(RowChecker(Everything((content.ects,))), ID, None, given).result
        assert request.record
        assert request.student
        assert request.date_of_birth[:2] in ("19", "20")
        assert request.awarding_date.startswith("2026-06")


@pytest.mark.parametrize("name", OWN)
def test_what_an_office_reads_of_somebody_elses_document(name):
    for external in own(name).external():
        assert external.issuer_name
        assert external.title
        assert external.ects
        assert external.eqf_level
        assert external.family_name
    assert [one.country for one in own("euhemc.json").external()] == ["PT"]


def test_the_projects_badge_and_profile_pass_the_formats_own_schemas():
    schema = json.loads(sample("ob3/ob_v3p0_achievementcredential_schema.json").read_text())
    jsonschema.Draft201909Validator(schema).validate(rest("openbadge.json"))
    profile = json.loads(sample("euhemc/schema.json").read_text())
    profile["allOf"][0] = {"type": "object"}  # the general European Digital Credential, which is elsewhere
    jsonschema.Draft202012Validator(profile).validate(rest("euhemc.json"))


@pytest.mark.parametrize("name", OPEN_BADGES)
def test_badges_of_others_pass_the_formats_own_schema(name):
    schema = json.loads(sample("ob3/ob_v3p0_achievementcredential_schema.json").read_text())
    jsonschema.Draft201909Validator(schema).validate(json.loads(sample(f"ob3/{name}.json").read_text()))


def test_the_profiles_own_example_does_not_pass_its_schema_and_is_read_all_the_same():
    profile = json.loads(sample("euhemc/schema.json").read_text())
    profile["allOf"][0] = {"type": "object"}
    example = json.loads(sample("euhemc/example.json").read_text())
    faults = {"/".join(map(str, one.path)) for one in jsonschema.Draft202012Validator(profile).iter_errors(example)}
    assert {"credentialSubject/hasClaim/0/type", "credentialSubject/hasClaim/0/awardedBy/awardingBody"} <= faults
    assert read_file(sample("euhemc/example.json")).awards


ANY = '<xs:{}><xs:sequence><xs:any processContents="skip" minOccurs="{}" maxOccurs="unbounded"/></xs:sequence></xs:{}>'
ELSEWHERE = {
    "http://www.w3.org/2001/03/xml.xsd": (
        "http://www.w3.org/XML/1998/namespace",
        '<xs:attribute name="lang" type="xs:language"/>',
    ),
    "https://raw.githubusercontent.com/emrex-eu/elmo-schemas/v1/references/xmldsig-core-schema.xsd": (
        "http://www.w3.org/2000/09/xmldsig#",
        ANY.format('element name="Signature"><xs:complexType', "1", "complexType></xs:element"),
    ),
    "https://raw.githubusercontent.com/emrex-eu/elmo-schemas/v1/references/EUROPASS_ISOCountries_V1.1.xsd": (
        "http://europass.cedefop.europa.eu/Europass/V2.0",
        '<xs:simpleType name="countryCode"><xs:restriction base="xs:string"/></xs:simpleType>',
    ),
    "https://raw.githubusercontent.com/erasmus-without-paper/ewp-specs-types-address/stable-v1/schema.xsd": (
        "https://github.com/erasmus-without-paper/ewp-specs-types-address/tree/stable-v1",
        ANY.format('complexType name="FlexibleAddress"', "0", "complexType"),
    ),
}
"""What ELMO's schema imports by URL, as short schemas: enough to judge all that is ELMO's own."""


@pytest.fixture
def elmo_schema(tmp_path):
    text = sample("elmo/schema.xsd").read_text()
    for number, (url, (namespace, body)) in enumerate(ELSEWHERE.items()):
        assert url in text
        file = tmp_path / f"{number}.xsd"
        file.write_text(
            f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{namespace}">{body}</xs:schema>'
        )
        text = text.replace(f'schemaLocation="{url}"', f'schemaLocation="{file.name}"')
    main = tmp_path / "schema.xsd"
    main.write_text(text)
    return etree.XMLSchema(etree.parse(main, etree.XMLParser(no_network=True)))


def test_the_projects_transcript_passes_elmos_own_schema_as_others_example_does(elmo_schema):
    elmo_schema.assertValid(etree.fromstring(SAMPLES.joinpath("transcript.xml").read_bytes()))
    elmo_schema.assertValid(etree.parse(sample("elmo/example.xml")))
    broken = SAMPLES.joinpath("transcript.xml").read_text().replace("<status>passed", "<status>splendid")
    assert not elmo_schema.validate(etree.fromstring(broken.encode()))


# Others' samples


@pytest.mark.parametrize("name", OPEN_BADGES)
def test_dutch_badges_name_no_learning_outcomes_and_are_asked_for_them(name):
    document = read_file(sample(f"ob3/{name}.json"))
    [award] = document.awards
    assert "achievement.learningOutcomes" in award.missing({}, "zed")
    assert award.achievement["assessments"] == ["testing"]
    assert award.achievement["eqfLevel"] in (4, 5)
    assert (award.achievement["supervision"], award.achievement["identityVerified"]) in (
        ("onsite", True),
        ("online", True),
    )


def test_what_a_dutch_badge_leaves_open_is_reported_and_not_guessed():
    document = read_file(sample("ob3/theed_microcredential_full_ho.json"))
    [participation] = said(document, "participationType")
    assert participation.value == "onsite or blended"
    [quality] = [one for one in document.problems if one.value == "AV-4223"]
    assert "agency" in quality.detail
    [award] = document.awards
    assert {"participation", "qualityAssurance", "language"}.isdisjoint(award.achievement)
    assert award.achievement["ects"] == 3
    assert award.credential["grade"] == "8.5"


def test_hours_of_study_without_credits_are_a_workload():
    [award] = read_file(sample("ob3/mbob_ht_pf_microcredential_full.json")).awards
    assert (award.achievement["creditBearing"], award.achievement["workloadHours"]) == (False, 240)
    assert "ects" not in award.achievement


def test_a_grade_on_a_scale_that_the_badge_does_not_have_is_left_out():
    document = read_file(sample("ob3/theed_regular_full_ho.json"))
    assert "grade" not in document.awards[0].credential
    assert said(document, "result[0].resultDescription")


def test_the_profiles_example_has_a_code_and_a_label_that_disagree_and_no_assessment():
    document = read_file(sample("euhemc/example.json"))
    [field] = said(document, "educationSubject")
    assert field.value == "0410 Information and Communication Technologies"
    [award] = document.awards
    assert "fieldsOfEducation" not in award.achievement
    assert {"achievement.assessments", "achievement.fieldsOfEducation", "achievement.learningOutcomes"} <= set(
        award.missing({}, "zed")
    )
    assert (award.achievement["ects"], award.credential["awarding_date"]) == (5, "2025-05-30")
    [external] = document.external()
    assert (external.issuer_name, external.country) == ("University of Example", "ES")


def test_the_transcript_of_others_holds_four_results_and_two_classes():
    document = read_file(sample("elmo/example.xml"))
    assert [award.codes[:1] for award in document.awards] == [["EKSTERN"], ["MNM2-BIO"], ["1000-217bMRJ"], []]
    assert [award.achievement.get("ects") for award in document.awards] == [15, 120, 6, None]
    assert sum("is a class" in note for note in document.notes) == 2
    compilers = document.awards[2]
    assert document.awards[1].parts == [document.awards[0]]
    assert (compilers.achievement["eqfLevel"], compilers.credential["grade"]) == (5, "45.1")
    assert said(document, "credit/level")[0].value == "Bachelor"
    assert "/elmo/report/learningOpportunitySpecification[2]/subjectArea" in document.list_unmapped().paths
    assert document.signed
    assert any("not checked" in note for note in document.notes)


# What has no certain meaning


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda a: a.update(ECTS="2,5"), "ECTS"),
        (lambda a: a.update(ECTS=True), "ECTS"),
        (lambda a: a.update(creditsAvailable=4), "creditsAvailable"),
        (lambda a: a["alignment"][0].update(targetCode="7"), "alignment[0]"),
        (lambda a: a["alignment"][0].update(targetCode="B2"), "alignment[0]"),
        (lambda a: a.update(participationType="onsite or blended"), "participationType"),
        (lambda a: a.update(assessmentType="vibes"), "assessmentType"),
        (lambda a: a.update(identityChecked=False), "identityChecked"),
        (lambda a: a.update(inLanguage="in English"), "inLanguage"),
    ],
)
def test_an_oddity_of_a_badge_is_reported_at_its_path(change, where):
    document = badge(lambda made: change(made["credentialSubject"]["achievement"]))
    assert said(document, where)


def test_credits_of_no_named_scheme_are_no_ects():
    def nameless(made):
        achieved = made["credentialSubject"]["achievement"]
        achieved["creditsAvailable"] = achieved.pop("ECTS")

    document = badge(nameless)
    assert "ects" not in document.awards[0].achievement
    assert "creditBearing" not in document.awards[0].achievement
    assert "which credits" in said(document, "creditsAvailable")[0].detail


def test_a_moment_is_no_day_and_two_grades_are_none():
    def two(made):
        made["awardedDate"] = "2026-06-25T22:00:00Z"
        made["credentialSubject"]["result"] *= 2

    document = badge(two)
    assert {"awarding_date", "grade"}.isdisjoint(document.awards[0].credential)
    assert "moment" in said(document, "awardedDate")[0].detail


def test_credits_of_another_scheme_in_a_transcript_are_not_converted():
    document = transcript(("<scheme>ects</scheme>\n      <value>6</value>", "<scheme>hp</scheme>\n<value>6</value>"))
    assert "ects" not in document.awards[0].achievement
    assert document.awards[1].achievement["ects"] == 4.5
    assert "not ECTS" in document.awards[0].problems[0].detail
    assert document.awards[1].problems == []


def test_a_time_zone_of_a_day_is_left_off_and_that_is_said():
    document = transcript()
    assert document.awards[1].credential["awarding_date"] == "2026-06-08"
    assert any("+02:00 was left off" in note for note in document.notes)
    odd = transcript(("2026-06-08+02:00", "8 June"))
    assert "awarding_date" not in odd.awards[1].credential


def test_what_was_failed_is_no_award_and_a_decision_on_recognition_is_none():
    document = own("transcript-2.xml")
    assert any("is failed" in note for note in document.notes)
    assert any("resultOfRecognition" in note for note in document.notes)
    assert document.awards[0].credential["date_of_birth"] == "1999-12-01"


def test_a_course_says_not_what_kind_of_achievement_it_is():
    document = transcript(("<type>Module</type>", "<type>Course</type>"))
    assert "achievement.kind" in document.awards[0].missing(rest("transcript-rest.json"), "linkoping")


def test_an_award_without_an_id_is_known_by_what_who_and_when():
    [light, sensors] = own("transcript.xml").awards
    records = [award.complete("credential", {})["record"] for award in (light, sensors)]
    assert records == ["TFYA-11 l2600004 2026-06-04", "TFYA-12 l2600004 2026-06-08"]


def test_labels_are_held_against_their_codes():
    assert names_another("0410", "Information and Communication Technologies")
    assert names_another("0713", "Law")
    assert not names_another("0713", "Electricity and energy")
    assert not names_another("0688", "Inter-disciplinary programmes involving ICTs")
    assert not names_another("04", "Accounting")
    assert not names_another("0410", "")


# Completions


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"credential": {"studnet": "1"}}, "credential.studnet is not a field"),
        ({"achievement": {"titel": {}}}, "achievement.titel is not a field"),
        ({"achievement": []}, "is not an object"),
        ({"awards": {"1": 5}}, "is not an object"),
    ],
)
def test_completions_that_are_none_are_told(given, says):
    with pytest.raises(IntakeError, match=says):
        own("openbadge.json").awards[0].missing(given, "twente")


def test_what_is_given_beside_counts_before_what_was_read_and_for_one_award_before_all():
    [first, second] = own("transcript.xml").awards
    given = {
        "achievement": {"ects": 7},
        "awards": {"2": {"achievement": {"ects": 8}}, "TFYA-11": {"credential": {"grade": "5"}}},
    }
    assert first.complete("achievement", given)["ects"] == 7
    assert second.complete("achievement", given)["ects"] == 8
    assert first.complete("credential", given)["grade"] == "5"


# Which format it is


@pytest.mark.parametrize("name", OWN)
def test_a_format_is_told_by_what_a_file_holds_whatever_it_is_called(tmp_path, name):
    for called in ("export.csv", "export", "export.xml", "export.json"):
        file = tmp_path / called
        file.write_bytes(b"\xef\xbb\xbf" + SAMPLES.joinpath(name).read_bytes())
        assert isinstance(opened := open_intake(file, Everything()), Document)
        assert OWN[name][0] == opened.FORMAT


@pytest.mark.parametrize("indent", [None, 1])
def test_one_document_is_no_row_however_it_is_laid_out_and_rows_are_no_document(tmp_path, indent):
    file = tmp_path / "x.json"
    file.write_text(json.dumps(rest("openbadge.json"), indent=indent))
    assert isinstance(open_intake(file, Everything()), Document)
    file.write_text('{"record": "1"}\n{"record": "2"}\n')
    assert isinstance(open_intake(file, Everything()), NdjsonRows)
    file.write_text('{"record": "1"}')
    assert isinstance(open_intake(file, Everything()), NdjsonRows)
    table = tmp_path / "x.dat"
    table.write_text("record,achievement,student,family_name,given_name,date_of_birth,awarding_date\n")
    assert isinstance(open_intake(table, Everything()), TableRows)


def test_utf_16_is_read_where_xml_says_so():
    text = SAMPLES.joinpath("transcript.xml").read_text().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert len(read_document(text.encode("utf-16"), "x").awards) == 2
