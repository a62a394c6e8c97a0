"""Throwaway keys that sign documents in tests, as `DocumentSigner` says."""

from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from joserfc.jwk import ECKey, OKPKey

from registry.documents.jose import thumbprint

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
ISSUER = "did:web:registry.twente.example"


class DocumentKey:
    """A key of a profile; with `issue` a chain of two certificates."""

    def __init__(self, profile, issuer=ISSUER, *, certificates=False, **certificate):
        self.profile = profile
        self.issuer = issuer
        self.private = Ed25519PrivateKey.generate() if profile == "open" else generate_private_key(SECP256R1())
        whole = (OKPKey if profile == "open" else ECKey).import_key(self.private).as_dict(private=False)
        self.jwk: Mapping[str, str] = {name: str(whole[name]) for name in ("kty", "crv", "x", "y") if name in whole}
        self.thumbprint = thumbprint(self.jwk)
        self.verification_method = f"{issuer}#{self.thumbprint}"
        self.root = generate_private_key(SECP256R1())
        chain = make_chain(self.private.public_key(), root=self.root, **certificate) if certificates else (None, ())
        self.anchor, self.x5c = chain

    def sign(self, content):
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(content)
        r, s = decode_dss_signature(self.private.sign(content, ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def make_chain(
    public, host="registry.twente.example", begin=datetime(2026, 1, 1, tzinfo=UTC), days=730, *, is_ca=False, root=None
):
    """Return the root's certificate in PEM, and the chain below it as `x5c` (base64 of DER, the key's own first)."""
    root = root or generate_private_key(SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "University of Twente")])
    far = datetime(2040, 1, 1, tzinfo=UTC)

    def build(subject, issuer, key, until, authority, names=()):
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()), critical=False)
            .add_extension(key_usage(authority), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(root, hashes.SHA256())

    anchor = build(root_name, root_name, root.public_key(), far, authority=True)
    names = [x509.UniformResourceIdentifier(f"https://{host}"), x509.DNSName(host)]
    leaf = build(name, root_name, public, begin + timedelta(days=days), is_ca, names)
    return anchor.public_bytes(Encoding.PEM), (b64encode(leaf.public_bytes(Encoding.DER)).decode(),)


def key_usage(authority):
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
