"""Where requests meet the private side: one at a time in a process, each of them once.

A request with a key that was seen before gets the answer that it got then. What a request stores and the answer to
it are one transaction wherever the use case is one; issuing is made once by the row's own id besides.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, LiteralString, NamedTuple, TypeVar

import msgspec
import psycopg
from litestar import Request, Response
from litestar.params import HeaderParameter
from psycopg import Connection, Cursor
from psycopg.rows import DictRow

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.http import HttpProblem, answer
from registry.vault.vault import Vault, read_again
from registry.wire.forms import check_uuid

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A key of your choosing for this request: sent again with the same key, it takes effect once.",
    ),
]
T = TypeVar("T")
_KEPT: Final = timedelta(days=30)
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Answered(NamedTuple):
    """What a request came to."""

    status: int
    content: Any
    location: str | None = None


class Writer(NamedTuple):
    """The private side, for as long as one request uses it."""

    registry: Registry
    issuer: Issuer
    answered: Callable[[Answered], None]
    """To be told before anything is stored, where all that is stored is one transaction: the answer belongs to it."""


class Desk:
    """The private side of one node, for many requests. May be shared by threads."""

    def __init__(self, registry: Registry, issuer: Issuer) -> None:
        self._registry = registry
        self._issuer = issuer
        self._lock = threading.RLock()

    def once(
        self,
        request: Request[Any, Any, Any],
        key: str,
        body: Any,  # noqa: ANN401 - any JSON
        act: Callable[[Writer], Answered],
    ) -> Response[Any]:
        """Let a request take effect, once. Raises `HttpProblem`, and what `act` raises."""
        vault = self._registry.vault
        with self._lock:
            with psycopg.connect(self._registry.dsn, autocommit=True) as connection:
                slot = _Slot(
                    connection,
                    vault,
                    request.user.name,
                    vault.hashed("request", key),
                    vault.digest(b"\0".join([request.method.encode(), request.url.path.encode(), _encode(body)])),
                )
                before = slot.claim()
                if before is None:
                    before = self._take(slot, act)
            return self._response(before)

    def _take(self, slot: "_Slot", act: Callable[[Writer], Answered]) -> Answered:
        kept: list[Answered] = []

        def answered(found: Answered) -> None:
            kept.append(found)
            slot.answer = found

        try:
            with self._registry.also(slot):
                found = act(Writer(self._registry, self._issuer, answered))
        except BaseException:  # whatever it was, nothing came of the request
            slot.free()
            raise
        if not kept:
            slot.answer = found
            slot.save()
        return found

    def _response(self, found: Answered) -> Response[Any]:
        made = self.answer(found.content, found.status)
        if found.location is not None:
            made.headers["Location"] = found.location
        return made

    def answer(self, content: T, status: int = 200, **headers: str) -> Response[T]:
        """An answer made from the private side. Its position is the one at which the log will have all that it says."""
        with self._lock:
            position = f"{self._registry.member}:{self._registry.size_when_published()}"
        return answer(content, position, status, **headers)

    @contextmanager
    def reading(self) -> Iterator[Registry]:
        """The private side, to look something up."""
        with self._lock:
            yield self._registry


class _Slot:
    """The place of one key: claimed, then answered.

    Whoever has claimed it holds a lock as long as its connection lasts: of a process that is gone, nobody does.
    """

    def __init__(self, connection: Connection, vault: Vault, caller: str, key: bytes, request: bytes) -> None:
        self._connection = connection
        self._vault = vault
        self._caller = caller
        self._key = key
        self._request = request
        self.answer: Answered | None = None

    def claim(self) -> Answered | None:
        """Take the place; gives the answer where the request was answered before. Raises `HttpProblem`."""
        now = datetime.now(UTC)
        self._connection.execute("DELETE FROM access.requests WHERE began < %s", (now - _KEPT,))
        [alone] = self._one("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", f"{self._caller} {self._key.hex()}")
        # One that was begun and never answered belonged to a process that is gone: there is nobody else here.
        taken = alone and self._one(
            "INSERT INTO access.requests (caller, key, request, began) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (caller, key) DO UPDATE SET began = excluded.began"
            " WHERE requests.status IS NULL AND requests.request = excluded.request RETURNING true",
            self._caller,
            self._key,
            self._request,
            now,
        )
        if taken:
            return None
        return read_again(self._before)

    def _before(self) -> Answered:
        """Return the answer that the request got before. Raises `HttpProblem`."""
        row = self._one(
            "SELECT request, status, body FROM access.requests WHERE caller = %s AND key = %s",
            self._caller,
            self._key,
        )
        if not row or (row[1] is None and bytes(row[0]) == self._request):
            raise HttpProblem("in-progress", headers={"Retry-After": "1"})
        if bytes(row[0]) != self._request:
            raise HttpProblem("idempotency-key-reused")
        location, content = self._vault.open_own(self._purpose, row[2])
        return Answered(row[1], content, location)

    @property
    def _purpose(self) -> str:
        return f"answer {self._key.hex()}"

    def _one(self, statement: LiteralString, *values: object) -> tuple[Any, ...]:
        return self._connection.execute(statement, values).fetchone() or ()

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the answer with what it is about; where it is not known yet, `save` does."""
        if self.answer is not None:
            cursor.execute(_ANSWER, self._values())

    def save(self) -> None:
        """Write the answer by itself."""
        self._connection.execute(_ANSWER, self._values())

    def free(self) -> None:
        """Nothing came of it: the key may be used again."""
        self._connection.execute(
            "DELETE FROM access.requests WHERE caller = %s AND key = %s AND status IS NULL", (self._caller, self._key)
        )

    def _values(self) -> tuple[Any, ...]:
        assert self.answer is not None  # noqa: S101 - who calls has looked
        # An answer repeats the university's own row ids beside the learner's id.
        content = msgspec.json.decode(_encode(self.answer.content))
        learner = content.get("learner") if isinstance(content, dict) else None
        about = learner if isinstance(learner, str) and check_uuid(learner) is None else None
        sealed = self._vault.seal_own(self._purpose, [self.answer.location, content], about)
        return self.answer.status, sealed, self._caller, self._key


_ANSWER: Final = "UPDATE access.requests SET status = %s, body = %s WHERE caller = %s AND key = %s"
