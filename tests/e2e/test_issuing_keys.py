"""Keys that sign documents: from `registry issuing-key create` to the node's did.json, and to their end."""

import base64
import stat
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID

from registry.documents.did_resolver import DidResolver, Unresolved
from registry.export.document import ExportError
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.node.node import open_node
from registry.verification.issuing_keys import judge_proof
from tests.support.command import Consortium, printed_json, registry
from tests.support.served import Served

DID = "did:web:registry.twente.example"


@pytest.fixture
def node(tmp_path, postgres):
    made = Consortium(tmp_path, postgres)
    settings = made.home / "registry.toml"
    settings.write_text('public_url = "https://registry.twente.example"\n' + settings.read_text())
    return made


def listed(node):
    return {key["key"]: key for key in printed_json(node.run("issuing-key", "list", "--json"))["items"]}


class Authority:
    """A certificate authority of a test."""

    def __init__(self):
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority")])
        self.root = self._sign(self._name, self._private.public_key(), 30)

    def _sign(self, subject, public, days):
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=40))
            .not_valid_after(now + timedelta(days=days))
            .sign(self._private, hashes.SHA256())
        )

    def answer(self, request, days=20):
        """The chain for a request, in PEM, with the authority's own certificate at its end."""
        asked = x509.load_pem_x509_csr(request)
        assert asked.is_signature_valid
        chain = [self._sign(asked.subject, asked.public_key(), days), self.root]
        return b"".join(each.public_bytes(serialization.Encoding.PEM) for each in chain)


def test_a_key_goes_from_the_command_to_the_log_the_views_and_a_signature(node):
    with open_node(node.home) as opened, pytest.raises(ExportError, match="issuing-key create --profile open"):
        opened.document_signer("open")
    key = node.run("issuing-key", "create", "--profile", "open").stdout.strip()
    file = node.home / "keys" / f"issuing-{key}.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert listed(node)[key]["state"] == "waiting"
    with open_node(node.home) as opened, pytest.raises(ExportError, match="registry views update"):
        opened.document_signer("open")
    node.run("views", "update")
    assert (listed(node)[key]["state"], listed(node)[key]["signs"]) == ("in force", True)
    with open_node(node.home) as opened:
        signer = opened.document_signer("open")
        assert (signer.issuer, signer.verification_method) == (DID, f"{DID}#{key}")
        signature = signer.sign(b"a document")
    public = ed25519.Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(signer.jwk["x"] + "="))
    public.verify(signature, b"a document")
    file.rename(file.with_suffix(".away"))
    with open_node(node.home) as opened, pytest.raises(ExportError, match="Restore it from a backup"):
        opened.document_signer("open")


def test_a_certificate_is_requested_and_its_chain_goes_with_the_key(node, tmp_path):
    request, chain = tmp_path / "request.pem", tmp_path / "chain.pem"
    node.run("issuing-key", "request", "--out", request)
    written = request.read_bytes()
    subject = x509.load_pem_x509_csr(written).subject
    assert subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value == "Twente"
    [key] = [key for key, each in listed(node).items() if each["state"] == "requested"]
    node.run("issuing-key", "request", "--out", request)
    assert list(listed(node)) == [key], "the same key is requested again"

    chain.write_bytes(Authority().answer(_foreign_request()))
    assert "holds none of the keys" in _refused(node, chain)
    chain.write_bytes(Authority().answer(written, days=-1))
    assert "valid from" in _refused(node, chain)
    chain.write_bytes(Authority().answer(written).partition(b"-----END CERTIFICATE-----\n")[0])
    assert "no certificates in PEM" in _refused(node, chain)
    mixed = Authority().answer(written).split(b"-----END CERTIFICATE-----\n")[0] + b"-----END CERTIFICATE-----\n"
    chain.write_bytes(mixed + Authority().root.public_bytes(serialization.Encoding.PEM))
    assert "certificate 2 did not sign certificate 1" in _refused(node, chain)

    chain.write_bytes(Authority().answer(written))
    assert node.run("issuing-key", "create", "--profile", "eudi", "--chain", chain).stdout.strip() == key
    node.run("views", "update")
    with open_node(node.home) as opened:
        signer = opened.document_signer("eudi")
        signature = signer.sign(b"a document")
        with pytest.raises(ExportError, match="profile open"):
            opened.document_signer("open")
    assert len(signer.x5c) == 1, "the authority's own certificate is with the verifier"
    certificate = x509.load_der_x509_certificate(base64.b64decode(signer.x5c[0]))
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(encode_dss_signature(r, s), b"a document", ec.ECDSA(hashes.SHA256()))


