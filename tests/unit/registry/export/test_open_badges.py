import hashlib
import json
from datetime import date
from pathlib import Path

import jsonschema
import msgspec
import pytest

from registry.documents import log_place
from registry.documents.data_integrity import read_proofs, verify_proof
from registry.export.document import ExportError
from registry.export.open_badges import export_open_badge
from tests.support import portable
from tests.support.signer import KeySigner, load, make_copy

STRICT = json.loads((Path(__file__).parent / "schemas" / "open-badges-3.0-strict.json").read_text())


def export(credential=None, copy=None, signer=None, **options):
    return export_open_badge(credential or portable.credential(), copy or make_copy(), signer or KeySigner(), **options)


@pytest.mark.parametrize("identity", ["hashed", "plain"])
@pytest.mark.parametrize("tie", ["open", "disclosable", "none"])
def test_a_badge_has_the_form_of_the_published_schema_and_a_valid_proof(identity, tie):
    signer = KeySigner()
    document = load(export(copy=make_copy(tie=tie), signer=signer, identity=identity))
    assert [error.message for error in jsonschema.Draft201909Validator(STRICT).iter_errors(document)] == []
    [proof] = read_proofs(document)
    verify_proof(document, proof, signer.jwk)


def test_a_badge_states_credits_level_field_skills_and_grade():
    document = load(export())
    subject = document["credentialSubject"]
    achievement = subject["achievement"]
    assert subject["creditsEarned"] == achievement["creditsAvailable"] == 5
    assert {(each["targetType"], each["targetCode"]) for each in achievement["alignment"]} == {
        ("ext:EQF", "6"),
        ("ext:ISCED-F", "0612"),
        ("ext:ESCO", "http://data.europa.eu/esco/skill/1c7a2f2a-0c14-4a5a-9c8b-1a9a9c2f3f5e"),
    }
    assert [each["value"] for each in subject["result"]] == ["5", "8.5"]
    assert {each["id"] for each in achievement["resultDescription"]} == {
        each["resultDescription"] for each in subject["result"]
    }
    assert "- Assessment: project work" in achievement["criteria"]["narrative"].lower().replace("- a", "- A")
    assert "- Together with Dublin City University" in achievement["criteria"]["narrative"]
    assert document["validUntil"] == "2031-06-05T23:59:59Z"


def test_the_issuer_is_as_governance_describes_it():
    signer = KeySigner(issuer="did:web:registry.twente.example")
    issuer = load(export(signer=signer))["issuer"]
    assert (issuer["id"], issuer["name"]) == ("did:web:registry.twente.example", "University of Twente")
    assert {each["identifierType"]: each["identifier"] for each in issuer["otherIdentifier"]} == {
        "ext:ROR": "https://ror.org/006hf6230",
        "ext:ErasmusInstitutionalCode": "NL ENSCHED01",
        "ext:SCHAC": "twente.example",
    }


def test_a_hashed_name_can_be_confirmed_by_those_who_know_it():
    [identity] = load(export())["credentialSubject"]["identifier"]
    digest = hashlib.sha256(("Zoë Żółkiewska-Núñez" + identity["salt"]).encode()).hexdigest()
    assert identity["identityHash"] == f"sha256${digest}"
    assert "Zoë" not in export().content.decode()


def test_of_the_person_a_badge_has_a_name_at_most():
    content = export(identity="plain", copy=make_copy(tie="open")).content.decode()
    assert "Zoë Żółkiewska-Núñez" in content
    for private in ("2001-02-03", "s2600003", portable.LEARNER, *portable.credential().disclosures):
        assert private not in content


def test_the_holder_is_named_by_the_key_of_the_copy():
    holder = KeySigner()
    subject = load(export(copy=make_copy(holder=holder.jwk), identity="none"))["credentialSubject"]
    assert subject["id"] == f"did:key:{holder.multikey}"
    assert "identifier" not in subject


def test_only_an_open_tie_leads_to_the_log():
    opened = load(export(copy=make_copy(tie="open")))
    assert log_place.read_place(opened) == {
        "origin": "eciu.example/twente",
        "credential": portable.CREDENTIAL,
        "receipt": "a receipt\n",
    }
    for tie in ("disclosable", "none"):
        assert portable.CREDENTIAL not in export(copy=make_copy(tie=tie)).content.decode()


