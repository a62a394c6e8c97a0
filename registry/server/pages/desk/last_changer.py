"""The person who made the last change of a credential or an achievement, as far as the journal has them."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from registry.accounts.journal import find_actor
from registry.application.registry import Registry

_APART: Final = timedelta(seconds=5)
"""The time between a stored event and the journal's row of the act at most: both are of one transaction."""


def find_changer(registry: Registry, identifier: str) -> str | None:
    """Return the actor of the last change; None where a system made it, a batch, or nobody."""
    stored = list(registry.recorder.select_events(UUID(identifier), desc=True, limit=1))
    if not stored:
        return None
    event: Any = registry.mapper.to_domain_event(stored[0])
    return find_actor(registry.cursor(), identifier, event.timestamp - _APART, event.timestamp + _APART)
