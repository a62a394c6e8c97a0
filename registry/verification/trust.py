"""Whom a verifier trusts besides the consortium: certificates of authorities, and issuers that it knows."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from cryptography import x509

from registry.documents.revocation import InvalidCrl, read_crls

MAX_ISSUERS: Final = 10_000
_PEM: Final = b"-----BEGIN CERTIFICATE-----"


class InvalidTrust(Exception):
    """A file that names nobody to trust. The message says what is wrong."""


class Trust(msgspec.Struct, frozen=True):
    """Trust anchors for certificates, lists of those that were revoked, and known issuers: the name by identifier."""

    anchors: tuple[x509.Certificate, ...] = ()
    known_issuers: Mapping[str, str] = msgspec.field(default_factory=dict)
    revocation_lists: tuple[x509.CertificateRevocationList, ...] = ()


def read_trust(content: bytes) -> Trust:
    """Return what a file of trust says: certificates in PEM, or a JSON object of names by identifier.

    Raises `InvalidTrust`.
    """
    if _PEM in content:
        try:
            return Trust(tuple(x509.load_pem_x509_certificates(content)))
        except ValueError as error:
            raise InvalidTrust(f"a certificate cannot be read: {error}") from error
    try:
        names = msgspec.json.decode(content, type=dict[str, str])
    except msgspec.DecodeError as error:
        detail = "it has neither certificates in PEM nor a JSON object of names by identifier"
        raise InvalidTrust(detail) from error
    if len(names) > MAX_ISSUERS:
        raise InvalidTrust(f"it names over {MAX_ISSUERS:,} issuers")
    return Trust(known_issuers=names)


def add_revocation_lists(trust: Trust, files: Sequence[bytes]) -> Trust:
    """Return trust with the lists of revoked certificates in files. Raises `InvalidTrust`."""
    try:
        lists = tuple(each for content in files for each in read_crls(content))
    except InvalidCrl as error:
        raise InvalidTrust(str(error)) from error
    return msgspec.structs.replace(trust, revocation_lists=lists)
