"""An authenticator (WebAuthn) with real keys, as a browser's answers show it to a site."""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64encode

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey. `origin` is where its browser is; a browser at another site has another one."""

    def __init__(self, origin, *, verifies=True):
        self.origin = origin
        self.flags = _PRESENT | (_VERIFIED if verifies else 0)
        self.count = 0
        self.id = os.urandom(32)
        self.user = None
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options):
        """The answer to `navigator.credentials.create`."""
        options = json.loads(options)
        self.user = options["user"]["id"]
        numbers = self._key.public_key().public_numbers()
        key = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + key
        data = self._data(options["rp"]["id"], _ATTESTED) + attested
        return self._answer(
            clientDataJSON=_encode(self._client("webauthn.create", options)),
            attestationObject=_encode(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
        )

    def get(self, options):
        """The answer to `navigator.credentials.get`."""
        options = json.loads(options)
        self.count += 1
        client, data = self._client("webauthn.get", options), self._data(options["rpId"], 0)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=_encode(client),
            authenticatorData=_encode(data),
            signature=_encode(signature),
            userHandle=self.user,
        )

    def _client(self, kind, options):
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": self.origin}).encode()

    def _data(self, site, more):
        return hashlib.sha256(site.encode()).digest() + struct.pack(">BI", self.flags | more, self.count)

    def _answer(self, **response):
        identifier = _encode(self.id)
        return json.dumps({"id": identifier, "rawId": identifier, "type": "public-key", "response": response})


def _encode(content):
    return urlsafe_b64encode(content).rstrip(b"=").decode()
