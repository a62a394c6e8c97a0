"""JAdES signatures in JSON (ETSI TS 119 182-1), as European Digital Credentials have them: the parts, and the seal.

Signatures over a content that is elsewhere (`sigD`) are said to be so and not checked. Of what came beside a signature
(`etsiU`), lists of revoked certificates are read. Timestamps are not: what a seal proves here, it proves at the time of
the check.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from registry.documents.certificates import MAX_CERTIFICATE, MAX_CERTIFICATES, load_chain
from registry.documents.jades_properties import BesideSeal, read_beside
from registry.documents.strict_json import parse_object
from registry.wire import base64url

MAX_SIGNATURES: Final = 8
_MAX_HEADER: Final = 200_000
_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_EC: Final = {"ES256": "secp256r1", "ES384": "secp384r1", "ES512": "secp521r1"}
_MIN_RSA_BITS: Final = 2048
_CRITICAL: Final = frozenset({"b64", "sigT", "sigPId", "sigPl", "srCms", "srAts", "x5t#o", "sigX5ts", "iat"})
"""Extensions of which the meaning is known here: none of them changes what is signed, but `b64`."""


class InvalidSeal(Exception):
    """A signature that is not one, or does not hold. The message says why."""


class UncheckedSeal(Exception):
    """A signature that may hold and cannot be checked here. The message says why."""


class Seal(msgspec.Struct, frozen=True):
    """A signature that holds over the content, with the certificates that came with it."""

    x5c: tuple[str, ...]
    certificate: x509.Certificate
    algorithm: str
    claimed_time: str | None
    """When the signer says to have signed (`sigT`)."""
    beside: BesideSeal

    @property
    def name(self) -> str:
        """The holder's name as the certificate has it."""
        return name_of(self.certificate)


class SealedDocument(msgspec.Struct, frozen=True):
    """The signed content and the signatures, none of them checked."""

    payload: bytes
    signatures: tuple[tuple[str, str, BesideSeal], ...]
    """Protected header and signature, as they are written, and what came beside them."""
    is_plain: bool
    """True if the payload is written as text and not as base64url."""

    def __repr__(self) -> str:
        return f"SealedDocument({len(self.payload)} bytes)"  # a person is never shown by accident


def parse_sealed(content: bytes) -> SealedDocument:
    """Return the parts of a signed document: compact, or JSON with one or several signatures. Raises `InvalidSeal`."""
    try:
        text = content.decode().strip()
    except UnicodeDecodeError as error:
        raise InvalidSeal("it is not UTF-8 text") from error
    if not text.startswith("{"):
        parts = text.split(".")
        if len(parts) != 3:
            raise InvalidSeal("it is not a signature of three parts")
        return SealedDocument(_decode(parts[1], "the content"), ((parts[0], parts[2], BesideSeal()),), is_plain=False)
    try:
        document = parse_object(content)
    except ValueError as error:
        raise InvalidSeal(str(error)) from error
    signatures = document.get("signatures", [document])
    if not isinstance(signatures, list) or not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise InvalidSeal(f"it has no list of 1 to {MAX_SIGNATURES} signatures")
    payload = document.get("payload")
    if not isinstance(payload, str):
        raise UncheckedSeal("The signed bytes are not in the file as a text, so the seal cannot be checked.")
    signed = tuple(_parts_of(signature) for signature in signatures)
    is_plain = payload.lstrip().startswith("{")
    return SealedDocument(payload.encode() if is_plain else _decode(payload, "the content"), signed, is_plain)


def verify_seals(document: SealedDocument) -> list[Seal]:
    """Verify every signature with the key of its own certificate. Raises `InvalidSeal`, `UncheckedSeal`.

    Whose certificate it is, and whether anybody vouches for it, is another question.
    """
    return [_verify(document, *parts) for parts in document.signatures]


def _verify(document: SealedDocument, protected: str, signature: str, beside: BesideSeal) -> Seal:
    header = _read_header(protected)
    plain = header.get("b64", True) is False
    if plain != document.is_plain:
        raise InvalidSeal("the header says otherwise than the file how the content is written (b64)")
    chain, x5c = _read_certificates(header)
    algorithm = str(header.get("alg"))
    content = document.payload if plain else base64url.encode(document.payload).encode()
    key = _key_of(chain[0], algorithm)
    try:
        model = JWSRegistry.algorithms[algorithm]
        holds = model.verify(protected.encode() + b"." + content, _decode(signature, "the signature"), key)
    except (JoseError, ValueError) as error:
        raise InvalidSeal(f"the signature cannot be checked with the key of its certificate: {error}") from error
    if not holds:
        raise InvalidSeal("the signature does not hold: the document was changed, or another key signed it")
    time = header.get("sigT")
    return Seal(x5c, chain[0], algorithm, time[:40] if isinstance(time, str) else None, beside)


