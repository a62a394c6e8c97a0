"""Decentralised identifiers: the addresses of their documents, the keys in them, and what is refused."""

import base64
import json
from datetime import UTC, datetime

import pytest

from registry.documents.did_document import DocumentKey, build_document
from registry.documents.did_resolver import MAX_DOCUMENT_BYTES, DidResolver, FetchFailed, Unresolved
from registry.documents.did_web import MalformedDid, address_of, did_of, document_path
from registry.documents.issuer_metadata import metadata_address
from registry.documents.multikey import MalformedKey, check_jwk, decode_multikey, encode_multikey
from registry.node.adapters.document_fetch_limits import refuse_fetch
from registry.node.adapters.document_issuers import create_keys
from registry.node.adapters.document_lookups import GovernedMembers
from registry.verification.ports import ResolvedKey, UnresolvedKey
from registry.verification.trust import Trust

ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY"}
ED25519_MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"  # did:key method specification
P256 = {
    "kty": "EC",
    "crv": "P-256",
    "x": "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns",
    "y": "efsX5b10x8yjyrj4ny3pGfLcY7Xby1KzgqOdqnsrJIM",
}
P256_MULTIKEY = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"  # did:key method specification
P384_MULTIKEY = "z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54"  # did:key specification
P521_MULTIKEY = "z2J9gaYxrKVpdoG9A4gRnmpnRCcxU6agDtFVVBVdn1JedouoZN7SzcyREXXzWgt3gGiwpoHq7K68X4m32D8HgzG8wv3sY5j7"
RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
DID = "did:web:registry.twente.example"
OTHER = "did:web:elsewhere.example"


@pytest.mark.parametrize(("jwk", "multikey"), [(ED25519, ED25519_MULTIKEY), (P256, P256_MULTIKEY)])
def test_a_key_has_one_multikey_and_the_reverse(jwk, multikey):
    assert decode_multikey(multikey) == jwk
    assert encode_multikey(jwk) == multikey


@pytest.mark.parametrize(
    ("jwk", "reason"),
    [
        ({**ED25519, "d": "AAAA"}, "private"),
        ({**ED25519, "crv": "X25519"}, "neither"),
        ({**ED25519, "x": ED25519["x"][:-1]}, "base64url|32 bytes"),
        ({**ED25519, "x": 7}, "not text"),
        ({**P256, "y": P256["x"]}, "not a point"),
        ({**P256, "x": P256["x"] + "="}, "base64url"),
        ({"kty": "EC", "crv": "P-256", "x": P256["x"]}, "not text"),
    ],
)
def test_a_jwk_that_is_no_public_key_is_refused_with_the_reason(jwk, reason):
    with pytest.raises(MalformedKey, match=reason):
        check_jwk(jwk)


@pytest.mark.parametrize("text", ["", "z", "z0OIl", "u7QEsI", ED25519_MULTIKEY[:-1], "z" + "1" * 59, "z" * 10_000])
def test_a_multikey_that_is_none_is_refused(text):
    with pytest.raises(MalformedKey):
        decode_multikey(text)


@pytest.mark.parametrize(
    ("address", "did", "document"),
    [
        ("https://registry.twente.example", DID, "https://registry.twente.example/.well-known/did.json"),
        ("https://registry.twente.example/", DID, "https://registry.twente.example/.well-known/did.json"),
        ("https://x.example/registry", "did:web:x.example:registry", "https://x.example/registry/did.json"),
        ("https://x.example:8443/a/b", "did:web:x.example%3A8443:a:b", "https://x.example:8443/a/b/did.json"),
        ("http://localhost:8000", "did:web:localhost%3A8000", "https://localhost:8000/.well-known/did.json"),
    ],
)
def test_an_address_is_an_identifier_and_the_identifier_an_address(address, did, document):
    assert did_of(address) == did
    assert address_of(did) == document
    assert document.endswith(document_path(address))


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:web:x.example:",
        "did:web:x.example:..:y",
        "did:web:x.example:%2e%2e:y",
        "did:web:x.example:a%2Fb",
        "did:web:x.example%2Fpath",
        "did:web:user%40x.example",
        "did:web:x.example?query",
        "did:web:x.example%3A443%3A1",
        "did:web:[::1]",
        "did:key:abc",
        "did:web:" + "a" * 2000,
    ],
)
def test_an_identifier_that_hides_another_address_is_refused(did):
    with pytest.raises(MalformedDid):
        address_of(did)