def test_two_copies_share_nothing_but_what_the_credential_itself_says():
    def leaves(value, path=""):
        if isinstance(value, dict):
            return {leaf for name, inner in value.items() for leaf in leaves(inner, f"{path}.{name}")}
        if isinstance(value, list):
            return {leaf for inner in value for leaf in leaves(inner, path)}
        return {(path, value)}

    signer = KeySigner()
    copies = [
        make_copy(holder=KeySigner().jwk),
        make_copy(
            identifier="urn:uuid:9b1c0f6e-5d3a-4c1b-8e27-f04a6d9c3b15",
            issued=date(2026, 7, 2),
            holder=KeySigner().jwk,
            status=msgspec.structs.replace(make_copy().status, index=99_001),
        ),
    ]
    first, second = (leaves(load(export(copy=copy, signer=signer))) for copy in copies)
    shared = {path.partition("[")[0] for path, _ in first & second}
    # the issuer, the achievement, and what the credential says of this learner's result
    own = ("id", "validFrom", "credentialStatus.id", "credentialStatus.statusListIndex", "proof.proofValue",
           "proof.created", "credentialSubject.id", "credentialSubject.identifier.identityHash",
           "credentialSubject.identifier.salt")  # fmt: skip
    assert not {f".{path}" for path in own} & shared


def test_texts_are_in_the_language_that_was_asked_for_and_others_are_listed():
    exported = export(language="nl")
    achievement = load(exported)["credentialSubject"]["achievement"]
    assert (achievement["name"], achievement["inLanguage"]) == ("Datageletterdheid", "nl")
    assert {"achievement.title", "achievement.learningOutcomes[0].title"} <= {each.path for each in exported.omitted}


def test_every_fact_that_is_not_in_the_badge_is_listed():
    paths = {each.path for each in export().omitted}
    assert {
        "claims.dateOfBirth",
        "claims.familyName",
        "claims.givenName",
        "claims.originalGrade",
        "claims.studentNumber",
        "disclosures",
        "issuer.accreditations",
        "place",
    } <= paths
    assert "parts" in {each.path for each in export(portable.stack()).omitted}


@pytest.mark.parametrize("status", ["revoked", "replaced"])
def test_a_revoked_credential_gets_no_copy(status):
    with pytest.raises(ExportError, match=status):
        export(portable.credential(status=status))


def test_a_suspended_credential_gets_no_badge_which_could_not_say_so():
    with pytest.raises(ExportError, match="suspended"):
        export(portable.credential(status="suspended"))
    assert "status.suspended" in {each.path for each in export().omitted}


def test_what_makes_a_badge_impossible_is_said_with_what_to_do():
    with pytest.raises(ExportError, match="not published yet"):
        export(portable.credential(place=None), make_copy(tie="open"))
    with pytest.raises(ExportError, match="Give a holder"):
        export(identity="none")
    signer = KeySigner()
    signer.profile = "eudi"
    with pytest.raises(ExportError, match="profile `open`"):
        export(signer=signer)
    with pytest.raises(ExportError, match="Ed25519 or P-256"):
        export(copy=make_copy(holder={"kty": "RSA", "n": "AQAB", "e": "AQAB"}))
    with pytest.raises(ExportError, match="control character"):
        export(portable.credential(claims=portable.PERSON | {"note": "a\x00b"}))


def test_learning_without_credits_and_level_is_exported_too():
    content = portable.achievement_content(
        creditBearing=False, ects=None, eqfLevel=None, nqfLevel=None, levelBasis=None, gradingScheme=None
    )
    document = load(export(portable.credential(achievement=content, ects=None, valid_until=None)))
    assert "creditsEarned" not in document["credentialSubject"]
    assert [error.message for error in jsonschema.Draft201909Validator(STRICT).iter_errors(document)] == []


def test_an_issuer_without_an_address_has_achievements_by_urn():
    issuer = portable.organisation()

    nowhere = msgspec.structs.replace(issuer, url=None)
    document = load(export(portable.credential(issuer=nowhere, awarding_bodies=[nowhere])))
    assert document["credentialSubject"]["achievement"]["id"].startswith("urn:uuid:")


@pytest.mark.parametrize("language", ["de", "es", "fr", "nl", "pt", "sv"])
def test_the_criteria_are_in_the_language_of_the_badge(language):
    narratives = {each: load(export(language=each))["credentialSubject"]["achievement"] for each in ("en", language)}
    english, other = (each["criteria"]["narrative"].splitlines() for each in narratives.values())
    assert len(other) == len(english)
    headings = [(a.partition(":")[0], b.partition(":")[0]) for a, b in zip(english, other, strict=True) if ":" in a]
    assert len([a for a, b in headings if a != b]) >= 8
    assert narratives["nl" if language == "nl" else "en"]["name"] == (
        "Datageletterdheid" if language == "nl" else "Data literacy"
    )


def test_a_language_without_words_has_english_headings():
    narrative = load(export(language="el"))["credentialSubject"]["achievement"]["criteria"]["narrative"]
    assert narrative.startswith("What the holder can do:")
