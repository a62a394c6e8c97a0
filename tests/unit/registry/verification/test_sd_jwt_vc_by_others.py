import json
import subprocess
from datetime import UTC, datetime

import pytest

from registry.documents.key_binding import bind_key
from registry.documents.sd_jwt import present
from registry.export.credential_type import make_type_metadata
from registry.verification.sd_jwt_vc import HolderRequest
from tests.support.document_keys import DocumentKey
from tests.unit.registry.export.test_sd_jwt_vc import export
from tests.unit.registry.verification.test_sd_jwt_vc import keys, open_text, results, sentence

AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
VCT = "https://registry.twente.example/credentials/types/micro-credential/1"


@pytest.fixture
def others(npm_checks):
    """OpenWallet Foundation's library for SD-JWT VC."""

    def run(action, **request):
        done = subprocess.run(
            ["node", "sd_jwt_vc.js", action],
            cwd=npm_checks,
            input=json.dumps(request),
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("profile", ["open", "eudi"])
def test_a_credential_of_ours_verifies_elsewhere(others, profile):
    signer, holder = DocumentKey(profile, certificates=True), DocumentKey("eudi")
    text = export(signer=signer, holder=holder.jwk, status=None).content.decode()
    whole = {
        "algorithm": "ES256" if profile == "eudi" else "EdDSA",
        "key": signer.jwk,
        "type": make_type_metadata(VCT).decode(),
        "now": int(AT.timestamp()),
    }
    answer = others("verify", token=text, **whole)
    assert answer.get("error") is None
    assert answer["payload"]["family_name"] == "Żółkiewska-Núñez"
    assert answer["payload"]["log_entry"]["disclosures"]
    assert answer["type"] == "Micro-credential, version 1"
    shown = bind_key(present(text, {"grade"}), holder, nonce="n1", audience="https://employer.example", at=AT)
    answer = others("verify", token=shown, holder=holder.jwk, nonce="n1", **whole)
    assert answer.get("error") is None
    assert answer["payload"]["grade"] == "8.5"
    assert "family_name" not in answer["payload"]
    assert answer["keyBinding"]["aud"] == "https://employer.example"
    assert others("verify", token=text, **(whole | {"key": DocumentKey(profile).jwk}))["error"]


def test_a_presentation_from_elsewhere_verifies_here(others):
    address = "https://issuer.example"
    made = others(
        "issue",
        claims={
            "iss": address,
            "vct": "https://issuer.example/diploma",
            "iat": int(AT.timestamp()),
            "name": "Zoë",
            "degree": {"title": "MSc", "grade": "8"},
            "languages": ["nl", "en"],
        },
        frame={"_sd": ["name", "degree"], "degree": {"_sd": ["grade"]}, "languages": {"_sd": [0]}, "_sd_decoy": 3},
        disclose={"degree": {"grade": True}, "languages": {"0": True}},
        nonce="n1",
        audience="https://employer.example",
        now=int(AT.timestamp()),
    )
    metadata = {"issuer": address, "jwks": {"keys": [{"kid": "k1", **made["key"]}]}}
    resolver = keys(fetch=lambda _: json.dumps(metadata).encode())
    request = HolderRequest(nonce="n1", audience="https://employer.example")
    document = open_text(made["token"], resolver, request=request)
    assert results(document) == {"parsed": "passed", "schema": "passed", "signature": "passed", "holder": "passed"}, [
        sentence(document, name) for name in results(document)
    ]
    assert document.claims == {
        "degree": {"title": "MSc", "grade": "8"},
        "languages": ["nl", "en"],
        "type": "https://issuer.example/diploma",
    }
