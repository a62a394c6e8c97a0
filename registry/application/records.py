"""The university's own row ids, and the credential that each became."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from registry.application.registry import Registry
from registry.values.persons import normalise_identifier
from registry.vault.vault import array


class Known(NamedTuple):
    """What a record became."""

    content: bytes | None
    """None: its learner was erased, and nothing more is known of it."""
    credential: str
    """The newest one, where it was issued again to the right learner."""
    learner: str


def known_records(registry: Registry, hashed: Sequence[bytes]) -> dict[bytes, Known]:
    """Return what records became, by their hashes; those that became nothing are left out."""
    rows = registry.cursor().execute(
        "SELECT record, content, credential::text, learner::text FROM vault.records"
        " WHERE record = ANY(%(records)s::bytea[])"
        " UNION ALL SELECT record, NULL, NULL, NULL FROM vault.erased WHERE record = ANY(%(records)s::bytea[])",
        {"records": array(hashed)},
    )
    return {row["record"]: Known(row["content"], row["credential"], row["learner"]) for row in rows}


def find_credentials(registry: Registry, records: Iterable[str]) -> dict[str, str]:
    """Return the credential that each row id became, by the id as it was given.

    Ids that became none, and those of learners who were erased, are left out. An earlier version stored the spelling
    that it was given: that is looked for, too.
    """
    vault = registry.vault
    hashes = {
        record: [vault.hashed("record", text) for text in dict.fromkeys((normalise_identifier(record), record))]
        for record in records
    }
    known = known_records(registry, [one for each in hashes.values() for one in each])
    found = {record: next((known[one] for one in each if one in known), None) for record, each in hashes.items()}
    return {
        record: became.credential
        for record, became in found.items()
        if became is not None and became.content is not None
    }
