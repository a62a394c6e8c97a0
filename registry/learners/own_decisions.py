"""What of this university's own office rests on credentials, also where the log does not say which they are."""

from collections.abc import Collection
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.domain.errors import UnknownDecision
from registry.vault.keys import SHARED
from registry.vault.vault import Vault, bucket_of, credentials_named


class HiddenDecision(NamedTuple):
    """An own decision that names credentials by digest only."""

    decision: str
    bucket: int
    """Under whose key the vault has what the digests stand for."""
    credentials: frozenset[str]
    """Which of those that were asked for it names."""


def hidden_decisions(cursor: Cursor[DictRow], vault: Vault, credentials: Collection[str]) -> list[HiddenDecision]:
    """Return the own decisions that name one of these credentials by digest.

    Those that were made in cases are not among them: they are under their applicants' keys.
    """
    rows = cursor.execute(
        "SELECT decision::text, sealed FROM vault.decisions WHERE learner IS NULL"
        " AND substr(sealed, 1, 2) = ANY(%s::bytea[])",
        ([bucket.to_bytes(2, "big") for bucket in {SHARED, *map(bucket_of, credentials)}],),
    )
    return [
        HiddenDecision(row["decision"], int.from_bytes(row["sealed"][:2], "big"), frozenset(named))
        for row in rows.fetchall()
        if (named := _named(vault, row["decision"], row["sealed"]) & set(credentials))
    ]


def _named(vault: Vault, decision: str, sealed: bytes) -> set[str]:
    said = vault.open_own(decision, sealed)
    return {credential for one in ([said] if isinstance(said, str) else said) for credential in credentials_named(one)}


def find_own_decisions(registry: Registry, credentials: Collection[str]) -> dict[str, str]:
    """Return, of these credentials, which own decision that is in force names each by digest, in words."""
    found: dict[str, str] = {}
    for hidden in hidden_decisions(registry.cursor(), registry.vault, credentials):
        if _is_in_force(registry, hidden.decision):
            what = f"decision {registry.member}/{hidden.decision} rests on it"
            found.update(dict.fromkeys(hidden.credentials, what))
    return found


def find_cases(registry: Registry, credentials: Collection[str]) -> dict[str, str]:
    """Return, of these credentials, which case of the own office is about each, in words.

    A case counts until it is withdrawn, or closed without a decision that is in force.
    """
    rows = registry.cursor().execute(
        "SELECT s.credential::text, c.file_number, c.state, c.decision::text"
        " FROM office.subjects s JOIN office.cases c ON c.id = s.case_id"
        " WHERE s.member = %s AND s.credential = ANY(%s::uuid[])"
        " AND (c.state NOT IN ('withdrawn', 'closed') OR c.decision IS NOT NULL) ORDER BY c.file_number DESC",
        (registry.member, list(credentials)),
    )
    found: dict[str, str] = {}
    for row in rows.fetchall():
        if row["state"] not in ("withdrawn", "closed"):
            found[row["credential"]] = f"case {row['file_number']} is about it"
        elif _is_in_force(registry, row["decision"]):
            found[row["credential"]] = f"the decision of the {row['state']} case {row['file_number']} rests on it"
    return found


def _is_in_force(registry: Registry, decision: str) -> bool:
    try:
        return registry.recognition.decision(decision).state == "inForce"
    except UnknownDecision:  # what the vault has of it is of a decision that was never stored here
        return False
