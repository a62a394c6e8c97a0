"""What all aggregates share: their events carry the data that will be published, as the wire has it.

A topic is an event's stable name in the store: it never changes, whatever modules are renamed. An event that
is not published has no `PUBLISHED` type.
"""

from typing import Any, ClassVar
from uuid import UUID, uuid4

from eventsourcing.domain import AggregateCreated, AggregateEvent, BaseAggregate


class Created(AggregateCreated):
    """The first event of an aggregate, with the published data."""

    TOPIC: ClassVar[str]
    PUBLISHED: ClassVar[str | None] = None
    DATA: ClassVar[type[Any]]
    data: Any


class Changed(AggregateEvent):
    """A later event."""

    TOPIC: ClassVar[str]
    PUBLISHED: ClassVar[str | None] = None
    DATA: ClassVar[type[Any]]
    data: Any

    def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - each aggregate's own
        """Let the event take effect."""
        aggregate.on(self.data)


class Repeated(Changed):
    """What an aggregate said before and the log refused, said again: an event with an id of its own.

    It changes nothing here: the first one did. On the log the first one left no trace, and this one takes effect.
    """

    def apply(self, aggregate: Any) -> None:  # noqa: ANN401 - any aggregate
        """Leave the aggregate as it is."""


class Thing(BaseAggregate[UUID]):
    """An aggregate of a member: `on` lets a change take effect, the constructor the first event.

    It stands on the library's base and not on its `Aggregate`, whose ready-made `Created` event would have no
    topic of its own.
    """

    class Event(AggregateEvent):
        """The base that the library asks for; every event has a class of its own."""

    @staticmethod
    def create_id(*_: Any, **__: Any) -> UUID:  # noqa: ANN401 - the library's signature
        """Ids come with the data."""
        return uuid4()

    def on(self, data: Any) -> None:  # noqa: ANN401 - each aggregate's own events
        """Let an event's data take effect on the state."""
        raise TypeError(f"{type(self).__name__} takes no {type(data).__name__}")

    def change(self, kind: type[Changed], data: Any) -> None:  # noqa: ANN401 - as above
        """Record a change that the rules have allowed."""
        self.trigger_event(kind, data=data)


def uuid_of(text: str) -> UUID:
    """The id of the aggregate that a thing's id names."""
    return UUID(text)
