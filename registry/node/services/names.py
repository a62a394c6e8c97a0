"""The services of a node, by the names that its commands know."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from registry.log import GOVERNANCE
from registry.settings.settings import Settings, SettingsError


class Service(StrEnum):
    """Work that a node does without being asked. A process does all of it, or a part of it."""

    PUBLISHER = "publisher"
    """Signs what is stored, and appends it to the log."""
    PROJECTOR = "projector"
    """Keeps the views up to date with the log."""
    WEBHOOKS = "webhooks"
    """Posts the feed to the university's own systems."""
    INTAKE = "intake"
    """Takes in events from the university's own Kafka."""
    STATUS_LISTS = "status-lists"
    """Signs the status lists of credentials."""
    MAINTENANCE = "maintenance"
    """Seals, signs digests, builds tiles, asks witnesses, and enforces retention."""
    BATCHES = "batches"
    """Works through what arrived over HTTP as a batch."""


ALL: Final = tuple(Service)
WITHOUT_HTTP: Final = tuple(service for service in Service if service is not Service.BATCHES)
"""The services of a process that does not answer over HTTP: no batch arrives there."""


def choose_services(
    settings: Settings, names: Collection[Service], default: Collection[Service]
) -> tuple[Service, ...]:
    """Return the services that a process runs, in their order: those that were named, else the default.

    The intake without a Kafka, and status lists without a public address, have nothing to do and are left out. Raises
    `SettingsError` for one that was named and that this node cannot run: for the intake, and where only status lists
    were named (unit files and charts name them for every node). The consortium's own node publishes by ceremony, and
    only its projector runs.
    """
    is_governance = settings.member == GOVERNANCE
    if is_governance and (others := sorted(set(names) - {Service.PROJECTOR})):
        raise SettingsError(f"the consortium's own node runs the projector only, not {', '.join(others)}")
    if Service.INTAKE in names and settings.intake_kafka is None:
        raise SettingsError("intake: this node has no Kafka of its own; set intake_kafka, or leave the service out")
    chosen = set(names) or set(default)
    if is_governance:
        chosen &= {Service.PROJECTOR}
    if settings.intake_kafka is None:
        chosen.discard(Service.INTAKE)
    if settings.public_url is None:
        chosen.discard(Service.STATUS_LISTS)
    if not chosen:
        raise SettingsError("status-lists: this node has no public address; set public_url, or leave the service out")
    return tuple(service for service in Service if service in chosen)


def watches_health(settings: Settings, services: Collection[Service]) -> bool:
    """Return whether the process that runs these services logs the node's faults: the others leave that to it."""
    return Service.PUBLISHER in services or settings.member == GOVERNANCE
