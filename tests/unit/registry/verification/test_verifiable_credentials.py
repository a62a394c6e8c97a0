import copy
import json
import random
from datetime import UTC, datetime

import msgspec
import pytest

from registry.documents import log_place
from registry.documents.contexts import CREDENTIALS_V2
from registry.documents.data_integrity import secure_credential
from registry.documents.jose import sign_jws
from registry.documents.json_ld import canonize
from registry.export.open_badges import export_open_badge
from registry.verification.checks import StatusPlace
from registry.verification.verifiable_credentials import check_credential, open_credential
from registry.verification.verifier import verify_document
from registry.wire import base64url
from tests.support import portable
from tests.support.lookups import ports
from tests.support.signer import KeySigner, KeyTable, load, make_copy, sign_with_options

AT = datetime(2026, 8, 1, tzinfo=UTC)
SIGNER = KeySigner()


def badge(**options):
    return load(export_open_badge(portable.credential(), make_copy(**options), SIGNER, identity="plain"))


def sign(document, signer=SIGNER, **options):
    """Sign a document again, with other options of the proof."""
    return sign_with_options(document, signer, options)


def judge(document, keys=None, at=AT):
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    return open_credential(content, keys or KeyTable(), at=at)


def result(document, name="signature"):
    return next(check for check in document.checks if check.name == name)


def test_a_badge_of_ours_passes_and_says_what_it_says():
    document = judge(badge(tie="open", holder=KeySigner().jwk))
    assert [check.result for check in document.checks] == ["passed", "passed", "passed"]
    assert document.format == "open-badges-3.0"
    assert document.issuer == SIGNER.issuer
    assert document.key == SIGNER.jwk
    assert document.claims | {"holder": "", "achievement": ""} == {
        "document": "urn:uuid:3f0a6d0e-1c57-4b7e-9d0c-2a5b8f4e6c71",
        "title": "Data literacy",
        "awardingDate": "2026-06-05",
        "validFrom": "2026-07-01T00:00:00Z",
        "validUntil": "2031-06-05T23:59:59Z",
        "credential": portable.CREDENTIAL,
        "name": "Zoë Żółkiewska-Núñez",
        "note": "With distinction",
        "eqfLevel": 6,
        "credits": 5,
        "ects": 5.0,
        "grade": "8.5",
        "holder": "",
        "achievement": "",
    }
    assert document.status == [
        StatusPlace(
            type="BitstringStatusListEntry",
            list="https://registry.twente.example/status/bitstring/1",
            index=41_217,
            purpose="revocation",
        )
    ]
    assert document.tie == {
        "origin": "eciu.example/twente",
        "credential": portable.CREDENTIAL,
        "receipt": "a receipt\n",
    }


def test_a_badge_with_any_value_changed_claims_nothing():
    original = badge(tie="open")
    chance = random.Random(11)
    leaves = list(_leaves(original))
    for path in chance.sample(leaves, 30):
        document = copy.deepcopy(original)
        place = document
        for step in path[:-1]:
            place = place[step]
        value = place[path[-1]]
        place[path[-1]] = value + 1 if isinstance(value, int | float) else value + "x"
        opened = judge(document)
        assert opened.claims == {}, path
        assert opened.key is None
        assert opened.checks[-1].result in {"failed", "notChecked"}


def _leaves(value, path=()):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, (*path, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, index))
    else:
        yield path


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (sign(badge(), proofPurpose="authentication"), "another purpose"),
        (sign(badge(), expires="2026-07-15T00:00:00Z"), "expired on 2026-07-15"),
        (sign(badge(), created="2027-01-01T00:00:00Z"), "still to come"),
        (sign(badge(), KeySigner()), "not one of its issuer"),
        (badge() | {"proof": [{"type": "DataIntegrityProof"}]}, "no suite"),
        (badge() | {"proof": [*badge()["proof"], badge()["proof"][0] | {"proofValue": "z" + "1" * 64}]}, "hold"),
    ],
)
def test_a_wrong_proof_is_refused_for_its_reason(document, reason):
    opened = judge(document)
    assert result(opened).result == "failed"
    assert reason in result(opened).sentence
    assert opened.claims == {}


def swapped():
    """A badge whose JSON says something else than its RDF: name and description have changed places.

    A context written out in the document defines each of both with the other's meaning. What was signed is the same.
    """
    document = badge()
    achievement = document["credentialSubject"]["achievement"]
    achievement["name"], achievement["description"] = achievement["description"], achievement["name"]
    document["@context"].append({"name": "https://schema.org/description", "description": "https://schema.org/name"})
    return document


