"""A chain of certificates for an issuing key: read from a file, and checked."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from registry.wire.certificates import public_key_info
from registry.wire.issuing_keys import PublicJwk, expected_key_info

MAX_CHAIN_BYTES: Final = 32_768
"""Of the file. An event on the log has at most 65,535 bytes."""


class ChainError(Exception):
    """A chain of certificates that cannot be used. The message says why and what to do."""


class Chain:
    """Certificates, the key's own first, each signed by the one after it."""

    def __init__(self, certificates: Sequence[x509.Certificate]) -> None:
        self._certificates = certificates

    @classmethod
    def parse(cls, pem: bytes) -> "Chain":
        """Read the certificates of a PEM file, and check that each is signed by the next. Raises `ChainError`."""
        if len(pem) > MAX_CHAIN_BYTES:
            raise ChainError(f"the file has {len(pem):,} bytes; at most {MAX_CHAIN_BYTES:,} fit on the log")
        try:
            return cls._link(x509.load_pem_x509_certificates(pem))
        except ValueError as error:
            raise ChainError("the file has no certificates in PEM (-----BEGIN CERTIFICATE-----)") from error

    @classmethod
    def of(cls, x5c: Sequence[str]) -> "Chain":
        """Read the certificates of `x5c`. Raises `ChainError`."""
        try:
            return cls([x509.load_der_x509_certificate(base64.b64decode(text)) for text in x5c])
        except ValueError as error:
            raise ChainError("a certificate of the chain cannot be read") from error

    @classmethod
    def _link(cls, certificates: Sequence[x509.Certificate]) -> "Chain":
        for number, (lower, upper) in enumerate(pairwise(certificates), 1):
            try:
                lower.verify_directly_issued_by(upper)
            except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
                raise ChainError(
                    f"certificate {number + 1} did not sign certificate {number}: put the key's own certificate first,"
                    " then the one that signed it, and so on"
                ) from error
        return cls(certificates)

    @property
    def x5c(self) -> list[str]:
        """The certificates as base64 of DER (RFC 7515, section 4.1.6), without a self-signed one at the end.

        The verifier has the authority's own certificate already, and HAIP forbids it in `x5c`.
        """
        certificates = list(self._certificates)
        if len(certificates) > 1 and certificates[-1].issuer == certificates[-1].subject:
            certificates.pop()
        return [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in certificates]

    def holds(self, jwk: PublicJwk) -> bool:
        """Return whether the first certificate holds this key, by the rule of the log (SPEC.md, section 7)."""
        return public_key_info(self._certificates[0].public_bytes(Encoding.DER)) == expected_key_info(jwk)

    def check_dates(self, now: datetime) -> None:
        """Raise `ChainError` where a certificate is not valid at that moment."""
        for number, certificate in enumerate(self._certificates, 1):
            begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if not begin <= now <= end:
                raise ChainError(
                    f"certificate {number} of the chain is valid from {begin:%Y-%m-%d} to {end:%Y-%m-%d} only"
                )

    @property
    def valid_until(self) -> datetime:
        """The moment when the first of the certificates ends (UTC)."""
        return min(certificate.not_valid_after_utc for certificate in self._certificates).astimezone(UTC)
