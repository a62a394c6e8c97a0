"""A university's systems send events to their node's own Kafka: each has its effect once and gets its result."""

import gc
import json
import threading
import uuid

import pytest
from cloudevents.v1.http import from_dict
from kafka import KafkaConsumer, KafkaProducer

from registry.cli.context import opened
from registry.cli.imports import Offered
from registry.intake.events import MAX_BYTES
from registry.intake.kafka import KafkaIntake, addresses
from registry.intake.report import IntakeError, IntakeUnavailable
from registry.intake.taking import Taking
from tests.support.command import Consortium, printed_json, started, until
from tests.support.served import row


def event(kind, data, **more):
    return {"specversion": "1.0", "id": str(uuid.uuid4()), "source": "sis", "type": kind, "data": data} | more


def issue(offer, record, **more):
    return event("credential.issue.v1", row(offer, record, f"s-{record}"), **more)


@pytest.fixture(scope="module")
def consortium(tmp_path_factory, postgres):
    return Consortium(tmp_path_factory.mktemp("intake"), postgres)


@pytest.fixture(scope="module")
def offer(consortium):
    return consortium.offer()


@pytest.fixture
def taking(consortium):
    with opened(consortium.home) as node:
        yield Taking(node.registry, node.issuer, Offered(node.registry))


def take(taking, *events):
    return taking.take([json.dumps(one).encode() if isinstance(one, dict) else one for one in events])


def test_events_have_their_effect_in_their_order_and_once(taking, offer):
    first = issue(offer, "a1")
    [issued] = take(taking, first)
    assert issued.accepted
    suspend = event("credential.suspend.v1", {"credential": issued.credential, "reason": "underReview"})
    reinstate = event("credential.reinstate.v1", {"credential": issued.credential})
    revoke = event("credential.revoke.v1", {"credential": issued.credential, "reason": "issuedInError"})
    results = take(taking, first, suspend, suspend, reinstate, issue(offer, "a2"), revoke, issue(offer, "a3"))
    assert [(one.accepted, one.unchanged) for one in results] == [
        (True, True), (True, False), (True, True), (True, False), (True, False), (True, False), (True, False),
    ]  # fmt: skip
    assert all(one.unchanged for one in take(taking, first, suspend, reinstate, revoke))
    [again] = take(taking, event("credential.suspend.v1", {"credential": issued.credential, "reason": "underReview"}))
    assert again.code == "illegal-transition"


def test_an_id_that_was_used_for_something_else_is_refused(taking, offer):
    first = issue(offer, "b1")
    take(taking, first)
    [other] = take(taking, issue(offer, "b2", id=first["id"]))
    assert (other.accepted, other.code) == (False, "id-used-again")


def test_the_same_event_twice_in_one_delivery_is_one(taking, offer):
    first = issue(offer, "c1")
    results = take(taking, first, first)
    assert [one.unchanged for one in results] == [False, True]
    assert results[0].credential == results[1].credential


