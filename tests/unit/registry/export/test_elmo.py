"""ELMO out: judged by its schemas with software that is not ours, and read back by the intake."""

import re
import shutil
import subprocess
from datetime import date
from functools import cache

import msgspec
import pytest
import xmlschema
from lxml import etree

from registry.documents.elmo_schema import IMPORTS, list_faults, schema_path
from registry.export.document import Copy, ExportError
from registry.export.elmo import export_elmo
from registry.export.facts import PortableRecognition, Portfolio, portfolio_of
from registry.intake.formats.documents import read_document
from registry.wire.recognition import Basis, Grant
from tests.support.portable import LEARNER, PERSON, achievement_content, credential, organisation, portfolio, stack

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30))


@cache
def judge(version):
    """The schema of a version as xmlschema reads it, from the shipped files alone."""
    path = schema_path(version)
    shipped = {url: (path.parent / name).as_uri() for url, name in IMPORTS.items()}
    return xmlschema.XMLSchema(path.as_uri(), uri_mapper=shipped, allow="local", defuse="always")


def check(exported, version="2.0"):
    """Fail unless both judges find the document valid; return its root."""
    root = etree.fromstring(exported.content)
    assert [f"{error.path}: {error.reason}" for error in judge(version).iter_errors(exported.content.decode())] == []
    assert list_faults(root, version) == []
    return root


def text_of(root, path):
    return [element.text for element in root.iterfind(re.sub(r"/(?=\w)", "/{*}", path))]


def recognition(**changes):
    basis = [
        {
            "evidence": "onLog",
            "achievement": {"member": "dcu", "achievement": achievement_content().achievement, "version": 1},
            "credential": {"member": "dcu", "credential": LEARNER},
        },
        {"evidence": "paper", "external": {"issuerName": "Evening School", "country": "DE", "title": "Statistik"}},
    ]
    grants = [
        {
            "from": [0, 1],
            "outcome": "full",
            "mode": "credited",
            "gradeTransfer": "none",
            "ects": 7.5,
            "eqfLevel": 6,
            "towards": {"title": {"en": "Minor in data"}},
        },
        {
            "from": [1],
            "outcome": "refused",
            "mode": "credited",
            "gradeTransfer": "none",
            "grounds": [{"aspect": "workload", "difference": "substantiallyLess"}],
        },
    ]
    values = {
        "decision": "9a1c9a52-3b8e-4f60-9a41-5c2de8f07b13",
        "decider": organisation(),
        "purpose": "creditTransfer",
        "basis": msgspec.convert(basis, list[Basis]),
        "grants": msgspec.convert(grants, list[Grant]),
        "decided": date(2026, 9, 1),
        "titles": [{"en": "Statistics"}, {"de": "Statistik"}],
        "issuers": [organisation("dcu", "Dublin City University", country="IE"), None],
    }
    return PortableRecognition(**(values | changes))


@pytest.mark.parametrize("version", ["2.0", "1.7"])
@pytest.mark.parametrize("make", [lambda: portfolio_of(credential()), lambda: portfolio_of(stack()), portfolio])
def test_a_transcript_is_valid_by_the_schema_of_its_version(make, version):
    check(export_elmo(make(), COPY, version), version)


def test_a_transcript_with_decisions_is_valid_and_says_which_result_comes_from_which_basis():
    portfolio = Portfolio(
        learner=LEARNER, person=PERSON, issuer=organisation(), credentials=[credential()], recognitions=[recognition()]
    )
    root = check(export_elmo(portfolio, COPY))
    result = root.find(".//{*}resultOfRecognition")
    assert text_of(result, "./status") == ["Partially Positive"]
    assert text_of(result, "./decisionDate") == ["2026-09-01"]
    assert text_of(result, "./recognitionBasis/recognitionReport/issuer/title") == [
        "Dublin City University",
        "Evening School",
    ]
    assert text_of(result, ".//fromMapping/ref") == ["basis-1", "basis-2"]
    assert text_of(result, ".//toMapping/ref") == ["result-1"]
    assert text_of(result, "./recognitionResult//value") == ["7.5", "6"]


def test_a_transcript_of_decisions_alone_is_valid():
    alone = Portfolio(
        learner=LEARNER, person=PERSON, issuer=organisation(), credentials=[], recognitions=[recognition()]
    )
    check(export_elmo(alone, COPY))
    with pytest.raises(ExportError, match="needs an active credential"):
        export_elmo(alone, COPY, "1.7")


def test_version_1_7_says_that_it_leaves_out_decisions():
    portfolio = Portfolio(
        learner=LEARNER, person=PERSON, issuer=organisation(), credentials=[credential()], recognitions=[recognition()]
    )
    exported = export_elmo(portfolio, COPY, "1.7")
    assert check(exported, "1.7").find(".//{*}resultOfRecognition") is None
    assert "recognitions[0]" in {omission.path for omission in exported.omitted}


