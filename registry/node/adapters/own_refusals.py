"""What the log refused of this node's own events, from the views: the plug of `registry.application.refusals`."""

import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from psycopg import Connection, OperationalError

from projections.core import views
from registry.application.refusals import Refusals, RefusedCommits, RefusedEvent, by_subject, read_refused
from registry.node.health.health import own_commits_refused

T = TypeVar("T")


class OwnRefusals:
    """Answers from the views; what was dealt with is left out. May be shared by threads."""

    def __init__(self, dsn: Callable[[], str], member: str) -> None:
        """`dsn` is asked for when the first question comes."""
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None
        self._lock = threading.Lock()
        self._seen: tuple[object, ...] | None = None
        self._found: list[RefusedEvent] = []
        self._by_subject: Refusals = {}

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def by_subject(self) -> Refusals:
        """What exists for nobody, by its id."""
        self.listed()
        return self._by_subject

    def listed(self) -> list[RefusedEvent]:
        """The refused events that nobody has dealt with, in the order of the log."""
        with self._lock:
            self._ask(self._look)
            return self._found

    def commits(self) -> RefusedCommits | None:
        """Why commits of this node do not count; None where all that the views have read of it does."""
        with self._lock:
            return self._ask(partial(own_commits_refused, member=self._member))

    def _ask(self, question: Callable[[Connection], T]) -> T:
        try:
            return question(self._connected())
        except OperationalError:  # the server was restarted: that costs no request
            self.close()
            return question(self._connected())

    def _look(self, connection: Connection) -> None:
        seen = connection.execute(
            # By content: folded again, as many events at the same places may be refused for other rules.
            "SELECT count(*), sum(hashtextextended(concat_ws(' ', leaf, code, detail, md5(line)), 0)),"
            " (SELECT count(*) FROM publisher.dealt_with), (SELECT sum(leaf) FROM publisher.dealt_with)"
            " FROM refusals WHERE member = %(member)s",
            {"member": self._member},
        ).fetchone()
        if seen == self._seen:
            return
        rows = connection.execute(
            "SELECT leaf, code, detail, line FROM refusals WHERE member = %s"
            " AND NOT EXISTS (SELECT FROM publisher.dealt_with d WHERE d.leaf = refusals.leaf) ORDER BY leaf",
            (self._member,),
        )
        self._found = [read_refused(*row) for row in rows]
        self._by_subject = by_subject(self._found)
        self._seen = seen

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = views.connect(self._dsn())
            views.create(self._connection)
        return self._connection
