"""The record of documents that were made for learners: which, when, by whom. It has nothing that a document says."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.accounts.journal import append
from registry.application.registry import Registry
from registry.export.ports import CopyRecord, CopyRefused

MAX_COPIES: Final = 2_000
"""Documents of one learner. Each signed one has a place in a status list for as long as the credential counts."""
ACT: Final = "document.export"
"""The act in the journal; its subject is the credential, or the learner of a portfolio."""


class DocumentCopy(msgspec.Struct, frozen=True, rename="camel"):
    """A document that was made of a learner's credential, or of their portfolio."""

    copy: str
    credential: str | None
    format: str
    at: datetime
    by: str
    """The person or system of the university that asked for it."""


class CopyRows:
    """Documents as rows that a transaction writes, with an entry of the journal for each."""

    def __init__(self, copies: Sequence[CopyRecord], actor: str, at: datetime) -> None:
        self._copies = copies
        self._actor = actor
        self._at = at

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them. Raises `CopyRefused` where a learner was erased just now, or has too many documents."""
        learners = sorted({copy.learner for copy in self._copies})
        stored = cursor.execute(
            "SELECT learner::text, (SELECT count(*) FROM vault.document_copies c WHERE c.learner = l.learner) AS copies"
            " FROM vault.learners l WHERE learner = ANY(%s::uuid[]) ORDER BY learner FOR SHARE",
            (learners,),
        ).fetchall()
        counts = {row["learner"]: row["copies"] for row in stored}
        if len(counts) != len(learners):
            raise CopyRefused("the learner was erased just now")
        if any(count >= MAX_COPIES for count in counts.values()):
            raise CopyRefused(f"this learner has {MAX_COPIES:,} documents already; no more are made")
        cursor.executemany(
            "INSERT INTO vault.document_copies"
            " (copy, learner, credential, format, at, by, key, status_list, status_index)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                (
                    copy.copy, copy.learner, copy.credential, copy.format, self._at, self._actor, copy.key,
                    None if copy.status is None else copy.status.token_list,
                    None if copy.status is None else copy.status.index,
                )
                for copy in self._copies
            ],
        )  # fmt: skip
        for subject in sorted({copy.credential or copy.learner for copy in self._copies}):
            append(cursor, self._at, self._actor, ACT, subject)


def list_copies(registry: Registry, learner: str, limit: int) -> list[DocumentCopy]:
    """Return the documents that were made for a learner, the newest first."""
    rows = registry.cursor().execute(
        "SELECT copy::text, credential::text, format, at, by FROM vault.document_copies"
        " WHERE learner = %s ORDER BY at DESC, copy LIMIT %s",
        (learner, limit),
    )
    return [DocumentCopy(**row) for row in rows.fetchall()]