def _read_header(protected: str) -> dict[str, Any]:
    if len(protected) > _MAX_HEADER:
        raise InvalidSeal(f"its header has over {_MAX_HEADER:,} characters")
    try:
        header = parse_object(_decode(protected, "the header"))
    except ValueError as error:
        raise InvalidSeal(f"its header cannot be read: {error}") from error
    if "sigD" in header:
        raise UncheckedSeal("The seal is over a content that is not in the file (sigD), so it cannot be checked.")
    critical = header.get("crit", [])
    if not isinstance(critical, list) or not all(isinstance(name, str) for name in critical):
        raise InvalidSeal("its header names its extensions in a wrong form (crit)")
    unknown = sorted(set(critical) - _CRITICAL)
    if unknown:
        raise UncheckedSeal(f"The seal demands extensions that are not known here ({', '.join(unknown)[:200]}).")
    if "b64" in header and "b64" not in critical:
        raise InvalidSeal("its header changes how the content is written and does not demand it (RFC 7797, section 6)")
    return header


def _read_certificates(header: Mapping[str, Any]) -> tuple[list[x509.Certificate], tuple[str, ...]]:
    x5c = header.get("x5c")
    if x5c is None:
        raise UncheckedSeal("The seal's certificate is not in the file, so the seal cannot be checked.")
    if (
        not isinstance(x5c, list)
        or not 1 <= len(x5c) <= MAX_CERTIFICATES
        or not all(isinstance(text, str) and len(text) <= MAX_CERTIFICATE for text in x5c)
    ):
        raise InvalidSeal("its certificates are in a wrong form (x5c)")
    try:
        chain = load_chain(x5c)
    except ValueError as error:
        raise InvalidSeal(f"a certificate in the file cannot be read: {error}") from error
    digest = header.get("x5t#S256")
    encoded = chain[0].public_bytes(Encoding.DER)
    if digest is not None and digest != base64url.encode(hashlib.sha256(encoded).digest()):
        raise InvalidSeal("the certificate in the file is another one than the one that signed (x5t#S256)")
    return chain, tuple(x5c)


def _key_of(certificate: x509.Certificate, algorithm: str) -> RSAKey | ECKey:
    """Return the certificate's key if it may be used with an algorithm. Raises `InvalidSeal`, `UncheckedSeal`."""
    key = certificate.public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, RSAPublicKey) and algorithm in _RSA:
        if key.key_size < _MIN_RSA_BITS:
            raise InvalidSeal(f"the key has {key.key_size} bits, which is too short to prove anything")
        return RSAKey.import_key(pem)
    if isinstance(key, EllipticCurvePublicKey) and _EC.get(algorithm) == key.curve.name:
        return ECKey.import_key(pem)
    if algorithm in _RSA or algorithm in _EC:
        raise InvalidSeal(f"the key of the certificate is not one for {algorithm}")
    raise UncheckedSeal(f"The seal was made with the algorithm {algorithm[:40]}, which is not checked here.")


def name_of(certificate: x509.Certificate) -> str:
    """Return the name of a certificate's holder: organisation or common name, with the country."""
    oid = x509.NameOID
    names = [
        str(attribute.value)
        for kind in (oid.ORGANIZATION_NAME, oid.COMMON_NAME)
        for attribute in certificate.subject.get_attributes_for_oid(kind)
    ]
    countries = [str(each.value) for each in certificate.subject.get_attributes_for_oid(oid.COUNTRY_NAME)]
    name = names[0] if names else "no name"
    return f"{name[:200]} ({countries[0][:10]})" if countries else name[:200]


def _parts_of(signature: object) -> tuple[str, str, BesideSeal]:
    if not isinstance(signature, dict):
        raise InvalidSeal("a signature is not a JSON object")
    protected, value = signature.get("protected"), signature.get("signature")
    if not isinstance(protected, str) or not isinstance(value, str) or not value:
        raise InvalidSeal("a signature has no protected header or no value")
    return protected, value, read_beside(signature.get("header"))


def _decode(text: str, what: str) -> bytes:
    try:
        return base64url.decode(text)
    except ValueError as error:
        raise InvalidSeal(f"{what} is {error}") from error
