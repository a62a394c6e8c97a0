"""Topics and access lists of the shared log's Kafka, made from verified governance."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from consumers.governance.governance import GovernanceFold
from registry.log import GOVERNANCE, HeadLost, LogError
from registry.log.addresses import KafkaAddress, parse_kafka
from registry.log.kafka_cluster import KafkaCluster
from registry.log.kafka_topics import REPLICATION, build_settings
from registry.log.principals import Principals, read_principals
from registry.log.topic_plan import Difference, plan
from registry.log.topic_state import add_right, change_setting, create_topic, read_cluster, remove_right
from registry.node.node import Node

_PATIENCE_SECONDS = 30.0
Done = Callable[[Difference], None]


def plan_topics(
    node: Node, principals_file: Path, brokers: str | None = None, *, copies: int | None = None
) -> list[Difference]:
    """Return how the cluster differs from governance and the file of principals; change nothing.

    `brokers` is the address under which the administrator reaches the cluster; without it, the node's own log.
    `copies` is how many copies topics have in a cluster of fewer than three brokers. Raises `PrincipalsError`, and
    errors of the log.
    """
    streams, departed, principals = _read_wanted(node, principals_file)
    with _administer(_address(node, brokers)) as admin:
        return plan(read_cluster(admin), streams, principals, departed, copies)


def apply_topics(
    node: Node,
    principals_file: Path,
    brokers: str | None = None,
    *,
    copies: int | None = None,
    remove_rights: bool = False,
    done: Done,
) -> list[Difference]:
    """Do what the plan says; pass each difference that is settled to `done`, and return those that are left.

    No topic is deleted. Rights are removed with `remove_rights` only, and after all others are there. Doing it again
    changes nothing. Raises as `plan_topics` does.
    """
    streams, departed, principals = _read_wanted(node, principals_file)
    with _administer(_address(node, brokers)) as admin:
        state = read_cluster(admin)
        left = []
        # Rights are added before others are removed: a member whose right is replaced is never without one.
        differences = plan(state, streams, principals, departed, copies)
        for difference in sorted(differences, key=lambda each: each.remedy == "remove"):
            if difference.remedy == "apply" or (difference.remedy == "remove" and remove_rights):
                _settle(admin, difference, copies or REPLICATION)
                done(difference)
            else:
                left.append(difference)
        return left


def _settle(admin: KafkaAdminClient, difference: Difference, copies: int) -> None:
    if difference.right is not None:
        (remove_right if difference.remedy == "remove" else add_right)(admin, difference.right)
    elif difference.setting is not None and difference.value is not None:
        change_setting(admin, difference.subject, difference.setting, difference.value)
    else:
        create_topic(admin, difference.subject, copies, build_settings(copies))


def _read_wanted(node: Node, principals_file: Path) -> tuple[list[str], frozenset[str], Principals]:
    """Return the streams that governance knows, those of members that left, and who is who."""
    fold = GovernanceFold(node.settings.consortium, node.settings.founded_hash).read(node.log())
    if fold.size == 0:
        raise HeadLost(
            f"governance at {node.log()} does not begin with the founding, so nothing can be planned from it. Restore"
            " it with `registry log restore` from an archive, or have its publisher put it back."
        )
    streams = [GOVERNANCE, *sorted(fold.state.members)]
    departed = frozenset(name for name, record in fold.state.members.items() if record.standing == "withdrawn")
    return streams, departed, read_principals(principals_file, streams)


def _address(node: Node, brokers: str | None) -> KafkaAddress:
    url = brokers or node.settings.log_url
    if not url.startswith("kafka:"):
        raise LogError(f"the log {url} has no topics: it is not in Kafka")
    return parse_kafka(url)


@contextmanager
def _administer(address: KafkaAddress) -> Iterator[KafkaAdminClient]:
    cluster = KafkaCluster(address.brokers, _PATIENCE_SECONDS, address.security)
    with cluster.translate_errors("administer", "the topics"), cluster.administer() as admin:
        try:
            yield admin
        except KafkaError as error:
            if not getattr(error, "retriable", False) and "Authorization" in type(error).__name__:
                raise LogError(
                    f"{cluster} does not let us read or change topics and access lists: name the brokers with an"
                    " administrator's certificate by --brokers"
                ) from error
            raise
