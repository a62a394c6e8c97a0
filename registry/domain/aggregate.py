"""The base of all aggregates. Their events carry the data that is published, in its wire format.

A topic is an event's stable name in the store, and stays when a module is renamed. An event without a `PUBLISHED` type
is not published.
"""

from typing import Any, ClassVar
from uuid import UUID, uuid4

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate


class Created(AggregateCreated):
    """The first event of an aggregate."""

    TOPIC: ClassVar[str]
    PUBLISHED: ClassVar[str | None] = None
    DATA: ClassVar[type[Any]]
    data: Any


class Changed(AggregateEvent):
    """A later event of an aggregate."""

    TOPIC: ClassVar[str]
    PUBLISHED: ClassVar[str | None] = None
    DATA: ClassVar[type[Any]]
    data: Any

    def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - each aggregate's own
        """Apply the event to the aggregate."""
        aggregate.on(self.data)


class Repeated(Changed):
    """An event that repeats one which the log refused, with an id of its own.

    It changes nothing here, since the first one did. On the log only this one takes effect.
    """

    def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - any aggregate
        """Leave the aggregate as it is."""


class MemberAggregate(BaseAggregate[UUID]):
    """An aggregate of this member: the constructor applies its first event, `on` each later one.

    It extends the library's `BaseAggregate`, because the `Created` event of its `Aggregate` would have no topic of its
    own.
    """

    class Event(AggregateEvent):
        """The base class that the library requires; every event has a class of its own."""

    @staticmethod
    def create_id(*_: Any, **__: Any) -> UUID:  # noqa: ANN401 - the library's signature
        """Return an id; in fact every event's data has one."""
        return uuid4()

    def on(self, data: Any) -> None:  # noqa: ANN401 - each aggregate's own events
        """Apply an event's data to the state."""
        raise TypeError(f"{type(self).__name__} takes no {type(data).__name__}")

    def change(self, kind: type[Changed], data: Any) -> None:  # noqa: ANN401 - as above
        """Record an event that the rules allow."""
        self.trigger_event(kind, data=data)


def uuid_of(text: str) -> UUID:
    """Return the aggregate's id from an id on the wire."""
    return UUID(text)
