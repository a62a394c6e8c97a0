"""European Digital Credentials out: judged by the Commission's shapes and context, and read back by the intake."""

import base64
import json
from datetime import date
from functools import cache
from pathlib import Path

import jsonschema
import msgspec
import pyshacl
import pytest
from pyld import FrozenDocumentLoader
from pyld.jsonld import JsonLdProcessor
from rdflib import Graph

from registry import documents
from registry.export.document import Copy, ExportError
from registry.export.elm import export_elm
from registry.export.euhemc import export_euhemc
from registry.intake.formats.documents import read_document
from tests.support.portable import CREDENTIAL, LEARNER, PERSON, achievement_content, credential, organisation, stack

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30))
SHAPES = Path(__file__).parents[3] / "support" / "elm"
CONTEXTS = Path(documents.__file__).parent / "contexts"
LOADER = FrozenDocumentLoader(
    {
        "https://www.w3.org/2018/credentials/v1": CONTEXTS / "credentials-v1.jsonld",
        "http://data.europa.eu/snb/model/context/edc-ap": CONTEXTS / "elm-edc-ap.jsonld",
    }
)
EUHEMC = Path(__file__).parents[5] / "shared" / "data" / "euhemc" / "schema.json"
NO_SEAL = "An issuer must have one and only one legal identifier."


@cache
def shapes():
    return Graph().parse(SHAPES / "EDC-generic-no-cv.ttl").parse(SHAPES / "EDC-generic-full.ttl")


def violations(content):
    """The faults that the Commission's shapes find, with and without controlled lists."""
    dropped = []
    processor = JsonLdProcessor(on_property_dropped=lambda *names: dropped.append(names))
    options = {"documentLoader": LOADER, "format": "application/n-quads"}
    graph = Graph().parse(data=processor.to_rdf(json.loads(content), options), format="nt")
    assert dropped == [], "terms that the context does not have"
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes(), inference="none")
    return [] if conforms else text.split("Constraint Violation")[1:]


def registered(**changes):
    """The issuer as governance names it with its number in the country's register."""
    identifiers = [{"scheme": "registration", "value": "50130536"}, {"scheme": "ror", "value": "https://ror.org/1"}]
    return organisation(identifiers=identifiers, **changes)


@pytest.mark.parametrize("make", [credential, stack])
def test_a_credential_is_valid_by_the_shapes_and_the_controlled_lists(make):
    assert violations(export_elm(msgspec.structs.replace(make(), issuer=registered()), COPY).content) == []


def test_a_credential_without_credits_level_and_grade_is_valid_too():
    content = achievement_content(
        creditBearing=False,
        ects=None,
        eqfLevel=None,
        nqfLevel=None,
        levelBasis=None,
        gradingScheme=None,
        assessments=["testing", "recognitionOfPriorLearning", "quiz"],
        participation=["volunteering"],
        qualityAssurance=[{"type": "internal", "agency": "Examination board"}],
        workloadHours=12.5,
        description=None,
        entitlesTo=None,
    )
    bare = credential(issuer=registered(), achievement=content, ects=None, valid_until=None, claims=PERSON)
    exported = export_elm(bare, COPY)
    assert violations(exported.content) == []
    [award] = read_document(exported.content, "elm").awards
    assert award.achievement["workloadHours"] == 12.5
    assert award.achievement["assessments"] == ["testing", "recognitionOfPriorLearning", "quiz"]
    assert award.credential["grade"] == "Passed"


def test_without_a_number_of_the_issuer_only_the_seal_is_missing():
    exported = export_elm(credential(), COPY)
    [violation, detail] = violations(exported.content)
    assert "IssuerNodeShape" in violation
    assert NO_SEAL in detail
    assert "issuer.eIDASIdentifier" in {omission.path for omission in exported.omitted}


def test_the_intake_reads_back_the_same_facts():
    given = credential()
    [award] = read_document(export_elm(given, COPY).content, "elm").awards
    assert (award.problems, award.refusals) == ([], [])
    stated = json.loads(msgspec.json.encode(given.achievement))
    for name in ("hoursPerEcts", "qfEheaCycle", "partners", "stackability", "achievement", "version", "awardingBodies"):
        del stated[name]
    stated["supervision"] = "unspecified"
    stated["gradingScheme"] = {"title": stated["gradingScheme"]["title"]}
    assert award.achievement == stated
    assert award.credential == {
        "record": COPY.identifier,
        "family_name": PERSON["familyName"],
        "given_name": PERSON["givenName"],
        "date_of_birth": PERSON["dateOfBirth"],
        "awarding_date": "2026-06-05",
        "valid_until": "2031-06-05",
        "grade": "8.5",
        "student": "s2600003",
    }


