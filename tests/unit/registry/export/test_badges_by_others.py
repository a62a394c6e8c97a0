"""Badges and records judged by software of others: Digital Bazaar's library and the verifier of DCC."""

import copy
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from registry.documents.contexts import CLR
from registry.export.clr import export_clr
from registry.export.open_badges import export_open_badge
from registry.verification.verifiable_credentials import open_credential
from tests.support import portable
from tests.support.signer import KeySigner, KeyTable, load, make_copy

CONTEXTS = {CLR: json.loads(Path("registry/documents/contexts/clr-2.0.1.jsonld").read_text())}


@pytest.fixture(scope="module")
def judge(npm_checks):
    def run(action, document):
        question = json.dumps({"action": action, "document": document, "contexts": CONTEXTS})
        done = subprocess.run(
            ["node", "verifiable_credentials.js"],
            cwd=npm_checks,
            input=question,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def badge(**options):
    holder = KeySigner().jwk
    return load(export_open_badge(portable.credential(), make_copy(holder=holder, **options), KeySigner()))


def record():
    portfolio = portable.portfolio()
    copies = {each.credential: make_copy() for each in portfolio.credentials}
    whole = make_copy(identifier="urn:uuid:9b1c0f6e-5d3a-4c1b-8e27-f04a6d9c3b15")
    return load(export_clr(portfolio, whole, copies, KeySigner()))


@pytest.mark.parametrize("tie", ["open", "none"])
def test_digital_bazaar_accepts_our_badge_in_its_safe_mode(judge, tie):
    assert judge("verify", badge(tie=tie)) == {"verified": True, "errors": []}


def test_digital_bazaar_accepts_our_learner_record(judge):
    assert judge("verify", record()) == {"verified": True, "errors": []}


def test_digital_bazaar_refuses_our_badge_with_a_changed_grade(judge):
    document = badge()
    document["credentialSubject"]["result"][1]["value"] = "10"
    assert judge("verify", document)["verified"] is False


def test_the_consortium_s_verifier_accepts_our_badge(judge):
    answer = judge("verifyByConsortium", badge(tie="open"))
    assert answer["errors"] == []
    assert (answer["valid"]["valid_signature"], answer["valid"]["expiration"]) == (True, True)


def test_the_consortium_s_verifier_refuses_our_badge_with_a_changed_title(judge):
    document = badge()
    document["name"] = "Doctor of data"
    assert judge("verifyByConsortium", document)["errors"] == ["The signature is not valid."]


def test_we_accept_what_digital_bazaar_signs_and_refuse_it_when_it_is_changed(judge):
    unsigned = {name: value for name, value in badge(tie="open").items() if name != "proof"}
    signed = judge("sign", unsigned)
    at = datetime.now(UTC)  # their library dates the proof itself
    opened = open_credential(json.dumps(signed).encode(), KeyTable(), at=at)
    assert [check.result for check in opened.checks] == ["passed", "passed", "passed"]
    assert opened.claims["title"] == "Data literacy"
    changed = copy.deepcopy(signed)
    changed["credentialSubject"]["creditsEarned"] = 6
    assert open_credential(json.dumps(changed).encode(), KeyTable(), at=at).claims == {}
