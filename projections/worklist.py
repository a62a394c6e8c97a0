"""What an issuer, or an office, should look at again because others did something: computed, never stored.

An item is done when the own thing no longer counts (revoked, replaced, withdrawn, superseded), when the learner is
erased here too, or when what was at fault is well again.
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec
from psycopg import Connection

from projections.queries import named
from projections.stacks import Key, Stacks

_WORDS = {"revoked": "was revoked", "replaced": "was replaced by another kind of credential", "voided": "was voided"}


What = Literal["credential", "decision"]


class AtFault(msgspec.Struct, frozen=True, rename="camel"):
    """A credential on which an own thing rests."""

    member: str
    credential: str
    what: str
    """`revoked`, `replaced` (and the last of the replacements is revoked, or of something else), `voided` or
    `learner-erased`."""


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """One own thing to look at. It names no learner: the thing's own record does."""

    kind: Literal["impaired", "learner-erased"]
    what: What
    id: str
    """The own credential's or decision's."""
    achievement: str | None
    """Of a credential: what it is of, and its title."""
    title: dict[str, str] | None
    because: list[AtFault]
    todo: str


class Worklist(msgspec.Struct, frozen=True, rename="camel"):
    """All items of one member: what is impaired first, each kind by id."""

    member: str
    items: list[Item]


def read(connection: Connection, member: str) -> Worklist:
    """What this member should look at, as far as the views have come."""
    faults = impaired(connection, member)
    erased: dict[tuple[What, str], list[AtFault]] = {}
    for what, identifier, of, credential in connection.execute(named("erased_elsewhere"), {"member": member}):
        erased.setdefault((what, identifier), []).append(AtFault(of, credential, "learner-erased"))
    stacked = [*faults, *(identifier for what, identifier in erased if what == "credential")]
    titles = _titles(connection, member, stacked)
    items = []
    for credential, because in faults.items():
        achievement, title = titles[credential]
        items.append(Item("impaired", "credential", credential, achievement, title, because, _todo(because)))
    for (what, identifier), because in erased.items():
        achievement, title = titles.get(identifier, (None, None))
        todo = _ERASED_PART if what == "credential" else _ERASED_BASIS
        items.append(Item("learner-erased", what, identifier, achievement, title, because, todo))
    return Worklist(member, items)


_ERASED_PART = (
    "Its learner had their data erased where a part comes from. Ask whether they want the same here,"
    " and erase them if so."
)
_ERASED_BASIS = (
    "The learner it is about had their data erased where the credential comes from. Erase them here too, or withdraw"
    " it."
)


def impaired(connection: Connection, member: str) -> dict[str, list[AtFault]]:
    """A member's larger credentials that count and rest on what no longer holds, each with the parts at fault."""
    keys: list[Key] = connection.execute(named("spoiled_stacks"), {"member": member}).fetchall()
    if not keys:
        return {}
    stacks = Stacks.read(connection, keys)
    return {key[1]: found for key in keys if (found := at_fault(stacks, key))}


def at_fault(stacks: Stacks, key: Key) -> list[AtFault]:
    """The parts, however deep, that impair a credential, each with what became of it."""
    return [AtFault(*part, stacks.status(part) or "voided") for part in stacks.faults(key)]


def _todo(because: Sequence[AtFault]) -> str:
    parts = "; ".join(f"{one.member}/{one.credential} {_WORDS[one.what]}" for one in because)
    return f"{parts}. Issue one that replaces it (`replaces`) on parts that hold, or revoke it."


def _titles(connection: Connection, member: str, ids: Sequence[str]) -> dict[str, tuple[str | None, Any]]:
    rows = connection.execute(
        "SELECT c.credential::text, c.achievement::text, v.title FROM credentials c"
        " JOIN achievement_versions v USING (member, achievement, version)"
        " WHERE c.member = %s AND c.credential = ANY (%s::uuid[])",
        (member, list(ids)),
    )
    return {credential: (achievement, title) for credential, achievement, title in rows}
