"""Whether consumers would accept what this node is about to store or to sign: a port and its error.

The rules are the consumers' own. The composition root plugs in an adapter that asks them, under governance as this
node has read it; the private side only knows this port.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree


class NotAccepted(Exception):
    """Consumers would not accept this. `code` is EVENTS.md's name of the rule; `remedy` says what to do."""

    def __init__(self, code: str, detail: str, remedy: str) -> None:
        super().__init__(f"{code}: {detail}. {remedy}")
        self.code = code
        self.detail = detail
        self.remedy = remedy


class Acceptance(Protocol):
    """What consumers would say, before anything is stored or signed."""

    def check_events(self, event_types: Collection[str], leaf: int | None = None) -> None:
        """Raise `NotAccepted` where an event of one of these types would be refused.

        `leaf` is the index at which it would be published; None for the end of the member's log as it will be
        when everything stored so far is published.
        """
        ...

    def check_commit(self, before: Tree, after: Tree, keys: Sequence[VerifierKey]) -> None:
        """Raise `NotAccepted` where a commit from `before` to `after`, signed by `keys`, would be refused."""
        ...
