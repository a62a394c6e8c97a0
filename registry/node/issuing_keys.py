"""The keys with which this university signs documents: made, announced, listed and ended on its node."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from projections.issuing_keys.issuing_keys import IssuingKey, list_of_member
from registry.keys.certificate_chain import Chain, ChainError
from registry.keys.issuing_keys import IssuingKeyFiles, create_request, public_jwk
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.node.own_content import own_content
from registry.settings.settings import SettingsError
from registry.wire.issuing_keys import IssuingKeyAnnounced, KeyEndReason, Profile, PublicJwk

ANNOUNCED: Final = "issuing.key.announced.v1"


class OwnIssuingKey(msgspec.Struct, frozen=True):
    """One of this university's keys, as its node knows it."""

    key: str
    """The JWK thumbprint."""
    profiles: Sequence[Profile]
    state: str
    """`in force`, `waiting` (not on the log as the views know it), `requested` (not announced), or why it has ended."""
    is_here: bool
    """True if the node has the private half."""
    signs: bool
    """True if the node signs with it: the newest in force of a profile."""
    announced: str | None
    """The day."""
    ended: str | None
    """The day."""
    certificate_until: str | None
    """The last day of its chain of certificates."""


class IssuingKeyError(Exception):
    """A key that cannot be made, announced or ended. The message says why and what to do."""


class OwnIssuingKeys:
    """The issuing keys of one member's node. Raises `SettingsError` for governance, which issues nothing."""

    def __init__(self, node: Node) -> None:
        if node.settings.member == GOVERNANCE:
            raise SettingsError("governance issues nothing: it signs no documents")
        self._node = node
        self._files = IssuingKeyFiles(node.keystore)
        self._stored = {key.data.key: key for key in node.registry.issuing_keys.list_all()}

    def create(self, profile: Profile, chain: bytes | None) -> str:
        """Make and announce a key, and return its thumbprint. `chain` is a file of certificates in PEM, or None.

        A key with a chain was made by `request`. Raises `IssuingKeyError`, and what storing an event raises.
        """
        self._node.registry.checker.check_accepted([ANNOUNCED])
        if chain is None:
            jwk, x5c = self._waiting("open") if profile == "open" else None, None
            jwk = jwk or self._files.create(profile)
        else:
            jwk, x5c = self._match(chain)
        self._node.registry.issuing_keys.announce(IssuingKeyAnnounced(jwk.thumbprint, jwk, [profile], x5c))
        return jwk.thumbprint

    def request(self) -> tuple[str, bytes]:
        """Return the thumbprint of a P-256 key that is not announced, made if there is none, and its signing request.

        The request (PKCS #10, PEM) names the university as governance does.
        """
        jwk = self._waiting("eudi") or self._files.create("eudi")
        content = own_content(self._node)
        if content is None:
            raise IssuingKeyError("Governance does not know this member, so the request has no name. Be admitted first")
        private = self._files.read(jwk.thumbprint)
        return jwk.thumbprint, create_request(private, content.legal_name, content.country)

    def find(self, text: str) -> str:
        """Return the thumbprint that begins with this text, of an announced key. Raises `IssuingKeyError`."""
        matching = [key for key in self._stored if key.startswith(text)]
        if len(matching) != 1:
            what = "no key" if not matching else f"{len(matching)} keys"
            raise IssuingKeyError(f"{what} that this node announced begins with {text!r}: registry issuing-key list")
        return matching[0]

    def end(self, key: str, reason: KeyEndReason) -> None:
        """End a key. Raises a refusal where it has ended."""
        self._node.registry.issuing_keys.end(key, reason)

    def list_all(self) -> list[OwnIssuingKey]:
        """Return the keys, the first announced first, then those that are not announced."""
        on_log = {key.key: key for key in list_of_member(self._node.views(), self._node.settings.member)}
        own_files = set(self._files.thumbprints())
        signing = _signing_keys([key for key in on_log.values() if key.key in own_files and self._is_in_force(key)])
        announced = {key: aggregate.data for key, aggregate in self._stored.items()}
        lines = [
            self._line(key, data, on_log.get(key), is_here=key in own_files, signs=key in signing)
            for key, data in announced.items()
        ]
        lines += [
            OwnIssuingKey(key, [], "requested", is_here=True, signs=False, announced=None, ended=None,
                          certificate_until=None)
            for key in sorted(own_files - announced.keys())
        ]  # fmt: skip
        return lines

    def _line(
        self,
        key: str,
        data: IssuingKeyAnnounced,
        view: IssuingKey | None,
        *,
        is_here: bool,
        signs: bool,
    ) -> OwnIssuingKey:
        stored_state = self._stored[key].state
        state: str = "in force" if stored_state == "inForce" else stored_state
        if view is None and stored_state == "inForce":
            state = "waiting"
        return OwnIssuingKey(
            key,
            data.profiles,
            state,
            is_here,
            signs,
            None if view is None else view.announced[:10],
            None if view is None or view.ended_at is None else view.ended_at[:10],
            _last_day(data.x5c),
        )

    def _is_in_force(self, key: IssuingKey) -> bool:
        stored = self._stored.get(key.key)
        return key.ended is None and (stored is None or stored.state == "inForce")

    def _waiting(self, profile: Profile) -> PublicJwk | None:
        """Return a key of the profile's kind that is held here and was never announced; None if there is none."""
        for key in self._files.thumbprints():
            if key not in self._stored:
                jwk = public_jwk(self._files.read(key))
                if (jwk.kty == "OKP") == (profile == "open"):
                    return jwk
        return None

    def _match(self, pem: bytes) -> tuple[PublicJwk, list[str]]:
        """Return the key that a chain of certificates is for, and the chain."""
        try:
            chain = Chain.parse(pem)
            chain.check_dates(datetime.now(UTC))
        except ChainError as error:
            raise IssuingKeyError(f"This chain cannot be used: {error}. Nothing was announced") from error
        for key in self._files.thumbprints():
            if key not in self._stored:
                jwk = public_jwk(self._files.read(key))
                if chain.holds(jwk):
                    return jwk, chain.x5c
        raise IssuingKeyError(
            "The first certificate of this chain holds none of the keys that this node requested one for. Ask for a"
            " certificate with `registry issuing-key request`, and use the chain that comes back. Nothing was announced"
        )


def _last_day(x5c: Sequence[str] | None) -> str | None:
    """Return the last day of a chain of certificates; None where there is none, or where it cannot be read."""
    if x5c is None:
        return None
    try:
        return f"{Chain.of(x5c).valid_until:%Y-%m-%d}"
    except ChainError:  # the signer says so when it is to sign
        return None


def _signing_keys(usable: Sequence[IssuingKey]) -> set[str]:
    """Return the newest key of each profile; `usable` are in the order of the log."""
    newest = {profile: key.key for key in usable for profile in key.profiles}
    return set(newest.values())
