"""Roles of people, and the scopes that each role has. A person may have several roles."""

from collections.abc import Iterable
from typing import Final

from registry.accounts.errors import AccountError

ADMINISTRATOR: Final = "administrator"
ROLES: Final[dict[str, frozenset[str]]] = {
    "clerk": frozenset(
        {
            "achievements:write",
            "credentials:write",
            "batches:read",
            "learners:read",
            "learners:decide",
            "documents:export",
            "university:read",
            "recognition:read",
            "feed:read",
        }
    ),
    # The approver erases, never the clerk who issues: nobody erases what they issued, unless they have both
    # roles, and no administrator does by that role.
    "approver": frozenset(
        {"batches:read", "batches:release", "learners:read", "learners:erase", "university:read", "feed:read"}
    ),
    "officer": frozenset({"cases:read", "cases:write", "recognition:read", "feed:read"}),
    "assessor": frozenset({"cases:read", "recognition:read", "recognition:write"}),
    "decision-approver": frozenset({"cases:read", "cases:approve", "recognition:read"}),
    "auditor": frozenset({"learners:read", "university:read", "recognition:read", "feed:read"}),
    ADMINISTRATOR: frozenset({"accounts:administer"}),
}
"""The scopes of each role."""


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the scopes of several roles together. A role of a later version has none."""
    return frozenset().union(*(ROLES.get(role, frozenset()) for role in roles))


def check_roles(roles: Iterable[str]) -> list[str]:
    """Return roles in the order of `ROLES`, each once. Raises `AccountError` for an unknown role, and for none."""
    chosen = set(roles)
    if unknown := sorted(chosen - ROLES.keys()):
        raise AccountError(f"there is no role {', '.join(unknown)}; choose from {', '.join(ROLES)}")
    if not chosen:
        raise AccountError(f"an account needs a role; choose from {', '.join(ROLES)}")
    return [role for role in ROLES if role in chosen]
