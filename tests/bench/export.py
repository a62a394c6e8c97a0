"""Exports of one credential, or of a portfolio of two, in each format: the median, and SD-JWT VCs a second on one core.

The facts are at hand and the key is in memory: collecting them and the record of copies are not in it.
"""

import base64
import hashlib
import json
import statistics
import time
from datetime import date
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.export.document import Copy
from registry.export.facts import portfolio_of
from registry.export.formats import FORMATS, Format, call_writer
from registry.export.holder import read_holder_key
from tests.bench.result import Result
from tests.support import portable

TARGET_MS = 50.0
PDF_TARGET_MS = 400.0
WALLET_COPIES = "sd-jwt-vc"
TARGET_RATE = 1_000.0
SECONDS = 0.7
"""Time for each format."""
ISSUER = "did:web:registry.twente.example"


class MemoryKey:
    """An issuing key in memory, of the profile `open`."""

    profile = "open"
    x5c = ()
    issuer = ISSUER

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": _encode(self._private.public_key().public_bytes_raw())}
        members = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        self.thumbprint = _encode(hashlib.sha256(members.encode()).digest())
        self.verification_method = f"{ISSUER}#{self.thumbprint}"

    def sign(self, content: bytes) -> bytes:
        """Return the signature."""
        return self._private.sign(content)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def export_bench() -> list[Result]:
    """Each format that is installed."""
    key = MemoryKey()
    results = []
    for format_ in (*FORMATS.list_formats("credential"), *FORMATS.list_formats("portfolio")):
        began = time.process_time()
        spent = _measure(format_, key)
        on_core = time.process_time() - began
        median = statistics.median(spent) * 1_000
        target = PDF_TARGET_MS if format_.media_type == "application/pdf" else TARGET_MS
        name = f"export of a {format_.content}: {format_.name}"
        results.append(Result(name, "ms", median, f"at most {target:g}", median <= target))
        if format_.name == WALLET_COPIES:
            rate = (len(spent) + 1) / on_core
            results.append(
                Result("SD-JWT VCs on one core", "/s", rate, f"at least {TARGET_RATE:g}", rate >= TARGET_RATE)
            )
    return results


def _measure(format_: Format, key: MemoryKey) -> list[float]:
    """Return the seconds of each export within some time, after the first, which loads the format."""
    facts = portable.credential() if format_.content == "credential" else portable.portfolio()
    ids = [] if format_.content == "credential" else [each.credential for each in facts.credentials]
    holder = read_holder_key(key.jwk) if format_.needs_holder else None
    spent = []
    began = time.perf_counter()
    while not spent or len(spent) < 4 or time.perf_counter() - began < SECONDS:
        values = {
            "facts": facts,
            "portfolio": portfolio_of(facts) if format_.content == "credential" else facts,
            "copy": _copy(holder),
            "copies": {identifier: _copy(holder) for identifier in ids},
            "signer": key,
            "extension": format_.extension,
            "language": "en",
            "attachments": (),
            "fonts": (),
        }
        start = time.perf_counter()
        call_writer(format_, values)
        spent.append(time.perf_counter() - start)
    return spent[1:]


def _copy(holder: dict[str, str] | None) -> Copy:
    return Copy(identifier=uuid4().urn, issued=date(2026, 6, 30), holder=holder)
