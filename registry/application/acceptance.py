"""A port that says whether consumers would accept what this node is about to store or to sign, and its error.

The rules are the consumers' own. The composition root plugs in an adapter that asks them, under governance as this
node has read it; the private side only knows this port.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from registry.rules.errors import Refusal
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree


class NotAccepted(Refusal):
    """Consumers would not accept this. `code` is docs/events.md's name of the rule; `remedy` says what to do.

    It is a `Refusal`, so that a row, an event of a system or a request that it stops is refused like any other.
    """

    def __init__(self, code: str, detail: str, remedy: str) -> None:
        super().__init__(detail, "")
        self.code = code
        self.remedy = remedy

    @property
    def explanation(self) -> str:
        """The fault, and what to do."""
        return f"{self.detail}. {self.remedy}"


class Acceptance(Protocol):
    """The verdict of consumers, before anything is stored or signed."""

    def check_events(self, event_types: Collection[str], leaf: int | None = None) -> None:
        """Raise `NotAccepted` where an event of one of these types would be refused.

        `leaf` is the index at which it would be published. None: the end of the member's log as it will be when
        everything stored so far is published; then the node's own signing key must count there as well.
        """
        ...

    def check_commit(self, before: Tree, after: Tree, keys: Sequence[VerifierKey]) -> None:
        """Raise `NotAccepted` where a commit from `before` to `after`, signed by `keys`, would be refused."""
        ...
