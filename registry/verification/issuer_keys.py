"""Finds issuers' keys: by certificates, by an issuer's metadata (SD-JWT VC, section 3), and by what a DID leads to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from registry.documents.certificates import (
    ForeignCertificate,
    InvalidChain,
    check_subject,
    read_public_key,
    verify_chain,
)
from registry.documents.did_resolver import Fetch, FetchFailed
from registry.documents.issuer_metadata import metadata_address
from registry.documents.revocation import find_revocation
from registry.documents.strict_json import parse_object
from registry.verification.ports import ResolvedKey, UnresolvedKey

MAX_KEYS: Final = 100
"""Keys of one issuer that are looked at."""
_PUBLIC: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})
"""Members of a JWK that are the key itself (RFC 7518, section 6)."""
FindKey = Callable[[str], ResolvedKey | UnresolvedKey]
"""Returns the key of a verification method, such as `did:web:x.example#key`."""


class IssuerKeys:
    """A `KeyResolver`. Certificates come first; where they lead to no trust anchor, the issuer itself may name the key:
    its DID's document, or the metadata at its address.
    """

    def __init__(
        self,
        *,
        at: datetime,
        anchors: Sequence[x509.Certificate] = (),
        revocation_lists: Sequence[x509.CertificateRevocationList] = (),
        fetch: Fetch | None = None,
        find_did_key: FindKey | None = None,
    ) -> None:
        self._at = at
        self._anchors = anchors
        self._revocation_lists = revocation_lists
        self._fetch = fetch
        self._find_did_key = find_did_key

    def resolve(self, issuer: str, key_id: str | None, x5c: Sequence[str] = ()) -> ResolvedKey | UnresolvedKey:
        """Return the key of an issuer, or why there is none."""
        if x5c:
            key = self._resolve_chain(issuer, x5c)
            if isinstance(key, ResolvedKey) or key.contradicts or not key_id:
                return key
            if issuer.startswith("did:"):
                return self._resolve_did(issuer, key_id)
            named = self._resolve_metadata(issuer, key_id) if issuer.startswith("https://") else key
            return named if isinstance(named, ResolvedKey) else key
        if issuer.startswith("did:"):
            return self._resolve_did(issuer, key_id)
        if issuer.startswith("https://"):
            return self._resolve_metadata(issuer, key_id)
        return UnresolvedKey("The issuer's identifier is neither a DID nor an https address.", contradicts=True)

    def _resolve_chain(self, issuer: str, x5c: Sequence[str]) -> ResolvedKey | UnresolvedKey:
        try:
            path = verify_chain(x5c, self._anchors, self._at)
            check_subject(path[0], issuer)
            revocation = find_revocation(path, self._revocation_lists, self._at)
            return ResolvedKey(read_public_key(path[0]), "x5c", revocation)
        except ForeignCertificate as error:
            return UnresolvedKey(f"The key does not belong to the issuer: {error}.", contradicts=True)
        except InvalidChain as error:
            return UnresolvedKey(f"The issuer's key cannot be trusted: {error}.")

    def _resolve_did(self, issuer: str, key_id: str | None) -> ResolvedKey | UnresolvedKey:
        if self._find_did_key is None:
            return UnresolvedKey("DIDs are not looked up here.")
        if key_id is None:
            return UnresolvedKey("The document does not say which of the issuer's keys signed it.", contradicts=True)
        method = issuer + key_id if key_id.startswith("#") else key_id
        if method.partition("#")[0] != issuer:
            return UnresolvedKey("The key that the document names is not one of its issuer.", contradicts=True)
        return self._find_did_key(method)

    def _resolve_metadata(self, issuer: str, key_id: str | None) -> ResolvedKey | UnresolvedKey:
        if self._fetch is None:
            return UnresolvedKey("The issuer's keys are at its address, and nothing is fetched here.")
        try:
            address = metadata_address(issuer)
        except ValueError as error:
            return UnresolvedKey(f"The issuer's metadata cannot be looked up: {error}.", contradicts=True)
        try:
            metadata = parse_object(self._fetch(address))
            if metadata.get("issuer") != issuer:
                return UnresolvedKey("What is at the issuer's address names another issuer.", contradicts=True)
            key = _select_key(self._read_keys(metadata), key_id)
        except FetchFailed as error:
            return UnresolvedKey(f"The issuer's keys could not be fetched: {error}.")
        except ValueError as error:
            return UnresolvedKey(f"The issuer's metadata cannot be read: {error}.")
        if key is None:
            return UnresolvedKey("The issuer does not have the key that the document names.")
        return ResolvedKey({name: str(value) for name, value in key.items() if name in _PUBLIC}, "jwks")

    def _read_keys(self, metadata: Mapping[str, Any]) -> list[Mapping[str, str]]:
        if ("jwks" in metadata) == ("jwks_uri" in metadata):
            raise ValueError("it must have one of jwks and jwks_uri")
        jwks = metadata.get("jwks")
        if jwks is None and self._fetch is not None:
            jwks = parse_object(self._fetch(str(metadata["jwks_uri"])))
        keys = jwks.get("keys") if isinstance(jwks, dict) else None
        if not isinstance(keys, list) or len(keys) > MAX_KEYS or not all(isinstance(key, dict) for key in keys):
            raise ValueError(f"it has no list of at most {MAX_KEYS} keys")
        return keys


def _select_key(keys: Sequence[Mapping[str, str]], key_id: str | None) -> Mapping[str, str] | None:
    """Return the key with an id; without an id the only key."""
    matching = list(keys) if key_id is None else [key for key in keys if key.get("kid") == key_id]
    return matching[0] if len(matching) == 1 else None