def _foreign_request():
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Another")])
    private = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(private, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def _refused(node, chain):
    return node.run("issuing-key", "create", "--profile", "eudi", "--chain", chain, check=1).stderr


def test_keys_are_rotated_and_ended_and_did_json_follows(tmp_path, postgres):
    served = Served(tmp_path, postgres, 'public_url = "https://registry.twente.example"\n')
    node = served.consortium
    settings = node.home / "registry.toml"
    text = settings.read_text().replace('public_url = "https://registry.twente.example"\n', "")
    settings.write_text('public_url = "https://registry.twente.example"\n' + text)
    first, second = (node.run("issuing-key", "create", "--profile", "open").stdout.strip() for _ in range(2))
    node.run("views", "update")
    assert [key for key, each in listed(node).items() if each["signs"]] == [second]
    refused = node.run("issuing-key", "end", first[:12], "--reason", "rotated", check=2)
    assert "Pass --yes" in refused.stderr
    assert "no key" in node.run("issuing-key", "end", "nothing", "--reason", "lost", "--yes", check=1).stderr
    node.run("issuing-key", "end", first[:12], "--reason", "rotated", "--yes")
    assert "illegal-transition" in node.run("issuing-key", "end", first, "--reason", "lost", "--yes", check=1).stderr
    node.run("views", "update")
    served.start(run=False)
    try:
        answer = httpx.get(f"{served.url}/.well-known/did.json")
        assert answer.headers["content-type"].startswith("application/did+json")
        assert answer.headers["access-control-allow-origin"] == "*"
        resolver = DidResolver(lambda _: answer.content)
        for key in (first, second):  # what a rotated key signed before still counts
            x = base64.urlsafe_b64decode(resolver.resolve(f"{DID}#{key}").jwk["x"] + "=")
            assert len(x) == 32
        metadata = httpx.get(f"{served.url}/.well-known/jwt-vc-issuer")
        assert metadata.json()["issuer"] == "https://registry.twente.example"
        assert [key["kid"] for key in metadata.json()["jwks"]["keys"]] == [first, second]
        tag = answer.headers["etag"]
        unchanged = httpx.get(f"{served.url}/.well-known/did.json", headers={"If-None-Match": tag})
        assert unchanged.status_code == 304
        node.run("issuing-key", "end", second, "--reason", "compromised", "--yes")
        node.run("views", "update")
        answer = httpx.get(f"{served.url}/.well-known/did.json")
        assert answer.headers["etag"] != tag
        with pytest.raises(Unresolved):
            DidResolver(lambda _: answer.content).resolve(f"{DID}#{second}")
        metadata = httpx.get(f"{served.url}/.well-known/jwt-vc-issuer")
        assert [key["kid"] for key in metadata.json()["jwks"]["keys"]] == [first]
    finally:
        served.stop()
    with open_node(node.home) as opened:
        with pytest.raises(ExportError, match="have ended"):
            opened.document_signer("open")
        lookup = ViewsIssuingKeys(lambda: nullcontext(opened.views()))
        [rotated], [compromised] = lookup.find(first), lookup.find(second)
        today = datetime.now(UTC).date()
        assert judge_proof(rotated, today).counts
        assert not judge_proof(rotated, today + timedelta(days=1)).counts
        assert not judge_proof(compromised, today - timedelta(days=9)).counts
        assert [key.thumbprint for key in lookup.of_member("twente")] == [first, second]


def test_a_key_whose_announcement_governance_voided_signs_nothing_and_cannot_be_ended(node):
    key = node.run("issuing-key", "create", "--profile", "open").stdout.strip()
    file, home = node.folder / "void.json", node.folder / "consortium"
    registry("governance", "propose", "void", file, "twente", 0, 1, "--reason", "publishedByMistake", home=home)
    registry("governance", "sign", file, "--yes", home=home)
    registry("governance", "publish", file, home=home)
    node.run("views", "update")
    assert listed(node)[key]["state"] == "waiting"
    with open_node(node.home) as opened, pytest.raises(ExportError, match="registry refused list"):
        opened.document_signer("open")
    refused = node.run("issuing-key", "end", key, "--reason", "lost", "--yes", check=1)
    assert "unknown-key" in refused.stderr
    another = node.run("issuing-key", "create", "--profile", "open").stdout.strip()
    node.run("views", "update")
    with open_node(node.home) as opened:
        assert opened.document_signer("open").thumbprint == another
