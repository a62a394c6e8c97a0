"""The status of a document in the lists of its issuer: fetched, verified, and read at the document's place.

What cannot be read with certainty is *could not be checked*, never valid: a list that is missing, expired, of another
issuer, for another purpose, too short or too large.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from registry.documents.did_resolver import Fetch, FetchFailed
from registry.documents.jose import InvalidJws, Jws, parse_jws, verify_jws
from registry.documents.strict_json import parse_object
from registry.status.bitstring_list import read_bitstring
from registry.status.statuses import INVALID, SUSPENDED, VALID, UnusableList
from registry.status.token_list import parse_token_list
from registry.verification.checks import Check, CheckResult, StatusPlace
from registry.verification.ports import KeyResolver, UnresolvedKey

MAX_PLACES: Final = 8
"""Places of one document that are looked up."""
_MECHANISMS: Final = ("TokenStatusList", "BitstringStatusListEntry")
_WORDS: Final[Mapping[int, tuple[CheckResult, str]]] = {
    VALID: ("passed", "The issuer's status list says that the credential is valid."),
    INVALID: ("failed", "The issuer has revoked the credential."),
    SUSPENDED: ("failed", "The issuer has suspended the credential."),
}
_BITSTRING_WORDS: Final[Mapping[str, int]] = {"revocation": INVALID, "suspension": SUSPENDED}

OpenCredential = Callable[[bytes], Mapping[str, Any]]
"""Returns a VC 2.0 credential whose embedded proof holds and is by its issuer. Raises `UnusableList`."""


def refuse_proofs(_: bytes) -> Mapping[str, Any]:
    """Refuse a list with an embedded proof, where nothing verifies these."""
    raise UnusableList("the list is secured in a way that is not verified here")


class StatusListReader(msgspec.Struct, frozen=True, kw_only=True):
    """Looks statuses up in lists of others, and in our own."""

    fetch: Fetch
    """Fetches from public addresses alone, within bounds of size and time."""
    keys: KeyResolver
    open_credential: OpenCredential = refuse_proofs

    def check(self, places: Sequence[StatusPlace], issuer: str | None, at: datetime) -> Check:
        """Return the check `status` of a document. The worst of its places counts.

        Args:
            places: The places that the document names.
            issuer: The document's issuer: a list of somebody else says nothing.
            at: Now.

        """
        if not places:
            return Check("status", "notChecked", "The document names no status list: nobody can say if it was revoked.")
        if len(places) > MAX_PLACES:
            return Check("status", "notChecked", f"The document names more than {MAX_PLACES} status lists.")
        checks = [self._check_place(place, issuer, at) for place in places]
        return next(
            (check for result in ("failed", "notChecked") for check in checks if check.result == result), checks[0]
        )

    def _check_place(self, place: StatusPlace, issuer: str | None, at: datetime) -> Check:
        values = {"list": place.list, "index": place.index}
        try:
            status = self._read(place, issuer, at)
        except FetchFailed as error:
            return Check("status", "notChecked", f"The status could not be fetched: {error}.", values)
        except UnusableList as error:
            return Check("status", "notChecked", f"The status could not be checked: {error}.", values)
        if status not in _WORDS:
            sentence = f"The status list has a value of the issuer's own ({status}), which is not understood here."
            return Check("status", "notChecked", sentence, values)
        result, sentence = _WORDS[status]
        return Check("status", result, sentence, values)

    def _read(self, place: StatusPlace, issuer: str | None, at: datetime) -> int:
        kind, address, index = place.type, place.list, place.index
        if kind not in _MECHANISMS:
            raise UnusableList(f"its mechanism ({kind}) is not known here")
        if address is None or index is None:
            raise UnusableList("the document does not say at which place of which list")
        if issuer is None:
            raise UnusableList("the document names no issuer whose list it could be")
        if kind == "TokenStatusList":
            return self._read_token(self.fetch(address), index, address, issuer, at)
        if place.purpose is None or place.size != 1:  # wider entries have other words for every value
            raise UnusableList("the entry is of a kind that is not understood here (statusSize)")
        return self._read_bitstring(self.fetch(address), (index, place.purpose), address, issuer, at)

    def _read_token(self, content: bytes, index: int, address: str, issuer: str, at: datetime) -> int:
        token = parse_token_list(content)
        if token.subject != address:
            raise UnusableList("what is at the list's address is another list (sub)")
        self._verify(token.jws, token.issuer or issuer, issuer)
        if token.expires is not None and token.expires <= at.timestamp():
            raise UnusableList("the list has expired")
        return token.read(index)

    def _read_bitstring(self, content: bytes, place: tuple[int, str], address: str, issuer: str, at: datetime) -> int:
        index, purpose = place
        credential = self._open(content, issuer)
        if credential.get("id", address) != address:
            raise UnusableList("what is at the list's address is another list (id)")
        if _find_issuer(credential) is None or not is_same_issuer(_find_issuer(credential), issuer):
            raise UnusableList("the list is not one of the document's issuer")
        begin, end = _read_time(credential.get("validFrom")), _read_time(credential.get("validUntil"))
        if begin is not None and begin > at:
            raise UnusableList("the list does not hold yet")
        if end is not None and end <= at:
            raise UnusableList("the list has expired")
        value = read_bitstring(credential, index, purpose)
        if purpose not in _BITSTRING_WORDS:
            raise UnusableList(f"a status for the purpose {purpose} says nothing of validity")
        return _BITSTRING_WORDS[purpose] if value else VALID

    def _open(self, content: bytes, issuer: str) -> Mapping[str, Any]:
        if content.lstrip().startswith(b"{"):
            return self.open_credential(content)
        try:
            jws = parse_jws(content.strip().decode("ascii"))
            credential = parse_object(jws.payload)
        except (InvalidJws, ValueError) as error:
            raise UnusableList(f"what is at the list's address cannot be read: {error}") from error
        if jws.header.get("typ") not in {"vc+jwt", "vc+ld+json+jwt"}:
            raise UnusableList("what is at the list's address is not a credential (typ)")
        self._verify(jws, _find_issuer(credential) or "", issuer)
        return credential

    def _verify(self, jws: Jws, list_issuer: str, issuer: str) -> None:
        if not is_same_issuer(list_issuer, issuer):
            raise UnusableList("the list is not one of the document's issuer")
        x5c, key_id = jws.header.get("x5c", []), jws.header.get("kid")
        if not isinstance(x5c, list) or not (key_id is None or isinstance(key_id, str)):
            raise UnusableList("the list names its key in a wrong form (kid, x5c)")
        key = self.keys.resolve(list_issuer, key_id, x5c)
        if isinstance(key, UnresolvedKey):
            raise UnusableList(f"the list's key is not known. {key.reason.rstrip('.')}")
        try:
            verify_jws(jws, key.jwk)
        except InvalidJws as error:
            raise UnusableList(f"the signature of the list: {error}") from error


def is_same_issuer(first: str | None, second: str) -> bool:
    """Return whether two identifiers are of one issuer: the same, or a did:web and an https address of one host."""
    if first is None:
        return False
    return first == second or (_find_place(first) is not None and _find_place(first) == _find_place(second))


def _find_place(issuer: str) -> tuple[str, str] | None:
    """Return host and path of a did:web or an https address."""
    if issuer.startswith("did:web:"):
        host, *path = issuer.removeprefix("did:web:").split(":")
        return unquote(host).lower(), "/".join(map(unquote, path))
    try:
        address = urlsplit(issuer)
    except ValueError:
        return None
    if address.scheme != "https" or not address.netloc:
        return None
    return address.netloc.lower(), address.path.strip("/")


def _find_issuer(credential: Mapping[str, Any]) -> str | None:
    issuer = credential.get("issuer")
    if isinstance(issuer, dict):
        issuer = issuer.get("id")
    return issuer if isinstance(issuer, str) else None


def _read_time(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON value
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise UnusableList("the times of the list cannot be read") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
