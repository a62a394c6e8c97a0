import hashlib
import json
from base64 import b64decode
from datetime import UTC, date, datetime

import msgspec
import pytest

from registry.documents.processed_payload import process_payload
from registry.documents.sd_jwt import parse_disclosure, parse_sd_jwt
from registry.export.credential_type import SCHEMA, make_type_metadata
from registry.export.document import Copy, ExportError, StatusPlaces
from registry.export.sd_jwt_vc import export_sd_jwt_vc
from tests.support.document_keys import DocumentKey
from tests.support.portable import credential, organisation, stack

OPEN, EUDI = DocumentKey("open"), DocumentKey("eudi", certificates=True)
LIST = "https://registry.twente.example/credentials/status/3"


def make_copy(index=7, **changes):
    values = {
        "identifier": "urn:uuid:2f1c0f9a-0d52-4a57-8f5e-4b2f0a3c9d11",
        "issued": date(2026, 6, 8),
        "status": StatusPlaces(bitstring_list=f"{LIST}/revocation", token_list=f"{LIST}/token", index=index),
        "holder": DocumentKey("eudi").jwk,
    }
    return Copy(**(values | changes))


def export(award=None, signer=OPEN, **changes):
    return export_sd_jwt_vc(award or credential(), make_copy(**changes), signer)


def read(exported):
    sd_jwt = parse_sd_jwt(exported.content.decode())
    return sd_jwt, process_payload(sd_jwt)


def strings(value):
    if isinstance(value, dict):
        return {text for key, item in value.items() for text in strings(item)}
    if isinstance(value, list):
        return {text for item in value for text in strings(item)}
    return {value}


def test_a_credential_names_its_issuer_type_holder_status_and_days():
    sd_jwt, payload = read(export())
    assert sd_jwt.jwt.header == {"alg": "EdDSA", "typ": "dc+sd-jwt", "kid": OPEN.verification_method}
    claims = payload.claims
    assert claims["iss"] == "did:web:registry.twente.example"
    assert claims["vct"] == "https://registry.twente.example/credentials/types/micro-credential/1"
    assert claims["aka_vcts"] == ["urn:credential-registry:micro-credential:1"]
    assert claims["status"] == {"status_list": {"idx": 7, "uri": f"{LIST}/token"}}
    assert claims["iat"] % 86400 == claims["nbf"] % 86400 == claims["exp"] % 86400 == 0
    assert claims["exp"] == datetime(2031, 6, 6, tzinfo=UTC).timestamp()
    assert claims["cnf"]["jwk"]["crv"] == "P-256"
    assert (claims["issuing_authority"], claims["issuing_country"]) == ("University of Twente", "NL")


def test_it_carries_the_achievement_as_annex_i_of_the_recommendation_asks():
    achievement = read(export())[1].claims["achievement"]
    assert achievement["title"] == {"en": "Data literacy", "nl": "Datageletterdheid"}
    assert {
        "learningOutcomes",
        "ects",
        "eqfLevel",
        "qfEheaCycle",
        "fieldsOfEducation",
        "language",
        "assessments",
        "participation",
        "supervision",
        "identityVerified",
        "qualityAssurance",
        "prerequisites",
        "stackability",
        "furtherInformation",
    } <= achievement.keys()


def test_the_learner_discloses_each_claim_about_the_person_and_the_tie_to_the_log_apart():
    sd_jwt, payload = read(export())
    assert payload.disclosed == {
        ("family_name",),
        ("given_name",),
        ("birthdate",),
        ("student_number",),
        ("grade",),
        ("original_grade",),
        ("note",),
        ("log_entry",),
        ("log_entry", "disclosures"),
    }
    assert payload.claims["family_name"] == "Żółkiewska-Núñez"
    assert payload.claims["log_entry"]["origin"] == "eciu.example/twente"
    signed = sd_jwt.jwt.payload.decode()
    for secret in ("Żółkiewska", "Zoë", "2001-02-03", "s2600003", "7d1c9a52", "0e6f2b94", "a receipt"):
        assert secret not in signed


