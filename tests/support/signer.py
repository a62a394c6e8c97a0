"""Keys that sign documents in tests: made on the spot, and thrown away."""

import json
from base64 import urlsafe_b64encode
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.documents.multikey import multikey_of
from registry.export.document import Copy, StatusPlaces


class KeySigner:
    """A signer whose issuer is its own key, a did:key, so that software not ours resolves it without a network."""

    profile = "open"
    thumbprint = "a-thumbprint-of-43-characters-in-base64url-"
    x5c = ()

    def __init__(self, key: Ed25519PrivateKey | None = None, issuer: str | None = None):
        self._key = key or Ed25519PrivateKey.generate()
        public = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": public}
        self.multikey = multikey_of(self.jwk)
        self.issuer = issuer or f"did:key:{self.multikey}"
        self.verification_method = f"{self.issuer}#{self.multikey}"

    def sign(self, content):
        return self._key.sign(content)


class KeyTable:
    """Resolves the keys of these signers, and of nobody else."""

    def __init__(self, *signers):
        self._keys = {signer.verification_method: signer for signer in signers}


def make_copy(**changes):
    """A copy for anybody, with a place in a status list."""
    values = {
        "identifier": "urn:uuid:3f0a6d0e-1c57-4b7e-9d0c-2a5b8f4e6c71",
        "issued": date(2026, 7, 1),
        "status": StatusPlaces(
            bitstring_list="https://registry.twente.example/status/bitstring/1",
            token_list="https://registry.twente.example/status/token/1",
            index=41_217,
        ),
    }
    return Copy(**(values | changes))


def load(exported):
    """Read a document that was exported as JSON."""
    return json.loads(exported.content)
