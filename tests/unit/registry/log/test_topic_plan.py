"""The plan of topics and access lists, on clusters made up here; a real one is in the integration tests."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from registry.log.kafka_topics import build_settings
from registry.log.principals import Principals, PrincipalsError, read_principals
from registry.log.topic_plan import build_rights, plan
from registry.log.topic_state import ClusterState, Right, TopicState

_STREAMS = ("governance", "twente", "lund")
_PRINCIPALS = Principals(
    {"governance": ("User:CN=g",), "twente": ("User:CN=t",), "lund": ("User:CN=l",)}, administrators=("User:CN=admin",)
)


def _topic(**changed: Any) -> TopicState:
    settings = build_settings(3) | changed.pop("settings", {})
    return TopicState(1, 3, 0, settings)._replace(**changed)


def _cluster(*, rights: frozenset[Right] | None = build_rights(_PRINCIPALS), **topics: TopicState) -> ClusterState:
    return ClusterState(3, {f"registry.{name}": _topic() for name in _STREAMS} | topics, rights, {})


def _codes(state: ClusterState, principals: Principals = _PRINCIPALS) -> list[tuple[str, str]]:
    return [(each.code, each.remedy) for each in plan(state, _STREAMS, principals)]


def test_a_cluster_as_it_should_be_differs_in_nothing() -> None:
    assert _codes(_cluster()) == []


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (_topic(settings={"retention.ms": "604800000"}), ("setting", "apply")),
        (_topic(settings={"retention.bytes": "1000"}), ("setting", "apply")),
        (_topic(settings={"cleanup.policy": "compact"}), ("setting", "apply")),
        (_topic(settings={"min.insync.replicas": "1"}), ("setting", "apply")),
        (_topic(settings={"min.insync.replicas": "4"}), ("setting", "apply")),
        (_topic(settings={"max.message.bytes": "1000"}), ("setting", "apply")),
        (_topic(settings={"unclean.leader.election.enable": "true"}), ("setting", "apply")),
        (_topic(partitions=2), ("partitions", "manual")),
        (_topic(copies=1, settings={"min.insync.replicas": "1"}), ("replication", "manual")),
        (_topic(begins=5), ("beginning-gone", "manual")),
    ],
)
def test_a_topic_that_could_lose_records_is_named(topic: TopicState, expected: tuple[str, str]) -> None:
    assert _codes(_cluster(**{"registry.twente": topic})) == [expected]


def test_more_than_what_is_planned_is_left_as_it_is() -> None:
    larger = _topic(settings={"max.message.bytes": "9000000", "min.insync.replicas": "3"})
    assert _codes(_cluster(**{"registry.twente": larger})) == []


def test_a_missing_topic_is_made_and_an_unknown_one_left_alone() -> None:
    state = _cluster(**{"registry.nobody": _topic()})
    topics = dict(state.topics)
    del topics["registry.lund"]
    assert _codes(state._replace(topics=topics)) == [("topic-missing", "apply"), ("topic-unknown", "manual")]


@pytest.mark.parametrize(
    ("brokers", "copies", "remedy"),
    [(3, None, "apply"), (2, None, "manual"), (1, None, "manual"), (2, 2, "apply"), (1, 1, "apply"), (1, 2, "manual")],
)
def test_no_topic_is_made_while_a_broker_is_away(brokers: int, copies: int | None, remedy: str) -> None:
    topics = {"registry.governance": _topic(), "registry.twente": _topic()}
    state = _cluster()._replace(brokers=brokers, topics=topics)
    (difference,) = plan(state, _STREAMS, _PRINCIPALS, copies=copies)
    assert (difference.code, difference.remedy) == ("topic-missing", remedy)
    assert ("--copies N" in difference.sentence) == (remedy == "manual")


@pytest.mark.parametrize(
    "right",
    [
        Right("User:*", "WRITE", "*"),
        Right("User:CN=l", "WRITE", "registry.twente"),
        Right("User:CN=l", "WRITE", "reg", "PREFIXED"),
        Right("User:CN=t", "ALL", "registry.twente"),
        Right("User:CN=t", "DELETE", "registry.twente"),
        Right("User:CN=t", "ALTER", "kafka-cluster", kind="CLUSTER"),
        Right("User:CN=stranger", "READ", "registry.twente"),
    ],
)
def test_a_right_that_nobody_planned_is_too_wide(right: Right) -> None:
    assert _codes(_cluster(rights=build_rights(_PRINCIPALS) | {right})) == [("right-too-wide", "remove")]


@pytest.mark.parametrize(
    "right",
    [
        Right("User:CN=admin", "ALL", "*"),
        Right("User:CN=stranger", "WRITE", "orders"),
        Right("User:CN=stranger", "WRITE", "registry", "LITERAL"),
        Right("User:CN=l", "READ", "registry.twente"),
        Right("User:CN=t", "WRITE", "registry.twente", host="10.0.0.1"),
    ],
)
def test_a_right_that_adds_nothing_or_is_the_administrators_is_left_alone(right: Right) -> None:
    assert _codes(_cluster(rights=build_rights(_PRINCIPALS) | {right})) == []


def test_a_denied_right_is_too_narrow() -> None:
    denied = Right("User:*", "READ", "registry.", "PREFIXED", permission="DENY")
    assert _codes(_cluster(rights=build_rights(_PRINCIPALS) | {denied})) == [("right-denied", "remove")]


def test_a_right_from_one_host_only_is_named_as_missing() -> None:
    wanted = Right("User:CN=t", "WRITE", "registry.twente")
    narrow = Right("User:CN=t", "WRITE", "registry.twente", host="10.0.0.1")
    (difference,) = plan(_cluster(rights=build_rights(_PRINCIPALS) - {wanted} | {narrow}), _STREAMS, _PRINCIPALS)
    assert difference.code == "right-missing"
    assert "there is only User:CN=t: ALLOW WRITE on topic registry.twente from 10.0.0.1" in difference.sentence


def test_brokers_that_let_everybody_in_are_named() -> None:
    assert _codes(_cluster(rights=None)) == [("no-authorizer", "manual")]
    open_brokers = {"allow.everyone.if.no.acl.found": "true", "auto.create.topics.enable": "true"}
    codes = _codes(_cluster()._replace(broker_settings=open_brokers))
    assert codes == [("open-by-default", "manual"), ("topics-by-themselves", "manual")]


def test_a_member_without_a_principal_is_named_until_it_leaves() -> None:
    without = replace(_PRINCIPALS, members={"governance": ("User:CN=g",), "twente": ("User:CN=t",)})
    state = _cluster(rights=build_rights(without))
    assert _codes(state, without) == [("no-principal", "manual")]
    assert plan(state, _STREAMS, without, frozenset({"lund"})) == []
    # Its rights are too wide from the moment on that the file names it no more.
    assert {each.code for each in plan(_cluster(), _STREAMS, without, frozenset({"lund"}))} == {"right-too-wide"}


def test_a_file_of_principals_is_read(tmp_path: Path) -> None:
    file = tmp_path / "principals.toml"
    file.write_text('readers = ["User:*"]\n[members]\ntwente = ["User:CN=old", "User:CN=new"]\n')
    read = read_principals(file, _STREAMS)
    assert read == Principals({"twente": ("User:CN=old", "User:CN=new")}, ("User:*",))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", None),
        ("[members", "is not TOML"),
        ("[member]\n", "there is no member"),
        ("members = 1", "members is a table"),
        ('[members]\nnobody = "User:CN=n"', "admitted no member nobody"),
        ('[members]\ntwente = "CN=t"', "not the principal of one client"),
        ('[members]\ntwente = "User:*"', "not the principal of one client"),
        ("[members]\ntwente = 1", "or a list of them"),
        ('[members]\ntwente = "User:CN=x"\nlund = "User:CN=x"', "the principal of both twente and lund"),
    ],
)
def test_a_file_of_principals_that_is_wrong_is_refused(tmp_path: Path, text: str, reason: str | None) -> None:
    file = tmp_path / "principals.toml"
    if reason is not None:
        file.write_text(text)
    with pytest.raises(PrincipalsError, match=reason or "No such file"):
        read_principals(file, _STREAMS)
