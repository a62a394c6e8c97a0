"""The person and the credentials of a learner who asks what this university's node stores about them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from registry.application.credential_history import HistoryStep, read_credential_history
from registry.application.registry import Registry
from registry.learners.erasure import UnknownLearner
from registry.learners.moves import Party, Record, read_issued_data, read_records
from registry.values.persons import FORMERLY, PERSON

MAX_CREDENTIALS: Final = 1_000
"""Credentials of one export."""
MAX_LISTED: Final = 500
"""Merges and splits, and cases, of one export."""
T = TypeVar("T")


class ExportedCredential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that this university issued, with what it says of the person."""

    credential: str
    issued: Any
    """The data of its issuing, as it is on the log."""
    says: dict[str, Any]
    """The claims about the person, of which the log has a digest alone."""
    history: list[HistoryStep]

    def __repr__(self) -> str:
        return f"ExportedCredential({self.credential})"  # a person is never shown by accident


class AccessExport(msgspec.Struct, frozen=True, rename="camel"):
    """The person and the credentials of one learner. The archive has further files (`registry.privacy`).

    Keyed hashes and keys, which say nothing, are left out.
    """

    learner: str
    university: str
    written: datetime
    person: dict[str, Any]
    """Name, date of birth and student number, as they are known."""
    formerly: list[dict[str, Any]]
    """Names and dates of birth that were known as the same person's."""
    credentials: list[ExportedCredential]
    all_credentials: bool
    """False where there are more than one export has."""
    merges_and_splits: list[dict[str, Any]]
    all_merges_and_splits: bool
    """False where there are more than one export has."""
    cases: list[dict[str, Any]]
    """The recognition office's cases. Their texts and files are files of their own."""
    all_cases: bool
    """False where there are more than one export has."""
    published: list[Any]
    """The credentials that universities published about the learner, as far as this node has read."""
    all_published: bool
    """False where there are more than one export has."""

    def __repr__(self) -> str:
        return f"AccessExport({self.learner})"  # a person is never shown by accident


def export_learner(registry: Registry, learner: str, published: list[Any], *, all_published: bool) -> AccessExport:
    """Return what is stored about a learner. Raises `UnknownLearner` for one who is unknown or erased here.

    `all_published`: `published` was not cut.
    """
    cursor = registry.cursor()
    stored = registry.vault.read_learner(cursor, learner)
    if stored is None:
        raise UnknownLearner(f"this university has no learner {learner}, or has erased them", "$.learner")
    records = read_records(registry, Party(stored.learner, stored.person, stored.sealed))
    changes = cursor.execute(
        "SELECT change::text, kind, source::text, target::text, proposed, confirmed FROM vault.learner_changes"
        " WHERE %(learner)s::uuid IN (source, target) ORDER BY proposed LIMIT %(limit)s",
        {"learner": learner, "limit": MAX_LISTED + 1},
    ).fetchall()
    cases = cursor.execute(
        "SELECT file_number, state, purpose, opened FROM office.cases WHERE learner = %s ORDER BY opened LIMIT %s",
        (learner, MAX_LISTED + 1),
    ).fetchall()
    listed_changes, all_changes = cut(changes, MAX_LISTED)
    listed_cases, all_cases = cut(cases, MAX_LISTED)
    listed_records, all_records = cut(records, MAX_CREDENTIALS)
    return AccessExport(
        learner,
        registry.member,
        datetime.now(UTC),
        {name: stored.person[name] for name in (*PERSON, "student", "formerStudent") if stored.person.get(name)},
        list(stored.person.get(FORMERLY, ())),
        [_export(registry, record) for record in listed_records],
        all_records,
        [dict(row) for row in listed_changes],
        all_changes,
        [dict(row) for row in listed_cases],
        all_cases,
        published,
        all_published,
    )


def cut(rows: Sequence[T], most: int) -> tuple[Sequence[T], bool]:
    """Return the first rows, and whether these are all."""
    return rows[:most], len(rows) <= most


def _export(registry: Registry, record: Record) -> ExportedCredential:
    issued = read_issued_data(registry, record.credential)
    history = read_credential_history(registry, record.credential)
    return ExportedCredential(record.credential, issued, record.read_claims(registry), history)