def test_plain_http_has_no_identifier():
    with pytest.raises(MalformedDid, match="https"):
        did_of("http://registry.twente.example")


def document(**changes):
    keys = [DocumentKey("ed", ED25519), DocumentKey("ec", P256, ("MIIB",))]
    return build_document(DID, "eciu.example/twente", keys) | changes


def resolver(content, asked=None):
    def fetch(address):
        if asked is not None:
            asked.append(address)
        if isinstance(content, Exception):
            raise content
        return content if isinstance(content, bytes) else json.dumps(content).encode()

    return DidResolver(fetch)


@pytest.mark.parametrize(
    ("fragment", "jwk"), [("ed", ED25519), ("ed-jwk", ED25519), ("ec", P256), ("ec-multikey", P256)]
)
def test_our_own_document_has_each_key_in_both_forms(fragment, jwk):
    asked = []
    key = resolver(document(), asked).resolve(f"{DID}#{fragment}")
    assert (key.jwk, key.controller, key.source) == (jwk, DID, "did:web")
    assert asked == ["https://registry.twente.example/.well-known/did.json"]


def test_our_own_document_names_the_log():
    assert document()["alsoKnownAs"] == ["https://eciu.example/twente"]
    assert document()["verificationMethod"][0]["type"] == "Multikey"  # what a Data Integrity proof looks up
    assert document()["verificationMethod"][2]["publicKeyJwk"]["x5c"] == ["MIIB"]


def method(**changes):
    made = {"id": f"{DID}#a", "type": "Multikey", "controller": DID, "publicKeyMultibase": ED25519_MULTIKEY}
    return made | changes


def listed(**changes):
    return {"id": DID, "verificationMethod": [method(**changes)], "assertionMethod": ["#a"]}


def test_references_may_be_relative_and_one_key_needs_no_name():
    assert resolver(listed(id="#a")).resolve(f"{DID}#a").jwk == ED25519
    assert resolver(listed()).resolve(DID).jwk == ED25519
    assert resolver({"id": DID, "assertionMethod": [method()]}).resolve(DID).jwk == ED25519


def test_a_key_that_its_owner_revoked_says_so():
    assert resolver(listed(revoked="2026-01-01T00:00:00Z")).resolve(f"{DID}#a").revoked == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"expires": "2026-12-01T00:00:00Z"}, None),
        ({"expires": "2026-07-01T00:00:00Z"}, "has expired (2026-07-01T00:00:00Z)"),
        ({"expires": "2026-07-01T00:00:00"}, "has expired"),
        ({"expires": "some day"}, "has expired"),
        ({"revoked": "2026-01-01T00:00:00Z"}, "revoked the key"),
    ],
)
def test_a_key_counts_until_its_owner_ended_it(changes, words):
    def fetch(_):
        return json.dumps(listed(**changes)).encode()

    at = datetime(2026, 8, 1, tzinfo=UTC)
    found = create_keys(at, Trust(), fetch, None, GovernedMembers()).resolve(DID, f"{DID}#a")
    if words is None:
        assert isinstance(found, ResolvedKey)
    else:
        assert isinstance(found, UnresolvedKey)
        assert (words in found.reason, found.contradicts) == (True, True)


def test_a_key_of_p384_is_read_as_multikey_and_as_jwk():
    jwk = decode_multikey(P384_MULTIKEY)
    assert (jwk["crv"], check_jwk(jwk), encode_multikey(jwk)) == ("P-384", jwk, P384_MULTIKEY)
    with pytest.raises(MalformedKey, match="48 bytes"):
        check_jwk(jwk | {"x": P256["x"]})


