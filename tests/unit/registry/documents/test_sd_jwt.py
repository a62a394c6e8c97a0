import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.documents.jose import BrokenSignature, InvalidJws, dump_json, parse_jws, sign_jws, verify_jws
from registry.documents.key_binding import bind_key, verify_key_binding
from registry.documents.processed_payload import process_payload
from registry.documents.sd_jwt import (
    Decoy,
    Disclosable,
    InvalidSdJwt,
    hash_disclosure,
    issue_sd_jwt,
    parse_sd_jwt,
    present,
)
from registry.wire import base64url
from tests.support.document_keys import DocumentKey

PUBLISHED = json.loads((Path(__file__).parent / "published" / "rfc9901.json").read_text())
SIGNER = DocumentKey("open")
AT = datetime(2026, 6, 5, 12, tzinfo=UTC)


def sign(payload, *disclosures, **header):
    return "~".join([sign_jws({"typ": "example+sd-jwt", **header}, dump_json(payload), SIGNER), *disclosures, ""])


def disclose(*parts):
    return base64url.encode(json.dumps(parts).encode())


def digest(item):
    return hash_disclosure(item, "sha-256")


def reveal(text):
    return process_payload(parse_sd_jwt(text)).claims


@pytest.mark.parametrize("example", PUBLISHED["examples"], ids=lambda example: example["name"])
def test_the_examples_of_rfc_9901_verify_and_reveal_what_it_says(example):
    sd_jwt = parse_sd_jwt(example["token"])
    verify_jws(sd_jwt.jwt, PUBLISHED["key"])
    payload = process_payload(sd_jwt)
    if example["revealed"] is not None:
        expected = example["revealed"]
        assert {name: value for name, value in payload.claims.items() if name in expected} == expected
    if "disclosures" in example:
        assert len(sd_jwt.disclosures) == example["disclosures"]
    if example.get("keyBinding"):
        made = datetime.fromtimestamp(example["keyBinding"]["iat"], UTC)
        assert sd_jwt.key_binding.claims() == example["keyBinding"]
        verify_key_binding(
            sd_jwt,
            payload.claims,
            payload.hash_algorithm,
            nonce="1234567890",
            audience="https://verifier.example.org",
            at=made,
        )


@pytest.mark.parametrize("example", PUBLISHED["examples"], ids=lambda example: example["name"])
def test_no_character_of_an_example_can_be_changed(example):
    token = example["token"]
    for place in range(0, len(token), 7):
        changed = "A" if token[place] != "A" else "B"
        with pytest.raises((InvalidSdJwt, InvalidJws)):
            judge(token[:place] + changed + token[place + 1 :])


def judge(text):
    sd_jwt = parse_sd_jwt(text)
    verify_jws(sd_jwt.jwt, PUBLISHED["key"])
    payload = process_payload(sd_jwt)
    if sd_jwt.key_binding is not None:
        verify_key_binding(sd_jwt, payload.claims, payload.hash_algorithm, at=AT)


def test_claims_elements_and_what_they_hold_are_disclosed_one_by_one():
    claims = {
        "iss": "https://a.example",
        "name": Disclosable("Zoë"),
        "places": [Disclosable("NL"), "DE", Decoy()],
        "study": Disclosable({"title": "Data", "grade": Disclosable("8")}),
    }
    text = issue_sd_jwt(claims, SIGNER, {"typ": "example+sd-jwt"}, digests=6)
    assert reveal(text) == {
        "iss": "https://a.example",
        "name": "Zoë",
        "places": ["NL", "DE"],
        "study": {"title": "Data", "grade": "8"},
    }
    assert reveal(present(text, {"study"})) == {
        "iss": "https://a.example",
        "places": ["NL", "DE"],
        "study": {"title": "Data"},
    }
    jwt = parse_sd_jwt(text).jwt
    verify_jws(jwt, SIGNER.jwk)
    assert len(jwt.claims()["_sd"]) == 6
    assert process_payload(parse_sd_jwt(text)).disclosed == {
        ("name",),
        ("places", 0),
        ("study",),
        ("study", "grade"),
    }


