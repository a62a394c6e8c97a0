"""The port to the views: the statuses of the node's own credentials."""

from collections.abc import Iterable
from typing import Any, Protocol

import msgspec
from psycopg import Connection


class ViewPosition(msgspec.Struct, frozen=True):
    """The position of the views: on the member's own log and on governance's, and how much governance voided."""

    size: int
    governance: int
    voids: int


class StatusSource(Protocol):
    """The views of this node. Each method reads on the connection of the lists, in its transaction."""

    def read_position(self, connection: Connection[Any]) -> ViewPosition:
        """Return how far the views are."""
        ...

    def find_changed(self, connection: Connection[Any], since: int | None) -> Iterable[tuple[str, str]]:
        """Return credentials that have places, with their status on the log, or `voided`.

        Args:
            connection: That of the lists.
            since: A size of the member's log: only credentials whose status changed from that leaf on, and those with
                new places; None for all whose status differs from that of their places.

        """
        ...

    def find_erased(self, connection: Connection[Any], since: int | None) -> Iterable[str]:
        """Return credentials that have places and whose learner was erased, from a leaf on; None for all."""
        ...
