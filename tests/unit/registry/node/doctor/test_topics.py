"""The topics of a log in Kafka: one that deletes records is a fault, one with too few copies a warning."""

import pytest

from registry.log.kafka_topics import build_settings
from registry.log.topic_state import ClusterState, TopicState
from registry.node.doctor.topic_checks import judge_topics

WELL = TopicState(1, 3, 0, build_settings(3))


def findings_of(topic, rights=frozenset()):
    topics = {"registry.governance": WELL} | ({} if topic is None else {"registry.twente": topic})
    return list(judge_topics(ClusterState(3, topics, rights, {}), ["governance", "twente"]))


def test_topics_that_keep_every_record_are_well():
    assert [each.severity for each in findings_of(WELL)] == ["ok"]


@pytest.mark.parametrize(
    ("topic", "severity", "words"),
    [
        (WELL._replace(settings={**build_settings(3), "retention.ms": "604800000"}), "error", "retention.ms"),
        (WELL._replace(settings={**build_settings(3), "cleanup.policy": "compact"}), "error", "cleanup.policy"),
        (WELL._replace(begins=40), "error", "its oldest records were deleted"),
        (WELL._replace(partitions=2), "error", "2 partitions"),
        (WELL._replace(copies=1, settings=build_settings(1)), "warning", "1 copies of 3"),
        (None, "warning", "does not exist"),
    ],
)
def test_a_topic_that_loses_records_or_copies_is_named_with_what_to_do(topic, severity, words):
    [finding] = findings_of(topic)
    assert (finding.severity, words in finding.sentence) == (severity, True), finding
    assert "registry topics apply" in finding.advice


def test_a_cluster_without_access_lists_is_named():
    [warning, well] = findings_of(WELL, rights=None)
    assert (warning.severity, "everybody may write" in warning.sentence, well.severity) == ("warning", True, "ok")