NAME = disclose("salt", "name", "Zoë")
ELEMENT = disclose("salt", "NL")
INNER = disclose("salt", "grade", "8")
TWO_ALGORITHMS = base64url.encode(b'{"alg":"none","alg":"ES256"}')
OUTER = disclose("salt", "study", {"_sd": [digest(INNER)]})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (sign({"_sd": [digest(NAME), digest(NAME)]}, NAME), "one digest is in the SD-JWT twice"),
        (sign({"_sd": [digest(NAME)], "a": {"_sd": [digest(NAME)]}}, NAME), "one digest is in the SD-JWT twice"),
        (sign({"_sd": ["x"], "a": [{"...": "x"}]}), "one digest is in the SD-JWT twice"),
        (sign({"_sd": [digest(NAME)]}, NAME, NAME), "one disclosure twice"),
        (sign({"_sd": []}, NAME), "1 disclosures do not belong to this SD-JWT"),
        (sign({"_sd": [digest(OUTER)]}, INNER), "1 disclosures do not belong to this SD-JWT"),
        (sign({"_sd": [digest(NAME)], "name": "Eve"}, NAME), "the name of a claim that is there already"),
        (sign({"_sd": [digest(ELEMENT)]}, ELEMENT), "element is referred to as a claim"),
        (sign({"a": [{"...": digest(NAME)}]}, NAME), "a claim is referred to as an element"),
        (sign({"_sd": [digest(disclose("s", "_sd", []))]}, disclose("s", "_sd", [])), "reserved name '_sd'"),
        (sign({"_sd": [digest(disclose("s", "...", "x"))]}, disclose("s", "...", "x")), "reserved name '...'"),
        (sign({"_sd": [digest(disclose("s", 1, "x"))]}, disclose("s", 1, "x")), "referred to as a claim"),
        (sign({"_sd": [digest(disclose(1, "a", "x"))]}, disclose(1, "a", "x")), "not an array of salt"),
        (sign({"_sd": [digest(disclose("s"))]}, disclose("s")), "not an array of salt"),
        (sign({"_sd": [digest("e30")]}, "e30"), "not an array of salt"),
        (sign({"_sd": "x"}), "'_sd' is not a list of digests"),
        (sign({"_sd": [1]}), "'_sd' is not a list of digests"),
        (sign({"a": {"_sd": {"b": 1}}}), "'_sd' is not a list of digests"),
        (sign({"...": "x"}), "the name '...' is reserved"),
        (sign({"a": {"...": "x"}}), "the name '...' is reserved"),
        (sign({"a": [{"...": "x", "b": 1}]}), "more than one digest in it"),
        (sign({"a": [{"...": 1}]}), "more than one digest in it"),
        (sign({"_sd_alg": "md5"}), "the hash algorithm 'md5' is not accepted"),
        (sign({"_sd_alg": "SHA-256"}), "the hash algorithm 'SHA-256' is not accepted"),
        (sign({"a": {"_sd_alg": "sha-256"}}), "only allowed at the top"),
        (sign({}, *[disclose("s", "a", i) for i in range(257)]), "257 disclosures; 256 at most"),
        (sign({"_sd": [digest("W10=")]}, "W10="), "a disclosure cannot be read: not base64url"),
        (sign({"a": 1}, crit=["x"]), "demands an extension"),
        ("e30.e30.e30", "no tilde"),
        ("e30.e30~", "not a JWS of three parts"),
        (TWO_ALGORITHMS + ".e30.~", "a name is there twice"),
        ("x" * 1_048_577, "1,048,576 at most"),
    ],
)
def test_what_rfc_9901_forbids_is_refused(text, reason):
    with pytest.raises(InvalidSdJwt, match=reason):
        reveal(text)


