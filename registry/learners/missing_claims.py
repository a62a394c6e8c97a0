"""Explaining that the vault has no claims of a credential."""

from registry.application.registry import Registry
from registry.domain.errors import UnknownCredential


def explain_missing_claims(registry: Registry, credential: str) -> str:
    """Return why the vault has no claims of a credential, and what to do."""
    try:
        learner = registry.credentials.get(credential).state.learner
    except UnknownCredential:
        return "Another member issued it: what it says of the person is in that member's vault only."
    if learner is not None and (day := registry.erasures.erased_on(learner)) is not None:
        return f"Its learner was erased on {day}. What it said of the person is gone for good."
    return (
        "The vault has no personal data for it, and no erasure says why. If this database came from a copy, restore the"
        " node's newest backup: registry node restore FILE"
    )