@pytest.mark.parametrize("version", ["2.0", "1.7"])
def test_the_intake_reads_back_the_same_facts(version):
    given = credential()
    content = given.achievement
    document = read_document(export_elmo(portfolio_of(given), COPY, version).content, "transcript")
    [award] = document.awards
    assert award.refusals == []
    assert award.achievement == {
        "title": dict(content.title),
        "description": dict(content.description),
        "fieldsOfEducation": list(content.fields_of_education),
        "creditBearing": True,
        "ects": 5,
        "eqfLevel": 6,
        "nqfLevel": "NLQF, level 6",
        "levelBasis": "referenced",
        "language": list(content.language),
        "gradingScheme": {"title": dict(content.grading_scheme.title)},
    }
    assert award.credential == {
        "family_name": PERSON["familyName"],
        "given_name": PERSON["givenName"],
        "date_of_birth": PERSON["dateOfBirth"],
        "awarding_date": given.awarding_date.isoformat(),
        "grade": given.claims["grade"],
        "student": given.claims["studentNumber"],
    }
    issuer = document.issuer
    assert (issuer.name, issuer.country, issuer.homepage) == (
        "University of Twente",
        "NL",
        "https://www.twente.example",
    )


def test_the_intake_reads_back_a_stack_with_its_known_parts():
    document = read_document(export_elmo(portfolio_of(stack()), COPY).content, "transcript")
    [part, whole] = document.awards
    assert whole.parts == [part]
    assert part.achievement["ects"] == 3


def test_a_credential_that_is_a_part_is_written_once_inside_of_the_whole():
    inner = credential(credential="4b1e6c2d-8f35-4a79-b0d4-92c7e1a6f358")
    whole = stack()
    own = msgspec.structs.replace(
        whole,
        parts=[
            msgspec.structs.replace(whole.parts[0], part=msgspec.structs.replace(whole.parts[0].part, member="twente"))
        ],
    )
    root = check(
        export_elmo(Portfolio(learner=LEARNER, person=PERSON, issuer=organisation(), credentials=[inner, own]), COPY)
    )
    assert len(root.findall("./{*}report/{*}learningOpportunitySpecification")) == 1
    assert text_of(root, ".//hasPart//date") == ["2026-06-05"]


@pytest.mark.parametrize(
    "name",
    [
        "محمد الخوارزمي",
        "Zoe\u0308 A\u030angstro\u0308m",
        "]]> & <b>",
        "\u2067\u05e9\u05dc\u05d5\u05dd\u2069",
        "\N{CJK UNIFIED IDEOGRAPH-2070E}",
    ],
)
def test_names_of_any_script_come_back_as_they_are(name):
    content = export_elmo(portfolio_of(credential(claims=PERSON | {"familyName": name})), COPY)
    root = check(content)
    assert text_of(root, "./learner/familyName") == [name]


@pytest.mark.parametrize("name", ["A\x00b", "A\x07b", "A\ufffeb"])
def test_a_character_that_xml_cannot_hold_is_refused_with_its_field(name):
    with pytest.raises(ExportError, match="familyName has a character that XML cannot hold"):
        export_elmo(portfolio_of(credential(claims=PERSON | {"familyName": name})), COPY)


def test_ids_of_the_log_are_written_only_where_the_learner_ties_the_copy_openly():
    closed = export_elmo(portfolio_of(credential()), COPY)
    assert credential().credential.encode() not in closed.content
    assert LEARNER.encode() not in closed.content
    assert "credential" in {omission.path for omission in closed.omitted}
    opened = export_elmo(portfolio_of(credential()), msgspec.structs.replace(COPY, tie="open"))
    check(opened)
    assert f"eciu.example/twente/{credential().credential}".encode() in opened.content


def test_a_revoked_credential_is_not_a_result_that_counts():
    with pytest.raises(ExportError, match="needs an active credential"):
        export_elmo(portfolio_of(credential(status="revoked")), COPY)
    both = Portfolio(
        learner=LEARNER, person=PERSON, issuer=organisation(), credentials=[credential(status="suspended"), stack()]
    )
    exported = export_elmo(both, COPY)
    assert any(each.path == "credentials[0]" and "suspended" in each.reason for each in exported.omitted)


def test_every_fact_without_a_field_is_listed():
    omitted = {omission.path for omission in export_elmo(portfolio_of(credential()), COPY).omitted}
    assert omitted == {
        "achievement.kind",
        "achievement.furtherInformation",
        "achievement.workloadHours",
        "achievement.hoursPerEcts",
        "achievement.learningSetting",
        "achievement.participation",
        "achievement.assessments",
        "achievement.supervision",
        "achievement.identityVerified",
        "achievement.qualityAssurance",
        "achievement.qfEheaCycle",
        "achievement.entitlesTo",
        "achievement.prerequisites",
        "achievement.partners",
        "achievement.stackability",
        "achievement.learningOutcomes",
        "achievement.gradingScheme",
        "validUntil",
        "claims.originalGrade",
        "claims.note",
        "disclosures",
        "place.receipt",
        "credential",
        "awardingBodies",
    }


@pytest.mark.skipif(shutil.which("xmllint") is None, reason="needs xmllint")
def test_xmllint_reads_what_is_written(tmp_path):
    path = tmp_path / "transcript.xml"
    path.write_bytes(export_elmo(portfolio(), COPY).content)
    subprocess.run(["xmllint", "--noout", "--nonet", str(path)], check=True)
