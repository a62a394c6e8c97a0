"""The university's own row ids (records), and the credential that each became."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from registry.application.registry import Registry
from registry.values.persons import normalise_identifier
from registry.vault.vault import format_array


class KnownRecord(NamedTuple):
    """A record that became a credential."""

    content: bytes | None
    """A keyed hash of the row. None: its learner was erased, and the other fields are null."""
    credential: str
    """The newest one, where it was issued again to the right learner."""
    learner: str


def find_records(registry: Registry, hashes: Sequence[bytes]) -> dict[bytes, KnownRecord]:
    """Return the known records among these hashes, by their hash."""
    rows = registry.cursor().execute(
        "SELECT record, content, credential::text, learner::text FROM vault.records"
        " WHERE record = ANY(%(records)s::bytea[])"
        " UNION ALL SELECT record, NULL, NULL, NULL FROM vault.erased WHERE record = ANY(%(records)s::bytea[])",
        {"records": format_array(hashes)},
    )
    return {row["record"]: KnownRecord(row["content"], row["credential"], row["learner"]) for row in rows}


def find_credentials(registry: Registry, records: Iterable[str]) -> dict[str, str]:
    """Return the credential that each row id became, by the id as the caller spells it.

    Ids without a credential, and those of erased learners, are left out. An earlier version stored ids as they were
    spelled, so that spelling is looked up, too.
    """
    vault = registry.vault
    hashes = {
        record: [
            vault.hash_for_lookup("record", text) for text in dict.fromkeys((normalise_identifier(record), record))
        ]
        for record in records
    }
    records_by_hash = find_records(registry, [key for keys in hashes.values() for key in keys])
    matches = (
        (record, next((records_by_hash[key] for key in keys if key in records_by_hash), None))
        for record, keys in hashes.items()
    )
    return {record: match.credential for record, match in matches if match is not None and match.content is not None}
