"""Own events that the log refused for this member's role or standing: published again at the issuer's word.

A refused event leaves no trace on the log, so that what it was about may be said again: the same data, about the same
credential, achievement or decision, in a new event with an id of its own. So a row still leads to its credential, a
course code to its achievement, a letter to its decision.

What to repeat is decided by what was refused and why:

- refused for standing or role (`member-suspended`, `role-missing`): again;
- refused because an earlier one was (`unknown-credential` after a refused issuing, say): again, behind it;
- about a learner who was erased since: never again; it is closed;
- an event that this node did not write, and anything else: by hand. The rule would refuse it again.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.refusals import RefusedEvent
from registry.application.registry import Registry
from registry.domain.aggregate import MemberAggregate
from registry.domain.errors import Duplicate
from registry.store.recorder import StoredEvent
from registry.store.translation import AGAIN, EVENTS

FOR_STANDING: Final = frozenset({"member-suspended", "role-missing"})
_MAX_VERSION: Final = 2**31
"""Versions of aggregates are 32-bit numbers in the database."""
_CONSEQUENCES: Final = frozenset(
    {
        "unknown-achievement", "unknown-credential", "unknown-decision", "unknown-assessment", "unknown-agreement",
        "wrong-version", "illegal-transition",
    }
)  # fmt: skip


class Repair(msgspec.Struct, frozen=True):
    """What can be done about one refused event."""

    refused: RefusedEvent
    how: Literal["publish-again", "close", "by-hand"]
    why: str


def plan(registry: Registry, refused: Sequence[RefusedEvent]) -> list[Repair]:
    """What can be done about each refused event, in the order of the log."""
    found: list[Repair] = []
    repeated: set[str] = set()
    for one in sorted(refused, key=lambda each: each.leaf):
        learner = next((name for name in one.names if registry.erasures.is_erased(name)), None)
        if learner is not None:
            found.append(Repair(one, "close", "its learner was erased since: it is not said again"))
        elif _original(registry, one.event) is None:
            found.append(Repair(one, "by-hand", f"{one.code}: {one.detail}; this node did not write it"))
        elif one.code in FOR_STANDING or (one.code in _CONSEQUENCES and repeated & {one.subject, *one.names}):
            why = one.detail if one.code in FOR_STANDING else "it builds on one that is published again"
            found.append(Repair(one, "publish-again", why))
            repeated.add(one.subject)
        else:
            found.append(Repair(one, "by-hand", f"{one.code}: {one.detail}; the rule would refuse it again"))
    return found


def publish_again(registry: Registry, repairs: Sequence[Repair]) -> int:
    """Store again what is to be published again, and note what was done; return how many events.

    Raises `NotAccepted` where consumers would still refuse one of them, `Duplicate` where another process is at it.
    """
    again = [repair.refused for repair in repairs if repair.how == "publish-again"]
    registry.checker.check_accepted({one.type for one in again})
    stored = _stored_again(registry, again)
    with registry.transaction() as transaction:
        transaction.add(_DealtWith([repair for repair in repairs if repair.how != "by-hand"]))
        transaction.save_checked(stored)
        transaction.conflict = Duplicate("somebody else is publishing these again just now; look again")
        transaction.commit()
    return len(stored)


def close(registry: Registry, refused: Sequence[RefusedEvent]) -> None:
    """Note that refused events were dealt with by hand."""
    registry.store_rows(_DealtWith([Repair(one, "close", "by hand") for one in refused]))


def _stored_again(registry: Registry, refused: Sequence[RefusedEvent]) -> list[StoredEvent]:
    originals = {one.event: _original(registry, one.event) for one in refused}
    things: dict[UUID, MemberAggregate] = {}
    stored: list[StoredEvent] = []
    for one in refused:
        event = originals[one.event]
        assert event is not None  # noqa: S101 - `plan` leaves others to people
        originator = UUID(str(event.originator_id))
        thing = things.get(originator)
        if thing is None:
            thing = things[originator] = registry.store.repository.get(originator)
        topic = event.topic if event.topic.endswith(AGAIN) else event.topic + AGAIN
        said: Any = registry.mapper.to_domain_event(event)
        thing.change(EVENTS[topic], said.data)  # type: ignore[arg-type] # every twin is a later event
        stored += registry.collect_events([thing])
    return stored


def _original(registry: Registry, event: str) -> StoredEvent | None:
    """The stored event that a refused one was made from; None where this node stored none with that id."""
    originator, _, version = event.rpartition("-")
    try:
        number, identifier = int(version), UUID(originator)
    except ValueError:
        return None
    if not 0 < number < _MAX_VERSION:
        return None
    found = registry.recorder.select_events(identifier, gt=number - 1, lte=number)
    if not found:
        return None
    return StoredEvent(found[0].originator_id, found[0].originator_version, found[0].topic, found[0].state)


class _DealtWith:
    """What was done about refused events, kept with it."""

    def __init__(self, repairs: Sequence[Repair]) -> None:
        self._repairs = repairs

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write it."""
        if self._repairs:
            cursor.executemany(
                "INSERT INTO publisher.dealt_with (leaf, what, subject, at) VALUES (%s, %s, %s, %s)",
                [
                    (
                        one.refused.leaf,
                        "published-again" if one.how == "publish-again" else "closed",
                        one.refused.subject,
                        datetime.now(UTC),
                    )
                    for one in self._repairs
                ],
            )
