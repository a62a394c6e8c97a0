"""Data Integrity proofs on JSON (W3C VC Data Integrity 1.0): made with `eddsa-rdfc-2022`, verified in five suites.

A proof is verified against one public key. Whose key that is, and whether it may speak for the issuer, is asked
elsewhere: `verification_method` names it.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

import msgspec
from c14n.Canonicalize import canonicalize
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from registry.documents import multibase
from registry.documents.contexts import SHIPPED
from registry.documents.json_document import write_document
from registry.documents.json_ld import HashName, UnknownContext, UnsafeDocument, canonize, check_shape
from registry.documents.multikey import MalformedKey, check_jwk, load_point
from registry.wire import base64url

SUITE: Final = "eddsa-rdfc-2022"
MAX_PROOFS: Final = 8
SIGNATURE_BYTES: Final = {"Ed25519": 64, "P-256": 64, "P-384": 96}
_OLD_TYPE: Final = "Ed25519Signature2020"
_CURVES: Final = {
    "eddsa-rdfc-2022": ("Ed25519",),
    "eddsa-jcs-2022": ("Ed25519",),
    "ecdsa-rdfc-2019": ("P-256", "P-384"),
    "ecdsa-jcs-2019": ("P-256", "P-384"),
    _OLD_TYPE: ("Ed25519",),
}
"""The curves of each suite that is verified here."""
_HASHES: Final[Mapping[str, HashName]] = {"Ed25519": "sha256", "P-256": "sha256", "P-384": "sha384"}
_ECDSA_HASHES: Final = {"P-256": SHA256(), "P-384": SHA384()}
_PARTIAL: Final = frozenset({"ecdsa-sd-2023", "bbs-2023"})
"""Suites whose proofs are of a part of a credential that the holder chose."""
_TIME: Final = re.compile(
    r"-?\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
)
Loader = Callable[..., Any]


MEDIA_TYPE: Final = "application/vc"
"""Of a credential with such a proof (VC 2.0, section 6.2)."""


class MalformedProof(ValueError):
    """A proof that is not as its specification says. The document is not signed by it."""


class UnsupportedProof(ValueError):
    """A proof that cannot be checked here: of another suite, or chained to another proof."""


class BrokenProof(ValueError):
    """A proof whose signature is not over this document by this key."""


class SigningKey(Protocol):
    """A key that signs documents; `DocumentSigner` of the exports is one."""

    @property
    def verification_method(self) -> str:
        """The identifier of the key."""
        ...

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 bytes."""
        ...


class Proof(msgspec.Struct, frozen=True):
    """A proof of a document, before it is verified."""

    suite: str
    verification_method: str
    purpose: str
    created: str | None
    expires: str | None
    options: Mapping[str, Any]
    """The whole proof but its value."""
    value: str

    def __repr__(self) -> str:
        return f"Proof({self.suite}, {self.verification_method})"


def sign_document(document: Mapping[str, Any], key: SigningKey, created: str) -> dict[str, Any]:
    """Return a document with a proof in `eddsa-rdfc-2022`. `created` is a time in RFC 3339.

    Raises `UnsafeDocument` for a document with a term that no shipped context and none of its own defines.
    """
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": key.verification_method,
        "proofPurpose": "assertionMethod",
    }
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    stated = {"@context": unsigned["@context"], **options}
    signature = key.sign(_hash_rdf(stated, canonize(unsigned), SHIPPED, "sha256"))
    return {**unsigned, "proof": [{**options, "proofValue": multibase.encode(signature)}]}


def secure_credential(document: Mapping[str, Any], key: SigningKey, at: datetime) -> tuple[str, bytes]:
    """Return the media type and the bytes of a credential with a proof of this time, in UTC, to the second."""
    created = at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return MEDIA_TYPE, write_document(sign_document(document, key, created))


def read_proofs(document: Mapping[str, Any]) -> list[Proof]:
    """Return the proofs of a document; none where it has none. Raises `MalformedProof`."""
    stated = document.get("proof")
    proofs: Sequence[Any] = stated if isinstance(stated, list) else [] if stated is None else [stated]
    if len(proofs) > MAX_PROOFS:
        raise MalformedProof(f"it has more than {MAX_PROOFS} proofs")
    return [_read_proof(proof) for proof in proofs]


def _read_proof(proof: Any) -> Proof:  # noqa: ANN401 - any JSON value
    if not isinstance(proof, dict):
        raise MalformedProof("a proof is an object")
    kind = proof.get("type")
    suite = proof.get("cryptosuite") if kind == "DataIntegrityProof" else kind
    if not isinstance(suite, str):
        raise MalformedProof("a proof has no suite: `type` and, with DataIntegrityProof, `cryptosuite` name it")
    texts = {name: proof.get(name) for name in ("verificationMethod", "proofPurpose", "proofValue")}
    if suite in _CURVES:
        for name, value in texts.items():
            if not isinstance(value, str):
                raise MalformedProof(f"a proof has no {name}")
        for name in ("created", "expires"):
            if name in proof and not (isinstance(proof[name], str) and _TIME.fullmatch(proof[name])):
                raise MalformedProof(f"the proof's {name} is no time of XML Schema with a zone")
    return Proof(
        suite=suite,
        verification_method=str(texts["verificationMethod"] or ""),
        purpose=str(texts["proofPurpose"] or ""),
        created=proof.get("created"),
        expires=proof.get("expires"),
        options={name: value for name, value in proof.items() if name != "proofValue"},
        value=str(texts["proofValue"] or ""),
    )


