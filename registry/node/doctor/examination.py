"""Parts that the checks of one examination share: settings, the node's parts, and connections that do not hang."""

import threading
from datetime import UTC, datetime
from functools import cached_property
from typing import Final

import psycopg
from psycopg import Connection

from projections.core import views
from registry.application.owner import table_exists
from registry.node.doctor.findings import CannotCheck
from registry.node.node import Node
from registry.postgres.embedded import DatabaseUnavailable, database
from registry.settings.settings import Settings

CONNECT_SECONDS: Final = 2
_STATEMENT_TIMEOUT: Final = "2s"
"""A statement that takes longer is given up, so that no database makes an examination hang."""


class Examination:
    """One examination of a node. Shared by threads; each thread has a database connection of its own."""

    def __init__(self, settings: Settings, url: str | None = None) -> None:
        """`url` is the address of the node as the public reaches it; None if it is not asked there."""
        self.settings = settings
        self.url = None if url is None else url.rstrip("/")
        self.log_away = False
        """True once a check has seen that the log cannot be reached."""
        self._connections = threading.local()
        self._dsn_lock = threading.Lock()

    @cached_property
    def node(self) -> Node:
        """The node. Nothing of it is open until a check needs it."""
        return Node(self.settings)

    @cached_property
    def _dsn(self) -> str:
        return database(self.settings.database_url)

    def dsn(self) -> str:
        """Return the connection string of the database, which is started if it is the node's own. Claims nothing."""
        with self._dsn_lock:
            return self._dsn

    def connect(self) -> Connection:
        """Return this thread's connection. Raises `psycopg.OperationalError` or `DatabaseUnavailable`."""
        connection: Connection | None = getattr(self._connections, "open", None)
        if connection is None or connection.closed:
            # As the administrator's own; the views' names are those of their schema.
            connection = psycopg.connect(
                self.dsn(),
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                tcp_user_timeout=1000 * CONNECT_SECONDS,
                application_name="registry doctor",
                prepare_threshold=None,
            )
            views.use(connection, views.SERVED)
            connection.execute(
                f"SET default_transaction_read_only TO on; SET statement_timeout TO '{_STATEMENT_TIMEOUT}';"
                f" SET lock_timeout TO '{_STATEMENT_TIMEOUT}'"
            )
            self._connections.open = connection
        return connection

    def disconnect(self) -> None:
        """Close this thread's connection if it is open."""
        connection: Connection | None = getattr(self._connections, "open", None)
        if connection is not None:
            connection.close()

    def connection(self) -> Connection:
        """Return this thread's connection for a check that is not about whether there is one."""
        try:
            return self.connect()
        except (psycopg.OperationalError, DatabaseUnavailable) as away:
            raise CannotCheck("the database cannot be reached") from away

    def private_side(self) -> Connection:
        """Return the connection if this node's tables are there. Raises `CannotCheck`."""
        connection = self.connection()
        if not table_exists(connection, "node.owner"):
            raise CannotCheck("this node has never used the database")
        return connection

    def views(self) -> Connection:
        """Return the connection if there are views of this version. Raises `CannotCheck`."""
        connection = self.private_side()
        if views.unavailable_reason(connection) is not None:
            raise CannotCheck("there are no views of this version")
        return connection

    def now(self) -> datetime:
        """Return the time by this machine's clock."""
        return datetime.now(UTC)
