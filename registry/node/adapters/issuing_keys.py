"""The keys that members announced, from the views: the adapter of `registry.verification.issuing_keys`."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

from psycopg import Connection

from projections.issuing_keys import issuing_keys as view
from registry.verification.issuing_keys import AnnouncedKey


class ViewsIssuingKeys:
    """Answers from the views, each time as they are at that moment."""

    def __init__(self, views: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`views` opens a connection to the views for one answer."""
        self._views = views

    def find(self, thumbprint: str) -> list[AnnouncedKey]:
        """Return a key as each member that announced it did."""
        with self._views() as connection:
            return [_read_key(key) for key in view.find(connection, thumbprint)]

    def of_member(self, member: str) -> list[AnnouncedKey]:
        """Return a member's keys, the first announced first."""
        with self._views() as connection:
            return [_read_key(key) for key in view.list_of_member(connection, member)]


def _read_key(key: view.IssuingKey) -> AnnouncedKey:
    return AnnouncedKey(
        member=key.member,
        thumbprint=key.key,
        jwk=key.jwk,
        profiles=key.profiles,
        x5c=key.x5c,
        leaf=key.leaf,
        announced=_time(key.announced),
        ended=key.ended,
        ended_at=None if key.ended_at is None else _time(key.ended_at),
        reason=key.reason,
    )


def _time(text: str) -> datetime:
    """Return an event's time, whose fraction of a second may have any number of digits."""
    return datetime.fromisoformat(f"{text[:19]}+00:00")