def explain_unsupported(proof: Proof) -> str | None:
    """Return why proofs of its suite are not verified here; None where they are."""
    if proof.suite in _CURVES:
        return None
    if proof.suite in _PARTIAL:
        return f"it is in {proof.suite}, for a part of a credential that the holder chose, which is not verified here"
    return f"it is in {proof.suite[:60]!r}, which is not known here"


def verify_proof(
    document: Mapping[str, Any],
    proof: Proof,
    key: Mapping[str, str],
    loader: Loader = SHIPPED,
    *,
    canonical: Callable[[HashName], str] | None = None,
) -> None:
    """Verify that a proof is over this document by this key, a JWK.

    `canonical` returns the canonical RDF of the document without its proofs by a hash, where several proofs need it.

    Raises `BrokenProof`, `MalformedProof`, `UnsupportedProof`, or `UnsafeDocument` where the document loses something
    on the way to RDF, so that the signature cannot be over all of it.
    """
    if (reason := explain_unsupported(proof)) is not None:
        raise UnsupportedProof(reason)
    if "previousProof" in proof.options:
        raise UnsupportedProof("the proof builds on another one (a proof chain), which cannot be checked here")
    curve = str(key.get("crv"))
    if curve not in _CURVES[proof.suite]:
        kinds = " or ".join(_CURVES[proof.suite])
        raise BrokenProof(f"{proof.suite} is for a key of {kinds}, and {proof.verification_method[:200]} is none")
    try:
        signature = multibase.decode(proof.value)
    except multibase.MalformedMultibase as error:
        raise MalformedProof(f"proofValue is not as it must be: {error}") from error
    if not proof.value.startswith("z"):
        raise MalformedProof("proofValue does not begin with z (base58btc)")
    if len(signature) != SIGNATURE_BYTES[curve]:
        raise MalformedProof(f"proofValue has {len(signature)} bytes instead of {SIGNATURE_BYTES[curve]}")
    _verify_signature(key, signature, _hash(document, proof, loader, canonical, _HASHES[curve]))


def _hash(
    document: Mapping[str, Any],
    proof: Proof,
    loader: Loader,
    canonical: Callable[[HashName], str] | None,
    name: HashName,
) -> bytes:
    """Return what the signature of a proof is over."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    options = dict(proof.options)
    if "jcs" not in proof.suite:
        whole = canonize(unsigned, loader, name) if canonical is None else canonical(name)
        return _hash_rdf(options | {"@context": document.get("@context")}, whole, loader, name)
    if "@context" in options:  # vc-di-eddsa, section 3.3.2: the contexts when it was signed
        signed, stated = _list(options["@context"]), _list(document.get("@context"))
        if stated[: len(signed)] != signed:
            raise BrokenProof("the contexts of the document are not those for which the proof was made")
        unsigned["@context"] = options["@context"]
    check_shape(unsigned)
    return _digest(canonicalize(options), name) + _digest(canonicalize(unsigned), name)


def _hash_rdf(options: Mapping[str, Any], canonical: str, loader: Loader, name: HashName) -> bytes:
    """Return the hashes of a proof's options and of the document, as RDF (vc-di-eddsa, section 3.2.4)."""
    try:
        first = canonize(options, loader, name)
    except UnknownContext:
        raise
    except UnsafeDocument as error:
        raise UnsafeDocument(f"in the proof: {error}") from error
    return _digest(first.encode(), name) + _digest(canonical.encode(), name)


def _digest(content: bytes, name: HashName) -> bytes:
    return hashlib.new(name, content).digest()


def _list(contexts: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
    return contexts if isinstance(contexts, list) else [contexts]


def _verify_signature(key: Mapping[str, str], signature: bytes, content: bytes) -> None:
    """Raise `BrokenProof` unless the signature holds."""
    try:
        public = check_jwk(key)
        if public["crv"] == "Ed25519":
            Ed25519PublicKey.from_public_bytes(base64url.decode(public["x"])).verify(signature, content)
            return
        half = len(signature) // 2
        numbers = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        load_point(public).verify(numbers, content, ec.ECDSA(_ECDSA_HASHES[public["crv"]]))
    except MalformedKey as error:
        raise BrokenProof(f"the key cannot be used: {error}") from error
    except InvalidSignature as error:
        raise BrokenProof("the signature is not over this content by this key: one of them was changed") from error
