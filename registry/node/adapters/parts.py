"""What the views know of parts, plugged into issuing."""

from datetime import date

from psycopg import Connection, OperationalError

from projections.core import views
from projections.stacking.stack_check import Wanted, breaches
from registry.domain.parts import Breach, Stacked


class ViewedParts:
    """The port's adapter. Needs views only when it is asked, by what has parts; for one thread at a time."""

    def __init__(self, dsn: str, member: str) -> None:
        self._dsn = dsn
        self._member = member
        self._connection: Connection | None = None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def breaches(self, stacked: Stacked) -> list[Breach]:
        """All that speaks against these parts, as far as the views have come."""
        wanted = Wanted(
            (self._member, stacked.achievement),
            stacked.version,
            stacked.learner,
            date.fromisoformat(stacked.awarding_date),
            stacked.parts,
            stacked.replaces,
        )
        try:
            found = breaches(self._connected(), wanted)
        except OperationalError:  # the server was restarted: that costs no request
            self.close()
            found = breaches(self._connected(), wanted)
        return [Breach(*one) for one in found]

    def _connected(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._connection = views.connect(self._dsn)
            views.create(self._connection)
        return self._connection
