"""JSON Web Signatures in compact form (RFC 7515): parse, sign and verify with the algorithms that are safe today."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey
from joserfc.jws import JWSRegistry

from registry.documents.strict_json import parse_object
from registry.wire import base64url

MAX_JWS: Final = 1_048_576
"""Characters of one JWS: a status list of a million entries fits."""
ALGORITHMS: Final[Mapping[str, tuple[str, str]]] = {
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
}
"""The algorithms that are accepted, with type and curve of their keys. RFC 9864 renamed `EdDSA` to `Ed25519`."""


class InvalidJws(Exception):
    """A text that is not a JWS, or one whose signature does not hold. The message says why."""


class BrokenSignature(InvalidJws):
    """A JWS whose signature is not by this key over this content."""


class Jws(msgspec.Struct, frozen=True):
    """A JWS whose signature nobody has verified yet."""

    header: Mapping[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        """The algorithm that the header names."""
        return str(self.header["alg"])

    def claims(self) -> dict[str, Any]:
        """Return the payload as a JSON object. Raises `InvalidJws`."""
        try:
            return parse_object(self.payload)
        except ValueError as error:
            raise InvalidJws(f"the content of the JWT cannot be read: {error}") from error


class Signer(Protocol):
    """A private key: the part of `DocumentSigner` that a JWS needs."""

    @property
    def jwk(self) -> Mapping[str, str]:
        """The public key."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Return the signature in the form of RFC 7518: EdDSA, or r and s for ES256."""
        ...


def parse_jws(text: str) -> Jws:
    """Return the parts of a JWS. Raises `InvalidJws`."""
    if len(text) > MAX_JWS:
        raise InvalidJws(f"the JWS has {len(text):,} characters; {MAX_JWS:,} at most")
    parts = text.split(".")
    if len(parts) != 3:
        raise InvalidJws("this is not a JWS of three parts")
    try:
        header = parse_object(base64url.decode(parts[0]))
        payload, signature = base64url.decode(parts[1]), base64url.decode(parts[2])
    except ValueError as error:
        raise InvalidJws(f"the JWS cannot be read: {error}") from error
    if not isinstance(header.get("alg"), str):
        raise InvalidJws("the header of the JWS names no algorithm")
    if "crit" in header:
        raise InvalidJws("the header of the JWS demands an extension that is not known here (crit)")
    if "b64" in header:
        raise InvalidJws("the header of the JWS changes how its content is written (b64)")
    return Jws(header, payload, f"{parts[0]}.{parts[1]}".encode(), signature)


def name_algorithm(jwk: Mapping[str, Any]) -> str:
    """Return the algorithm of a key: `EdDSA` for Ed25519. Raises `InvalidJws` for a key of another kind."""
    for name, kind in ALGORITHMS.items():
        if (jwk.get("kty"), jwk.get("crv")) == kind:
            return name
    raise InvalidJws(f"keys of type {jwk.get('kty')} {jwk.get('crv')} do not sign documents")


def sign_jws(header: Mapping[str, Any], payload: bytes, signer: Signer) -> str:
    """Return a JWS in compact form; the header receives the algorithm of the key."""
    whole = {"alg": name_algorithm(signer.jwk), **header}
    text = f"{base64url.encode(dump_json(whole))}.{base64url.encode(payload)}"
    return f"{text}.{base64url.encode(signer.sign(text.encode()))}"


def verify_jws(jws: Jws, jwk: Mapping[str, Any], algorithms: Collection[str] = ALGORITHMS.keys()) -> None:
    """Verify a signature with a public key. Raises `InvalidJws`, `BrokenSignature`."""
    name = jws.algorithm
    if name not in algorithms or name not in ALGORITHMS:
        raise InvalidJws(f"the algorithm {name} is not accepted; accepted are {', '.join(sorted(algorithms))}")
    kind = ALGORITHMS[name]
    if (jwk.get("kty"), jwk.get("crv")) != kind:
        raise InvalidJws(f"the algorithm {name} needs a key of type {' '.join(kind)}")
    public = {field: jwk[field] for field in ("kty", "crv", "x", "y") if field in jwk}
    try:
        key = (OKPKey if kind[0] == "OKP" else ECKey).import_key(public)
        # joserfc warns of the old name of the same algorithm; documents with it stay valid
        model = JWSRegistry.algorithms["Ed25519" if name == "EdDSA" else name]
        is_valid = model.verify(jws.signing_input, jws.signature, key)
    except (JoseError, ValueError) as error:
        raise InvalidJws(f"the public key cannot be used: {error}") from error
    if not is_valid:
        raise BrokenSignature("the signature does not hold: the document was changed, or another key signed it")


def thumbprint(jwk: Mapping[str, Any]) -> str:
    """Return the thumbprint of a public key (RFC 7638, SHA-256). Raises `InvalidJws`."""
    public: dict[str, Any] = {field: jwk[field] for field in ("kty", "crv", "x", "y") if field in jwk}
    try:
        key = (OKPKey if public.get("kty") == "OKP" else ECKey).import_key(public)
        return str(key.thumbprint())
    except (JoseError, ValueError) as error:
        raise InvalidJws(f"the public key cannot be used: {error}") from error


def dump_json(value: Mapping[str, Any] | Sequence[Any]) -> bytes:
    """Return JSON without white space."""
    return _encode(value)


_encode: Final = msgspec.json.Encoder().encode
