"""Keys behind decentralised identifiers: did:key and did:jwk, which hold the key, and did:web, which is fetched."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from registry.documents.did_web import MalformedDid, address_of
from registry.documents.multikey import MalformedKey, UnsupportedKey, check_jwk, decode_multikey
from registry.documents.strict_json import parse_json, parse_object
from registry.wire import base64url

KeySource = Literal["did:key", "did:jwk", "did:web"]
WhyUnresolved = Literal["wrong", "unsupported", "unreachable"]
MAX_DOCUMENT_BYTES: Final = 262_144
MAX_METHODS: Final = 1_000
"""Verification methods of one document that are looked at."""
_MAX_DID: Final = 2_000
"""Characters. A did:jwk of P-256 has about 250."""

Fetch = Callable[[str], bytes]
"""Returns what is at an https address, within bounds of size and time. Raises `FetchFailed`."""


class FetchFailed(Exception):
    """An address from which nothing usable came. The message is a sentence without a full stop that says why."""


class Unresolved(Exception):
    """An identifier that leads to no key. The message is a sentence that a person understands.

    Its `kind` is `unreachable` where its document did not come: another try may succeed. It is `unsupported` where this
    project does not read the method, the key or the document. Neither says anything about the key.
    """

    def __init__(self, reason: str, kind: WhyUnresolved = "wrong") -> None:
        super().__init__(reason)
        self.kind = kind

    @property
    def contradicts(self) -> bool:
        """True if it speaks against a document that names the identifier."""
        return self.kind == "wrong"


class DidKey(msgspec.Struct, frozen=True):
    """A public key, and who controls it."""

    jwk: Mapping[str, str]
    controller: str
    """The identifier whose key it is, without a fragment."""
    source: KeySource
    revoked: str | None = None
    """The time from which its controller says that it does not count."""
    expires: str | None = None
    """The time from which it must not be used any more."""

    def find_end(self, at: datetime) -> str | None:
        """Return why the key does not count at a time, in a sentence; None where it does."""
        if self.revoked is not None:
            return f"The issuer revoked the key that signed this ({self.revoked})."
        if self.expires is not None and _is_past(self.expires, at):
            return f"The key that signed this has expired ({self.expires})."
        return None


def _is_past(text: str, at: datetime) -> bool:
    """Return whether a time is over. One that cannot be read is: nobody knows that it is still to come."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return True
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)) <= at


class DidResolver:
    """Resolves keys that make statements (`assertionMethod`)."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def resolve(self, method: str) -> DidKey:
        """Return the key of a verification method, for example `did:web:x.example#key-1`. Raises `Unresolved`.

        An identifier without a fragment is resolved where it has one key only.
        """
        did, _, fragment = method.partition("#")
        if len(method) > _MAX_DID:
            raise Unresolved(
                f"The identifier has {len(method):,} characters; {_MAX_DID:,} at most are read.", "unsupported"
            )
        try:
            if did.startswith("did:key:"):
                return _key_of_did_key(did, fragment)
            if did.startswith("did:jwk:"):
                return _key_of_did_jwk(did, fragment)
            if did.startswith("did:web:"):
                return self._key_of_did_web(did, fragment)
        except (MalformedDid, MalformedKey) as error:
            kind: WhyUnresolved = "unsupported" if isinstance(error, UnsupportedKey) else "wrong"
            raise Unresolved(f"The identifier {did[:100]} cannot be used: {error}.", kind) from error
        raise Unresolved(
            f"The identifier {did[:100]} is not of a supported method (did:key, did:jwk, did:web).", "unsupported"
        )

    def _key_of_did_web(self, did: str, fragment: str) -> DidKey:
        try:
            content = self._fetch(address_of(did))
        except FetchFailed as error:
            raise Unresolved(f"The document of {did} could not be fetched: {error}", "unreachable") from error
        if len(content) > MAX_DOCUMENT_BYTES:
            raise Unresolved(
                f"The document of {did} has more than {MAX_DOCUMENT_BYTES:,} bytes, and is not read.", "unsupported"
            )
        return find_key(did, fragment, content)


def find_key(did: str, fragment: str, content: bytes) -> DidKey:
    """Return a key of the document of a did:web identifier. Raises `Unresolved` and `MalformedKey`."""
    try:
        document = parse_json(content)
    except ValueError as error:
        # A server in maintenance answers with a page: that says nothing of the key
        raise Unresolved(f"The document of {did} is not JSON.", "unreachable") from error
    if not isinstance(document, dict) or document.get("id") != did:
        raise Unresolved(f"The document at the address of {did} is another identifier's.")
    methods = _assertion_methods(did, document)
    chosen = [method for method in methods if not fragment or _absolute(did, method.get("id")) == f"{did}#{fragment}"]
    if not fragment and len(chosen) > 1:
        raise Unresolved(f"{did} has {len(chosen)} keys, and the document does not say which one signed it.")
    if not chosen:
        raise Unresolved(f"{did} lists no key {fragment} that makes statements.")
    return _read_method(did, chosen[0])


def _assertion_methods(did: str, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the verification methods that the identifier's owner uses to make statements."""
    listed = [entry for entry in _list(document.get("verificationMethod")) if isinstance(entry, dict)]
    by_id = {_absolute(did, entry.get("id")): entry for entry in listed}
    methods: list[Mapping[str, Any]] = []
    for entry in _list(document.get("assertionMethod")):
        if isinstance(entry, dict):
            methods.append(entry)
        elif isinstance(entry, str) and (method := by_id.get(_absolute(did, entry))) is not None:
            methods.append(method)
    return methods


def _read_method(did: str, method: Mapping[str, Any]) -> DidKey:
    if method.get("controller", did) != did:
        raise Unresolved(f"The key belongs to another controller than {did}.")
    jwk, multibase = method.get("publicKeyJwk"), method.get("publicKeyMultibase")
    if isinstance(jwk, dict) and multibase is None:
        key = check_jwk(jwk)
    elif isinstance(multibase, str) and jwk is None:
        key = decode_multikey(multibase)
    else:
        raise Unresolved(
            f"The key of {did} is in none of the forms that are read (publicKeyJwk, publicKeyMultibase).", "unsupported"
        )
    return DidKey(key, did, "did:web", _time(method.get("revoked")), _time(method.get("expires")))


def _time(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    return None if value is None else str(value)[:40]


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    return value[:MAX_METHODS] if isinstance(value, list) else []


def _absolute(did: str, name: Any) -> str:  # noqa: ANN401 - any JSON
    """Return the whole identifier of a method, which may be written relative to the document's."""
    return f"{did}{name}" if str(name).startswith("#") else str(name)


def _key_of_did_key(did: str, fragment: str) -> DidKey:
    """Read the key that the identifier is made of (did:key method specification, section 3)."""
    value = did.removeprefix("did:key:")
    if fragment not in ("", value):
        raise Unresolved("The identifier is a key, and its fragment names another one.")
    return DidKey(decode_multikey(value), did, "did:key")


def _key_of_did_jwk(did: str, fragment: str) -> DidKey:
    """Read the JWK that the identifier is made of (did:jwk method specification)."""
    if fragment not in ("", "0"):
        raise Unresolved("A did:jwk identifier has one key, which is named #0.")
    value = did.removeprefix("did:jwk:")
    try:
        jwk = parse_object(base64url.decode(value))
    except ValueError as error:
        raise MalformedKey("it holds no JSON Web Key") from error
    return DidKey(check_jwk(jwk), did, "did:jwk")