def test_a_context_that_redefines_a_term_is_refused():
    opened = judge(swapped())
    assert result(opened).result == "failed"
    assert "redefines the term 'name'" in result(opened).sentence
    assert opened.claims == {}


CREDENTIALS = "https://www.w3.org/2018/credentials#"


def _rename(document, term, name):
    return {name if key == term else key: value for key, value in document.items()}


def _with_alias(document, term, name):
    """The document with a property under a name that a context in it defines."""
    contexts = [
        *document["@context"],
        {name: {"@id": CREDENTIALS + term, "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}},
    ]
    return _rename(document, term, name) | {"@context": contexts}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (_with_alias(badge(), "validUntil", "until"), "validUntil stands under another name"),
        (badge() | {"validUntil": [badge()["validUntil"]]}, "validUntil is not a plain text"),
        (
            badge()
            | {"validUntil": {"@value": badge()["validUntil"], "@type": "http://www.w3.org/2001/XMLSchema#dateTime"}},
            "validUntil is not a plain text",
        ),
        (
            _rename(badge(), "credentialStatus", CREDENTIALS + "credentialStatus"),
            "credentialStatus stands under another",
        ),
    ],
)
def test_a_property_that_readers_of_the_json_would_not_find_is_refused(document, reason):
    """The RDF of each is that of the signed badge, so that its proof holds."""
    assert canonize(_unsigned(document)) == canonize(_unsigned(badge()))
    opened = judge(document)
    assert result(opened).result == "failed"
    assert reason in result(opened).sentence
    assert opened.claims == {}


def _unsigned(document):
    return {name: value for name, value in document.items() if name != "proof"}


def test_a_context_that_gives_a_keyword_another_name_is_refused():
    document = badge()
    document["@context"].append({"remark": "@index"})
    document["credentialSubject"]["achievement"]["remark"] = "Doctor of data"
    opened = judge(document)
    assert result(opened).result == "failed"
    assert "keyword @index" in result(opened).sentence


def test_a_context_inside_a_part_of_the_document_is_refused():
    document = badge()
    document["credentialSubject"]["achievement"]["@context"] = {"extra": "urn:x:extra"}
    assert "contexts of its own" in result(judge(document)).sentence


def test_a_context_of_the_issuer_s_own_terms_is_accepted():
    document = badge()
    document["@context"].append({"labHours": "https://issuer.example/terms#labHours"})
    document["credentialSubject"]["labHours"] = 12
    opened = judge(sign(document))
    assert result(opened).result == "passed"


def test_a_context_that_is_not_here_is_not_checked():
    document = badge()
    document["@context"].append("https://issuer.example/context.json")
    assert result(judge(document)).result == "notChecked"


def test_the_place_on_the_log_counts_only_by_its_own_context():
    document = badge()
    document["@context"].append({log_place.TERM: {"@id": "urn:x:place", "@type": "@json"}})
    document[log_place.TERM] = log_place.make_place("eciu.example/twente", portable.CREDENTIAL, "forged")
    opened = judge(sign(document))
    assert opened.tie is None


def test_a_token_of_vc_2_is_verified_by_the_issuer_s_key():
    document = badge()
    del document["proof"]
    token = sign_jws(
        {"typ": "vc+jwt", "kid": SIGNER.verification_method}, json.dumps(document).encode(), SIGNER
    ).encode()
    opened = judge(token)
    assert [check.result for check in opened.checks] == ["passed", "passed", "passed"]
    assert opened.claims["title"] == "Data literacy"
    enveloped = {
        "@context": document["@context"],
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token.decode()}",
    }
    assert judge(enveloped).claims == opened.claims


def test_a_token_with_one_bit_changed_claims_nothing():
    document = badge()
    del document["proof"]
    token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(document).encode(), SIGNER)
    chance = random.Random(3)
    for _ in range(60):
        at = chance.randrange(len(token))
        changed = token[:at] + chr(ord(token[at]) ^ 1) + token[at + 1 :]
        assert judge(changed.encode()).claims == {}


def test_a_credential_in_two_envelopes_is_refused():
    token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(badge()).encode(), SIGNER)
    assert "in two envelopes" in result(judge(token.encode())).sentence


def test_a_token_that_contradicts_its_credential_is_refused():
    document = badge()
    del document["proof"]
    claims = {"vc": document, "iss": "did:web:other.example", "jti": document["id"]}
    token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(claims).encode(), SIGNER)
    assert "iss of the token" in result(judge(token.encode())).sentence


