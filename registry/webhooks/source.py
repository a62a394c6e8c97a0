"""The port to the feed: what webhooks need to know of it."""

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """One notice as it is posted."""

    number: int
    """Its number in the feed; it ascends."""
    id: str
    """The `webhook-id`: the same for the same notice, always. Without full stop."""
    type: str
    """The CloudEvent's type."""
    body: bytes
    """The CloudEvent in JSON."""


class Source(Protocol):
    """A feed, read by a cursor.

    Ordering: by number, and nothing appears behind a number that was given out. Durability: what was given out
    once is given again. May be used by one thread at a time.
    """

    def after(self, number: int, limit: int) -> Sequence[Message]:
        """The messages after a number, at most so many."""
        ...

    def find(self, number: int) -> Message | None:
        """The message of that number."""
        ...

    def newest(self) -> int:
        """The newest number; 0 before there is any."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
