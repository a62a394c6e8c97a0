"""Translation of stored events to published events.

A stored event's `data` is published byte for byte, so a translation only puts an envelope around it. The same stored
event always has the same bytes.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from eventsourcing.utils import register_topic

from registry.domain.achievement import Achievement, Joining
from registry.domain.aggregate import Changed, Created, MemberAggregate, Repeated
from registry.domain.case import Case
from registry.domain.credential import Credential
from registry.domain.issuing_key import IssuingKey
from registry.domain.learner import Erasure
from registry.domain.recognition import Agreement, Assessment, Decision
from registry.domain.sealing import Sealing

AGGREGATES: Final[tuple[type[MemberAggregate], ...]] = (
    Achievement,
    Joining,
    Credential,
    Decision,
    Assessment,
    Agreement,
    Sealing,
    Case,
    Erasure,
    IssuingKey,
)

EVENTS: Final[dict[str, type[Created | Changed]]] = {
    event.TOPIC: event
    for aggregate in AGGREGATES
    for event in vars(aggregate).values()
    if isinstance(event, type) and issubclass(event, Created | Changed)
}
"""Every kind of stored event, by its topic."""

AGAIN: Final = ".again"
"""The end of a repeated event's topic."""


def _make_repeated(event: type[Created | Changed]) -> type[Repeated]:
    values = {"TOPIC": event.TOPIC + AGAIN, "PUBLISHED": event.PUBLISHED, "DATA": event.DATA}
    twin = type(f"{event.__name__}Again", (Repeated,), {**values, "__module__": event.__module__})
    register_topic(event.TOPIC + AGAIN, twin)  # the library does it only for events in an aggregate's class
    return twin


EVENTS.update({event.TOPIC: event for event in [_make_repeated(e) for e in EVENTS.values() if e.PUBLISHED is not None]})
PUBLISHED: Final = frozenset(topic for topic, event in EVENTS.items() if event.PUBLISHED is not None)
"""The topics of stored events that are published; others, for example those of cases, stay private."""

_ABOUT_LEARNERS: Final = ("credential.", "learner.", "recognition.decided.", "recognition.withdrawn.")
"""Events whose time is cut to the day: the exact time would show who was present."""

_TIMESTAMP: Final = re.compile(rb'\{"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z","data":')
_SIZE: Final = re.compile(rb'"size":(\d+)')
_LEARNER: Final = re.compile(rb'"learner":"([^"\\]+)"')
_ACHIEVEMENT: Final = re.compile(rb'"achievement":"([^"\\]+)"')
_KEY: Final = re.compile(rb'"key":"([^"\\]+)"')
_SUBJECTS: Final = {
    b"status.sealed.v1": _SIZE,
    b"learner.erased.v1": _LEARNER,
    b"issuing.key.announced.v1": _KEY,
    b"issuing.key.ended.v1": _KEY,
}
_NAMED_IN_DATA: Final = ("registry.joining.", "registry.sealing.", "registry.erasure.", "registry.issuing-key.")
"""Beginnings of the topics whose subject is not the aggregate's id."""


class _Timed(msgspec.Struct):
    timestamp: datetime


def read_stored_time(state: bytes) -> datetime:
    """Return when an event was stored, from its stored state."""
    return msgspec.json.decode(state, type=_Timed).timestamp


class EventRow(NamedTuple):
    """A stored event as a row of the recorder's table."""

    originator_id: str
    originator_version: int
    topic: str
    state: bytes


class Translator:
    """Translates the events of one origin."""

    def __init__(self, origin: str) -> None:
        self._source = origin.encode()
        self._types: dict[str, tuple[bytes, bool, bool] | None] = {
            topic: None
            if event.PUBLISHED is None
            else (
                event.PUBLISHED.encode(),
                event.PUBLISHED.startswith(_ABOUT_LEARNERS),
                topic.startswith(_NAMED_IN_DATA),
            )
            for topic, event in EVENTS.items()
        }

    @property
    def published(self) -> frozenset[str]:
        """The topics of stored events that are published."""
        return PUBLISHED

    def list_types(self, topics: Iterable[str]) -> frozenset[str]:
        """Return the types of event as which stored events with these topics are published."""
        types = (self._types[topic] for topic in topics)
        return frozenset(published[0].decode() for published in types if published is not None)

    def write_line(self, stored: EventRow) -> bytes | None:
        """Return the event's line on the log, without LF; None if it is not published.

        Raises `KeyError` for a topic that this version of the project does not know.
        """
        entry = self._types[stored.topic]
        if entry is None:
            return None
        published, about_learner, named_in_data = entry
        state = stored.state
        head = _TIMESTAMP.match(state)
        if head is None:
            raise ValueError(f"stored event {stored.originator_id}-{stored.originator_version} has no timestamp")
        data = state[head.end() : -1]
        when = head[1][:10] + b"T00:00:00Z" if about_learner else head[1] + b"Z"
        originator = stored.originator_id.encode()
        subject = _find_subject(published, data) if named_in_data else originator
        return b'{"specversion":"1.0","id":"%b-%d","source":"%b","type":"%b","subject":"%b","time":"%b","data":%b}' % (
            originator,
            stored.originator_version,
            self._source,
            published,
            subject,
            when,
            data,
        )


def _find_subject(published: bytes, data: bytes) -> bytes:
    """Return a subject that is not the aggregate's id: another member's achievement, a learner, a size, or a key."""
    match = _SUBJECTS.get(published, _ACHIEVEMENT).search(data)
    if match is None:
        raise ValueError(f"{published.decode()} does not name what it is about")
    return match[1]
