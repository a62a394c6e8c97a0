"""The views' answer to what speaks against parts that are to be stacked."""

from datetime import date

from psycopg import Connection, OperationalError

from projections.core import views
from projections.stacking.stack_check import PlannedCredential, find_breaches
from registry.domain.parts import Breach, StackRequest


class PostgresPartChecker:
    """`PartChecker` on this node's views. For one thread at a time.

    It connects when the first credential with parts comes: issuing without parts needs no views.
    """

    def __init__(self, dsn: str, member: str) -> None:
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def find_breaches(self, request: StackRequest) -> list[Breach]:
        """Return the breaches of these parts, at the views' position."""
        question = PlannedCredential(
            (self._member, request.achievement),
            request.version,
            request.learner,
            date.fromisoformat(request.awarding_date),
            request.parts,
            request.replaces,
        )
        try:
            rows = find_breaches(self._connect(), question)
        except OperationalError:  # the server may have restarted: connect again, once
            self.close()
            rows = find_breaches(self._connect(), question)
        return [Breach(*row) for row in rows]

    def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = views.connect(self._dsn)
            views.create(self._connection)
        return self._connection
