"""The number of database connections that the processes of a node open at most."""

from typing import Final

from registry.settings.settings import Settings

_PRIVATE: Final = 5
"""Of the private side's store in each process: one, and four more under load (`registry/store/recorder.py`)."""
_READS: Final = 4
"""Of private reads in each process that answers (`registry/api/private_side.py`)."""
_ACCOUNTS: Final = 4
_HEALTH: Final = 3
"""Of checks of the node's health, of keys and of governance in each process."""
_SERVICES: Final = 6
"""Of the publisher, its lock, the projector, the feed, intake and maintenance."""
_WEBHOOK: Final = 2
"""Of each webhook (`registry/webhooks/README.md`)."""


def count_needed(settings: Settings, webhooks: int) -> int:
    """Return the most connections that this node's processes open, with all services on one machine."""
    answering = settings.http.connections + _PRIVATE + _READS + _ACCOUNTS + _HEALTH
    working = _PRIVATE + 2  # batches: the store, the lock, and the parts of credentials
    return settings.http.workers * answering + working + _PRIVATE + _SERVICES + _WEBHOOK * webhooks
