"""Own events that had no effect for this member's role or standing: published again when the issuer says so.

A refused event has no effect, so a new event with an id of its own may carry the same data about the same credential,
achievement or decision. So a row still leads to its credential, a course code to its achievement, a letter to its
decision.

The reason of the refusal decides about the repair:

- standing or role (`member-suspended`, `role-missing`): publish it again;
- an earlier event was refused (for example `unknown-credential` after a refused issuing): publish it again, after that;
- the learner has been erased since: close it, never publish it again;
- this node did not write the event, or any other reason: by hand. The rule would refuse it again.
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
        "unknown-key", "wrong-version", "illegal-transition",
    }
)  # fmt: skip


class Repair(msgspec.Struct, frozen=True):
    """The repair of one refused event."""

    refused: RefusedEvent
    how: Literal["publish-again", "close", "by-hand"]
    why: str


def plan(registry: Registry, refused: Sequence[RefusedEvent]) -> list[Repair]:
    """Return the repair of each refused event, in the order of the log."""
    repairs: list[Repair] = []
    repeated: set[str] = set()
    for event in sorted(refused, key=lambda each: each.leaf):
        learner = next((name for name in event.names if registry.erasures.is_erased(name)), None)
        if learner is not None:
            repairs.append(Repair(event, "close", "its learner was erased since: it is not published again"))
        elif _original(registry, event.event) is None:
            repairs.append(Repair(event, "by-hand", f"{event.code}: {event.detail}; this node did not write it"))
        elif event.code in FOR_STANDING or (event.code in _CONSEQUENCES and repeated & {event.subject, *event.names}):
            why = event.detail if event.code in FOR_STANDING else "it builds on one that is published again"
            repairs.append(Repair(event, "publish-again", why))
            repeated.add(event.subject)
        else:
            repairs.append(Repair(event, "by-hand", f"{event.code}: {event.detail}; the rule would refuse it again"))
    return repairs


def publish_again(registry: Registry, repairs: Sequence[Repair]) -> int:
    """Store the events that are to be published again, and note all repairs but those by hand; return their number.

    Raises `NotAccepted` if consumers would still refuse one, `Duplicate` if another process does the same now.
    """
    refused = [repair.refused for repair in repairs if repair.how == "publish-again"]
    registry.checker.check_accepted({event.type for event in refused})
    stored = _repeat(registry, refused)
    with registry.transaction() as transaction:
        transaction.add(_RepairRows([repair for repair in repairs if repair.how != "by-hand"]))
        transaction.save_checked(stored)
        transaction.conflict = Duplicate("somebody else is publishing these again just now; look again")
        transaction.commit()
    return len(stored)


def close(registry: Registry, refused: Sequence[RefusedEvent]) -> None:
    """Note that refused events were repaired by hand."""
    registry.store_rows(_RepairRows([Repair(event, "close", "by hand") for event in refused]))


def _repeat(registry: Registry, refused: Sequence[RefusedEvent]) -> list[StoredEvent]:
    """Return new stored events of the same aggregates, with the data of the refused ones."""
    aggregates: dict[UUID, MemberAggregate] = {}
    stored: list[StoredEvent] = []
    for event in refused:
        original = _original(registry, event.event)
        assert original is not None  # noqa: S101 - `plan` leaves others to people
        identifier = UUID(str(original.originator_id))
        aggregate = aggregates.get(identifier)
        if aggregate is None:
            aggregate = aggregates[identifier] = registry.store.repository.get(identifier)
        topic = original.topic if original.topic.endswith(AGAIN) else original.topic + AGAIN
        content: Any = registry.mapper.to_domain_event(original)
        aggregate.change(EVENTS[topic], content.data)  # type: ignore[arg-type] # every twin is a later event
        stored += registry.collect_events([aggregate])
    return stored


def _original(registry: Registry, event: str) -> StoredEvent | None:
    """Return the stored event that was published as the refused one; None if this node stored none with that id."""
    originator, _, version = event.rpartition("-")
    try:
        number, identifier = int(version), UUID(originator)
    except ValueError:
        return None
    if not 0 < number < _MAX_VERSION:
        return None
    events = registry.recorder.select_events(identifier, gt=number - 1, lte=number)
    if not events:
        return None
    return StoredEvent(events[0].originator_id, events[0].originator_version, events[0].topic, events[0].state)


class _RepairRows:
    """Rows about repairs, stored in one transaction with the events that they publish."""

    def __init__(self, repairs: Sequence[Repair]) -> None:
        self._repairs = repairs

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Insert the rows."""
        if self._repairs:
            cursor.executemany(
                "INSERT INTO publisher.dealt_with (leaf, what, subject, at) VALUES (%s, %s, %s, %s)",
                [
                    (
                        repair.refused.leaf,
                        "published-again" if repair.how == "publish-again" else "closed",
                        repair.refused.subject,
                        datetime.now(UTC),
                    )
                    for repair in self._repairs
                ],
            )
