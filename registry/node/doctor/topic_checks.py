"""Checks of the topics of a shared log in Kafka: they must keep every record, and every copy."""

from collections.abc import Iterator
from typing import Final

from kafka.errors import KafkaError

from registry.log import GOVERNANCE, LogError
from registry.log.addresses import parse_kafka
from registry.log.kafka_cluster import KafkaCluster
from registry.log.principals import Principals
from registry.log.topic_plan import Difference, plan
from registry.log.topic_state import ClusterState, read_cluster
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, warning

_PATIENCE_SECONDS: Final = 2.0
_TOPIC_CODES: Final = frozenset({"topic-missing", "partitions", "replication", "beginning-gone", "setting"})
"""Differences of topics; those of access lists need the file of principals (`registry topics plan`)."""
_LOSES_RECORDS: Final = frozenset({"retention.ms", "retention.bytes", "cleanup.policy"})
_ADVICE: Final = "Ask the cluster's administrator: registry topics plan, then registry topics apply."


def check_topics(examination: Examination) -> Iterator[Finding]:
    """Compare the topics of all streams with what governance needs."""
    url = examination.settings.log_url
    if not url.startswith("kafka:"):
        yield ok("The log is in files: it has no topics.")
        return
    if examination.log_away:
        raise CannotCheck("the log cannot be reached")
    address = parse_kafka(url)
    cluster = KafkaCluster(address.brokers, _PATIENCE_SECONDS, address.security)
    members = examination.node.governance_follower.fold().state.members
    try:
        with cluster.administer() as admin:
            state = read_cluster(admin)
    except KafkaError as failure:
        if "Authorization" in type(failure).__name__:
            yield note("This node may not read the cluster's access lists, so its topics were not compared.", _ADVICE)
            return
        raise CannotCheck(f"the cluster does not answer: {failure}") from failure
    except LogError as failure:
        raise CannotCheck(str(failure)) from failure
    yield from judge_topics(state, [GOVERNANCE, *sorted(members)])


def judge_topics(state: ClusterState, streams: list[str]) -> Iterator[Finding]:
    """Yield what the state of the topics of these streams means."""
    differences = [each for each in plan(state, streams, Principals({})) if each.code in _TOPIC_CODES]
    for difference in differences:
        judge = error if _loses_records(difference) else warning
        yield judge(f"{difference.sentence.rstrip('.')}.", _ADVICE)
    if state.rights is None:
        yield warning("The cluster has no access lists: everybody may write to every topic.", _ADVICE)
    if not differences:
        yield ok(f"The topics of {len(streams)} streams keep every record.")


def _loses_records(difference: Difference) -> bool:
    return difference.code in ("beginning-gone", "partitions") or difference.setting in _LOSES_RECORDS


CHECKS: Final = (Check("log.topics", "Do the log's topics keep every record, with enough copies?", check_topics),)
