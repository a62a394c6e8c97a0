"""Signatures of documents: JSON Web Signatures (RFC 7515), with the key that the file itself carries.

A signature that is valid by a key in the file proves that the content was not changed since it was signed. The file
cannot prove whose key it is, and a note says so. Without a key in the file nothing is verified.
"""

import binascii
import json
from base64 import b64decode
from typing import Any, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509 import load_der_x509_certificate
from jwt.algorithms import get_default_algorithms

from registry.intake.rows.not_json import unique
from registry.intake.rows.report import IntakeError
from registry.wire import base64url

_ALGORITHMS: Final = {
    name: algorithm
    for name, algorithm in get_default_algorithms().items()
    if name != "none" and not name.startswith("HS")
}
"""Public-key algorithms only: a shared secret proves nothing to others."""
_MAX_HEADER: Final = 100_000
VALID: Final = (
    "the signature is valid by the key in the file; that the key is the issuer's is not vouched for: it is unverified"
)
_KEY_FAULTS: Final = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, jwt.PyJWTError, binascii.Error)


def decode(text: str, where: str) -> bytes:
    """Return the bytes of unpadded base64url. Raises `IntakeError`."""
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise IntakeError(f"{where} is not base64url") from error


def header_of(protected: str, where: str) -> dict[str, Any]:
    """Return the protected header of a signature. Raises `IntakeError`."""
    if len(protected) > _MAX_HEADER:
        raise IntakeError(f"{where} has a header of over {_MAX_HEADER:,} characters")
    try:
        header = json.loads(decode(protected, where), object_pairs_hook=unique) if protected else {}
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"{where} has a header that is not JSON") from error
    if not isinstance(header, dict):
        raise IntakeError(f"{where} has a header that is not a JSON object")
    return header


def judge(header: dict[str, Any], signed: bytes, signature: str, where: str) -> str:
    """Return a sentence on what a signature over these bytes proves. Raises `IntakeError` where it is wrong."""
    name = str(header.get("alg", ""))
    unverified = f"{where}: the signature is unverified"
    if name.lower() == "none" or not signature:
        return f"{where}: there is no signature (alg {name or 'not named'}): the content is unverified"
    if "sigD" in header:
        return f"{unverified}: it is of a detached content (sigD)"
    algorithm = _ALGORITHMS.get(name)
    if algorithm is None:
        return f"{unverified}: its algorithm {name[:40]!r} is not one that is checked here"
    try:
        key = _key(header)
    except _KEY_FAULTS:
        return f"{unverified}: the key in the file cannot be read"
    if key is None:
        return f"{unverified}: the file holds no key (neither x5c nor jwk)"
    try:
        valid = algorithm.verify(signed, key, decode(signature, where))
    except (*_KEY_FAULTS, AttributeError):  # a key of another kind than the algorithm's
        valid = False
    if not valid:
        raise IntakeError(f"{where}: the signature is wrong: it is not of this content by the key in the file")
    return f"{where}: {VALID}"


def _key(header: dict[str, Any]) -> PublicKeyTypes | None:
    chain, jwk = header.get("x5c"), header.get("jwk")
    if isinstance(chain, list) and chain:
        return load_der_x509_certificate(b64decode(str(chain[0]))).public_key()
    if isinstance(jwk, dict):
        public = {name: value for name, value in jwk.items() if name != "d"}
        key: PublicKeyTypes = jwt.PyJWK(public, algorithm=str(header.get("alg"))).key
        return key
    return None