def test_claims_that_disclose_each_other_without_end_are_refused():
    inner = disclose("s", "a", 1)
    chain = [inner]
    for _ in range(40):
        inner = disclose("s", "a", {"_sd": [digest(inner)]})
        chain.append(inner)
    with pytest.raises(InvalidSdJwt, match="more than 32 levels"):
        reveal(sign({"_sd": [digest(inner)]}, *chain))


def test_deep_json_is_refused_before_it_is_read():
    deep = base64url.encode(b'{"a":' * 5000 + b"1" + b"}" * 5000)
    with pytest.raises(InvalidSdJwt, match="more than 32 levels"):
        parse_sd_jwt(f"{deep}.e30.~")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "eddsa"])
def test_retired_algorithms_are_refused(algorithm):
    jws = parse_jws(sign_jws({"alg": algorithm}, b"{}", SIGNER))
    with pytest.raises(InvalidJws, match=f"the algorithm {algorithm} is not accepted"):
        verify_jws(jws, SIGNER.jwk)


def test_an_algorithm_is_not_taken_for_a_key_of_another_kind():
    with pytest.raises(InvalidJws, match="ES256 needs a key of type EC P-256"):
        verify_jws(parse_jws(sign_jws({"alg": "ES256"}, b"{}", SIGNER)), SIGNER.jwk)
    with pytest.raises(BrokenSignature):
        verify_jws(parse_jws(sign_jws({}, b"{}", SIGNER)), DocumentKey("open").jwk)


def test_a_claim_with_a_reserved_name_is_not_issued():
    with pytest.raises(InvalidSdJwt, match="reserved"):
        issue_sd_jwt({"_sd": []}, SIGNER, {})


class TestKeyBinding:
    HOLDER = DocumentKey("eudi")

    def bind(self, text, **changes):
        values = {"nonce": "n1", "audience": "https://employer.example", "at": AT} | changes
        return bind_key(text, values.pop("holder", self.HOLDER), **values)

    def verify(self, text, **changes):
        sd_jwt = parse_sd_jwt(text)
        payload = process_payload(sd_jwt)
        values = {"nonce": "n1", "audience": "https://employer.example", "at": AT} | changes
        return verify_key_binding(sd_jwt, payload.claims, payload.hash_algorithm, **values)

    @property
    def bound(self):
        return sign({"cnf": {"jwk": self.HOLDER.jwk}, "_sd": [digest(NAME)]}, NAME)

    def test_the_holder_signs_a_presentation_for_one_request(self):
        assert self.verify(self.bind(self.bound)) == AT

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"nonce": "n2"}, "another request"),
            ({"audience": "https://other.example"}, "another verifier"),
            ({"at": datetime(2026, 6, 5, 13, tzinfo=UTC)}, "too old"),
            ({"at": datetime(2026, 6, 5, 11, tzinfo=UTC)}, "in the future"),
        ],
    )
    def test_a_presentation_for_somebody_else_is_refused(self, changes, reason):
        with pytest.raises(InvalidSdJwt, match=reason):
            self.verify(self.bind(self.bound), **changes)

    def test_another_key_than_the_holders_is_refused(self):
        with pytest.raises(InvalidSdJwt, match="the signature does not hold"):
            self.verify(self.bind(self.bound, holder=DocumentKey("eudi")))

    def test_a_disclosure_left_out_after_the_signature_is_noticed(self):
        whole = self.bind(self.bound)
        jwt, _, binding = whole.split("~")
        with pytest.raises(InvalidSdJwt, match="another presentation"):
            self.verify(f"{jwt}~{binding}")

    def test_a_presentation_without_signature_is_refused_where_one_is_asked(self):
        with pytest.raises(InvalidSdJwt, match="did not sign"):
            self.verify(self.bound)

    def test_a_credential_without_holder_key_is_bound_to_nobody(self):
        with pytest.raises(InvalidSdJwt, match="names no key of a holder"):
            self.verify(self.bind(sign({})))