@pytest.mark.parametrize(
    ("sent", "where"),
    [
        (None, "$"),
        (b"", "$"),
        (b"{", "$"),
        (b"\xff\xfe", "$"),
        (b"[1]", "$"),
        (b'{"specversion":"1.0","specversion":"1.0"}', "$"),
        (b'{"a":NaN}', "$"),
        (b"[" * 100_000, "$"),
        (b" " * (MAX_BYTES + 1), "$"),
        (event("credential.issue.v1", {}, specversion="0.3"), "$.specversion"),
        (event("credential.forge.v1", {}), "$.type"),
        (event("credential.issue.v1", []), "$.data"),
        (event("credential.issue.v1", {"student": {"a": 1}}), "$.data.student"),
        (event("credential.issue.v1", {"surname": "x"}), "$.data"),
        (event("credential.revoke.v1", {"credential": "x", "reason": "issuedInError"}), "$.data.credential"),
        (event("credential.revoke.v1", {"credential": str(uuid.uuid4()), "reason": "?"}), "$.data.reason"),
        (event("credential.reinstate.v1", {"credential": str(uuid.uuid4()), "reason": "?"}), "$.data"),
        (event("credential.issue.v1", {}, id=""), "$.id"),
    ],
)
def test_a_bad_event_says_where_and_stops_nobody(taking, offer, sent, where):
    bad, good = take(taking, sent, issue(offer, f"d-{uuid.uuid4()}"))
    assert (bad.accepted, bad.where) == (False, where)
    assert bad.detail
    assert good.accepted


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # kafka-python leaves refused ones to Python
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_addresses_that_are_none_and_brokers_that_are_away_are_said():
    with pytest.raises(IntakeError, match="kafka://HOST"):
        addresses("localhost:9092")
    with pytest.raises(IntakeUnavailable, match="cannot make the topics"):
        KafkaIntake(["127.0.0.1:9"], "twente", "x/twente", list, patience=1).create()
    gc.collect()


def results_of(broker, member="twente"):
    consumer = KafkaConsumer(
        f"intake.{member}.results", bootstrap_servers=addresses(broker.url), auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
    )  # fmt: skip
    found = [json.loads(record.value) for record in consumer]
    consumer.close()
    return found


def send(broker, *values, member="twente"):
    producer = KafkaProducer(bootstrap_servers=addresses(broker.url))
    for value in values:
        producer.send(f"intake.{member}", json.dumps(value).encode() if isinstance(value, dict) else value)
    producer.close()


@pytest.mark.kafka
def test_what_was_taken_and_not_acknowledged_comes_again_without_a_second_effect_kafka(taking, offer, empty_broker):
    class Killed(Exception):
        pass

    def taken_then_killed(values):
        taking.take(values)
        raise Killed

    brokers = addresses(empty_broker.url)
    KafkaIntake(brokers, "twente", "test.example/twente", taking.take).create()
    sent = [issue(offer, f"e{number}") for number in range(5)]
    send(empty_broker, *sent, b"not json")
    with pytest.raises(Killed):
        KafkaIntake(brokers, "twente", "test.example/twente", taken_then_killed).run(threading.Event())
    stop = threading.Event()
    seen = []

    def on_results(results):
        seen.extend(results)
        if len(seen) == 6:
            stop.set()

    KafkaIntake(brokers, "twente", "test.example/twente", taking.take).run(stop, on_results)
    assert [(one.accepted, one.unchanged) for one in seen] == [(True, True)] * 5 + [(False, False)]
    answers = [from_dict(one) for one in results_of(empty_broker)]
    assert [one["type"] for one in answers] == ["registry.intake.accepted.v1"] * 5 + ["registry.intake.refused.v1"]
    assert [one.data["event"]["id"] for one in answers[:5]] == [one["id"] for one in sent]
    assert "Jansen" not in json.dumps([one.data for one in answers])


@pytest.mark.kafka
def test_a_running_node_takes_in_what_systems_send_kafka(tmp_path, postgres, empty_broker):
    consortium = Consortium(tmp_path, postgres)
    achievement = consortium.offer()
    settings = consortium.home / "registry.toml"
    settings.write_text(f'intake_kafka = "{empty_broker.url}"\n' + settings.read_text())
    with started("run", home=consortium.home, says="is running"):
        until(lambda: results_topic_is_there(empty_broker), 60)
        send(empty_broker, *[issue(achievement, f"f{number}") for number in range(3)])
        until(lambda: printed_json(consortium.run("university", "show", "twente", "--json"))["size"] == 4, 60)
    assert len(results_of(empty_broker)) == 3


def results_topic_is_there(broker):
    consumer = KafkaConsumer(bootstrap_servers=addresses(broker.url))
    try:
        return "intake.twente.results" in consumer.topics()
    finally:
        consumer.close()
