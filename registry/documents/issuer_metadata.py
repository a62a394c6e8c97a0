"""The keys of an issuer of SD-JWT VCs whose identifier is an https address (draft-ietf-oauth-sd-jwt-vc, section 3).

The document is at the host of the address; what the address has as path comes after `/.well-known/jwt-vc-issuer`.
"""

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from registry.documents.did_document import DocumentKey

WELL_KNOWN: Final = "/.well-known/jwt-vc-issuer"


def metadata_path(issuer: str) -> str:
    """Return the path of the document of an issuer, from the root of its host."""
    return WELL_KNOWN + urlsplit(issuer).path.rstrip("/")


def metadata_address(issuer: str) -> str:
    """Return the address of an issuer's document. Raises `ValueError` for an issuer with a query or a fragment."""
    address = urlsplit(issuer)
    if address.query or address.fragment:
        raise ValueError("the issuer's address has a query or a fragment")
    return urlunsplit((address.scheme, address.netloc, metadata_path(issuer), "", ""))


def build_metadata(issuer: str, keys: Iterable[DocumentKey]) -> dict[str, Any]:
    """Return the document of an issuer. Each key is named by its thumbprint, as on the log."""
    return {"issuer": issuer, "jwks": {"keys": [_describe(key) for key in keys]}}


def _describe(key: DocumentKey) -> dict[str, Any]:
    described: dict[str, Any] = {**key.jwk, "kid": key.thumbprint, "use": "sig"}
    return described | ({"x5c": list(key.x5c)} if key.x5c else {})
