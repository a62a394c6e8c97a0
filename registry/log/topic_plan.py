"""Differences between a cluster's topics and access lists and what they should be. Pure: it asks no broker."""

from collections.abc import Collection, Iterator
from typing import Final, Literal

import msgspec

from registry.log.kafka_topics import REPLICATION, build_settings, topic_of
from registry.log.principals import Principals
from registry.log.topic_state import ClusterState, Right, TopicState

_PREFIX: Final = topic_of("")
_AT_LEAST: Final = ("max.message.bytes", "min.insync.replicas")
"""Settings of which more than what is planned is left as it is."""
_CONSEQUENCES: Final = {
    "retention.ms": "; Kafka deletes records by their age",
    "retention.bytes": "; Kafka deletes the oldest records",
    "cleanup.policy": "; Kafka may delete records in the middle",
    "min.insync.replicas": "; one broker's disk may hold the only copy of a record, or nobody can write",
    "unclean.leader.election.enable": "; a broker without the newest records may become the leader, and they are lost",
}
_CHANGING: Final = frozenset({"WRITE", "ALL", "CREATE", "DELETE", "ALTER", "ALTER_CONFIGS", "CLUSTER_ACTION"})
"""Operations that change the log, its topics or the cluster."""
_READING: Final = frozenset({"READ", "DESCRIBE", "DESCRIBE_CONFIGS"})

Remedy = Literal["apply", "remove", "manual"]


class Difference(msgspec.Struct, frozen=True):
    """One way in which a cluster is not as governance and the file of principals have it."""

    code: str
    """The kind of difference, such as `topic-missing`."""
    subject: str
    """The topic, or the principal."""
    sentence: str
    """A sentence about what is wrong and, where this program does not change it, what to do."""
    remedy: Remedy
    """`apply`: apply makes it right; `remove`: only with `--remove-rights`; `manual`: a person has to."""
    setting: str | None = None
    value: str | None = None
    """The setting of a topic, and the value that apply sets."""
    right: Right | None = None
    """The entry of an access list that apply adds or removes."""


def plan(
    state: ClusterState,
    streams: Collection[str],
    principals: Principals,
    departed: frozenset[str] = frozenset(),
    copies: int | None = None,
) -> list[Difference]:
    """Return all differences, in a stable order. `streams` are the members that governance ever admitted, and itself.

    `departed` are those of them that left: each keeps its topic, and may write, to revoke and to erase, for as long as
    the file names its principal. `copies` is how many copies an administrator wants of each topic, where the cluster
    never has more brokers: those that answer may be fewer than those that there are.
    """
    return [
        *_compare_topics(state, streams, copies),
        *_compare_broker(state),
        *_compare_rights(state, streams, departed, principals),
    ]


def _compare_topics(state: ClusterState, streams: Collection[str], copies: int | None) -> Iterator[Difference]:
    copies_due = copies or min(REPLICATION, state.brokers)
    expected = {topic_of(stream) for stream in streams}
    for topic in sorted(expected | state.topics.keys()):
        if topic not in expected:
            yield Difference(
                "topic-unknown", topic, f"{topic}: governance has admitted no such member; it is left alone", "manual"
            )
        elif topic not in state.topics:
            yield _judge_missing(topic, state.brokers, copies)
        else:
            yield from _compare_topic(topic, state.topics[topic], copies_due)


def _judge_missing(topic: str, brokers: int, copies: int | None) -> Difference:
    """Return the difference of a topic that does not exist: during an outage none is made with too few copies."""
    if brokers >= (copies or REPLICATION):
        return Difference("topic-missing", topic, f"{topic} does not exist", "apply")
    answer = "broker answers" if brokers == 1 else "brokers answer"
    return Difference(
        "topic-missing",
        topic,
        f"{topic} does not exist, and {brokers} {answer} where {copies or REPLICATION} copies are due. Start the"
        " others; where there are no others, `registry topics apply --copies N` makes it.",
        "manual",
    )


