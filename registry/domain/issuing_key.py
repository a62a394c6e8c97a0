"""Keys with which this university signs documents for wallets and files."""

from typing import Self
from uuid import UUID, uuid5

from registry.domain.aggregate import Changed, Created, MemberAggregate
from registry.rules import issuing_keys as rules
from registry.rules.issuing_keys import IssuingKeyState
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded, KeyEndReason

_ISSUING_KEY = UUID("9a4e6f5b-2d1c-5b8e-8f37-61c0d9e4a725")


class IssuingKey(MemberAggregate):
    """One key, from its announcement to its end."""

    TOPIC = "registry.issuing-key"

    class Announced(Created):
        """The key was announced."""

        TOPIC = "registry.issuing-key.announced"
        PUBLISHED = "issuing.key.announced.v1"
        DATA = IssuingKeyAnnounced

    class Ended(Changed):
        """The university stopped signing with it."""

        TOPIC = "registry.issuing-key.ended"
        PUBLISHED = "issuing.key.ended.v1"
        DATA = IssuingKeyEnded

    def __init__(self, data: IssuingKeyAnnounced) -> None:
        self.data = data
        self.state: IssuingKeyState = rules.announce(None, data.key)

    @classmethod
    def id_of(cls, key: str) -> UUID:
        """Return the id of the aggregate of one key, which its thumbprint names."""
        return uuid5(_ISSUING_KEY, key)

    @classmethod
    def announce(cls, data: IssuingKeyAnnounced) -> Self:
        """Announce a key. The store refuses a second announcement."""
        return cls._create(cls.Announced, id=cls.id_of(data.key), data=data)

    def end(self, reason: KeyEndReason) -> None:
        """End the key."""
        ended = IssuingKeyEnded(self.data.key, reason)
        rules.end(self.state, ended)
        self.change(self.Ended, ended)

    def on(self, data: IssuingKeyEnded) -> None:
        """Apply an event's data to the state."""
        self.state = data.reason
