"""What the routes of batches share."""

from typing import NamedTuple

from registry.batches import BatchStore


class Receiving(NamedTuple):
    """How batches are received."""

    batch_store: BatchStore
    most_bytes: int
    """What a body may have."""
    release_above: int
    """Batches of more lines than this wait for a second person; 0: none does."""
    patience: float
    """Seconds that a client may stay silent in the middle."""
