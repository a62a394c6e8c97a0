"""Webhooks on this node: the feed behind their port, and the dispatcher with the node's settings."""

import contextlib
import ssl
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import psycopg

from projections.core import views
from projections.feed import feed
from registry.log import GOVERNANCE
from registry.node.node import Node
from registry.settings.settings import SettingsError
from registry.webhooks import AddressPolicy, Deliveries, Dispatcher, Endpoints, Message, Schedule


class FeedSource:
    """`Source` of webhooks on the views' feed."""

    def __init__(self, dsn: str, member: str, origin: str) -> None:
        self._connection = views.connect(dsn)
        self._member = member
        self._origin = origin

    def after(self, number: int, limit: int) -> Sequence[Message]:
        """Return messages after a number."""
        return [self._message(notice) for notice in feed.read(self._connection, self._member, number, limit)]

    def find(self, number: int) -> Message | None:
        """Return the message with a number; None where there is none."""
        notice = feed.find(self._connection, self._member, number)
        return None if notice is None else self._message(notice)

    def newest(self) -> int:
        """Return the newest number."""
        return feed.newest(self._connection, self._member)

    def close(self) -> None:
        """Close the connection to the views."""
        self._connection.close()

    def _message(self, notice: feed.Notice) -> Message:
        event = feed.cloud_event(notice, self._origin)
        return Message(notice.id, f"{self._member}-{notice.id}", event.type, msgspec.json.encode(event))


class Webhooks(NamedTuple):
    """The webhooks of a node: their endpoints, their deliveries, and the feed that they post."""

    endpoints: Endpoints
    deliveries: Deliveries
    source: FeedSource


@contextlib.contextmanager
def open_webhooks(node: Node) -> Iterator[Webhooks]:
    """Open the webhooks of a member's node, and close them at the end. Raises `SettingsError` for governance."""
    if node.settings.member == GOVERNANCE:
        raise SettingsError("governance issues nothing: it has no feed and no webhooks")
    node.views()
    vault = node.registry.vault
    source = FeedSource(node.dsn(), node.settings.member, node.settings.origin)
    with contextlib.closing(source), psycopg.connect(node.dsn(), autocommit=True) as connection:
        yield Webhooks(Endpoints(connection, vault, addresses(node)), Deliveries(connection, Schedule()), source)


def addresses(node: Node) -> AddressPolicy:
    """Return which addresses this node may post to."""
    return AddressPolicy(node.settings.webhook_http_localhost, node.settings.webhook_networks)


def trusted_authorities(node: Node) -> ssl.SSLContext:
    """Return the authorities whose certificates of hosts this node trusts. Raises `SettingsError`."""
    settings = node.settings
    tls = ssl.create_default_context()
    if settings.webhook_ca_file is not None:
        file = settings.home / settings.webhook_ca_file
        try:
            tls.load_verify_locations(file)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"webhook_ca_file: cannot use {file}: {error}") from error
    return tls


def dispatcher(node: Node) -> Dispatcher:
    """Return the dispatcher that posts this node's feed. Raises `SettingsError`."""
    settings, dsn = node.settings, node.dsn()
    return Dispatcher(
        dsn,
        node.registry.vault,
        lambda: FeedSource(dsn, settings.member, settings.origin),
        channel=feed.CHANNEL,
        addresses=addresses(node),
        tls=trusted_authorities(node),
    )
