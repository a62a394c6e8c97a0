"""Passkeys (WebAuthn): keys in people's devices that sign a challenge of this node, and of no other site.

An authenticator makes sure of its person, by a finger, a face or a number; no password exists. The key names the
account, so nobody types a name, and no answer says which accounts exist.
"""

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import webauthn
from psycopg import Connection
from psycopg.errors import UniqueViolation
from psycopg.rows import class_row
from webauthn.helpers import (
    generate_challenge,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from registry.accounts.accounts import lock_account
from registry.accounts.database import AccountDatabase
from registry.accounts.errors import AccountError, InvalidPasskey, UnknownAccount
from registry.accounts.journal import append
from registry.accounts.sessions import Sessions
from registry.accounts.site import Site
from registry.values.actors import PERSON_PREFIX

_CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
_MAX_NAME: Final = 60
_MAX_PASSKEYS: Final = 20
_MAX_CHARACTERS: Final = 20_000


class Passkey(msgspec.Struct, frozen=True):
    """A passkey of an account."""

    passkey: str
    """The passkey's id here, a random UUID."""
    name: str
    """The name that its person gave it."""
    created: datetime
    used: datetime | None
    """The time of the last sign-in with it."""


class Passkeys:
    """The passkeys of one node. `origin` is the address that the browser is at (`Site.origin_at`)."""

    def __init__(self, database: AccountDatabase, sessions: Sessions, site: Site) -> None:
        self._database = database
        self._sessions = sessions
        self._site = site

    def of_account(self, account: str) -> list[Passkey]:
        """Return the passkeys of an account, the oldest first."""
        with self._database.transaction() as connection:
            return (
                connection.cursor(row_factory=class_row(Passkey))
                .execute(
                    "SELECT passkey::text, name, created, used FROM accounts.passkeys WHERE account::text = %s"
                    " ORDER BY created, passkey",
                    (account,),
                )
                .fetchall()
            )

    def registration_options(self, account: str, name: str) -> str:
        """Return what a browser needs to make a passkey for an account with this name, as JSON."""
        with self._database.transaction() as connection:
            challenge = self._create_challenge(connection, account)
            rows = connection.execute(
                "SELECT credential FROM accounts.passkeys WHERE account = %s", (account,)
            ).fetchall()
        options = webauthn.generate_registration_options(
            rp_id=self._site.host,
            rp_name=self._site.host,
            user_id=uuid.UUID(account).bytes,
            user_name=name,
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(bytes(row["credential"])) for row in rows],
        )
        return webauthn.options_to_json(options)

    def register(self, account: str, name: str, response: str, origin: str) -> None:
        """Add the passkey that a browser made. Raises `InvalidPasskey`, and `AccountError` for its name."""
        shown = _check_name(name)
        with _reading():
            credential = parse_registration_credential_json(_limit(response))
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
        if self._use_challenge(challenge) != account:
            raise InvalidPasskey("the challenge is not one of this account, or its time is over")
        with _reading():
            verified = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._site.host,
                expected_origin=origin,
                require_user_verification=True,
            )
        now, passkey = self._database.clock(), str(uuid.uuid4())
        with self._database.transaction() as connection:
            lock_account(connection, account)
            _check_room(connection, account)
            try:
                connection.execute(
                    "INSERT INTO accounts.passkeys"
                    " (passkey, credential, account, name, public_key, sign_count, created)"
                    " VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (
                        passkey,
                        verified.credential_id,
                        account,
                        shown,
                        verified.credential_public_key,
                        verified.sign_count,
                        now,
                    ),
                )
            except UniqueViolation as error:
                raise InvalidPasskey("this passkey was added before") from error
            append(connection.cursor(), now, f"{PERSON_PREFIX}{account}", "passkey.add", passkey)

    def remove(self, passkey: str, account: str) -> None:
        """Remove a passkey of an account, if it has one with this id."""
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM accounts.passkeys WHERE passkey::text = %s AND account::text = %s RETURNING passkey",
                (passkey, account),
            ).fetchone()
            if row is not None:
                append(
                    connection.cursor(), self._database.clock(), f"{PERSON_PREFIX}{account}", "passkey.remove", passkey
                )

    def sign_in_options(self) -> str:
        """Return what a browser needs to sign in with any passkey of this site, as JSON."""
        with self._database.transaction() as connection:
            challenge = self._create_challenge(connection, None)
        options = webauthn.generate_authentication_options(
            rp_id=self._site.host, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
        )
        return webauthn.options_to_json(options)

    def sign_in(self, response: str, origin: str, earlier: str | None) -> str:
        """Return the secret of the session that a passkey's answer begins. Raises `InvalidPasskey`.

        `earlier` is the secret of the browser's session, which ends.
        """
        with _reading():
            credential = parse_authentication_credential_json(_limit(response))
            challenge = parse_client_data_json(credential.response.client_data_json).challenge
        if self._use_challenge(challenge) is not None:
            raise InvalidPasskey("the challenge is not one of signing in, or its time is over")
        with self._database.transaction() as connection:
            row = _lock_passkey(connection, credential.raw_id)
            account = row["account"]
            if credential.response.user_handle not in (None, uuid.UUID(account).bytes):
                raise InvalidPasskey("the passkey names another account")
            with _reading():
                verified = webauthn.verify_authentication_response(
                    credential=credential,
                    expected_challenge=challenge,
                    expected_rp_id=self._site.host,
                    expected_origin=origin,
                    credential_public_key=bytes(row["public_key"]),
                    credential_current_sign_count=row["sign_count"],
                    require_user_verification=True,
                )
            connection.execute(
                "UPDATE accounts.passkeys SET sign_count = %s, used = %s WHERE passkey = %s",
                (verified.new_sign_count, self._database.clock(), row["passkey"]),
            )
            return self._sessions.begin(connection, account, "passkey", earlier)

    def _create_challenge(self, connection: Connection[Any], account: str | None) -> bytes:
        challenge, now = generate_challenge(), self._database.clock()
        connection.execute("DELETE FROM accounts.challenges WHERE expires < %s", (now,))
        connection.execute(
            "INSERT INTO accounts.challenges (challenge, account, expires) VALUES (%s, %s, %s)",
            (challenge, account, now + _CHALLENGE_LIFETIME),
        )
        return challenge

    def _use_challenge(self, challenge: bytes) -> str | None:
        """Remove a challenge, whatever comes of it; return the account that it was made for.

        Raises `InvalidPasskey`.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "DELETE FROM accounts.challenges WHERE challenge = %s AND expires > %s RETURNING account::text",
                (challenge, self._database.clock()),
            ).fetchone()
        if row is None:
            raise InvalidPasskey("the challenge was used, or its time is over")
        account: str | None = row["account"]
        return account


def identify_passkey(response: str) -> str:
    """Return a short name of the passkey that a browser's answer claims to be of; empty if it names none."""
    try:
        identifier = msgspec.json.decode(_limit(response), type=dict[str, Any]).get("id")
    except (ValueError, RecursionError):
        return ""
    return hashlib.sha256(identifier.encode()).hexdigest() if isinstance(identifier, str) else ""


