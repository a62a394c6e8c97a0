"""Keys that sign documents in tests: made on the spot, and thrown away."""

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.documents import multibase
from registry.documents.json_ld import canonize
from registry.documents.multikey import decode_multikey, encode_multikey
from registry.export.document import Copy, StatusPlaces
from registry.verification.ports import ResolvedKey, UnresolvedKey


class KeySigner:
    """A signer whose issuer is its own key, a did:key, so that software not ours resolves it without a network."""

    profile = "open"
    thumbprint = "a-thumbprint-of-43-characters-in-base64url-"
    x5c = ()

    def __init__(self, key: Ed25519PrivateKey | None = None, issuer: str | None = None):
        self._key = key or Ed25519PrivateKey.generate()
        public = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": public}
        self.multikey = encode_multikey(self.jwk)
        self.issuer = issuer or f"did:key:{self.multikey}"
        self.verification_method = f"{self.issuer}#{self.multikey}"

    def sign(self, content):
        return self._key.sign(content)


class KeyTable:
    """Resolves did:key, and keys that tests put in; nothing else is reachable."""

    def __init__(self, keys=None):
        self._keys = keys or {}

    def resolve(self, issuer, key_id, x5c=()):  # noqa: ARG002 - the port has it
        if key_id in self._keys:
            return ResolvedKey(self._keys[key_id], "jwks")
        if not str(key_id).startswith("did:key:"):
            return UnresolvedKey("The issuer's key is not reachable here.")
        if str(key_id).partition("#")[0] != issuer:
            return UnresolvedKey("The key that the document names is not one of its issuer.", contradicts=True)
        return ResolvedKey(decode_multikey(key_id.rpartition(":")[2].partition("#")[0]), "did:key")


def sign_with_options(document, signer, options):
    """Sign a document again, with options of the proof that our own signing never uses."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    stated = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-rdfc-2022",
        "created": "2026-07-01T00:00:00Z",
        "verificationMethod": signer.verification_method,
        "proofPurpose": "assertionMethod",
    } | options
    parts = (stated | {"@context": document["@context"]}, unsigned)
    signed = b"".join(hashlib.sha256(canonize(part).encode()).digest() for part in parts)
    return unsigned | {"proof": [stated | {"proofValue": multibase.encode(signer.sign(signed))}]}


def make_copy(**changes):
    """A copy for anybody, with a place in a status list."""
    values = {
        "identifier": "urn:uuid:3f0a6d0e-1c57-4b7e-9d0c-2a5b8f4e6c71",
        "issued": date(2026, 7, 1),
        "status": StatusPlaces(
            bitstring_list="https://registry.twente.example/status/bitstring/1",
            token_list="https://registry.twente.example/status/token/1",  # noqa: S106 - an address
            index=41_217,
        ),
    }
    return Copy(**(values | changes))


def load(exported):
    """Read a document that was exported as JSON."""
    return json.loads(exported.content)