def test_the_number_of_digests_tells_nothing_of_the_claims():
    few = credential(claims={"familyName": "A", "givenName": "B", "dateOfBirth": "2001-02-03"})
    counts = {len(parse_sd_jwt(export(award).content.decode()).jwt.claims()["_sd"]) for award in (few, credential())}
    assert counts == {16}


def test_two_copies_of_one_credential_share_nothing_but_the_achievement_the_issuer_and_the_person():
    award = stack()
    first = parse_sd_jwt(export(award, index=7).content.decode())
    second = parse_sd_jwt(export(award, index=90311, issued=date(2026, 6, 9)).content.decode())
    shared = strings(first.jwt.claims()) & strings(second.jwt.claims())
    other = credential(
        credential="11111111-9e0b-4d5f-8a58-0c2c6a1f3d77",
        learner="22222222-9e0b-4d5f-8a58-0c2c6a1f3d77",
        achievement=award.achievement,
        claims={"familyName": "Else", "givenName": "Somebody", "dateOfBirth": "1999-09-09"},
    )
    common = strings(parse_sd_jwt(export(other, index=1).content.decode()).jwt.claims())
    assert shared <= common, "a value that another holder of the achievement does not have"
    assert not set(first.disclosures) & set(second.disclosures)
    salts = [{parse_disclosure(item)[0] for item in copy.disclosures} for copy in (first, second)]
    assert not salts[0] & salts[1]


def test_the_profile_eudi_has_a_chain_of_certificates_and_an_address_as_issuer():
    sd_jwt, payload = read(export(signer=EUDI))
    assert sd_jwt.jwt.header == {"alg": "ES256", "typ": "dc+sd-jwt", "x5c": list(EUDI.x5c), "kid": EUDI.thumbprint}
    assert payload.claims["iss"] == "https://registry.twente.example"


def test_the_tie_is_open_in_a_publication_and_absent_at_the_learners_wish():
    published = read(export(tie="open", holder=None))[1]
    assert ("log_entry",) not in published.disclosed
    assert ("log_entry", "disclosures") in published.disclosed
    untied = export(tie="none")
    assert "log_entry" not in read(untied)[1].claims
    assert "place" in {omission.path for omission in untied.omitted}


def test_what_is_left_out_is_listed():
    assert {omission.path for omission in export(stack()).omitted} == {
        "learner",
        "parts.credential",
        "awardingBodies.accreditations",
    }
    assert "place" in {omission.path for omission in export(credential(place=None)).omitted}


def test_the_parts_of_a_stack_are_named_without_their_numbers():
    payload = read(export(stack()))[1]
    assert payload.claims["parts"] == [
        {"ects": 3, "issuer": "Dublin City University", "title": {"en": "Data literacy", "nl": "Datageletterdheid"}},
        {"ects": 2},
    ]


@pytest.mark.parametrize(
    ("award", "signer", "reason"),
    [
        (credential(issuer=msgspec.structs.replace(organisation(), url=None)), OPEN, "public_url"),
        (credential(status="revoked"), OPEN, "is revoked"),
        (credential(status="replaced"), OPEN, "is replaced"),
        (credential(), DocumentKey("eudi"), "x5c"),
    ],
)
def test_what_no_wallet_would_accept_is_not_exported(award, signer, reason):
    with pytest.raises(ExportError, match=reason):
        export(award, signer)


def test_the_type_metadata_stays_as_it_is_and_credentials_carry_its_hash():
    vct = "https://registry.twente.example/credentials/types/micro-credential/1"
    content = make_type_metadata(vct)
    claims = read(export())[1].claims
    assert b64decode(claims["vct#integrity"].removeprefix("sha256-")) == hashlib.sha256(content).digest()
    assert hashlib.sha256(content).hexdigest() == "58313d994a530ab847d912b9dafc1f7b764b9a27d7fb8007bf4e0348268e3a4c", (
        "a change of the metadata needs a new version"
    )
    metadata = json.loads(content)
    assert metadata["vct"] == vct
    assert metadata["schema"] == json.loads(json.dumps(SCHEMA))
    assert {entry["locale"] for entry in metadata["display"]} == {"en", "de", "fr", "nl", "pt", "sv"}
