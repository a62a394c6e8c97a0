"""The log in Kafka under what happens to brokers: away, back, killed in the middle, and written to by others."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from registry.log import LogUnavailable
from tests.support.command import until
from tests.support.commits import CONSORTIUM, commit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deploy.kafka.local import LocalKafka
    from registry.log.kafka import KafkaLog

pytestmark = [
    pytest.mark.kafka,
    # The client forgets to close a socket whose connection was refused; the garbage collector does.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture
def broker(kafka_broker: LocalKafka) -> Iterator[LocalKafka]:
    """The broker, running again after the test whatever the test did to it."""
    yield kafka_broker
    kafka_broker.restart()
    gc.collect()  # here, where the filter above holds


def _open(broker: LocalKafka, patience: float) -> KafkaLog:
    from registry.log.kafka import KafkaLog  # noqa: PLC0415 - importing it starts to need Kafka's client

    return KafkaLog([broker.bootstrap], CONSORTIUM, patience=patience)


def _stream(log: KafkaLog) -> str:
    name = f"m-{uuid4().hex[:12]}"
    log.create(name)
    return name


def _senders() -> set[threading.Thread]:
    """Return the threads of Kafka's client that send records."""
    from kafka.producer.sender import Sender  # noqa: PLC0415 - as above

    return {thread for thread in threading.enumerate() if isinstance(thread, Sender)}


def test_a_broker_that_is_away_is_said_so_in_time_and_by_address(broker: LocalKafka) -> None:
    log = _open(broker, 3)
    name = _stream(log)
    with log.writer(name):
        log.append(name, [commit(1, stream=name)])
        log.read(name)
        broker.stop()
        for use in (lambda: log.append(name, [commit(2, stream=name)]), lambda: log.read(name), lambda: log.end(name)):
            began = time.monotonic()
            with pytest.raises(LogUnavailable, match=broker.bootstrap):
                use()
            assert time.monotonic() - began < 10
        fresh = _open(broker, 1)
        threads = threading.active_count()
        for _ in range(3):
            with pytest.raises(LogUnavailable, match=broker.bootstrap):
                fresh.streams()
        assert threading.active_count() <= threads, "who tries again and again must not gather threads"
        fresh.close()
    log.close()


