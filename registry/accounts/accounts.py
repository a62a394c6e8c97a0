"""The accounts: who may sign in, and with which roles."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from registry.accounts.database import AccountDatabase
from registry.accounts.errors import AccountError, NameInUse, UnknownAccount
from registry.accounts.journal import append
from registry.accounts.roles import check_roles
from registry.values.actors import actor_names, normalise_account

_MAX_NAME: Final = 100
_SELECT: Final = (
    "SELECT account::text, name, roles, created, ended,"
    " (SELECT count(*) FROM accounts.passkeys WHERE passkeys.account = accounts.account) AS passkeys"
    " FROM accounts.accounts"
)


class Account(msgspec.Struct, frozen=True):
    """An account of a person."""

    account: str
    """The account's id, a random UUID."""
    name: str
    """The name that is shown, and by which rules for two persons compare."""
    roles: list[str]
    created: datetime
    ended: datetime | None
    passkeys: int
    """The number of its passkeys."""


class Accounts:
    """The accounts of one node. Each method is one transaction, with the act in the journal."""

    def __init__(self, database: AccountDatabase) -> None:
        self._database = database

    def add(self, name: str, roles: Iterable[str], by: str) -> Account:
        """Add an account. Raises `NameInUse`, and `AccountError` for a name or a role that is not possible."""
        with self._database.transaction() as connection:
            return insert_account(connection, name, roles, self._database.clock(), by)

    def all(self) -> list[Account]:
        """Return all accounts by name, those that have ended last."""
        with self._database.transaction() as connection:
            cursor = connection.cursor(row_factory=class_row(Account))
            return cursor.execute(f"{_SELECT} ORDER BY ended IS NOT NULL, person, account").fetchall()

    def find(self, name: str) -> Account:
        """Return the account with this id, or the one in use with this name. Raises `UnknownAccount`."""
        with self._database.transaction() as connection:
            cursor = connection.cursor(row_factory=class_row(Account))
            account = cursor.execute(
                f"{_SELECT} WHERE account::text = %s OR (person = %s AND ended IS NULL)",
                (name, normalise_account(name)),
            ).fetchone()
        if account is None:
            raise UnknownAccount(f"there is no account {name!r}; `registry account list` shows them")
        return account

    def names_of(self, actors: list[str]) -> dict[str, str]:
        """Return the names of the persons and API keys among stored actors, by actor."""
        with self._database.transaction() as connection:
            return actor_names(connection.cursor(), actors)

    def change_roles(self, account: str, roles: Iterable[str], by: str) -> None:
        """Replace the roles of an account; they count from the next request on. Raises `UnknownAccount`."""
        chosen_roles = check_roles(roles)
        with self._database.transaction() as connection:
            lock_account(connection, account)
            connection.execute("UPDATE accounts.accounts SET roles = %s WHERE account = %s", (chosen_roles, account))
            append(connection.cursor(), self._database.clock(), by, f"account.roles {' '.join(chosen_roles)}", account)

    def end(self, account: str, by: str) -> None:
        """End an account for good, with its sessions, links and passkeys. Raises `UnknownAccount`."""
        now = self._database.clock()
        with self._database.transaction() as connection:
            lock_account(connection, account)
            connection.execute("UPDATE accounts.accounts SET ended = %s WHERE account = %s", (now, account))
            connection.execute("DELETE FROM accounts.sessions WHERE account = %s", (account,))
            connection.execute("DELETE FROM accounts.links WHERE account = %s", (account,))
            connection.execute("DELETE FROM accounts.passkeys WHERE account = %s", (account,))
            connection.execute("DELETE FROM accounts.challenges WHERE account = %s", (account,))
            append(connection.cursor(), now, by, "account.end", account)


def insert_account(connection: Connection[Any], name: str, roles: Iterable[str], now: datetime, by: str) -> Account:
    """Add an account in the caller's transaction, which is over if it fails.

    Raises `NameInUse`, and `AccountError` for a name or a role that is not possible.
    """
    shown, chosen_roles = _check_name(name), check_roles(roles)
    account = str(uuid.uuid4())
    try:
        connection.execute(
            "INSERT INTO accounts.accounts (account, name, person, roles, created) VALUES (%s, %s, %s, %s, %s)",
            (account, shown, normalise_account(shown), chosen_roles, now),
        )
    except UniqueViolation as error:
        raise NameInUse(
            f"an account has the name {shown!r} already; `registry account link` makes a link for it"
        ) from error
    append(connection.cursor(), now, by, f"account.add {' '.join(chosen_roles)}", account)
    return Account(account, shown, chosen_roles, now, None, 0)


def lock_account(connection: Connection[Any], account: str) -> None:
    """Keep an account in use until the end of the transaction. Raises `UnknownAccount`."""
    row = connection.execute(
        "SELECT 1 FROM accounts.accounts WHERE account::text = %s AND ended IS NULL FOR UPDATE", (account,)
    ).fetchone()
    if row is None:
        raise UnknownAccount(f"there is no account {account}, or it has ended")


def _check_name(name: str) -> str:
    shown = " ".join(name.split())
    if not 0 < len(shown) <= _MAX_NAME or not shown.isprintable():
        raise AccountError(f"an account's name has 1 to {_MAX_NAME} printable characters")
    return shown
