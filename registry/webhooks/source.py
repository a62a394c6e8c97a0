"""The port to the feed."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One notice in the form in which it is posted."""

    number: int
    """The notice's number in the feed, in ascending order."""
    id: str
    """The `webhook-id`: always the same for the same notice. Without a full stop."""
    type: str
    """The CloudEvent's type."""
    body: bytes
    """The CloudEvent in JSON."""


class Source(Protocol):
    """A feed, read by number.

    Ordering: by number; once a number was returned, no lower one may appear. Durability: a message that was returned
    once must be returned again. Used by one thread at a time.
    """

    def after(self, number: int, limit: int) -> Sequence[Message]:
        """Return the messages after a number, at most `limit`."""
        ...

    def find(self, number: int) -> Message | None:
        """Return the message with this number; None if there is none."""
        ...

    def newest(self) -> int:
        """Return the newest number; 0 while the feed is empty."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...
