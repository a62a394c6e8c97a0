"""Automatic recognition: which agreements cover a credential, and which are mutual."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection

from projections import contents
from projections.queries import named
from projections.stacks import Key


def covering(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[str]]:
    """The agreements that recognise each of these credentials, as `member/agreement`, in that order.

    An agreement covers active credentials of the achievements that it names, awarded within its dates and
    before the day from which it is withdrawn.
    """
    found: dict[Key, list[str]] = {}
    for member, credential, by, agreement, _ in _rows(connection, keys, None):
        found.setdefault((member, credential), []).append(f"{by}/{agreement}")
    return found


def covering_by(connection: Connection, member: str, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """One member's agreements that recognise each of these credentials: id and content (JSON)."""
    found: dict[Key, list[tuple[str, str]]] = {}
    for of, credential, _, agreement, content in _rows(connection, keys, member):
        found.setdefault((of, credential), []).append((agreement, content))
    return found


def _rows(connection: Connection, keys: Sequence[Key], by: str | None) -> list[Any]:
    return connection.execute(
        named("covering"), {"members": [key[0] for key in keys], "ids": [key[1] for key in keys], "by": by}
    ).fetchall()


class Recognition(msgspec.Struct, frozen=True, rename="camel"):
    """An agreement by which a member recognises an achievement without anybody deciding."""

    member: str
    """Who recognises it."""
    agreement: str
    mutual: bool
    """The other member recognises something of this one's in turn."""
    purpose: str
    outcome: str
    ects_ratio: Decimal
    """By which its credits are multiplied."""
    towards: dict[str, Any] | None
    valid_from: date
    valid_until: date | None


def recognising(connection: Connection, member: str, achievement: str, day: date) -> list[Recognition]:
    """The agreements that cover what is awarded on a day of an achievement's newest version, by member and id."""
    rows = connection.execute(
        named("recognising"), {"member": member, "achievement": achievement, "day": day}
    ).fetchall()
    return [
        Recognition(
            by,
            agreement,
            mutual,
            content["purpose"],
            content["outcome"],
            Decimal(str(content["ectsRatio"])),
            content.get("towards"),
            begin,
            end,
        )
        for by, agreement, mutual, text, begin, end in rows
        for content in [contents.read(text)]
    ]
