"""List what a member should look at again because others did something. Nothing of it is stored.

An item is done when its credential or decision no longer counts (revoked, replaced, withdrawn, superseded), when the
learner is erased here too, or when the part is no longer at fault.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Connection

from projections.credentials.credentials import MAX_FAULTS
from projections.queries import build_query
from projections.relations.stacks import Key, Stacks, read_some

_WORDS = {"revoked": "was revoked", "replaced": "was replaced by another kind of credential", "voided": "was voided"}


Kind = Literal["impaired", "learner-erased"]
What = Literal["credential", "decision"]


class AtFault(msgspec.Struct, frozen=True, rename="camel"):
    """A credential on which a credential or decision of the member rests."""

    member: str
    credential: str
    what: str
    """`revoked`, `replaced` (and the last of the replacements is revoked, or of something else), `voided` or
    `learner-erased`."""


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """A credential or decision to look at. It names no learner; its own record does."""

    kind: Literal["impaired", "learner-erased"]
    what: What
    id: str
    """The credential's, or the decision's."""
    achievement: str | None
    """A credential's achievement and its title; null for a decision."""
    title: dict[str, str] | None
    because: list[AtFault]
    todo: str


class Worklist(msgspec.Struct, frozen=True, rename="camel"):
    """A page of one member's items: impaired credentials first, each kind by id."""

    member: str
    items: list[Item]
    next: str | None
    """The `Place` where the next page begins; null at the end. A page may end early, and may be empty."""


class Place(NamedTuple):
    """The beginning of a page: after this credential or decision, among those of the kind."""

    kind: Kind
    what: What
    id: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.what}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read the `next` of a page."""
        kind, what, identifier = text.split(":")
        return cls(kind, what, identifier)  # type: ignore[arg-type] # one of them, as `read` wrote it


BEGIN: Final = Place("impaired", "credential", str(UUID(int=0)))
_ERASED: Final = Place("learner-erased", "credential", str(UUID(int=0)))
LIMIT: Final = 100
"""Items of a page."""
MAX_CHECKED: Final = 10_000
"""Larger credentials that are checked for one page."""
_BATCH_SIZE: Final = 500


def read(connection: Connection, member: str, *, after: Place = BEGIN, limit: int = LIMIT) -> Worklist:
    """Return a page of what this member should look at, as far as the views have come."""
    items: list[Item] = []
    if after.kind == "impaired":
        items, place = _read_impaired(connection, member, after, limit)
        if place is None and len(items) == limit:
            place = _ERASED
        if place is not None:
            return Worklist(member, items, str(place))
        after = _ERASED
    erased, place = _read_erased(connection, member, after, limit - len(items))
    return Worklist(member, [*items, *erased], None if place is None else str(place))


def _read_impaired(connection: Connection, member: str, after: Place, limit: int) -> tuple[list[Item], Place | None]:
    """Return items, and the place to go on at; None where all were checked."""
    faults: dict[str, list[AtFault]] = {}
    place, checked, cut = after.id, 0, False
    while checked < MAX_CHECKED and not cut and len(faults) < limit:
        rows = connection.execute(_STACKS, {"member": member, "after": place, "limit": _BATCH_SIZE}).fetchall()
        if not rows:
            return _impaired_items(connection, member, faults), None
        keys: list[Key] = [(member, row[0]) for row in rows]
        stacks, number = read_some(keys, lambda some: Stacks.read(connection, some))
        checked += number
        cut = number < len(keys)  # the next one is costly: leave it for the next page
        for key in keys[:number]:
            place = key[1]
            if because := at_fault(stacks, key):
                faults[key[1]] = because
            if len(faults) == limit:
                break
    return _impaired_items(connection, member, faults), Place("impaired", "credential", place)


def _impaired_items(connection: Connection, member: str, faults: Mapping[str, list[AtFault]]) -> list[Item]:
    titles = _titles(connection, member, list(faults))
    return [
        Item("impaired", "credential", credential, *titles[credential], because, _todo(because))
        for credential, because in faults.items()
    ]


def _read_erased(connection: Connection, member: str, after: Place, limit: int) -> tuple[list[Item], Place | None]:
    """Return items, and the place to go on at; None at the end."""
    most = (limit + 1) * MAX_FAULTS
    parameters = {"member": member, "after": after.what, "after_id": after.id, "limit": most}
    rows = connection.execute(build_query(parameters, "bases_erased_elsewhere"), parameters).fetchall()
    erased: dict[tuple[What, str], list[AtFault]] = {}
    for what, identifier, of, credential in rows:
        erased.setdefault((what, identifier), []).append(AtFault(of, credential, "learner-erased"))
    keys = list(erased)
    more = len(keys) > limit or len(rows) == most
    if len(rows) == most and 1 < len(keys) <= limit:
        keys.pop()  # it may have more
    keys = keys[:limit]
    titles = _titles(connection, member, [identifier for what, identifier in keys if what == "credential"])
    items = [
        Item(
            "learner-erased",
            what,
            identifier,
            *titles.get(identifier, (None, None)),
            erased[what, identifier][:MAX_FAULTS],
            _ERASED_PART if what == "credential" else _ERASED_BASIS,
        )
        for what, identifier in keys
    ]
    return items, Place("learner-erased", *keys[-1]) if more else None


_ERASED_PART = (
    "Its learner had their data erased where a part comes from. Ask whether they want the same here,"
    " and erase them if so."
)
_ERASED_BASIS = (
    "The learner it is about had their data erased where the credential comes from. Erase them here too, or withdraw"
    " it."
)


def at_fault(stacks: Stacks, key: Key) -> list[AtFault]:
    """Return the first 20 parts, however deep, that impair a credential, each with its status."""
    return [AtFault(*part, stacks.status(part) or "voided") for part in stacks.faults(key)[:MAX_FAULTS]]


def _todo(because: Sequence[AtFault]) -> str:
    parts = "; ".join(f"{part.member}/{part.credential} {_WORDS[part.what]}" for part in because)
    return f"{parts}. Issue one that replaces it (`replaces`) on parts that hold, or revoke it."


def _titles(connection: Connection, member: str, ids: Sequence[str]) -> dict[str, tuple[str | None, Any]]:
    rows = connection.execute(
        "SELECT c.credential::text, c.achievement::text, v.title FROM credentials c"
        " JOIN achievement_versions v USING (member, achievement, version)"
        " WHERE c.member = %s AND c.credential = ANY (%s::uuid[])",
        (member, list(ids)),
    )
    return {credential: (achievement, title) for credential, achievement, title in rows}


_STACKS: Final = """
SELECT credential::text FROM credentials
WHERE member = %(member)s AND has_parts AND credential > %(after)s::uuid AND status IN ('active', 'suspended')
ORDER BY credential LIMIT %(limit)s
"""