def _compare_topic(topic: str, actual: TopicState, copies: int) -> Iterator[Difference]:
    if actual.partitions != 1:
        yield Difference(
            "partitions",
            topic,
            f"{topic} has {actual.partitions} partitions, and its records are in one: Kafka cannot take partitions"
            " away. Archive the log, make the topic again, and restore it.",
            "manual",
        )
    if actual.copies < copies:
        yield Difference(
            "replication",
            topic,
            f"{topic} has {actual.copies} copies of {copies}. Reassign it with kafka-reassign-partitions.",
            "manual",
        )
    if actual.begins > 0:
        yield Difference(
            "beginning-gone",
            topic,
            f"{topic} begins at offset {actual.begins:,}: its oldest records were deleted, and nobody new can verify"
            " it. Its member's publisher puts them back at its next start; so does `registry log restore`.",
            "manual",
        )
    for name, value in build_settings(actual.copies).items():
        actual_value = actual.settings.get(name)
        if not _is_enough(name, actual_value, value, actual.copies):
            sentence = f"{topic}: {name} is {actual_value}, and should be {value}{_CONSEQUENCES.get(name, '')}"
            yield Difference("setting", topic, sentence, "apply", name, value)


def _is_enough(name: str, actual_value: str | None, value: str, copies: int) -> bool:
    if actual_value == value:
        return True
    if actual_value is None or name not in _AT_LEAST:
        return False
    return int(actual_value) >= int(value) and (name != "min.insync.replicas" or int(actual_value) <= copies)


def _compare_broker(state: ClusterState) -> Iterator[Difference]:
    settings = state.broker_settings
    if state.rights is None:
        yield Difference(
            "no-authorizer",
            "brokers",
            "The brokers have no authorizer: everybody who reaches them may write and delete every topic. Set"
            " authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer.",
            "manual",
        )
    if settings.get("allow.everyone.if.no.acl.found", "false").lower() == "true":
        yield Difference(
            "open-by-default",
            "brokers",
            "allow.everyone.if.no.acl.found is true: what no entry forbids is allowed. Set it to false.",
            "manual",
        )
    if settings.get("auto.create.topics.enable", "false").lower() == "true":
        yield Difference(
            "topics-by-themselves",
            "brokers",
            "auto.create.topics.enable is true: a topic can come into being with settings that delete records. Set it"
            " to false.",
            "manual",
        )


def _compare_rights(
    state: ClusterState, streams: Collection[str], departed: frozenset[str], principals: Principals
) -> Iterator[Difference]:
    for stream in sorted(set(streams) - departed - principals.members.keys()):
        yield Difference(
            "no-principal",
            topic_of(stream),
            f"{topic_of(stream)}: the file of principals names nobody who may write it. Add {stream} to [members].",
            "manual",
        )
    if state.rights is None:
        return
    planned = build_rights(principals)
    for right in sorted(planned - state.rights):
        narrower = [each for each in state.rights if each.permission == "ALLOW" and each.from_anywhere() == right]
        only = f"; there is only {narrower[0]}" if narrower else ""
        yield Difference("right-missing", right.principal, f"missing: {right}{only}", "apply", right=right)
    for right in sorted(state.rights - planned):
        if right.principal in principals.administrators or not _concerns_log(right):
            continue
        if right.permission == "DENY":
            yield Difference("right-denied", right.principal, f"too narrow: {right}", "remove", right=right)
        elif not _is_harmless(right, planned):
            yield Difference("right-too-wide", right.principal, f"too wide: {right}", "remove", right=right)


def build_rights(principals: Principals) -> frozenset[Right]:
    """Return the entries that access lists should have: each member writes its topic, and all read all."""
    writes = {Right(name, "WRITE", topic_of(member)) for member, names in principals.members.items() for name in names}
    reading = {name for names in principals.members.values() for name in names} | set(principals.readers)
    reads = {
        Right(name, operation, _PREFIX, "PREFIXED") for name in reading for operation in ("READ", "DESCRIBE_CONFIGS")
    }
    return frozenset(writes | reads)


def _concerns_log(right: Right) -> bool:
    """Return True where an entry reaches a topic of the log, or the cluster as a whole."""
    if right.kind == "CLUSTER":
        return right.operation in _CHANGING or right.permission == "DENY"
    if right.resource == "*":
        return True
    if right.pattern == "PREFIXED":
        return right.resource.startswith(_PREFIX) or _PREFIX.startswith(right.resource)
    return right.resource.startswith(_PREFIX)


def _is_harmless(right: Right, planned: Collection[Right]) -> bool:
    """Return True for a right to read, or to write from one host, that a planned entry contains."""
    if right.operation in _READING:
        readers = {each.principal for each in planned if each.operation == "READ"}
        return right.principal in readers or "User:*" in readers
    return right.from_anywhere() in planned
