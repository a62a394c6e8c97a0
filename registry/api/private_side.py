"""The private side as HTTP requests use it: writes one at a time and each once, reads beside them.

What a request stores and the answer to it are one transaction wherever the use case is one. Where it is several, as
for a cohort, each of them has its effect once, and the answer is stored after the last.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
import psycopg
from litestar import Request, Response
from litestar.params import HeaderParameter
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from registry.accounts.journal import JournalRow
from registry.api.idempotency import Answer, RequestRecord
from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.http import answer as http_answer
from registry.values.actors import PERSON_PREFIX

IdempotencyKey = Annotated[
    str,
    HeaderParameter(
        name="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A key that you choose for this request. Sent again with the same key, it takes effect once.",
    ),
]
T = TypeVar("T")
MAX_READ_CONNECTIONS: Final = 4
READ_TIMEOUT_SECONDS: Final = 10.0
"""The time that a read waits for a connection before it is answered with 503."""
_encode = msgspec.json.Encoder(decimal_format="number").encode


class Write:
    """One request that writes: the private side, and the answer that is stored with what the request does."""

    def __init__(self, registry: Registry, issuer: Issuer, record: RequestRecord, journal: JournalRow | None) -> None:
        self.registry = registry
        self.issuer = issuer
        self._record = record
        self._journal = journal
        self._answered: Transaction | None = None

    def add_answer(self, transaction: Transaction, answer: Answer) -> None:
        """Store the answer with everything else in the transaction."""
        transaction.add(self._record.answer_row(answer))
        if self._journal is not None:
            transaction.add(self._journal)
        self._answered = transaction

    def commit(self, transaction: Transaction, answer: Answer) -> Answer:
        """Store the answer with everything else in the transaction, and return it."""
        self.add_answer(transaction, answer)
        transaction.commit()
        return answer

    @property
    def is_answer_stored(self) -> bool:
        """True if a transaction with the answer was committed."""
        return self._answered is not None and self._answered.committed


def _journal_row(request: Request[Any, Any, Any]) -> JournalRow | None:
    """Return the journal's row for the act of a person; None for a system, whose acts are in its own log.

    The act is named by its route, and its subject is the id in the path: neither says anything about a learner.
    """
    actor: str = request.user.actor
    if not actor.startswith(PERSON_PREFIX):
        return None
    route = str(request.scope.get("path_template", request.url.path))
    subject = next((str(value) for value in request.path_params.values()), "")
    return JournalRow(datetime.now(UTC), actor, f"{request.method} {route}", subject)


class PrivateSide:
    """The private side of one node, for many requests. May be shared by threads.

    Writes wait for each other: they share the node's `Registry` and its `Issuer`, which are for one thread at a time.
    Reads wait for nobody: each has a connection of its own, and sees what was committed before it began.
    """

    def __init__(self, registry: Registry, issuer: Issuer) -> None:
        self._registry = registry
        self._issuer = issuer
        self._writing = threading.Lock()
        self._pool: ConnectionPool[psycopg.Connection[DictRow]] = ConnectionPool(
            registry.dsn,
            connection_class=psycopg.Connection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row},
            min_size=1,
            max_size=MAX_READ_CONNECTIONS,
            timeout=READ_TIMEOUT_SECONDS,
            open=False,
            check=ConnectionPool.check_connection,
            name="private-reads",
        )

    def close(self) -> None:
        """Close the connections of the reads."""
        self._pool.close()

    def write_once(
        self,
        request: Request[Any, Any, Any],
        key: str,
        body: Any,  # noqa: ANN401 - any JSON
        act: Callable[[Write], Answer],
    ) -> Response[Any]:
        """Let a request take effect once. Raises `HttpProblem`, and what `act` raises.

        A request with a key that was used before gets the answer that it got then.
        """
        vault = self._registry.vault
        # Under the lock, so that a request that was sent twice waits for its own answer, and so that requests which
        # wait take no connections from the database.
        with self._writing, psycopg.connect(self._registry.dsn, autocommit=True) as connection:
            record = RequestRecord(
                connection,
                vault,
                request.user.name,
                vault.hash_for_lookup("request", key),
                vault.digest(b"\0".join([request.method.encode(), request.url.path.encode(), _encode(body)])),
            )
            answer = record.claim()
            if answer is None:
                answer = self._act(record, act, _journal_row(request))
        return self._response(answer)

    def _act(self, record: RequestRecord, act: Callable[[Write], Answer], journal: JournalRow | None) -> Answer:
        write = Write(self._registry, self._issuer, record, journal)
        try:
            answer = act(write)
        except BaseException:  # whatever it was, the request had no effect
            record.release()
            raise
        if not write.is_answer_stored:
            record.store(answer, journal)
        return answer

    def _response(self, answer: Answer) -> Response[Any]:
        response = self.respond(answer.content, answer.status)
        if answer.location is not None:
            response.headers["Location"] = answer.location
        return response

    def respond(self, content: T, status: int = 200, **headers: str) -> Response[T]:
        """Return a response made from the private side, with the position at which the log will have all it says."""
        with self.reading() as registry:
            position = f"{registry.member}:{registry.size_when_published()}"
        return http_answer(content, position, status, **headers)

    @contextmanager
    def reading(self) -> Iterator[Registry]:
        """Yield the private side on a connection of this read's own."""
        self._pool.open()
        with self._pool.connection() as connection:
            yield self._registry.on_connection(connection)
