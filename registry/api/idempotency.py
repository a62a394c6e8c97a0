"""The record of a write request: claimed by its idempotency key, then answered, then answered the same again."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString, NamedTuple

import msgspec
from psycopg import Connection, Cursor
from psycopg.rows import DictRow, dict_row

from registry.accounts.journal import JournalRow
from registry.http import HttpProblem
from registry.vault.vault import Vault, retry_read
from registry.wire.forms import check_uuid

KEPT: Final = timedelta(days=30)
"""The time for which a request that is sent again gets its first answer."""
_encode = msgspec.json.Encoder(decimal_format="number").encode
_STORE_ANSWER: Final = "UPDATE access.requests SET status = %s, body = %s WHERE caller = %s AND key = %s"


class Answer(NamedTuple):
    """The answer to a write request."""

    status: int
    content: Any
    location: str | None = None


class AnswerRow(NamedTuple):
    """An answer, to be written in the transaction of what the request did."""

    record: "RequestRecord"
    answer: Answer

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        cursor.execute(_STORE_ANSWER, self.record.values(self.answer))


class RequestRecord:
    """The row of one caller's key.

    Who has claimed it holds an advisory lock for as long as the connection lasts: when a process dies, its locks go.
    """

    def __init__(self, connection: Connection, vault: Vault, caller: str, key: bytes, request: bytes) -> None:
        self._connection = connection
        self._vault = vault
        self._caller = caller
        self._key = key
        self._request = request

    def claim(self) -> Answer | None:
        """Claim the key; return the answer where the request was answered before. Raises `HttpProblem`."""
        now = datetime.now(UTC)
        self._connection.execute("DELETE FROM access.requests WHERE began < %s", (now - KEPT,))
        [is_alone] = self._fetch("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", self._lock_name)
        # A request that was begun and never answered belonged to a process that died: the lock says so.
        claimed = is_alone and self._fetch(
            "INSERT INTO access.requests (caller, key, request, began) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (caller, key) DO UPDATE SET began = excluded.began"
            " WHERE requests.status IS NULL AND requests.request = excluded.request RETURNING true",
            self._caller,
            self._key,
            self._request,
            now,
        )
        if claimed:
            return None
        return retry_read(self._stored_answer)

    def _stored_answer(self) -> Answer:
        """Return the answer that the request got before. Raises `HttpProblem`."""
        row = self._fetch(
            "SELECT request, status, body FROM access.requests WHERE caller = %s AND key = %s",
            self._caller,
            self._key,
        )
        if not row or (row[1] is None and bytes(row[0]) == self._request):
            raise HttpProblem("in-progress", headers={"Retry-After": "1"})
        if bytes(row[0]) != self._request:
            raise HttpProblem("idempotency-key-reused")
        location, content = self._vault.open_own(self._purpose, row[2])
        return Answer(row[1], content, location)

    @property
    def _lock_name(self) -> str:
        return f"{self._caller} {self._key.hex()}"

    @property
    def _purpose(self) -> str:
        return f"answer {self._key.hex()}"

    def _fetch(self, statement: LiteralString, *values: object) -> tuple[Any, ...]:
        return self._connection.execute(statement, values).fetchone() or ()

    def answer_row(self, answer: Answer) -> AnswerRow:
        """Return the answer as a row of a transaction."""
        return AnswerRow(self, answer)

    def store(self, answer: Answer, journal: JournalRow | None) -> None:
        """Store the answer, and the journal's row of a person's act, in a transaction of their own."""
        with self._connection.transaction(), self._connection.cursor(row_factory=dict_row) as cursor:
            cursor.execute(_STORE_ANSWER, self.values(answer))
            if journal is not None:
                journal.write(cursor)

    def release(self) -> None:
        """Let the key be used again: the request had no effect."""
        self._connection.execute(
            "DELETE FROM access.requests WHERE caller = %s AND key = %s AND status IS NULL", (self._caller, self._key)
        )

    def values(self, answer: Answer) -> tuple[Any, ...]:
        """Return the values of the statement that stores an answer."""
        # An answer repeats the university's own row ids next to the learner's id.
        content = msgspec.json.decode(_encode(answer.content))
        learner = content.get("learner") if isinstance(content, dict) else None
        about = learner if isinstance(learner, str) and check_uuid(learner) is None else None
        sealed = self._vault.seal_own(self._purpose, [answer.location, content], about)
        return answer.status, sealed, self._caller, self._key