def test_the_intake_reads_back_a_stack_with_its_known_parts():
    [part, whole] = read_document(export_elm(stack(), COPY).content, "elm").awards
    assert whole.parts == [part]
    assert part.achievement["ects"] == 3
    assert part.achievement["assessments"] == ["projectWork"]


def test_every_fact_without_a_property_is_listed():
    assert {omission.path for omission in export_elm(credential(), COPY).omitted} == {
        "achievement.hoursPerEcts",
        "achievement.qfEheaCycle",
        "achievement.partners",
        "achievement.stackability",
        "achievement.supervision",
        "achievement.gradingScheme",
        "claims.originalGrade",
        "claims.note",
        "disclosures",
        "credential",
        "place.receipt",
        "issuer.eIDASIdentifier",
    }


def test_ids_of_the_log_are_written_only_where_the_learner_ties_the_copy_openly():
    closed = export_elm(credential(), COPY).content
    assert CREDENTIAL.encode() not in closed
    assert LEARNER.encode() not in closed
    opened = export_elm(credential(issuer=registered()), msgspec.structs.replace(COPY, tie="open"))
    assert violations(opened.content) == []
    document = json.loads(opened.content)
    assert document["identifier"]["notation"] == f"eciu.example/twente/{CREDENTIAL}"
    assert base64.b64decode(document["attachment"]["content"]) == b"a receipt\n"


def test_a_revoked_credential_is_not_exported():
    with pytest.raises(ExportError, match="is revoked"):
        export_elm(credential(status="revoked"), COPY)


def test_the_picture_names_the_achievement_and_not_the_person():
    first = json.loads(export_elm(credential(), COPY).content)
    second = json.loads(export_elm(credential(claims=PERSON | {"familyName": "Another"}), COPY).content)
    assert first["displayParameter"] == second["displayParameter"]
    own = json.loads(export_elm(credential(), COPY, picture=b"\x89PNG").content)
    image = own["displayParameter"]["individualDisplay"][0]["displayDetail"][0]["image"]
    assert base64.b64decode(image["content"]) == b"\x89PNG"


@pytest.mark.skipif(not EUHEMC.exists(), reason="needs the published schema of the profile")
@pytest.mark.parametrize("make", [credential, stack])
def test_a_european_micro_credential_is_valid_by_the_schema_of_the_profile(make):
    # The first part of the schema refers to a package that no registry has; the second is the profile's own.
    schema = json.loads(EUHEMC.read_text())["allOf"][1]
    jsonschema.validate(json.loads(export_euhemc(make(), COPY).content), schema)


def test_the_intake_reads_back_a_european_micro_credential():
    given = credential()
    document = read_document(export_euhemc(given, COPY).content, "euhemc")
    [award] = document.awards
    assert document.FORMAT == "European higher-education micro-credential"
    assert (award.problems, award.refusals) == ([], [])
    assert (award.issuer.name, award.issuer.country) == ("University of Twente", "NL")
    assert award.achievement["ects"] == 5
    assert award.achievement["eqfLevel"] == 6
    assert award.achievement["fieldsOfEducation"] == ["0612"]
    assert award.achievement["participation"] == ["blended"]
    assert award.credential["grade"] == "8.5"


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"ects": 2.5}, "1 to 15 whole ECTS"),
        ({"ects": 30.0}, "1 to 15 whole ECTS"),
        ({"ects": None}, "1 to 15 whole ECTS"),
        ({"claims": {"givenName": "Zoë", "familyName": "Núñez"}}, "dateOfBirth"),
        ({"achievement": achievement_content(eqfLevel=None, creditBearing=False, ects=None)}, "EQF level"),
    ],
)
def test_what_the_profile_excludes_is_refused_with_what_to_do(changes, fault):
    with pytest.raises(ExportError, match=fault):
        export_euhemc(credential(**changes), COPY)
