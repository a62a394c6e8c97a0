"""The keys of issuers and their status lists, as a node finds them: on members' logs first, then where documents say.

What a document names is fetched within bounds, and from public addresses alone (`document_fetch.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from registry.documents.did_resolver import DidResolver, Fetch, FetchFailed, Unresolved
from registry.documents.jose import thumbprint
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.status.addresses import FORMS, PREFIX, Form
from registry.status.statuses import UnusableList
from registry.supervision import DATABASE_ERRORS
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.issuing_keys import AnnouncedKey
from registry.verification.lookups import CannotAsk
from registry.verification.ports import KeyResolver, ResolvedKey, UnresolvedKey
from registry.verification.status_lists import StatusLists
from registry.verification.trust import Trust

if TYPE_CHECKING:
    from registry.node.node import Node

MAX_FETCHES: Final = 4
"""Addresses that are fetched for one document."""
_FORM_ENDINGS: Final = ("-jwk", "-multikey")
"""Of a fragment that names a key in one of the forms of `did_document.py`."""
_AWAY: Final = "Which keys members announced cannot be read at the moment"


class LimitedFetch:
    """Fetches the first few addresses that one document leads to."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._left = MAX_FETCHES

    def __call__(self, address: str) -> bytes:
        """Return what is at an address. Raises `FetchFailed`."""
        if not self._left:
            raise FetchFailed(f"the document leads to more than {MAX_FETCHES} addresses")
        self._left -= 1
        return self._fetch(address)


def refuse_fetch(address: str) -> bytes:
    """Fetch nothing. Raises `FetchFailed`."""
    raise FetchFailed(f"nothing is fetched here, and this is at {address[:200]}")


def with_own_lists(node: "Node", fetch: Fetch) -> Fetch:
    """Return a fetch that reads this node's own status lists without asking itself over the network."""
    from registry.node.adapters.status_lists import read_status_list  # noqa: PLC0415 - imports that a node alone needs

    own = (node.settings.public_url or "").rstrip("/") + PREFIX + "/"

    def read(address: str) -> bytes:
        if node.settings.public_url is None or not address.startswith(own):
            return fetch(address)
        number, _, name = address.removeprefix(own).partition("/")
        form: Form | None = next((each for each in FORMS if each == name), None)
        lists = read_status_list(node, int(number), form) if form is not None and number.isdecimal() else ()
        if not lists:
            raise FetchFailed("this node has no such list")
        return lists[0].content

    return read


class AnnouncedKeys:
    """The keys that members announced, found by themselves."""

    def __init__(self, keys: ViewsIssuingKeys) -> None:
        self._keys = keys

    def __call__(self, jwk: Mapping[str, str]) -> Sequence[AnnouncedKey]:
        """Return a key as each member that announced it did. Raises `CannotAsk`."""
        return self.find(thumbprint(jwk))

    def find(self, name: str) -> Sequence[AnnouncedKey]:
        """Return a key by its thumbprint. Raises `CannotAsk`."""
        try:
            return self._keys.find(name)
        except DATABASE_ERRORS as error:
            raise CannotAsk(f"{_AWAY}.") from error


def create_keys(at: datetime, trust: Trust, fetch: Fetch, announced: AnnouncedKeys | None) -> IssuerKeys:
    """Return the resolver of keys. A key on a member's log needs no server of its issuer."""
    resolver = DidResolver(fetch)

    def find_did_key(method: str) -> ResolvedKey | UnresolvedKey:
        name = method.partition("#")[2]
        for ending in _FORM_ENDINGS:
            name = name.removesuffix(ending)
        try:
            keys = announced.find(name) if announced is not None and name else ()
        except CannotAsk as error:
            return UnresolvedKey(str(error))
        if keys:
            return ResolvedKey(keys[0].jwk, "log")
        try:
            key = resolver.resolve(method)
        except Unresolved as error:
            return UnresolvedKey(str(error), contradicts=error.contradicts)
        if (end := key.find_end(at)) is not None:
            return UnresolvedKey(end, contradicts=True)
        return ResolvedKey(key.jwk, key.source)

    return IssuerKeys(at=at, anchors=trust.anchors, fetch=fetch, find_did_key=find_did_key)


def create_status_lists(fetch: Fetch, keys: KeyResolver, at: datetime) -> StatusLists:
    """Return the reader of status lists, whose embedded proofs are checked like those of credentials."""
    return StatusLists(fetch=fetch, keys=keys, open_credential=_credential_opener(keys, at))


def _credential_opener(keys: KeyResolver, at: datetime) -> Callable[[bytes], Mapping[str, Any]]:
    def open_list(content: bytes) -> Mapping[str, Any]:
        from registry.verification.credential_form import MalformedCredential  # noqa: PLC0415 - loads JSON-LD
        from registry.verification.verifiable_credentials import check_credential  # noqa: PLC0415 - loads JSON-LD

        try:
            credential = check_credential(content, keys, at)
        except MalformedCredential as error:
            raise UnusableList(f"what is at the list's address cannot be read: {error}") from error
        check = credential.signature.check
        if check.result != "passed":
            raise UnusableList(f"the list's signature does not count. {check.sentence.rstrip('.')}")
        return credential.document

    return open_list
