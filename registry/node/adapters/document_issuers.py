"""The keys of issuers and their status lists, as a node finds them: on members' logs first, then where documents say.

What a document names is fetched within bounds, and from public addresses alone (`document_fetch.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from registry.documents.did_resolver import DidResolver, Fetch, FetchFailed, Unresolved
from registry.documents.jose import InvalidJws, thumbprint
from registry.export.document import ExportError
from registry.node.adapters.document_lookups import AWAY, GovernedMembers
from registry.node.adapters.issuing_keys import ViewsIssuingKeys
from registry.status.addresses import FORMS, PREFIX, Form
from registry.status.statuses import UnusableList
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.issuing_keys import AnnouncedKey
from registry.verification.ports import CannotAsk, KeyResolver, ResolvedKey, UnresolvedKey
from registry.verification.status_lists import StatusListReader
from registry.verification.trust import Trust

if TYPE_CHECKING:
    from registry.node.node import Node

_SELF_CONTAINED: Final = ("did:key:", "did:jwk:")
"""Identifiers that are the key themselves."""
_FORM_ENDINGS: Final = ("-jwk", "-multikey")
"""Of a fragment that names a key in one of the forms of `did_document.py`."""
_LIST_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_UNREADABLE: Final = "Which keys members announced cannot be read at the moment."


def own_identifier(node: "Node") -> Mapping[str, str]:
    """Return the member of this node by the DID of the node's public address; nothing without such an address."""
    from registry.node.document_signers import issuer_of  # noqa: PLC0415 - imports that a node alone needs

    try:
        return {issuer_of(node.settings): node.settings.member}
    except ExportError:  # without such an address the node issues no documents
        return {}


def with_own_lists(node: "Node", fetch: Fetch) -> Fetch:
    """Return a fetch that reads this node's own status lists without asking itself over the network."""
    from registry.node.adapters.status_lists import read_status_list  # noqa: PLC0415 - imports that a node alone needs
    from registry.node.document_signers import public_address  # noqa: PLC0415 - imports that a node alone needs

    base = public_address(node.settings)
    own = f"{base}{PREFIX}/"

    def read(address: str) -> bytes:
        if base is None or not address.startswith(own):
            return fetch(address)
        number, _, name = address.removeprefix(own).partition("/")
        form: Form | None = next((each for each in FORMS if each == name), None)
        is_number = _LIST_NUMBER.fullmatch(number) is not None
        lists = read_status_list(node, int(number), form) if form is not None and is_number else ()
        if not lists:
            raise FetchFailed("this node has no such list")
        return lists[0].content

    return read


class AnnouncedKeys:
    """The keys that members announced, found by themselves."""

    def __init__(self, keys: ViewsIssuingKeys) -> None:
        self._keys = keys

    def __call__(self, jwk: Mapping[str, str]) -> Sequence[AnnouncedKey]:
        """Return a key as each member that announced it did; none for a kind of key that members do not announce.

        Raises `CannotAsk`.
        """
        try:
            name = thumbprint(jwk)
        except InvalidJws:  # an RSA key, for example
            return ()
        return self.find(name)

    def find(self, name: str) -> Sequence[AnnouncedKey]:
        """Return a key by its thumbprint. Raises `CannotAsk`."""
        try:
            return self._keys.find(name)
        except AWAY as error:
            raise CannotAsk(_UNREADABLE) from error


def create_keys(
    at: datetime, trust: Trust, fetch: Fetch, announced: AnnouncedKeys | None, members: GovernedMembers
) -> IssuerKeys:
    """Return the resolver of keys. A key on a member's log needs no server of its issuer."""
    resolver = DidResolver(fetch)

    def find_did_key(method: str) -> ResolvedKey | UnresolvedKey:
        try:
            logged = find_logged_key(method, announced, members, trust) if announced is not None else None
        except CannotAsk as error:
            return UnresolvedKey(str(error))
        if logged is not None:
            return ResolvedKey(logged.jwk, "log")
        try:
            key = resolver.resolve(method)
        except Unresolved as error:
            return UnresolvedKey(str(error), contradicts=error.contradicts)
        if (end := key.find_end(at)) is not None:
            return UnresolvedKey(end, contradicts=True)
        return ResolvedKey(key.jwk, key.source)

    return IssuerKeys(
        at=at,
        anchors=trust.anchors,
        revocation_lists=trust.revocation_lists,
        fetch=fetch,
        find_did_key=find_did_key,
    )


def find_logged_key(
    method: str, announced: AnnouncedKeys, members: GovernedMembers, trust: Trust
) -> AnnouncedKey | None:
    """Return the key of a verification method as a member's log has it, if the log may speak for that identifier.

    Anybody can announce anybody's key. So for the identifier of a member only that member's log counts; and a did:web
    that nobody here knows is taken for an address of the only member that announced the key. Raises `CannotAsk`.
    """
    did, _, name = method.partition("#")
    for ending in _FORM_ENDINGS:
        name = name.removesuffix(ending)
    if not name or did.startswith(_SELF_CONTAINED):
        return None
    keys = announced.find(name)
    if not keys:
        return None
    member = members.find(did)
    if member is not None:
        return next((key for key in keys if key.member == member.member), None)
    is_address = did.startswith("did:web:") and did not in trust.known_issuers
    return keys[0] if is_address and len(keys) == 1 else None


def create_status_lists(fetch: Fetch, keys: KeyResolver, at: datetime) -> StatusListReader:
    """Return the reader of status lists, whose embedded proofs are checked like those of credentials."""
    return StatusListReader(fetch=fetch, keys=keys, open_credential=_credential_opener(keys, at))


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
