"""Webhooks on this node: the feed behind their port, and the dispatcher with the node's settings."""

import ssl
from collections.abc import Sequence

import msgspec

from projections.core import views
from projections.feed import feed
from registry.node.node import Node
from registry.settings.settings import SettingsError
from registry.webhooks import AddressPolicy, Dispatcher, Message


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


def addresses(node: Node) -> AddressPolicy:
    """Return which addresses this node may post to."""
    return AddressPolicy(node.settings.webhook_http_localhost, node.settings.webhook_networks)


def dispatcher(node: Node) -> Dispatcher:
    """Return the dispatcher that posts this node's feed. Raises `SettingsError`."""
    settings, dsn = node.settings, node.dsn()
    tls = ssl.create_default_context()
    if settings.webhook_ca_file is not None:
        file = settings.home / settings.webhook_ca_file
        try:
            tls.load_verify_locations(file)
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(f"webhook_ca_file: cannot use {file}: {error}") from error
    return Dispatcher(
        dsn,
        node.registry.vault,
        lambda: FeedSource(dsn, settings.member, settings.origin),
        channel=feed.CHANNEL,
        addresses=addresses(node),
        tls=tls,
    )
