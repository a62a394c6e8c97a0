"""Events of this node that the log refused, from the views: the adapter of `registry.application.refusals`."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from psycopg import Connection, OperationalError

from projections.core import views
from registry.application.refusals import Refusals, RefusedCommits, RefusedEvent, index_by_subject, read_refused
from registry.node.health.health import own_commits_refused

T = TypeVar("T")


class OwnRefusals:
    """Reads refused events that nobody has dealt with. May be shared by threads."""

    def __init__(self, dsn: Callable[[], str], member: str) -> None:
        """`dsn` is called at the first question."""
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._fingerprint: tuple[object, ...] | None = None
        self._events: list[RefusedEvent] = []
        self._by_subject: Refusals = {}

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def by_subject(self) -> Refusals:
        """Return the subjects that no consumer accepted, by their ids."""
        self.list_events()
        return self._by_subject

    def list_events(self) -> list[RefusedEvent]:
        """Return the refused events that nobody has dealt with, in the order of the log."""
        with self._lock:
            self._ask(self._refresh)
            return self._events

    def commits(self) -> RefusedCommits | None:
        """Return why commits of this node are refused; None where the views accepted all that they read."""
        with self._lock:
            return self._ask(partial(own_commits_refused, member=self._member))

    def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            return question(self._connect())
        except OperationalError:  # the server may have restarted: connect again, once
            self.close()
            return question(self._connect())

    def _refresh(self, connection: Connection) -> None:
        fingerprint = connection.execute(
            # Over the content: after folding again, as many events at the same leaves may be refused by other rules.
            "SELECT count(*), sum(hashtextextended(concat_ws(' ', leaf, code, detail, md5(line)), 0)),"
            " (SELECT count(*) FROM publisher.dealt_with), (SELECT sum(leaf) FROM publisher.dealt_with)"
            " FROM refusals WHERE member = %(member)s",
            {"member": self._member},
        ).fetchone()
        if fingerprint == self._fingerprint:
            return
        rows = connection.execute(
            "SELECT leaf, code, detail, line FROM refusals WHERE member = %s"
            " AND NOT EXISTS (SELECT FROM publisher.dealt_with d WHERE d.leaf = refusals.leaf) ORDER BY leaf",
            (self._member,),
        )
        self._events = [read_refused(*row) for row in rows]
        self._by_subject = index_by_subject(self._events)
        self._fingerprint = fingerprint

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = views.connect(self._dsn())
            views.create(self._connection)
        return self._connection
