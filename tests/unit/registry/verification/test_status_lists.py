import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from msgspec.structs import replace

from registry.documents.did_resolver import FetchFailed
from registry.documents.jose import dump_json, sign_jws
from registry.status.bitstring_list import MIN_ENTRIES, make_bitstring_list, sign_as_jwt
from registry.status.token_list import sign_token_list
from registry.verification.checks import StatusPlace
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.ports import ResolvedKey, UnresolvedKey
from registry.verification.status_lists import StatusListReader, is_same_issuer
from registry.verification.status_places import read_status
from tests.support.document_keys import DocumentKey

AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
KEY, OTHER = DocumentKey("open"), DocumentKey("open", "did:web:other.example")
URL = "https://registry.twente.example/credentials/status/1"
STATUSES = {7: 1, 8: 2, 9: 3}
TOKEN = StatusPlace(type="TokenStatusList", list=f"{URL}/token", index=7, purpose="status")


class Keys:
    def resolve(self, issuer, key_id, _=()):
        for key in (KEY, OTHER):
            if key_id == key.verification_method and issuer == key.issuer:
                return ResolvedKey(key.jwk, "did:web")
        return UnresolvedKey("The issuer does not have this key.")


def lookup(content):
    def fetch(address):
        if content is None:
            raise FetchFailed(f"{address} does not answer")
        return content

    return StatusListReader(fetch=fetch, keys=Keys())


def token(signer=KEY, address=f"{URL}/token", at=AT):
    return sign_token_list(STATUSES, MIN_ENTRIES, address, signer, at)


def bitstring(places=(7,), purpose="revocation", signer=KEY, at=AT, **changes):
    credential = make_bitstring_list(places, MIN_ENTRIES, purpose, f"{URL}/{purpose}", signer.issuer, at)
    return sign_as_jwt(credential | changes, signer, at)[1]


def entry(index=7, purpose="revocation", **changes):
    place = StatusPlace(type="BitstringStatusListEntry", list=f"{URL}/{purpose}", index=index, purpose=purpose)
    return replace(place, **changes)


def check(content, *places, issuer=KEY.issuer, at=AT):
    return lookup(content).check(places, issuer, at)


@pytest.mark.parametrize(
    ("index", "result", "says"),
    [
        (6, "passed", "is valid"),
        (7, "failed", "has revoked"),
        (8, "failed", "has suspended"),
        (9, "notChecked", "a value of the issuer's own"),
        (MIN_ENTRIES - 1, "passed", "is valid"),
        (MIN_ENTRIES, "notChecked", "none at 131,072"),
        (10**12, "notChecked", "none at"),
        (-1, "notChecked", "none at"),
    ],
)
def test_the_entry_of_a_token_status_list_counts(index, result, says):
    found = check(token(), replace(TOKEN, index=index))
    assert (found.result, says in found.sentence) == (result, True), found.sentence


def test_the_entries_of_bitstring_lists_count():
    assert check(bitstring(), entry(7)).result == "failed"
    assert check(bitstring(), entry(6)).result == "passed"
    suspended = check(bitstring(purpose="suspension"), entry(7, "suspension"))
    assert (suspended.result, "suspended" in suspended.sentence) == ("failed", True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "could not be fetched"),
        (b"<html>", "not a Token Status List"),
        (b"\xff", "not a Token Status List"),
        (token(address=f"{URL}/other"), "another list (sub)"),
        (token(OTHER), "not one of the document's issuer"),
        (token(DocumentKey("open")), "does not have this key"),
        (token()[:-40] + b"A" * 40, "the signature of the list"),
        (token(at=AT - timedelta(days=8)), "has expired"),
        (bitstring(), "not of type statuslist+jwt"),
    ],
)
def test_a_token_list_that_proves_nothing_is_inconclusive(content, reason):
    found = check(content, replace(TOKEN, index=6))
    assert (found.result, reason in found.sentence) == ("notChecked", True), found.sentence


