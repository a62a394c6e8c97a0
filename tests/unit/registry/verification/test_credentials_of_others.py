"""Credentials of 1EdTech and of the Digital Credentials Consortium get the verdicts that their issuers mean."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.documents.multikey import decode_multikey
from registry.verification.badge_image import open_badge_image
from registry.verification.verifiable_credentials import open_credential
from tests.support.signer import KeyTable

SAMPLES = Path(__file__).parent / "samples"
AT = datetime(2026, 8, 1, tzinfo=UTC)
KEYS = {
    "https://example.com/issuers/876543": (
        "z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",
        "z6MkvREVgsHx7Ppae68vCoByy73ZD4aMSJiPML2cryVL8JAx",
        "z6MkrvfzkMnvCroEUP2DVc9SHPE48CRsvHiVSusHioxTYu1x",
    ),
    "https://example.edu/issuers/565049": ("z6MkjZRZv3aez3r18pB1RBFJR1kwUVJ5jHt92JmQwXbd5hwi",),
}
"""The keys of 1EdTech's invented issuers, for what would be at their addresses."""
EDTECH = KeyTable({f"{issuer}#{key}": decode_multikey(key) for issuer, keys in KEYS.items() for key in keys})


def open_sample(name, keys=EDTECH):
    return open_credential((SAMPLES / name).read_bytes(), keys, at=AT)


def results(document):
    return {check.name: check.result for check in document.checks}


def sentence(document, name="signature"):
    return next(check.sentence for check in document.checks if check.name == name)


@pytest.mark.parametrize(
    "name",
    ["1edtech-simple.json", "1edtech-clr-simple.json", "1edtech-simple-multiple-proofs.json"],
)
def test_valid_documents_of_1edtech_pass(name):
    document = open_sample(name)
    assert results(document) == {"parsed": "passed", "schema": "passed", "signature": "passed"}
    assert document.claims["title"]


def test_a_proof_of_an_unknown_kind_beside_a_valid_one_is_mentioned():
    assert "could not be checked: it is in 'SomeProofType'" in sentence(
        open_sample("1edtech-simple-multiple-proofs.json")
    )


def test_the_members_of_a_record_are_read():
    document = open_sample("1edtech-clr-simple.json")
    assert document.format == "clr-2.0"
    assert [b'"Teamwork"' in member for member in document.members] == [True]
    assert "credentials" not in document.claims


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1edtech-simple-err-proof-value.json", "The signature does not hold"),
        ("1edtech-simple-err-credential-subject-profile-type.json", "type 'InvalidProfile', which no context defines"),
        ("1edtech-simple-err-evidence-type.json", "term 'audience', which no context defines"),
        ("1edtech-simple-err-type.json", "type 'OtherCredential', which no context defines"),
        ("1edtech-simple-noproof.json", "Nobody has signed this document"),
        ("1edtech-simple-did-key-method.json", "not one of its issuer"),
    ],
)
def test_wrong_documents_of_1edtech_fail_for_the_right_reason(name, reason):
    document = open_sample(name)
    assert results(document)["signature"] == "failed"
    assert reason in sentence(document)
    assert document.claims == {}
    assert document.key is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1edtech-simple-err-context.json", "first context"),
        ("1edtech-simple-err-issuer.json", "names no issuer"),
    ],
)
def test_documents_that_are_no_credentials_are_not_read(name, reason):
    document = open_sample(name)
    assert results(document) == {"parsed": "failed"}
    assert reason in sentence(document, "parsed")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1edtech-simple-eddsa-2022.json", "could not be checked: it is in 'eddsa-2022'"),
        ("1edtech-derived.json", "it is in ecdsa-sd-2023, for a part of a credential"),
        ("1edtech-simple.jwt", "not reachable"),
        ("1edtech-clr-simple.jwt", "a key that it brings itself"),
    ],
)
def test_what_cannot_be_checked_is_neither_valid_nor_invalid(name, reason):
    document = open_sample(name)
    assert results(document)["signature"] == "notChecked"
    assert reason in sentence(document)
    assert document.claims == {}


@pytest.mark.parametrize("name", ["1edtech-simple-json.svg"])
def test_a_baked_badge_of_1edtech_is_found_and_checked(name):
    document = open_badge_image((SAMPLES / name).read_bytes(), EDTECH, at=AT)
    assert results(document) == {"parsed": "passed", "schema": "passed", "signature": "passed"}


def test_a_baked_token_of_1edtech_is_found():
    document = open_badge_image((SAMPLES / "1edtech-simple-jwt.svg").read_bytes(), EDTECH, at=AT)
    assert results(document)["signature"] == "notChecked"


@pytest.mark.parametrize(
    "name",
    [
        "dcc-v1NoStatus.json",
        "dcc-v2WithValidStatus.json",
        "dcc-v2EddsaWithValidStatus.json",
        "dcc-v2DoubleSigWithValidStatus.json",
    ],
)
def test_credentials_of_the_consortium_pass(name):
    document = open_sample(name, KeyTable())
    assert results(document)["signature"] == "passed"
    assert document.key_source == "did:key"
    assert document.issuer == "did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q"
    assert "Digital Credentials" not in str(document.claims)  # what the file calls its issuer is not claimed


def test_their_places_in_status_lists_are_read():
    document = open_sample("dcc-v2WithValidStatus.json", KeyTable())
    [place] = document.status
    assert (place.type, place.index, place.purpose) == ("BitstringStatusListEntry", 9, "revocation")
    assert place.list.startswith("https://raw.githubusercontent.com/")


def test_a_changed_credential_of_the_consortium_fails():
    document = open_sample("dcc-testVC.json", KeyTable())
    assert results(document)["signature"] == "failed"
    assert "does not hold" in sentence(document)


def test_a_did_web_that_nobody_reaches_is_not_checked():
    document = open_sample("dcc-v2didWebMultikeyWithValidStatus.json", KeyTable())
    assert results(document)["signature"] == "notChecked"
    assert "not reachable" in sentence(document)


def test_a_badge_signed_with_the_key_of_somebody_else_fails():
    document = open_sample("dcc-safeModeBreaker.json", KeyTable())
    assert results(document)["signature"] == "failed"
    assert "not one of its issuer" in sentence(document)