def vc_token(exp, **ends):
    """A VC-JWT of VC 1.1 with its own end and the credential's."""
    document = {name: value for name, value in badge().items() if name not in ("proof", "validUntil")}
    claims = {"vc": document | ends, "iss": SIGNER.issuer, "exp": int(datetime.fromisoformat(exp).timestamp())}
    return judge(sign_jws({"kid": SIGNER.verification_method}, json.dumps(claims).encode(), SIGNER).encode())


def test_the_earlier_end_of_a_token_and_its_credential_counts():
    early, late = "2026-01-01T00:00:00Z", "2031-06-05T23:59:59Z"
    assert vc_token(early, validUntil=late).claims["validUntil"] == early
    assert vc_token(late, validUntil=early).claims["validUntil"] == early
    assert vc_token(early).claims["validUntil"] == early
    assert vc_token(late, expirationDate="2031-06-05T23:59:59.5Z").claims["validUntil"] == late
    assert "exp of the token is not the same" in result(vc_token(early, expirationDate=late)).sentence


@pytest.mark.parametrize("members", [["garbage"], [5], [None], 5, [[]]])
def test_what_is_no_credential_within_a_credential_is_judged_by_itself_and_raises_nothing(members):
    document = badge()
    document["credentialSubject"]["verifiableCredential"] = members
    del document["proof"]
    token = sign_jws({"kid": SIGNER.verification_method}, json.dumps(document).encode(), SIGNER)
    opened = judge(token.encode())
    reports = [verify_document(member, ports()) for member in opened.members]
    assert reports
    assert {report.verdict for report in reports} <= {"invalid", "cannotTell"}


def test_a_token_without_a_signature_is_refused():
    document = {name: value for name, value in badge().items() if name != "proof"}
    header = base64url.encode(b'{"alg":"none","kid":"' + SIGNER.verification_method.encode() + b'"}')
    opened = judge(f"{header}.{base64url.encode(json.dumps(document).encode())}.".encode())
    assert result(opened).result == "failed"
    assert opened.claims == {}


def test_a_key_that_the_token_brings_itself_proves_nothing():
    document = {name: value for name, value in badge().items() if name != "proof"}
    document["issuer"]["id"] = "did:web:registry.twente.example"
    thief = KeySigner()
    token = sign_jws({"jwk": thief.jwk}, json.dumps(document).encode(), thief)
    opened = judge(token.encode())
    assert result(opened).result == "notChecked"
    assert opened.claims == {}


def test_a_status_list_is_secured_and_checked_as_a_credential():
    status_list = {
        "@context": [CREDENTIALS_V2],
        "id": "https://registry.twente.example/status/1",
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": SIGNER.issuer,
        "validFrom": "2026-07-01T00:00:00Z",
        "credentialSubject": {
            "id": "https://registry.twente.example/status/1#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA",
            "ttl": 300_000,
        },
    }
    media_type, content = secure_credential(status_list, SIGNER, datetime(2026, 7, 1, 12, 30, 5, 7, tzinfo=UTC))
    assert media_type == "application/vc"
    document, signature = check_credential(content, KeyTable(), AT)
    assert document["credentialSubject"] == status_list["credentialSubject"]
    assert signature.check.values["created"] == "2026-07-01T12:30:05Z"
    assert signature.key.jwk == SIGNER.jwk
    other = json.loads(content)
    other["credentialSubject"]["encodedList"] = "uAAAA"
    assert check_credential(json.dumps(other).encode(), KeyTable(), AT).signature.key is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"eyJ", b"eyJ.eyJ.x", b'{"a":1,"a":2}', b"[" * 100_000,
     b'{"@context":["https://www.w3.org/ns/credentials/v2"],"type":"VerifiableCredential","issuer":{"id":{}}}'],
)  # fmt: skip
def test_anything_else_is_said_not_to_be_a_credential(content):
    opened = judge(content)
    assert [check.result for check in opened.checks] == ["failed"]
    assert opened.claims == {}


def test_the_last_proof_is_not_enough_if_another_one_is_broken():
    document = badge()
    broken = document["proof"][0] | {"created": "2026-06-30T00:00:00Z"}
    assert result(judge(document | {"proof": [broken, *document["proof"]]})).result == "failed"


def test_an_opened_document_never_shows_the_person_by_accident():
    assert "Zoë" not in repr(judge(badge()))
    assert "Zoë" not in str(msgspec.structs.replace(judge(badge())))
