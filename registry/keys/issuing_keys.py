"""The private halves of the keys with which a node signs documents, beside its signing key in the keystore.

Each is in the file `issuing-<thumbprint>.pem`, encrypted like the signing key. What the log says of the key is not
here: it is in the views.
"""

from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from registry.keys.keystore import Keystore, KeystoreError, PrivateKey
from registry.wire import base64url
from registry.wire.issuing_keys import Profile, PublicJwk

ISSUING: Final = "issuing-"
"""Prefix of a thumbprint: the name of an issuing key in the keystore."""
_COORDINATE_BYTES: Final = 32


class IssuingKeyFiles:
    """The issuing keys of one node's keystore."""

    def __init__(self, keystore: Keystore) -> None:
        self._keystore = keystore

    def create(self, profile: Profile) -> PublicJwk:
        """Make a key for a profile, Ed25519 or P-256, and store it. Return the public half."""
        private: PrivateKey = (
            Ed25519PrivateKey.generate() if profile == "open" else ec.generate_private_key(ec.SECP256R1())
        )
        jwk = public_jwk(private)
        self._keystore.write_private_key(f"{ISSUING}{jwk.thumbprint}", private)
        return jwk

    def thumbprints(self) -> list[str]:
        """Return the thumbprints of the keys that this node holds."""
        return [name.removeprefix(ISSUING) for name in self._keystore.names() if name.startswith(ISSUING)]

    def read(self, thumbprint: str) -> PrivateKey:
        """Return a private key. Raises `KeystoreError` where it is missing, or its file holds another key."""
        private = self._keystore.read_private_key(f"{ISSUING}{thumbprint}")
        is_usable = isinstance(private, Ed25519PrivateKey) or (
            isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(private.curve, ec.SECP256R1)
        )
        if not is_usable or public_jwk(private).thumbprint != thumbprint:  # type: ignore[arg-type] # one of the two kinds
            raise KeystoreError(f"the file {ISSUING}{thumbprint}.pem holds another key than its name says")
        return private  # type: ignore[return-value] # checked above


def public_jwk(private: PrivateKey) -> PublicJwk:
    """Return the public half of a key as a JWK."""
    if isinstance(private, Ed25519PrivateKey):
        return PublicJwk("OKP", "Ed25519", base64url.encode(private.public_key().public_bytes_raw()))
    numbers = private.public_key().public_numbers()
    return PublicJwk("EC", "P-256", base64url.encode(_coordinate(numbers.x)), base64url.encode(_coordinate(numbers.y)))


def sign(private: PrivateKey, content: bytes) -> bytes:
    """Return the signature, 64 bytes: EdDSA (RFC 8032), or r and s of ES256 (RFC 7518, section 3.4)."""
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(content)
    r, s = decode_dss_signature(private.sign(content, ec.ECDSA(hashes.SHA256())))
    return _coordinate(r) + _coordinate(s)


def create_request(private: PrivateKey, legal_name: str, country: str) -> bytes:
    """Return a certificate signing request (PKCS #10, RFC 2986) in PEM, for an organisation of that name."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, legal_name),
            x509.NameAttribute(NameOID.COMMON_NAME, legal_name[:64]),
        ]
    )
    algorithm = None if isinstance(private, Ed25519PrivateKey) else hashes.SHA256()
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(private, algorithm)
    return request.public_bytes(Encoding.PEM)


def _coordinate(number: int) -> bytes:
    return number.to_bytes(_COORDINATE_BYTES, "big")