def forged(**changes):
    claims = {"iss": KEY.issuer, "sub": f"{URL}/token", "iat": 1, "status_list": {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}}
    return sign_jws(
        {"typ": "statuslist+jwt", "kid": KEY.verification_method}, dump_json(claims | changes), KEY
    ).encode()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (forged(status_list={"bits": 3, "lst": "eNrbuRgAAhcBXQ"}), "the form of one"),
        (forged(status_list={"bits": True, "lst": "eNrbuRgAAhcBXQ"}), "the form of one"),
        (forged(status_list={"bits": 1, "lst": "AAAA"}), "cannot be unpacked"),
        (forged(status_list=None), "no status list"),
        (forged(iat=None), "of when"),
        (forged(exp="never"), "expires"),
    ],
)
def test_a_token_list_of_a_wrong_form_is_inconclusive(content, reason):
    found = check(content, replace(TOKEN, index=1))
    assert (found.result, reason in found.sentence) == ("notChecked", True), found.sentence


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (bitstring(), entry(6, "revocation", list=f"{URL}/x"), "another list (id)"),
        (bitstring(purpose="suspension", id=f"{URL}/revocation"), entry(6), "for another purpose"),
        (bitstring(signer=OTHER), entry(6), "not one of the document's issuer"),
        (bitstring(at=AT - timedelta(days=8)), entry(6), "has expired"),
        (bitstring(at=AT + timedelta(days=8)), entry(6), "does not hold yet"),
        (bitstring(validUntil="soon"), entry(6), "times of the list"),
        (bitstring(), entry(6, size=2), "statusSize"),
        (bitstring()[:-40] + b"A" * 40, entry(6), "the signature of the list"),
        (token(), entry(6), "not a credential"),
        (json.dumps({"proof": {}}).encode(), entry(6), "not verified here"),
        (bitstring(purpose="message"), entry(6, "message"), "says nothing of validity"),
    ],
)
def test_a_bitstring_list_that_proves_nothing_is_inconclusive(content, place, reason):
    found = check(content, place)
    assert (found.result, reason in found.sentence) == ("notChecked", True), found.sentence


def stated(**changes):
    """The check of a credential's own words about its place."""
    words = {
        "type": "BitstringStatusListEntry",
        "statusListCredential": f"{URL}/revocation",
        "statusListIndex": "7",
        "statusPurpose": "revocation",
    }
    return check(bitstring(), *read_status({"credentialStatus": words | changes}))


def test_the_place_that_a_credential_states_is_looked_up():
    assert stated().result == "failed"
    assert stated(type=["BitstringStatusListEntry"], statusListIndex=7, statusSize=1).result == "failed"
    assert stated(statusListIndex=6).result == "passed"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"statusSize": 2}, "statusSize"),
        ({"statusSize": "2"}, "statusSize"),
        ({"statusSize": "wide"}, "statusSize"),
        ({"statusSize": None}, "statusSize"),
        ({"statusSize": True}, "statusSize"),
        ({"statusListIndex": "9" * 5_000}, "at which place"),
        ({"statusListIndex": -6}, "at which place"),
        ({"statusListCredential": {"id": URL}}, "at which place"),
        ({"type": "Oracle"}, "its mechanism (Oracle)"),
    ],
)
def test_a_place_that_cannot_be_read_with_certainty_is_inconclusive(changes, reason):
    found = stated(**({"statusListIndex": 6} | changes))
    assert (found.result, reason in found.sentence) == ("notChecked", True), found.sentence


def test_the_worst_of_several_places_counts():
    both = [entry(7), entry(7, "suspension", list=f"{URL}/revocation")]
    assert check(bitstring(), *both).result == "failed"
    assert check(bitstring(), *[replace(place, index=6) for place in both]).result == "notChecked"
    assert check(bitstring(), *[entry(6)] * 9).result == "notChecked"


def test_a_document_without_status_is_said_to_have_none():
    assert "names no status list" in check(None).sentence
    assert check(None, StatusPlace(type="oracle")).result == "notChecked"


def test_a_did_and_an_address_of_one_host_are_one_issuer():
    assert is_same_issuer("did:web:a.example", "https://a.example/")
    assert is_same_issuer("did:web:a.example%3A8443:b", "https://a.example:8443/b")
    assert not is_same_issuer("did:web:a.example", "https://a.example.evil.example")
    assert not is_same_issuer("https://a.example/b", "https://a.example/c")
    assert not is_same_issuer(None, "https://a.example")


EUDI = DocumentKey("eudi", certificates=True)


@pytest.mark.parametrize(("anchors", "finds"), [(True, False), (False, True), (False, False)])
def test_a_list_is_verified_by_its_certificate_or_by_the_key_in_the_did_document(anchors, finds):
    def find_did_key(method):
        is_known = finds and method == EUDI.verification_method
        return ResolvedKey(EUDI.jwk, "did:web") if is_known else UnresolvedKey("The issuer cannot be reached.")

    keys = IssuerKeys(
        at=AT,
        anchors=x509.load_pem_x509_certificates(EUDI.anchor) if anchors else (),
        find_did_key=find_did_key,
    )
    lists = StatusListReader(fetch=lambda _: token(EUDI), keys=keys)
    found = lists.check([replace(TOKEN, index=6)], "https://registry.twente.example", AT)
    assert found.result == ("passed" if anchors or finds else "notChecked"), found.sentence
