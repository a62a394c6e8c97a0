"""Sealed European Digital Credentials: whole, altered in each part, and with the certificates of others."""

import json
from datetime import date, timedelta

import msgspec
import pytest

from registry.export.document import Copy
from registry.export.elm import export_elm
from registry.verification.format_detection import detect_format
from registry.verification.jades import open_jades
from registry.verification.ports import Ports
from tests.support.portable import credential
from tests.support.sealing import NOW, Authority

COPY = Copy(identifier="urn:uuid:2f1c9a52-3b8e-4f60-9a41-5c2de8f07b13", issued=date(2026, 11, 30))
AUTHORITY = Authority()
PORTS = Ports(keys=None, members=None, log=None, statuses=None, at=NOW, anchors=[AUTHORITY.certificate])


@pytest.fixture(scope="module")
def payload():
    return export_elm(credential(), COPY).content


def signature_of(opened):
    return next(check for check in opened.checks if check.name == "signature")


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("form", ["general", "flattened", "compact"])
def test_a_seal_in_each_form_holds_and_leads_to_the_authority(payload, kind, form):
    content = getattr(AUTHORITY.seal(kind=kind), form)(payload)
    assert detect_format(content).format == "jades"
    opened = open_jades(content, PORTS)
    check = signature_of(opened)
    assert (check.result, check.values["seals"][0]["anchored"]) == ("passed", True)
    assert check.values["seals"][0]["name"] == "University of Zed (EE)"
    assert opened.claims["title"] == "Data literacy"
    assert opened.claims["ects"] == 5


@pytest.mark.parametrize("form", ["general", "flattened", "compact"])
def test_every_changed_byte_of_header_content_or_signature_breaks_the_seal(payload, form):
    content = getattr(AUTHORITY.seal(), form)(payload)
    text = content.decode()
    if form == "compact":
        starts = [0, text.index(".") + 1, text.rindex(".") + 1]
    else:
        document = json.loads(text)
        own = document["signatures"][0] if form == "general" else document
        starts = [text.index(own["protected"][:40]), text.index(own["signature"]), text.index('"payload": "') + 60]
    for start in starts:
        for offset in (20, 30, 41):
            place = start + offset
            other = "A" if text[place] != "A" else "B"
            opened = open_jades((text[:place] + other + text[place + 1 :]).encode(), PORTS)
            assert any(check.result == "failed" for check in opened.checks), (form, place)
            assert opened.claims == {}


def test_a_seal_of_another_document_does_not_hold(payload):
    sealer = AUTHORITY.seal()
    other = json.loads(sealer.general(payload))
    other["payload"] = other["payload"].replace("8.5", "9.5")
    check = signature_of(open_jades(json.dumps(other).encode(), PORTS))
    assert (check.result, "the document was changed" in check.sentence) == ("failed", True)


def test_the_certificate_of_somebody_else_beside_a_seal_is_refused(payload):
    mine, other = AUTHORITY.seal(), AUTHORITY.seal("Mill of Diplomas")
    swapped = mine.general(payload, x5c=other.header()["x5c"])
    assert "another one than the one that signed" in signature_of(open_jades(swapped, PORTS)).sentence
    swapped = mine.general(payload, x5c=other.header()["x5c"], **{"x5t#S256": None})
    assert signature_of(open_jades(swapped, PORTS)).result == "failed"


def test_the_authority_of_nobody_whom_we_trust_vouches_for_nothing(payload):
    check = signature_of(open_jades(Authority("Mill of Trust").seal().general(payload), PORTS))
    assert (check.result, check.values["seals"][0]["anchored"]) == ("passed", False)
    assert "does not lead to a trust anchor" in check.values["seals"][0]["reason"]


def test_after_the_end_of_its_certificate_a_seal_is_not_vouched_for(payload):
    content = AUTHORITY.seal(end=NOW - timedelta(days=1)).general(payload)
    seal = signature_of(open_jades(content, PORTS)).values["seals"][0]
    assert seal["anchored"] is False
    assert "ended on 2026-11-29" in seal["reason"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sigD": {"mId": "x"}}, "not in the file"),
        ({"x5c": None}, "certificate is not in the file"),
        ({"crit": ["b64", "sigT", "sigQ"]}, "extensions that are not known here"),
        ({"alg": "HS256"}, "algorithm HS256"),
        ({"alg": "none"}, "algorithm none"),
    ],
)
def test_what_cannot_be_checked_is_said_and_nothing_is_claimed(payload, changes, words):
    opened = open_jades(AUTHORITY.seal().general(payload, **changes), PORTS)
    check = signature_of(opened)
    assert (check.result, opened.claims) == ("notChecked", {})
    assert words in check.sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alg": "RS256"}, "not one for RS256"),
        ({"crit": ["sigT"]}, "does not demand it"),
        ({"x5c": ["AAAA"]}, "cannot be read"),
        ({"x5c": "AAAA"}, "wrong form"),
        ({"crit": "b64"}, "wrong form"),
    ],
)
def test_a_malformed_header_is_refused_with_the_reason(payload, changes, words):
    check = signature_of(open_jades(AUTHORITY.seal().general(payload, **changes), PORTS))
    assert (check.result, words in check.sentence) == ("failed", True)


def test_one_broken_signature_of_two_breaks_the_document(payload):
    first, second = AUTHORITY.seal(), AUTHORITY.seal("Second University")
    document = {"payload": payload.decode(), "signatures": [first.signature(payload), second.signature(payload)]}
    opened = open_jades(json.dumps(document).encode(), PORTS)
    assert [seal["name"] for seal in signature_of(opened).values["seals"]] == [
        "University of Zed (EE)",
        "Second University (EE)",
    ]
    document["signatures"][1] = second.signature(payload + b" ")
    assert signature_of(open_jades(json.dumps(document).encode(), PORTS)).result == "failed"


def test_a_proof_inside_of_a_seal_is_said_to_be_unchecked(payload):
    inner = json.dumps(json.loads(payload) | {"proof": {"type": "DataIntegrityProof"}}).encode()
    check = signature_of(open_jades(AUTHORITY.seal().general(inner), PORTS))
    assert (check.result, "second proof inside" in check.sentence) == ("warning", True)


def test_a_sealed_document_that_defines_its_own_terms_claims_nothing(payload):
    document = json.loads(payload)
    document["@context"].append({"title": "https://mill.example/nonsense"})
    opened = open_jades(AUTHORITY.seal().general(json.dumps(document).encode()), PORTS)
    schema = next(check for check in opened.checks if check.name == "schema")
    assert (schema.result, opened.claims) == ("failed", {})
    assert "terms of its own" in schema.sentence


def test_a_person_is_not_shown_by_accident(payload):
    opened = open_jades(AUTHORITY.seal().general(payload), PORTS)
    assert "Zoë" not in repr(opened)
    assert "Zoë" not in repr(msgspec.structs.replace(opened))
