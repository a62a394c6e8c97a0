import json
import subprocess
from datetime import UTC, datetime

import pytest

from registry.documents.key_binding import bind_key
from registry.documents.sd_jwt import present
from registry.export.credential_type import make_type_metadata
from registry.export.document import StatusPlaces
from registry.status.bitstring_list import MIN_ENTRIES, make_bitstring_list
from registry.status.token_list import sign_token_list
from registry.verification.ports import HolderRequest
from tests.support.document_keys import DocumentKey
from tests.unit.registry.export.test_sd_jwt_vc import LIST, export
from tests.unit.registry.verification.test_sd_jwt_vc import keys, open_text, results, sentence

AT = datetime(2026, 6, 9, 12, tzinfo=UTC)
VCT = "https://registry.twente.example/credentials/types/micro-credential/1"


@pytest.fixture
def others(npm_checks):
    """OpenWallet Foundation's library for SD-JWT VC, and Digital Bazaar's for bitstrings."""

    def run(*program, **request):
        done = subprocess.run(
            ["node", *([] if program[0].endswith(".js") else ["sd_jwt_vc.js"]), *program],
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


@pytest.mark.parametrize(("index", "says"), [(6, None), (7, "Status is not valid"), (8, "Status is not valid")])
def test_software_of_others_reads_the_status_of_a_credential_in_our_list(others, index, says):
    signer = DocumentKey("eudi", certificates=True)
    places = StatusPlaces(f"{LIST}/revocation", f"{LIST}/token", index)
    token = export(signer=signer, status=places).content.decode()
    now = datetime.now(UTC).replace(microsecond=0)  # the library compares with its own clock
    signed = sign_token_list({7: 1, 8: 2}, MIN_ENTRIES, places.token_list, signer, now)
    answer = others(
        "verify", token=token, algorithm="ES256", key=signer.jwk, statusList=signed.decode(), now=int(now.timestamp())
    )
    assert says is None or says in answer["error"], answer
    assert (says is None) == ("payload" in answer), answer


def test_software_of_others_reads_our_bitstring(others):
    credential = make_bitstring_list([7, 131_071], MIN_ENTRIES, "revocation", f"{LIST}/revocation", "did:web:x", AT)
    encoded = credential["credentialSubject"]["encodedList"]
    answer = others("status_list.js", encodedList=encoded, places=[0, 6, 7, 8, 131_071])
    assert answer == {"length": MIN_ENTRIES, "values": [False, False, True, False, True]}
