"""Settings that the routes of batches share."""

from typing import NamedTuple

from registry.batches import BatchStore


class Receiving(NamedTuple):
    """The store of batches, and the limits of their bodies."""

    batch_store: BatchStore
    most_bytes: int
    """The maximum size of a body."""
    release_above: int
    """Batches of more lines than this wait for a second person; 0 for none."""
    patience: float
    """Seconds that a client may send nothing in the middle of a body."""
    second_person: frozenset[str] = frozenset()
    """Changes of single credentials that wait for a second person where a person asks for them."""
