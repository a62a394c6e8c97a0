"""The topics of the log and the access lists as a cluster has them, and the changes that can be made to them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, NoError, SecurityDisabledError, TopicAlreadyExistsError

from registry.log.kafka_topics import stream_of

CLUSTER: Final = "kafka-cluster"


class Right(msgspec.Struct, frozen=True, order=True):
    """One entry of an access list. Words are Kafka's, in capitals."""

    principal: str
    operation: str
    resource: str
    """The topic's name, or its beginning if `pattern` is PREFIXED; `kafka-cluster` of the cluster."""
    pattern: str = "LITERAL"
    kind: str = "TOPIC"
    host: str = "*"
    permission: str = "ALLOW"

    def from_anywhere(self) -> "Right":
        """Return the same right, from every host."""
        return msgspec.structs.replace(self, host="*")

    def __str__(self) -> str:
        what = f"{self.kind.lower()} {self.resource}{'*' if self.pattern == 'PREFIXED' else ''}"
        where = "" if self.host == "*" else f" from {self.host}"
        return f"{self.principal}: {self.permission} {self.operation} on {what}{where}"


class TopicState(NamedTuple):
    """One topic as the cluster has it."""

    partitions: int
    copies: int
    """The smallest number of copies of a partition."""
    begins: int
    """The first offset that still exists in partition 0."""
    settings: Mapping[str, str]


class ClusterState(NamedTuple):
    """What a cluster has of the log's topics and rights."""

    brokers: int
    topics: Mapping[str, TopicState]
    """The log's topics, by name."""
    rights: frozenset[Right] | None
    """All entries about topics and the cluster; None without an authorizer: then everybody may do everything."""
    broker_settings: Mapping[str, str]


def read_cluster(admin: KafkaAdminClient) -> ClusterState:
    """Read topics, settings and access lists. Raises the client's errors."""
    brokers = admin.describe_cluster()["brokers"]
    names = sorted(name for name in admin.list_topics() if stream_of(name) is not None)
    topics = {each["name"]: each for each in admin.describe_topics(names)} if names else {}
    settings = _read_settings(admin, "topic", names)
    begins = (
        admin.list_partition_offsets({TopicPartition(name, 0): OffsetSpec.EARLIEST for name in names}) if names else {}
    )
    broker = str(brokers[0]["broker_id"])
    return ClusterState(
        len(brokers),
        {
            name: TopicState(
                len(topic["partitions"]),
                min(len(partition["replica_nodes"]) for partition in topic["partitions"]),
                int(begins[TopicPartition(name, 0)].offset),
                settings[name],
            )
            for name, topic in topics.items()
        },
        _read_rights(admin),
        _read_settings(admin, "broker", [broker])[broker],
    )


def _read_settings(admin: KafkaAdminClient, kind: str, names: Iterable[str]) -> dict[str, dict[str, str]]:
    resources = [ConfigResource(kind, name) for name in names]
    if not resources:
        return {}
    described = admin.describe_configs(resources, config_filter="all")[kind]
    return {
        name: {key: str(value["value"]) for key, value in entries.items() if value["value"] is not None}
        for name, entries in described.items()
    }


def _read_rights(admin: KafkaAdminClient) -> frozenset[Right] | None:
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    try:
        entries, error = admin.describe_acls(ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ANY, everything))
    except SecurityDisabledError:
        return None
    if error is SecurityDisabledError:
        return None
    if error is not NoError:
        raise error
    kinds = (ResourceType.TOPIC, ResourceType.CLUSTER)
    return frozenset(
        Right(
            entry.principal,
            entry.operation.name,
            entry.resource_pattern.resource_name,
            entry.resource_pattern.pattern_type.name,
            entry.resource_pattern.resource_type.name,
            entry.host,
            entry.permission_type.name,
        )
        for entry in entries
        if entry.resource_pattern.resource_type in kinds
    )


def create_topic(admin: KafkaAdminClient, name: str, copies: int, settings: Mapping[str, str]) -> None:
    """Make a topic of one partition; one that another process made just now is left as it is."""
    topic = NewTopic(name, num_partitions=1, replication_factor=copies, topic_configs=dict(settings))
    try:
        admin.create_topics([topic], wait_for_metadata=True)
    except TopicAlreadyExistsError:
        return


def change_setting(admin: KafkaAdminClient, topic: str, name: str, value: str) -> None:
    """Set one setting of a topic, and leave the others. Raises the client's errors."""
    _raise_error(admin.alter_configs([ConfigResource("topic", topic, {name: value})], incremental=True)["topic"][topic])


def add_right(admin: KafkaAdminClient, right: Right) -> None:
    """Add an entry to an access list. Raises the client's errors."""
    failed = admin.create_acls([ACL(**_fields_of(right), resource_pattern=ResourcePattern(*_pattern_of(right)))])[
        "failed"
    ]
    for failure in failed:
        _raise_error(failure)


def remove_right(admin: KafkaAdminClient, right: Right) -> None:
    """Remove exactly this entry of an access list. Raises the client's errors."""
    chosen = ACLFilter(**_fields_of(right), resource_pattern=ResourcePatternFilter(*_pattern_of(right)))
    for _, _, error in admin.delete_acls([chosen]):
        _raise_error(error)


def _fields_of(right: Right) -> dict[str, Any]:
    return {
        "principal": right.principal,
        "host": right.host,
        "operation": ACLOperation[right.operation],
        "permission_type": ACLPermissionType[right.permission],
    }


def _pattern_of(right: Right) -> tuple[ResourceType, str, ACLResourcePatternType]:
    return ResourceType[right.kind], right.resource, ACLResourcePatternType[right.pattern]


def _raise_error(result: Any) -> None:  # noqa: ANN401 - the client has no types
    """Raise the error in an answer of the client, which gives classes, instances, or words for success."""
    if result is NoError or isinstance(result, NoError):
        return
    if isinstance(result, KafkaError) or (isinstance(result, type) and issubclass(result, KafkaError)):
        raise result
