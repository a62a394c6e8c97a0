"""Credentials of the university with their learners, as the pages of the desk show them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from projections.api.reading import Snapshot
from projections.credentials import credentials
from projections.credentials.credentials import CredentialView
from registry.application.registry import Registry
from registry.application.restricted import find_restricted
from registry.learners.name_search import read_persons
from registry.values.persons import NAMES

RESTRICTED_NAME: Final = "[restricted]"
"""Stands for the name of a learner the use of whose data is restricted; pages show a note in its place."""


class OwnRow(NamedTuple):
    """One credential and the name of its learner, which is empty where the learner was erased."""

    view: CredentialView
    name: str

    def __repr__(self) -> str:
        return f"OwnRow({self.view.credential})"  # a person is never shown by accident


def list_name(person: Mapping[str, Any] | None) -> str:
    """Return a name as lists have it, the family name first; empty for nobody."""
    return "" if person is None else ", ".join(person[part] for part in NAMES if person.get(part))


def shown_status(status: str, valid_until: date | None, today: date) -> str:
    """Return the status of a credential, or `expired` for an active one whose validity has ended."""
    is_over = valid_until is not None and valid_until < today
    return "expired" if is_over and status == "active" else status


def read_rows(snapshot: Snapshot, registry: Registry, member: str, ids: Sequence[str]) -> list[OwnRow]:
    """Return these credentials of a member in the order of `ids`; those that the views do not know are left out."""
    views = {view.credential: view for view in credentials.read(snapshot.connection, [(member, each) for each in ids])}
    names = read_names(registry, (view.learner for view in views.values()))
    return [OwnRow(views[each], names.get(views[each].learner or "", "")) for each in ids if each in views]


def read_names(registry: Registry, learners: Iterable[str | None]) -> dict[str, str]:
    """Return the names of these learners, by their ids, as far as the vault has them."""
    persons = read_persons(registry, {learner for learner in learners if learner is not None})
    restricted = find_restricted(registry.cursor(), persons)
    return {
        learner: RESTRICTED_NAME if learner in restricted else list_name(person) for learner, person in persons.items()
    }
