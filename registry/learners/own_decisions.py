"""Decisions and cases of this university's office that rest on credentials, even if the log does not name these."""

from collections.abc import Collection
from typing import NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.domain.errors import UnknownDecision
from registry.vault.ciphers import bucket_of
from registry.vault.hidden_basis import find_credential_ids
from registry.vault.keys import SHARED
from registry.vault.vault import Vault


class HiddenDecision(NamedTuple):
    """A decision of this office that names credentials by digest only."""

    decision: str
    bucket: int
    """The bucket under whose key the vault has the disclosures behind the digests."""
    credentials: frozenset[str]
    """The requested credentials that it names."""


def find_hidden_decisions(cursor: Cursor[DictRow], vault: Vault, credentials: Collection[str]) -> list[HiddenDecision]:
    """Return the decisions of this office that name one of these credentials by digest.

    Decisions in cases are not among them: those are under their applicants' keys.
    """
    rows = cursor.execute(
        "SELECT decision::text, sealed FROM vault.decisions WHERE learner IS NULL"
        " AND substr(sealed, 1, 2) = ANY(%s::bytea[])",
        ([bucket.to_bytes(2, "big") for bucket in {SHARED, *map(bucket_of, credentials)}],),
    )
    return [
        HiddenDecision(row["decision"], int.from_bytes(row["sealed"][:2], "big"), frozenset(named))
        for row in rows.fetchall()
        if (named := _read_credentials(vault, row["decision"], row["sealed"]) & set(credentials))
    ]


def _read_credentials(vault: Vault, decision: str, sealed: bytes) -> set[str]:
    """Return the ids of the credentials that a decision's disclosures name."""
    value = vault.open_own(decision, sealed)
    texts = [value] if isinstance(value, str) else value  # an earlier version stored one text alone
    return {credential for text in texts for credential in find_credential_ids(text)}


def find_own_decisions(registry: Registry, credentials: Collection[str]) -> dict[str, str]:
    """Say for each of these credentials which decision that is in force names it by digest."""
    reasons: dict[str, str] = {}
    for hidden in find_hidden_decisions(registry.cursor(), registry.vault, credentials):
        if _is_in_force(registry, hidden.decision):
            reason = f"decision {registry.member}/{hidden.decision} rests on it"
            reasons.update(dict.fromkeys(hidden.credentials, reason))
    return reasons


def find_cases(registry: Registry, credentials: Collection[str]) -> dict[str, str]:
    """Say for each of these credentials which case of this office is about it.

    A case counts until it is withdrawn, or closed without a decision that is in force.
    """
    rows = registry.cursor().execute(
        "SELECT s.credential::text, c.file_number, c.state, c.decision::text"
        " FROM office.subjects s JOIN office.cases c ON c.id = s.case_id"
        " WHERE s.member = %s AND s.credential = ANY(%s::uuid[])"
        " AND (c.state NOT IN ('withdrawn', 'closed') OR c.decision IS NOT NULL) ORDER BY c.file_number DESC",
        (registry.member, list(credentials)),
    )
    reasons: dict[str, str] = {}
    for row in rows.fetchall():
        if row["state"] not in ("withdrawn", "closed"):
            reasons[row["credential"]] = f"case {row['file_number']} is about it"
        elif _is_in_force(registry, row["decision"]):
            reasons[row["credential"]] = f"the decision of the {row['state']} case {row['file_number']} rests on it"
    return reasons


def _is_in_force(registry: Registry, decision: str) -> bool:
    try:
        return registry.recognition.decision(decision).state == "inForce"
    except UnknownDecision:  # the vault has its disclosures, but it was never stored here
        return False
