"""Who writes the vectors: keys, ids and streams, all of them from one seed."""

import base64
import hashlib
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.wire import commit
from registry.wire.events import Event, encode
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree

SEED = b"credential registry vectors 1"
CONSORTIUM = "vectors.example"
TIME = "2026-05-04T00:00:00Z"


def secret(name: str) -> bytes:
    return hashlib.sha256(SEED + name.encode()).digest()


def identifier(name: str) -> str:
    return str(uuid.UUID(bytes=secret(name)[:16], version=4))


def signer(origin: str, number: int = 1) -> Ed25519Signer:
    return Ed25519Signer(origin, Ed25519PrivateKey.from_private_bytes(secret(f"{origin} {number}")))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


class Writer:
    """Writes one stream."""

    def __init__(self, origin: str, *signers: Ed25519Signer) -> None:
        self.origin, self.signers, self.tree, self.records = origin, list(signers), Tree(), []
        self.made = 0

    def line(self, kind: str, subject: str, data: Any) -> bytes:
        self.made += 1
        event = Event("1.0", identifier(f"{self.origin} event {self.made}"), self.origin, kind, subject, TIME, data)
        return encode(event)

    def seal(self, *lines: bytes) -> bytes:
        record, self.tree = commit.sign_commit(self.origin, self.tree, lines, self.signers)
        self.records.append(record)
        return record

    @property
    def head(self) -> dict[str, Any]:
        return {"size": self.tree.size, "root": text(self.tree.root)}