def _lock_passkey(connection: Connection[Any], credential: bytes) -> dict[str, Any]:
    """Return a passkey's row, and keep its account in use until the end of the transaction. Raises `InvalidPasskey`."""
    query = "SELECT passkey, account::text, public_key, sign_count FROM accounts.passkeys WHERE credential = %s"
    row = connection.execute(query, (credential,)).fetchone()
    if row is not None:
        try:
            lock_account(connection, row["account"])
        except UnknownAccount:
            row = None
        else:
            row = connection.execute(query, (credential,)).fetchone()
    if row is None:
        raise InvalidPasskey("this passkey is not known here")
    passkey: dict[str, Any] = row
    return passkey


def _check_room(connection: Connection[Any], account: str) -> None:
    row = connection.execute("SELECT count(*) AS n FROM accounts.passkeys WHERE account = %s", (account,)).fetchone()
    if row is not None and row["n"] >= _MAX_PASSKEYS:
        raise AccountError(f"an account has at most {_MAX_PASSKEYS} passkeys; remove one first")


def _check_name(name: str) -> str:
    shown = " ".join(name.split())
    if not 0 < len(shown) <= _MAX_NAME or not shown.isprintable():
        raise AccountError(f"a passkey's name has 1 to {_MAX_NAME} printable characters")
    return shown


def _limit(response: str) -> str:
    if len(response) > _MAX_CHARACTERS:
        raise ValueError("the answer is too long")
    return response


@contextmanager
def _reading() -> Iterator[None]:
    """Turn any error of the library into one sentence: the bytes are not a valid answer of a passkey."""
    try:
        yield
    except Exception as error:
        raise InvalidPasskey("the passkey's answer is not valid for this site") from error
