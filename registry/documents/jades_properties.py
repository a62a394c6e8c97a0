"""Unsigned properties beside a JAdES signature (`etsiU`, ETSI TS 119 182-1, section 5.3).

Anybody can add to it. So only what is signed by somebody else is of use: lists of revoked certificates.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from cryptography import x509

from registry.documents.revocation import MAX_LISTS, InvalidCrl, read_crls
from registry.documents.strict_json import parse_object
from registry.wire import base64url

MAX_PROPERTIES: Final = 20
_MAX_LIST: Final = 1_500_000
"""Characters of one list in base64."""


class BesideSeal(msgspec.Struct, frozen=True):
    """Unsigned properties that are of use, or should be mentioned."""

    revocation_lists: tuple[x509.CertificateRevocationList, ...] = ()
    has_timestamp: bool = False
    """True for a timestamp, which is not read."""
    has_answers: bool = False
    """True for answers of an authority about one certificate (OCSP), which are not read."""


def read_beside(header: object) -> BesideSeal:
    """Return what the unprotected header of a signature has. What cannot be read is as if it were not there."""
    properties = list(_list_properties(header))
    values = [each["rVals"] for each in properties if isinstance(each.get("rVals"), dict)]
    lists: list[x509.CertificateRevocationList] = []
    for value in values:
        for encoded in _list_values(value.get("crlVals")):
            lists += _read_list(encoded)
    return BesideSeal(
        tuple(lists[:MAX_LISTS]),
        has_timestamp=any("sigTst" in each for each in properties),
        has_answers=any(value.get("ocspVals") for value in values),
    )


def _list_properties(header: object) -> Iterator[Mapping[str, Any]]:
    """Yield the properties, each an object or the base64url of one."""
    stated = header.get("etsiU") if isinstance(header, dict) else None
    for each in stated[:MAX_PROPERTIES] if isinstance(stated, list) else ():
        if isinstance(each, dict):
            yield each
        elif isinstance(each, str):
            try:
                yield parse_object(base64url.decode(each))
            except ValueError:
                continue  # nothing that is not signed can spoil a signature


def _list_values(stated: object) -> Iterator[str]:
    for each in stated[:MAX_LISTS] if isinstance(stated, list) else ():
        value = each.get("val") if isinstance(each, dict) else each
        if isinstance(value, str) and len(value) <= _MAX_LIST:
            yield value


def _read_list(encoded: str) -> list[x509.CertificateRevocationList]:
    try:
        return read_crls(b64decode(encoded, validate=True))
    except (InvalidCrl, ValueError):
        return []  # the certificate's check says that there is no list