def test_a_key_of_a_kind_that_is_not_read_refutes_no_document():
    did = f"did:key:{P521_MULTIKEY}"
    found = create_keys(datetime(2026, 8, 1, tzinfo=UTC), Trust(), refuse_fetch, None, GovernedMembers()).resolve(
        did, f"{did}#{P521_MULTIKEY}"
    )
    assert isinstance(found, UnresolvedKey)
    assert not found.contradicts


@pytest.mark.parametrize(
    ("content", "reason", "kind"),
    [
        (b"<html>We are back at noon.</html>", "not JSON", "unreachable"),
        (b"[" * 100_000, "not JSON", "unreachable"),
        (b"[]", "another identifier", "wrong"),
        (listed() | {"id": OTHER}, "another identifier", "wrong"),
        (listed() | {"assertionMethod": []}, "no key a", "wrong"),
        (listed() | {"assertionMethod": "a", "authentication": ["#a"]}, "no key a", "wrong"),
        (listed(id=f"{OTHER}#a"), "no key a", "wrong"),
        (listed(controller=OTHER), "another controller", "wrong"),
        (listed(publicKeyMultibase="z6Mk"), "cannot be used", "wrong"),
        (listed(publicKeyMultibase=P521_MULTIKEY), "neither Ed25519 nor P-256", "unsupported"),
        (listed(publicKeyMultibase=None, publicKeyJwk=RSA), "neither Ed25519 nor P-256", "unsupported"),
        (listed(publicKeyJwk=ED25519), "none of the forms", "unsupported"),
        (listed(publicKeyMultibase=7), "none of the forms", "unsupported"),
        (b" " * (MAX_DOCUMENT_BYTES + 1), "more than", "unsupported"),
        (FetchFailed("it answered 404"), "could not be fetched: it answered 404", "unreachable"),
    ],
)
def test_a_document_that_does_not_show_the_key_is_refused_with_the_reason(content, reason, kind):
    with pytest.raises(Unresolved, match=reason) as caught:
        resolver(content).resolve(f"{DID}#a")
    assert caught.value.kind == kind
    assert caught.value.contradicts == (kind == "wrong")


def test_an_identifier_without_a_key_name_is_refused_where_there_are_several():
    with pytest.raises(Unresolved, match="4 keys"):
        resolver(document()).resolve(DID)


def test_did_key_and_did_jwk_hold_their_key():
    nothing = resolver(FetchFailed("nothing is fetched"))
    assert nothing.resolve(f"did:key:{ED25519_MULTIKEY}#{ED25519_MULTIKEY}").jwk == ED25519
    assert nothing.resolve(f"did:key:{P256_MULTIKEY}").jwk == P256
    held = base64.urlsafe_b64encode(json.dumps(P256).encode()).rstrip(b"=").decode()
    assert nothing.resolve(f"did:jwk:{held}#0").jwk == P256


@pytest.mark.parametrize(
    "name",
    [
        f"did:key:{ED25519_MULTIKEY}#{P256_MULTIKEY}",
        "did:key:z6MkNot",
        "did:jwk:AAAA#0",
        "did:jwk:W10#0",
        "did:jwk:e30",
        "did:jwk:e30#1",
        "did:example:123",
        "registry.twente.example",
        "did:jwk:" + "A" * 5_000,
    ],
)
def test_an_identifier_without_a_usable_key_is_refused(name):
    with pytest.raises(Unresolved):
        resolver(FetchFailed("nothing is fetched")).resolve(name)


@pytest.mark.parametrize(
    ("issuer", "address"),
    [
        ("https://x.example", "https://x.example/.well-known/jwt-vc-issuer"),
        ("https://x.example:8443/a/b/", "https://x.example:8443/.well-known/jwt-vc-issuer/a/b"),
    ],
)
def test_the_metadata_of_an_issuer_is_at_its_host(issuer, address):
    assert metadata_address(issuer) == address


def test_the_metadata_of_an_issuer_with_a_query_has_no_address():
    with pytest.raises(ValueError, match="query"):
        metadata_address("https://x.example/?issuer=1")
