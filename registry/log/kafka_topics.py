"""A stream's topic in Kafka: its name, and the settings that make it keep every record."""

import contextlib
from typing import Final

import structlog
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, NewTopic
from kafka.errors import TopicAlreadyExistsError

from registry.log import STREAM_NAME

_log = structlog.get_logger(__name__)
_PREFIX: Final = "registry."
_SETTINGS: Final = {
    "retention.ms": "-1",
    "retention.bytes": "-1",
    "cleanup.policy": "delete",
    "compression.type": "producer",
    "unclean.leader.election.enable": "false",
    "max.message.bytes": str(1024 * 1024),  # MAX_APPEND with room for Kafka's own
}
REPLICATION: Final = 3
"""Copies of a topic, where there are as many brokers."""


def topic_of(stream: str) -> str:
    """Return the topic of a stream."""
    return _PREFIX + stream


def build_settings(copies: int) -> dict[str, str]:
    """Return the settings that a topic with this number of copies should have."""
    return _SETTINGS | {"min.insync.replicas": str(max(1, copies - 1))}


def stream_of(topic: str) -> str | None:
    """Return the stream whose topic this is; None for another topic."""
    name = topic.removeprefix(_PREFIX)
    return name if topic.startswith(_PREFIX) and STREAM_NAME.fullmatch(name) else None


def warn_of_limits(admin: KafkaAdminClient, stream: str) -> None:
    """Warn where a stream's topic deletes records: a log whose beginning is gone cannot be verified."""
    topic = topic_of(stream)
    settings = admin.describe_configs([ConfigResource("topic", topic)], config_filter="all")["topic"][topic]
    keeping = {name: _SETTINGS[name] for name in ("retention.ms", "retention.bytes", "cleanup.policy")}
    deletes = {name: value for name, keeps in keeping.items() if (value := settings[name]["value"]) != keeps}
    if deletes:
        _log.warning("log.topic_deletes_records", topic=topic, **deletes)


def make_topic(admin: KafkaAdminClient, stream: str) -> None:
    """Make a stream's topic unless it exists: replicated three times where there are three brokers."""
    if topic_of(stream) in admin.list_topics():
        return
    copies = min(REPLICATION, len(admin.describe_cluster()["brokers"]))
    topic = NewTopic(
        topic_of(stream), num_partitions=1, replication_factor=copies, topic_configs=build_settings(copies)
    )
    with contextlib.suppress(TopicAlreadyExistsError):  # another process made it just now
        admin.create_topics([topic], wait_for_metadata=True)
