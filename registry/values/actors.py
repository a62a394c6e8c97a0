"""Actors as they are stored, and the persons behind them: the one place where two actors are compared.

An act is stored with an account's name (of the command), `person:ID` (who signed in to the pages), `key:ID` (an API
key), `subject:NAME` (an access token), or `client:ID` (a token, stored by earlier versions). A person may have all of
these, and several keys, so a rule that wants two persons compares names: an account's, a key's, a token's subject.
"""

import re
import unicodedata
from typing import Final

from psycopg import Cursor
from psycopg.rows import DictRow

KEY_PREFIX: Final = "key:"
PERSON_PREFIX: Final = "person:"
_KEY_ID: Final = re.compile(r"[0-9a-f]{16}")
_TOKEN_PREFIXES: Final = ("subject:", "client:")


def person_of(cursor: Cursor[DictRow], actor: str) -> str:
    """Return the person behind a stored actor, for comparing with another; of an unknown id, the actor itself.

    A key that was made by rotation has the name of the key before it, so both are the same person. An account or a
    token's subject that is a key's id, with or without `key:`, is the person of that key.
    """
    name = normalise_account(actor)
    for prefix in _TOKEN_PREFIXES:
        name = normalise_account(name.removeprefix(prefix))
    if name.startswith(PERSON_PREFIX):
        return normalise_account(account_names(cursor, [name]).get(name, name))
    key = name.removeprefix(KEY_PREFIX).strip()
    if _KEY_ID.fullmatch(key) is not None:
        stored = f"{KEY_PREFIX}{key}"
        return normalise_account(key_names(cursor, [stored]).get(stored, stored))
    return name


def key_names(cursor: Cursor[DictRow], actors: list[str]) -> dict[str, str]:
    """Return the names of the API keys among these stored actors, by actor."""
    keys = [actor.removeprefix(KEY_PREFIX) for actor in actors if actor.startswith(KEY_PREFIX)]
    rows = cursor.execute("SELECT key, name FROM access.keys WHERE key = ANY(%s)", (keys,)).fetchall()
    return {f"{KEY_PREFIX}{row['key']}": row["name"] for row in rows}


def account_names(cursor: Cursor[DictRow], actors: list[str]) -> dict[str, str]:
    """Return the names of the persons among these stored actors who signed in to the pages, by actor."""
    accounts = [actor.removeprefix(PERSON_PREFIX) for actor in actors if actor.startswith(PERSON_PREFIX)]
    rows = cursor.execute(
        "SELECT account::text, name FROM accounts.accounts WHERE account::text = ANY(%s)", (accounts,)
    ).fetchall()
    return {f"{PERSON_PREFIX}{row['account']}": row["name"] for row in rows}


def actor_names(cursor: Cursor[DictRow], actors: list[str]) -> dict[str, str]:
    """Return the names of the API keys and of the persons among these stored actors, by actor."""
    return key_names(cursor, actors) | account_names(cursor, actors)


def normalise_account(name: str) -> str:
    """Return a name without differences of letter case, width and spaces, for comparing."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
