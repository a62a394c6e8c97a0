"""Webhooks: this university's feed, posted to its own systems. README.md has the guarantees.

`Endpoints` has the addresses, `Deliveries` the waiting messages, `Dispatcher` posts them; the feed is a port, `Source`.
"""

from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.deliveries import DeadDelivery, Deliveries, Schedule
from registry.webhooks.dispatcher import Dispatcher, Round
from registry.webhooks.endpoints import Endpoint, Endpoints
from registry.webhooks.errors import (
    AddressRefused,
    NoSuchNotice,
    PostedAlready,
    UnknownEndpoint,
    UnusableAddress,
    WebhookError,
)
from registry.webhooks.sending import Sender
from registry.webhooks.source import Message, Source

__all__ = [
    "AddressPolicy",
    "AddressRefused",
    "DeadDelivery",
    "Deliveries",
    "Dispatcher",
    "Endpoint",
    "Endpoints",
    "Message",
    "NoSuchNotice",
    "PostedAlready",
    "Round",
    "Schedule",
    "Sender",
    "Source",
    "UnknownEndpoint",
    "UnusableAddress",
    "WebhookError",
]
