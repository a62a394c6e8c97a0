import copy
import json
import random
from pathlib import Path

import pytest
from pyld import jsonld

from registry.documents import multibase
from registry.documents.contexts import make_loader
from registry.documents.data_integrity import (
    BrokenProof,
    MalformedProof,
    UnsupportedProof,
    read_proofs,
    sign_document,
    verify_proof,
)
from registry.documents.json_ld import UnsafeDocument, canonize_node
from registry.documents.multikey import decode_multikey
from tests.support.signer import KeySigner
from tests.unit.registry.documents.test_json_ld import BADGE

VECTORS = Path(__file__).parent / "vectors"
LOADER = make_loader(
    {
        "https://www.w3.org/ns/credentials/examples/v2": {
            "@context": {"@vocab": "https://www.w3.org/ns/credentials/examples#"}
        }
    }
)
GOOD = (
    "eddsa-rdfc-2022",
    "eddsa-jcs-2022",
    "ed25519-signature-2020",
    "ecdsa-rdfc-2019-p256",
    "ecdsa-jcs-2019-p256",
    "ecdsa-rdfc-2019-p384",
    "ecdsa-jcs-2019-p384",
    "proof-set",
)


def read_vector(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def verify(document):
    for proof in read_proofs(document):
        verify_proof(document, proof, decode_multikey(proof.verification_method.rpartition("#")[2]), LOADER)


@pytest.mark.parametrize("name", GOOD)
def test_the_published_vectors_are_valid(name):
    verify(read_vector(name))


@pytest.mark.parametrize("name", GOOD[:-1])
def test_a_vector_with_a_changed_value_is_refused(name):
    for path in (["name"], ["credentialSubject", "alumniOf"], ["validFrom"], ["proof", "created"]):
        document = read_vector(name)
        place = document
        for step in path[:-1]:
            place = place[step]
        text = place[path[-1]]
        place[path[-1]] = text.replace("2023", "2024") if "2023" in text else text + "x"
        with pytest.raises(BrokenProof):
            verify(document)


@pytest.mark.parametrize("name", GOOD[:-1])
def test_a_vector_with_one_bit_of_its_signature_changed_is_refused(name):
    document = read_vector(name)
    signature = multibase.decode(document["proof"]["proofValue"])
    for bit in range(0, len(signature) * 8, 5):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << bit % 8
        document["proof"]["proofValue"] = multibase.encode(bytes(changed))
        with pytest.raises((BrokenProof, MalformedProof)):
            verify(document)


@pytest.mark.parametrize("name", GOOD[:-1])
def test_a_vector_with_a_value_more_or_less_is_refused(name):
    more = read_vector(name) | {"description": None, "validUntil": "2099-01-01T00:00:00Z"}
    with pytest.raises(BrokenProof):
        verify(more)
    less = read_vector(name)
    del less["credentialSubject"]["id"]
    with pytest.raises(BrokenProof):
        verify(less)


def test_each_bit_of_a_signed_document_counts():
    signer = KeySigner()
    text = json.dumps(sign_document(BADGE, signer, "2026-07-01T00:00:00Z")).encode()
    chance = random.Random(7)
    for _ in range(150):
        at, bit = chance.randrange(len(text)), chance.randrange(7)
        changed = text[:at] + bytes([text[at] ^ 1 << bit]) + text[at + 1 :]
        try:
            document = json.loads(changed)
            proofs = read_proofs(document)
            accepted = bool(proofs)
            for proof in proofs:
                verify_proof(document, proof, signer.jwk)
        except (ValueError, KeyError):  # all of our errors are ValueErrors, and so are those of JSON
            continue
        assert not accepted or document == json.loads(text), changed


def test_the_proofs_of_a_chain_that_build_on_others_cannot_be_checked():
    document = read_vector("proof-chain")
    first, _, third, fourth = read_proofs(document)
    verify_proof(document, first, decode_multikey(first.verification_method.rpartition("#")[2]), LOADER)
    for proof in (third, fourth):
        with pytest.raises(UnsupportedProof, match="proof chain"):
            verify_proof(document, proof, decode_multikey(proof.verification_method.rpartition("#")[2]), LOADER)


def test_blank_nodes_have_the_order_of_the_hash_that_goes_with_the_curve():
    by_256, by_384 = ((VECTORS / f"employ-p{size}.nq").read_text().strip() + "\n" for size in (256, 384))
    assert by_256 != by_384
    for statements in (by_256, by_384):
        nodes = {node["@id"]: node for node in jsonld.from_rdf(statements, {"format": "application/n-quads"})}
        root = next(node for node in nodes.values() if any("VerifiableCredential" in kind for kind in node["@type"]))
        document = embed(root, nodes)
        assert canonize_node(document, "sha256") == by_256
        assert canonize_node(document, "sha384") == by_384


def embed(value, nodes):
    """Put each node in the place where another one names it, so that the document is one object."""
    if isinstance(value, list):
        return [embed(each, nodes) for each in value]
    if not isinstance(value, dict) or "@value" in value:
        return value
    whole = nodes.get(value["@id"], value)
    return {name: inner if name.startswith("@") else embed(inner, nodes) for name, inner in whole.items()}


def test_an_unknown_suite_cannot_be_checked():
    document = read_vector("eddsa-rdfc-2022")
    document["proof"]["cryptosuite"] = "eddsa-rdfc-2099"
    with pytest.raises(UnsupportedProof, match="eddsa-rdfc-2099"):
        verify(document)


def test_a_suite_takes_a_key_of_its_own_curve_only():
    document = read_vector("ecdsa-rdfc-2019-p256")
    with pytest.raises(BrokenProof, match="P-256"):
        verify_proof(document, read_proofs(document)[0], KeySigner().jwk, LOADER)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"proofValue": None}, "no proofValue"),
        ({"proofValue": "uAAAA"}, "base58btc"),
        ({"proofValue": "z11"}, "bytes"),
        ({"verificationMethod": 7}, "no verificationMethod"),
        ({"proofPurpose": None}, "no proofPurpose"),
        ({"cryptosuite": None}, "no suite"),
        ({"created": "yesterday"}, "created"),
        ({"created": "2023-02-24T23:36:38"}, "zone"),
        ({"expires": 5}, "expires"),
    ],
)
def test_a_malformed_proof_is_refused_with_its_reason(change, reason):
    document = read_vector("eddsa-rdfc-2022")
    document["proof"] |= change
    with pytest.raises(MalformedProof, match=reason):
        verify(document)


def test_a_proof_over_jcs_holds_only_with_the_contexts_for_which_it_was_made():
    document = read_vector("eddsa-jcs-2022")
    document["@context"] = [*reversed(document["@context"])]
    with pytest.raises(BrokenProof, match="contexts"):
        verify(document)


def test_a_document_with_an_undefined_term_is_not_signed():
    with pytest.raises(UnsafeDocument, match="sneaky"):
        sign_document(BADGE | {"sneaky": 1}, KeySigner(), "2026-07-01T00:00:00Z")


def test_signing_leaves_the_document_as_it_was():
    before = copy.deepcopy(BADGE)
    sign_document(BADGE, KeySigner(), "2026-07-01T00:00:00Z")
    assert before == BADGE


def test_more_proofs_than_anybody_needs_are_refused():
    with pytest.raises(MalformedProof, match="more than"):
        read_proofs({"proof": [{}] * 9})
