"""One award of this university as it was made: what the log says of it, and what it says of the person."""

from typing import Any, NamedTuple

from registry.application.registry import Registry
from registry.learners.moves import read_issued_data
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import open_disclosures


class OwnAward(NamedTuple):
    """An award."""

    issued: CredentialIssued
    learner: str | None
    """The learner whose it is now; None after an erasure."""
    claims: dict[str, Any]
    """The claims about the person; empty after an erasure."""
    disclosures: list[str]
    """The claims as disclosures; empty after an erasure."""
    person: dict[str, Any]
    """The learner as the vault has them now; empty after an erasure."""
    status: str

    def __repr__(self) -> str:
        return f"OwnAward({self.issued.credential})"  # a person is never shown by accident


def read_own_award(registry: Registry, credential: str) -> OwnAward:
    """Return an award by its credential. Raises `UnknownCredential`."""
    state = registry.credentials.get(credential).state
    issued = read_issued_data(registry, credential)
    disclosures = registry.vault.read_disclosures(registry.cursor(), credential)
    claims = open_disclosures(issued.claims, disclosures) if issued.claims is not None and disclosures else {}
    owner = registry.vault.read_learner(registry.cursor(), state.learner) if state.learner is not None else None
    learner, person = (None, {}) if owner is None else (state.learner, owner.person)
    return OwnAward(issued, learner, claims, disclosures, person, state.status)
