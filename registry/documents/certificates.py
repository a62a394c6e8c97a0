"""Chains of certificates in documents (`x5c`, RFC 7515, section 4.1.6): verified up to trust anchors of ours."""

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, SECP521R1, EllipticCurvePublicKey
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from registry.wire import base64url

MAX_CERTIFICATES: Final = 8
MAX_CERTIFICATE: Final = 16_384
"""Characters of one certificate in base64."""
_CURVES: Final = {SECP256R1: "P-256", SECP384R1: "P-384", SECP521R1: "P-521"}


class InvalidChain(Exception):
    """A chain of certificates that is not one, or not one that leads to a trust anchor. The message says why."""


class ForeignCertificate(InvalidChain):
    """A valid certificate that names somebody else than the document's issuer."""


def verify_chain(x5c: Sequence[str], anchors: Sequence[x509.Certificate], at: datetime) -> list[x509.Certificate]:
    """Return the path from the first certificate of a chain to a trust anchor. Raises `InvalidChain`."""
    chain = _parse_chain(x5c)
    if not anchors:
        raise InvalidChain("no trust anchors are configured here, so no certificate can be verified")
    policy = (
        PolicyBuilder()
        .store(Store(list(anchors)))
        .time(at)
        .max_chain_depth(MAX_CERTIFICATES)
        # certificates of document signers have no purpose of the web (EKU), and need no host name
        .extension_policies(ca_policy=ExtensionPolicy.webpki_defaults_ca(), ee_policy=ExtensionPolicy.permit_all())
    )
    try:
        return policy.build_client_verifier().verify(chain[0], chain[1:]).chain
    except (VerificationError, ValueError) as error:
        raise InvalidChain(f"the certificate does not lead to a trust anchor: {error}") from error


def check_subject(certificate: x509.Certificate, issuer: str) -> None:
    """Check that a certificate is for an issuer: an https address or a did:web. Raises `ForeignCertificate`."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise ForeignCertificate("the certificate names no address of its holder (subjectAltName)") from error
    if issuer in names.get_values_for_type(x509.UniformResourceIdentifier):
        return
    if (host := _find_host(issuer)) is not None and host in map(str.lower, names.get_values_for_type(x509.DNSName)):
        return
    raise ForeignCertificate(f"the certificate is not for {issuer}: it names somebody else")


def read_public_key(certificate: x509.Certificate) -> dict[str, str]:
    """Return a certificate's public key as a JWK. Raises `InvalidChain` for another kind than elliptic curves."""
    key = certificate.public_key()
    if not isinstance(key, EllipticCurvePublicKey) or type(key.curve) not in _CURVES:
        raise InvalidChain("the key of the certificate is of a kind that signs no documents here")
    numbers, length = key.public_numbers(), (key.curve.key_size + 7) // 8
    return {
        "kty": "EC",
        "crv": _CURVES[type(key.curve)],
        "x": base64url.encode(numbers.x.to_bytes(length, "big")),
        "y": base64url.encode(numbers.y.to_bytes(length, "big")),
    }


def _parse_chain(x5c: Sequence[str]) -> list[x509.Certificate]:
    if not 1 <= len(x5c) <= MAX_CERTIFICATES:
        raise InvalidChain(f"a chain has 1 to {MAX_CERTIFICATES} certificates, not {len(x5c)}")
    if any(type(item) is not str or len(item) > MAX_CERTIFICATE for item in x5c):
        raise InvalidChain("a certificate in the chain is too large, or not a text")
    try:
        return load_chain(x5c)
    except ValueError as error:
        raise InvalidChain(f"a certificate in the chain cannot be read: {error}") from error


def load_chain(x5c: Sequence[str]) -> list[x509.Certificate]:
    """Return the certificates of `x5c`, base64 of DER, none of them verified. Raises `ValueError`."""
    return [x509.load_der_x509_certificate(b64decode(item, validate=True)) for item in x5c]


def _find_host(issuer: str) -> str | None:
    """Return the host of an https address or of a did:web, in lower case."""
    if issuer.startswith("did:web:"):
        return unquote(issuer.split(":")[2]).partition(":")[0].lower()
    try:
        address = urlsplit(issuer)
    except ValueError:
        return None
    return address.hostname if address.scheme == "https" else None