def test_after_an_outage_the_same_instance_goes_on_with_nothing_lost_or_doubled(
    broker: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = _senders()
    log = _open(broker, 3)
    name = _stream(log)
    records = [commit(size, stream=name) for size in range(1, 7)]
    with log.writer(name):
        log.append(name, records[:2])
        assert len(log.read(name)) == 2
        assert _senders() - others
        broker.stop()
        with monkeypatch.context() as patch:
            patch.setattr(log, "end", lambda _: 2)  # the broker went away just after it was asked
            with pytest.raises(LogUnavailable):
                log.append(name, records[2:4])
        assert _senders() <= others, "what was given up must not arrive later"
        broker.start()
        assert [record.data for record in log.records(name)] == records[:2]
        log.append(name, records[2:])
    assert [record.data for record in log.records(name)] == records
    assert log.wait({name: 3}, 5) == {name}
    log.close()


def test_a_broker_killed_in_the_middle_is_waited_for(broker: LocalKafka) -> None:
    log = _open(broker, 60)
    name = _stream(log)
    records = [commit(size, stream=name) for size in range(1, 401)]
    failed: list[BaseException] = []
    done: list[bytes] = []

    def publish() -> None:
        try:
            with log.writer(name):
                for record in records:
                    log.append(name, [record])
                    done.append(record)
        except BaseException as error:  # noqa: BLE001 - looked at below
            failed.append(error)

    thread = threading.Thread(target=publish)
    thread.start()
    until(lambda: len(done) >= 50 or not thread.is_alive(), 60, 0.001)
    broker.kill()
    assert len(done) < len(records)
    broker.start()
    thread.join(90)
    assert not thread.is_alive()
    assert not failed
    assert [record.data for record in log.records(name)] == records
    log.close()


def test_a_transactions_marks_hold_up_nobody(kafka_broker: LocalKafka) -> None:
    # A member may write to its own topic with whatever client it likes. The marks take offsets and are not records.
    from kafka import KafkaProducer  # noqa: PLC0415 - as above

    log = _open(kafka_broker, 5)
    name = _stream(log)
    producer = KafkaProducer(bootstrap_servers=kafka_broker.bootstrap, transactional_id=f"t-{name}")
    producer.init_transactions()
    for number in (1, 2):
        producer.begin_transaction()
        producer.send(f"registry.{name}", commit(number, stream=name), partition=0)
        producer.commit_transaction()
    producer.close()
    found = list(log.records(name))
    assert [record.data for record in found] == [commit(1, stream=name), commit(2, stream=name)]
    began = time.monotonic()
    assert log.wait({name: found[-1].next}, 0.3) == set()
    assert log.read(name, found[-1].next) == []
    assert time.monotonic() - began < 3
    assert [record.data for record in log.read_back(name)] == [record.data for record in found][::-1]
    log.close()


def test_a_stream_made_while_somebody_waits_is_noticed(
    kafka_broker: LocalKafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, other = _open(kafka_broker, 10), _open(kafka_broker, 10)
    name = f"m-{uuid4().hex[:12]}"
    found: list[set[str]] = []
    select, has_looked = log._reader.select_existing, threading.Event()  # noqa: SLF001 - says that the wait has begun

    def select_existing(positions: Mapping[str, int]) -> list[str]:
        existing = select(positions)
        has_looked.set()
        return existing

    monkeypatch.setattr(log._reader, "select_existing", select_existing)  # noqa: SLF001 - as above
    thread = threading.Thread(target=lambda: found.append(log.wait({name: 0}, 20)))
    thread.start()
    assert has_looked.wait(20)
    other.create(name)
    with other.writer(name):
        other.append(name, [commit(1, stream=name)])
    thread.join(20)
    assert found == [{name}]
    log.close()
    other.close()


def test_one_instance_serves_a_publisher_and_a_projector_at_once(kafka_broker: LocalKafka) -> None:
    log = _open(kafka_broker, 10)
    name = _stream(log)
    records = [commit(size, stream=name) for size in range(1, 301)]
    found: list[bytes] = []

    def project() -> None:
        position, until = 0, time.monotonic() + 30
        while len(found) < len(records) and time.monotonic() < until:
            log.wait({name: position}, 1)
            for record in log.read(name, position):
                found.append(record.data)
                position = record.next

    thread = threading.Thread(target=project)
    thread.start()
    with log.writer(name):
        for record in records:
            log.append(name, [record])
    thread.join(40)
    assert found == records
    log.close()


def test_a_topic_keeps_everything_for_ever(kafka_broker: LocalKafka) -> None:
    from kafka import KafkaAdminClient  # noqa: PLC0415 - as above
    from kafka.admin import ConfigResource  # noqa: PLC0415 - as above

    log = _open(kafka_broker, 10)
    topic = f"registry.{_stream(log)}"
    log.close()
    admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    try:
        described = admin.describe_configs([ConfigResource("topic", topic)], config_filter="all")
    finally:
        admin.close()
    settings = described["topic"][topic]
    expected = {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
        "max.message.bytes": "1048576",
    }
    assert {name: settings[name]["value"] for name in expected} == expected


def test_a_topic_that_deletes_records_is_warned_of_where_it_is_written(kafka_broker: LocalKafka) -> None:
    from kafka import KafkaAdminClient  # noqa: PLC0415 - as above
    from kafka.admin import ConfigResource  # noqa: PLC0415 - as above

    log = _open(kafka_broker, 10)
    name = _stream(log)
    with capture_logs() as quiet, log.writer(name):
        pass
    assert quiet == []
    admin = KafkaAdminClient(bootstrap_servers=kafka_broker.bootstrap)
    try:
        admin.alter_configs([ConfigResource("topic", f"registry.{name}", configs={"retention.ms": "604800000"})])
    finally:
        admin.close()
    with capture_logs() as entries, log.writer(name):
        pass
    log.close()
    [entry] = entries
    assert (entry["event"], entry["topic"]) == ("log.topic_deletes_records", f"registry.{name}")
    assert entry["retention.ms"] == "604800000"
