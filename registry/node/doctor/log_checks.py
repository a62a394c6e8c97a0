"""Checks of the shared log, and of this node's own stream on it."""

import socket
from collections.abc import Iterator
from typing import Final

from psycopg import Connection

from projections.core import stream_counts
from projections.core.positions import all_positions
from registry.log import LogError, check_address, open_log
from registry.log.addresses import parse_kafka
from registry.log.kafka_probe import explain_failure
from registry.metrics import definitions
from registry.node.cosigning import explain_unmet_policy
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, warning
from registry.node.health.health import check_node, check_node_log
from registry.node.metrics.log_reading import LogReading
from registry.settings.settings import SettingsError
from registry.values.plural import plural

_CONNECT_SECONDS: Final = 1.0
_MAX_BROKERS: Final = 5
_MUCH_LAG: Final = 10_000
"""Events behind the log from which the views are worth a warning."""


def check_reachable(examination: Examination) -> Iterator[Finding]:
    """Check that the log can be reached, before anything waits for it."""
    url = examination.settings.log_url
    try:
        scheme, _ = check_address(url)
    except LogError as fault:
        examination.log_away = True
        yield error(f"The setting log names no log: {fault}.", "Correct the setting log.")
        return
    if scheme != "kafka":
        yield from _check_log_folder(examination)
        return
    address = parse_kafka(url)
    brokers = address.brokers[:_MAX_BROKERS]
    closed = [broker for broker in brokers if not _accepts(broker)]
    if len(closed) == len(brokers):
        examination.log_away = True
        yield error(
            f"No broker of the log accepts a connection: {', '.join(closed)}.",
            "Start Kafka, or correct the setting log. What is stored meanwhile waits to be published.",
        )
        return
    # One broker is asked, since a handshake that succeeds is known to have done so only after a second.
    open_brokers = [broker for broker in brokers if broker not in closed]
    if (reason := explain_failure(open_brokers[:1], address.security)) is not None:
        examination.log_away = True
        yield error(
            f"The log's brokers refuse this node: {reason}.", "Correct log_security in registry.toml, or the files."
        )
    elif closed:
        yield warning(f"The broker {', '.join(closed)} accepts no connection.", "Ask the cluster's operator.")
    else:
        yield ok(f"{plural(len(brokers), 'broker')} of the log accept connections.")


def _check_log_folder(examination: Examination) -> Iterator[Finding]:
    settings = examination.settings
    try:
        log = open_log(settings.log_url, settings.consortium, read_only=True)
        streams = log.streams()
        log.close()
    except (LogError, OSError) as fault:
        examination.log_away = True
        yield error(f"The log cannot be read: {fault}.", "Correct the setting log, or put the folder back.")
        return
    yield ok(f"The log has {plural(len(streams), 'stream')}.")


def _accepts(broker: str) -> bool:
    host, _, port = broker.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False


def check_health(examination: Examination) -> Iterator[Finding]:
    """Check the log and this node's own stream as the running node does (`registry status` has the details)."""
    connection = _views_and_log(examination)
    node = examination.node
    health = check_node(node, connection, check_node_log(node, connection))
    for component, sentences in health.faults.items():
        for sentence in sentences:
            yield Finding("error", f"{component.replace('_', ' ')}: {sentence}.", "Follow docs/repair.md.")
    for sentence in health.warnings:
        yield Finding("warning", f"{sentence}.", "See `registry status` and `registry log quarantine list`.")
    if health.waiting and "publisher" not in health.faults:
        yield note(f"{plural(health.waiting, 'stored event')} wait to be published, since {health.waiting_since}.")
    if not health.faults:
        yield ok("The log is the one that this node has read; its own events, key and standing count.")


def check_lag(examination: Examination) -> Iterator[Finding]:
    """Compare the views with the ends of all streams."""
    connection = _views_and_log(examination)
    settings = examination.settings
    reading = LogReading(lambda: open_log(settings.log_url, settings.consortium, read_only=True))
    reading.streams = stream_counts.read_up_to(connection)
    try:
        behind = sum(int(sample.value) for sample in reading.read() if sample.metric is definitions.LAG)
    except LogError as fault:
        raise CannotCheck(f"the log cannot be read: {fault}") from fault
    finally:
        reading.close()
    sentence = f"The views are {plural(behind, 'event')} behind the log"
    if behind > _MUCH_LAG:
        yield warning(f"{sentence}.", "If the number does not fall, see the node's log, and restart the node.")
    elif behind:
        yield note(f"{sentence}: a running node catches up.")
    else:
        yield ok("The views have all that the log has.")


def check_cosignatures(examination: Examination) -> Iterator[Finding]:
    """Check that the newest head of each stream satisfies the node's policy on witnesses."""
    try:
        needed = examination.node.policy().needed
    except SettingsError as fault:
        raise CannotCheck(str(fault)) from fault
    if not needed:
        yield ok("No witness is required.")
        return
    connection = examination.views()
    unmet = [
        f"{member}: {reason}"
        for member, position in sorted(all_positions(connection).items())
        if (reason := explain_unmet_policy(examination.node, member, position.tree.size)) is not None
    ]
    for reason in unmet[:5]:
        yield warning(f"{reason}.", "Run `registry witness request`, and look at the witnesses.")
    if not unmet:
        yield ok("The newest heads of all streams are cosigned as the settings require.")


def _views_and_log(examination: Examination) -> Connection:
    if examination.log_away:
        raise CannotCheck("the log cannot be reached")
    return examination.views()


CHECKS: Final = (
    Check("log.reachable", "Can the log be reached?", check_reachable),
    Check(
        "log.health",
        "Is the log the one that this node has read, and do its own events, key and standing count?",
        check_health,
    ),
    Check("log.lag", "How far are the views behind the log?", check_lag),
    Check("log.cosignatures", "Are the newest heads cosigned as the settings require?", check_cosignatures),
)
