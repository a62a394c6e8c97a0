"""Which account a person at the identity provider has: signing in by the provider, and connecting an account to it."""

import uuid
from datetime import datetime
from typing import Any, Final

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from registry.accounts.accounts import insert_account, lock_account
from registry.accounts.database import AccountDatabase
from registry.accounts.errors import AccountError, ProviderFault, UnknownAccount
from registry.accounts.identity_provider import Person
from registry.accounts.journal import append
from registry.accounts.roles import check_roles
from registry.accounts.sessions import Sessions
from registry.values.actors import PERSON_PREFIX

_MAX_IDENTITIES: Final = 5
_BY: Final = "identity provider"
"""The actor of what the provider's claims bring about."""


class Identity(msgspec.Struct, frozen=True):
    """A person at an identity provider, as an account is connected to them."""

    identity: str
    """The connection's id here, a random UUID."""
    issuer: str
    is_managed: bool
    """True if the provider's claims made the account and set its roles."""
    created: datetime
    used: datetime | None
    """The time of the last sign-in by it."""


class Identities:
    """The identities of one node's accounts."""

    def __init__(self, database: AccountDatabase, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    def of_account(self, account: str) -> list[Identity]:
        """Return the identities of an account, the oldest first."""
        with self._database.transaction() as connection:
            return (
                connection.cursor(row_factory=class_row(Identity))
                .execute(
                    "SELECT identity::text, issuer, is_managed, created, used FROM accounts.identities"
                    " WHERE account::text = %s ORDER BY created, identity",
                    (account,),
                )
                .fetchall()
            )

    def connect(self, account: str, person: Person) -> None:
        """Let a person at the provider sign in to an account.

        Raises `ProviderFault` if another account is connected to them, and `UnknownAccount`.
        """
        now = self._database.clock()
        with self._database.transaction() as connection:
            owner = _owner(connection, person)
            lock_account(connection, account)
            if owner is not None and owner["account"] == account:
                return
            if owner is not None and owner["ended"] is None:
                raise ProviderFault("taken", "another account is connected to this person at the identity provider")
            row = connection.execute(
                "SELECT count(*) AS n FROM accounts.identities WHERE account = %s", (account,)
            ).fetchone()
            if row is not None and row["n"] >= _MAX_IDENTITIES:
                raise ProviderFault("too-many", f"an account has at most {_MAX_IDENTITIES} connections")
            identity = str(uuid.uuid4()) if owner is None else owner["identity"]
            connection.execute(
                "INSERT INTO accounts.identities (identity, issuer, subject, account, is_managed, created)"
                " VALUES (%s, %s, %s, %s, false, %s)"
                " ON CONFLICT (issuer, subject) DO UPDATE SET account = excluded.account, is_managed = false,"
                " created = excluded.created, used = NULL",
                (identity, person.issuer, person.subject, account, now),
            )
            append(connection.cursor(), now, f"{PERSON_PREFIX}{account}", "identity.add", identity)

    def disconnect(self, identity: str, account: str, by: str) -> bool:
        """End the connection of an account, with the sessions that it began.

        Return False, and change nothing, if the account has none with this id that its person made.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM accounts.identities WHERE identity::text = %s AND account::text = %s AND NOT is_managed"
                " RETURNING identity",
                (identity, account),
            ).fetchone()
            if row is not None:
                connection.execute(
                    "DELETE FROM accounts.sessions WHERE account::text = %s AND way = 'provider'", (account,)
                )
                append(connection.cursor(), self._database.clock(), by, "identity.remove", identity)
            return row is not None

    def sign_in(self, person: Person, earlier: str | None) -> str:
        """Return the secret of the session that begins for a person at the provider. Raises `ProviderFault`.

        Where the provider's claims give roles, a person without an account gets one, and an account that was made like
        this gets those roles again; one that they give no role any more loses its roles and its sessions. `earlier` is
        the secret of the browser's session, which ends.
        """
        now = self._database.clock()
        with self._database.transaction() as connection:
            owner = _owner(connection, person)
            account = self._add(connection, person, now) if owner is None else str(owner["account"])
            try:
                lock_account(connection, account)
            except UnknownAccount as error:
                raise ProviderFault("ended", "the account of this person has ended") from error
            is_managed = owner is not None and owner["is_managed"]
            if is_managed:
                _set_roles(connection, account, person.roles, now)
            if person.roles or not is_managed:
                connection.execute(
                    "UPDATE accounts.identities SET used = %s WHERE issuer = %s AND subject = %s",
                    (now, person.issuer, person.subject),
                )
                return self._sessions.begin(connection, account, "provider", earlier)
        # After the transaction, so that the end of the roles and sessions stays.
        raise ProviderFault("no-role", "the identity provider gives this person no role here any more")

    def _add(self, connection: Connection[Any], person: Person, now: datetime) -> str:
        """Add the account of a person whom the provider's claims give roles. Raises `ProviderFault`."""
        if not person.roles:
            raise ProviderFault("unknown", "no account is connected to this person at the identity provider")
        try:
            account = insert_account(connection, person.name, person.roles, now, _BY).account
        except AccountError as error:
            # The error has the person's name, which no log may have.
            raise ProviderFault(
                "name", "an account cannot have the name of this person, or another one has it"
            ) from error
        identity = str(uuid.uuid4())
        connection.execute(
            "INSERT INTO accounts.identities (identity, issuer, subject, account, is_managed, created)"
            " VALUES (%s, %s, %s, %s, true, %s)",
            (identity, person.issuer, person.subject, account, now),
        )
        append(connection.cursor(), now, _BY, "identity.add", identity)
        return account


def _owner(connection: Connection[Any], person: Person) -> dict[str, Any] | None:
    """Return the row of a person, with the end of the account; no other transaction changes it meanwhile."""
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"identity {person.issuer} {person.subject}",)
    )
    row: dict[str, Any] | None = connection.execute(
        "SELECT identity::text, account::text, is_managed, ended FROM accounts.identities"
        " JOIN accounts.accounts USING (account) WHERE issuer = %s AND subject = %s",
        (person.issuer, person.subject),
    ).fetchone()
    return row


def _set_roles(connection: Connection[Any], account: str, roles: list[str], now: datetime) -> None:
    """Give an account the roles of the provider's claims; without any, its sessions end."""
    chosen = check_roles(roles) if roles else []
    row = connection.execute(
        "UPDATE accounts.accounts SET roles = %s WHERE account = %s AND roles <> %s RETURNING account",
        (chosen, account, chosen),
    ).fetchone()
    if not chosen:
        connection.execute("DELETE FROM accounts.sessions WHERE account = %s", (account,))
    if row is not None:
        append(connection.cursor(), now, _BY, f"account.roles {' '.join(chosen)}".strip(), account)
