"""One-time links: the first way in, and the way back after the last passkey is lost."""

from datetime import timedelta

from registry.accounts.accounts import lock_account
from registry.accounts.database import AccountDatabase
from registry.accounts.errors import InvalidLink
from registry.accounts.journal import append
from registry.accounts.secret_tokens import create_token, hash_token
from registry.accounts.sessions import Sessions


class Links:
    """The one-time links of one node. An account has at most one."""

    def __init__(self, database: AccountDatabase, sessions: Sessions, lifetime: timedelta) -> None:
        self._database = database
        self._sessions = sessions
        self._lifetime = lifetime

    def create(self, account: str, by: str) -> str:
        """Return the secret of a new link, which ends the account's earlier one. Raises `UnknownAccount`."""
        token, now = create_token(), self._database.clock()
        with self._database.transaction() as connection:
            lock_account(connection, account)
            connection.execute("DELETE FROM accounts.links WHERE account = %s OR expires < %s", (account, now))
            connection.execute(
                "INSERT INTO accounts.links (secret, account, expires) VALUES (%s, %s, %s)",
                (hash_token(token), account, now + self._lifetime),
            )
            append(connection.cursor(), now, by, "account.link", account)
        return token

    def read_name(self, token: str) -> str:
        """Return the name of the account that a link is for, without using it. Raises `InvalidLink`."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT name FROM accounts.links JOIN accounts.accounts USING (account)"
                " WHERE secret = %s AND expires > %s AND ended IS NULL",
                (hash_token(token), self._database.clock()),
            ).fetchone()
        if row is None:
            raise InvalidLink("this link was used, replaced, or has expired")
        return str(row["name"])

    def use(self, token: str, earlier: str | None) -> str:
        """Use a link; return the secret of the session that it begins. Raises `InvalidLink`.

        `earlier` is the secret of the browser's session, which ends.
        """
        now = self._database.clock()
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM accounts.links USING accounts.accounts WHERE links.account = accounts.account"
                " AND secret = %s AND expires > %s AND ended IS NULL RETURNING links.account::text",
                (hash_token(token), now),
            ).fetchone()
            if row is None:
                raise InvalidLink("this link was used, replaced, or has expired")
            return self._sessions.begin(connection, row["account"], "link", earlier)
