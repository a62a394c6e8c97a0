"""The people of the office: who can work on cases, and the names behind stored actors."""

from collections.abc import Iterable
from typing import NamedTuple

from registry.accounts.roles import scopes_of
from registry.accounts.services import AccountServices
from registry.application.registry import Registry
from registry.values.actors import PERSON_PREFIX, actor_names


class Colleague(NamedTuple):
    """A person who can work on cases."""

    actor: str
    name: str


def list_colleagues(services: AccountServices) -> list[Colleague]:
    """Return the persons who can work on cases, by name."""
    return [
        Colleague(f"{PERSON_PREFIX}{account.account}", account.name)
        for account in services.accounts.all()
        if account.ended is None and "cases:write" in scopes_of(account.roles)
    ]


def names_of(registry: Registry, actors: Iterable[str | None]) -> dict[str, str]:
    """Return the names of the persons and keys among stored actors, by actor."""
    return actor_names(registry.cursor(), sorted({actor for actor in actors if actor}))
