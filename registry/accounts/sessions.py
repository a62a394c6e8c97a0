"""Sessions of people who have signed in. They end after a time without requests, and after a day's work."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from psycopg import Connection

from registry.accounts.accounts import lock_account
from registry.accounts.database import AccountDatabase
from registry.accounts.journal import append
from registry.accounts.roles import scopes_of
from registry.accounts.searches import delete_old_searches
from registry.accounts.secret_tokens import create_token, hash_token
from registry.http import Caller
from registry.values.actors import PERSON_PREFIX

_SEEN_EVERY: Final = timedelta(minutes=1)
"""The time of a session's last request is stored with this precision."""


class Session(msgspec.Struct, frozen=True):
    """A session in force, and the account that it belongs to, as it is now."""

    session: str
    account: str
    name: str
    """The account's name."""
    roles: Sequence[str]
    way: str
    """`link`, `passkey` or `provider`."""
    began: datetime
    last_request: datetime

    def caller(self, member: str) -> Caller:
        """Return the person as the caller of a request to the node of `member`."""
        return Caller(f"{PERSON_PREFIX}{self.account}", member, scopes_of(self.roles))


class Sessions:
    """The sessions of one node."""

    def __init__(self, database: AccountDatabase, idle: timedelta, longest: timedelta) -> None:
        """A session ends `idle` after its last request and `longest` after its beginning."""
        self._database = database
        self._idle = idle
        self._longest = longest

    def read(self, token: str) -> Session | None:
        """Return the session that a cookie's secret belongs to; None if it has ended, or there never was any."""
        now = self._database.clock()
        with self._database.transaction() as connection:
            row = connection.execute(f"{_SELECT} AND secret = %s", (hash_token(token),)).fetchone()
            session = None if row is None else Session(**row)
            if session is None or not self._is_in_force(session, now):
                return None
            if now - session.last_request >= _SEEN_EVERY:
                connection.execute(
                    "UPDATE accounts.sessions SET last_request = %s WHERE session = %s", (now, session.session)
                )
        return session

    def of_account(self, account: str) -> list[Session]:
        """Return the sessions of an account that are in force, the newest first."""
        now = self._database.clock()
        with self._database.transaction() as connection:
            rows = connection.execute(f"{_SELECT} AND account::text = %s ORDER BY began DESC", (account,)).fetchall()
        return [session for session in (Session(**row) for row in rows) if self._is_in_force(session, now)]

    def end(self, session: str, account: str) -> None:
        """End a session of an account, if it has one with this id."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM accounts.sessions WHERE session::text = %s AND account::text = %s RETURNING session",
                (session, account),
            ).fetchone()
            if row is not None:
                append(connection.cursor(), self._database.clock(), f"{PERSON_PREFIX}{account}", "session.end", session)

    def begin(self, connection: Connection[Any], account: str, way: str, earlier: str | None) -> str:
        """Begin a session in the caller's transaction; return the secret for the cookie. Raises `UnknownAccount`.

        `earlier` is the secret of the browser's session, which ends: its cookie is never good for another person.
        """
        now = self._database.clock()
        lock_account(connection, account)
        connection.execute(
            "DELETE FROM accounts.sessions WHERE secret = %s OR last_request < %s OR began < %s",
            (hash_token(earlier or ""), now - self._idle - _SEEN_EVERY, now - self._longest),
        )
        delete_old_searches(connection, now)
        token, session = create_token(), str(uuid.uuid4())
        connection.execute(
            "INSERT INTO accounts.sessions (session, secret, account, way, began, last_request)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (session, hash_token(token), account, way, now, now),
        )
        append(connection.cursor(), now, f"{PERSON_PREFIX}{account}", f"session.begin {way}", session)
        return token

    def _is_in_force(self, session: Session, now: datetime) -> bool:
        return now < session.last_request + self._idle and now < session.began + self._longest


_SELECT: Final = (
    "SELECT session::text, account::text, name, roles, way, began, last_request"
    " FROM accounts.sessions JOIN accounts.accounts USING (account) WHERE ended IS NULL"
)
