"""A university's systems send events to their node's own Kafka: each has its effect once and gets its result."""

import gc
import json
import threading
import uuid

import pytest
from cloudevents.v1.http import from_dict
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource
from kafka.structs import TopicPartition

from registry.application.status_notes import read_notes
from registry.domain.errors import InvalidEvent
from registry.intake.event_handler import EventHandler
from registry.intake.events import MAX_BYTES
from registry.intake.kafka import KafkaIntake, find_gaps, parse_address
from registry.intake.lost_events import IntakePositions
from registry.intake.rows.report import IntakeError, IntakeUnavailable
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.node import open_node
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
def node(consortium):
    with open_node(consortium.home) as node:
        yield node


@pytest.fixture
def handler(node):
    return EventHandler(node.registry, node.issuer, OwnCatalogue(node.registry))


def take(handler, *events):
    return handler.handle([json.dumps(one).encode() if isinstance(one, dict) else one for one in events])


def test_events_have_their_effect_in_their_order_and_once(handler, offer):
    first = issue(offer, "a1")
    [issued] = take(handler, first)
    assert issued.accepted
    suspend = event("credential.suspend.v1", {"credential": issued.credential, "reason": "underReview"})
    reinstate = event("credential.reinstate.v1", {"credential": issued.credential})
    revoke = event("credential.revoke.v1", {"credential": issued.credential, "reason": "issuedInError"})
    results = take(handler, first, suspend, suspend, reinstate, issue(offer, "a2"), revoke, issue(offer, "a3"))
    assert [(one.accepted, one.unchanged) for one in results] == [
        (True, True), (True, False), (True, True), (True, False), (True, False), (True, False), (True, False),
    ]  # fmt: skip
    assert all(one.unchanged for one in take(handler, first, suspend, reinstate, revoke))
    [again] = take(handler, event("credential.suspend.v1", {"credential": issued.credential, "reason": "underReview"}))
    assert again.code == "illegal-transition"
    same = event("credential.revoke.v1", {"credential": issued.credential, "reason": "issuedInError"})
    [as_before, other, used] = take(
        handler, same, same | {"id": "x", "data": same["data"] | {"reason": "withheld"}}, same | {"data": first["data"]}
    )
    assert (as_before.accepted, as_before.unchanged) == (True, True)
    assert (other.accepted, other.where) == (False, "$.data.reason")
    assert "for the reason issuedInError" in other.detail
    assert not used.accepted


def test_a_change_takes_a_note_that_is_kept_privately(node, handler, offer):
    [issued, suspended, long, number] = take(
        handler,
        issue(offer, "note1"),
        event("credential.suspend.v1", {"record": "note1", "reason": "underReview", "note": " Asked by the board "}),
        event("credential.reinstate.v1", {"record": "note1", "note": "x" * 2001}),
        event("credential.reinstate.v1", {"record": "note1", "note": 1}),
    )
    assert suspended.accepted
    assert [one.where for one in (long, number)] == ["$.data.note", "$.data.note"]
    vault, cursor = node.registry.vault, node.registry.cursor()
    assert [one.note for one in read_notes(vault, cursor, issued.credential)] == ["Asked by the board"]
    [new_note] = take(
        handler, event("credential.suspend.v1", {"record": "note1", "reason": "underReview", "note": "Other words"})
    )
    assert (new_note.accepted, new_note.where) == (False, "$.data.note")


def test_a_credential_that_replaces_one_of_another_achievement_is_noted(consortium, handler, offer):
    other = consortium.offer(title="Soil chemistry")
    [first] = take(handler, issue(offer, "other1"))
    replacing = event("credential.issue.v1", row(other, "other2", "s-other1") | {"replaces": first.credential})
    [second] = take(handler, replacing)
    assert (second.accepted, first.notes) == (True, [])
    [note] = second.notes
    assert f"replaces credential {first.credential} of another achievement" in note


@pytest.mark.parametrize(
    ("field", "text"),
    [("grade", "F"), ("family_name", "unbekannt"), ("given_name", "NÃºÃ±ez"), ("family_name", "s-looks")],
)
def test_a_text_that_looks_wrong_is_issued_where_the_event_says_that_it_is_meant(handler, offer, field, text):
    asked = issue(offer, f"looks {field} {text}")
    asked["data"] |= {"student": "s-looks" if text == "s-looks" else f"s {field} {text[0]}", field: text}
    [refused] = take(handler, asked)
    assert (refused.accepted, refused.code) == (False, "invalid")
    meant = asked | {"data": asked["data"] | {"keep_text": True}}
    [not_meant, neither] = take(
        handler,
        asked | {"data": asked["data"] | {"keep_text": False}},
        asked | {"data": asked["data"] | {"keep_text": "true"}},
    )
    assert (not_meant.accepted, not_meant.where) == (False, refused.where)
    assert (neither.accepted, neither.where) == (False, "$.data.keep_text")
    [issued] = take(handler, meant)
    assert (issued.accepted, issued.unchanged) == (True, False)
    [again] = take(handler, meant)
    assert (again.accepted, again.unchanged, again.credential) == (True, True, issued.credential)


class Faulty:
    """An issuer for whose records with `bad` in them nobody wrote the code."""

    def __init__(self, issuer, error):
        self._issuer = issuer
        self._error = error

    def issue(self, requests, *, add_rows):
        if any("bad" in one.record for one in requests):
            raise self._error
        return self._issuer.issue(requests, add_rows=add_rows)

    def find_credential(self, record):
        if "bad" in record:
            raise self._error
        return self._issuer.find_credential(record)


@pytest.mark.parametrize(
    ("error", "code"),
    [(InvalidEvent("schema", "$.data", "is not an event"), "schema"), (KeyError("A. Jansen"), "internal-error")],
)
def test_an_event_that_cannot_be_stored_is_answered_and_keeps_no_other_one(consortium, offer, error, code):
    with open_node(consortium.home) as node:
        handler = EventHandler(node.registry, Faulty(node.issuer, error), OwnCatalogue(node.registry))
        results = take(
            handler,
            issue(offer, f"good-{code}-1"),
            issue(offer, "bad"),
            issue(offer, f"good-{code}-2"),
            event("credential.suspend.v1", {"record": "bad", "reason": "underReview"}),
            issue(offer, f"good-{code}-3"),
        )
    assert [one.accepted for one in results] == [True, False, True, False, True]
    assert [results[place].code for place in (1, 3)] == [code, code]
    assert "Jansen" not in str(results)


def test_a_credential_is_named_by_the_universitys_own_record_too(handler, offer):
    [issued, suspended, unknown, both] = take(
        handler,
        issue(offer, "rec1"),
        event("credential.suspend.v1", {"record": "rec1", "reason": "underReview"}),
        event("credential.revoke.v1", {"record": "nobody", "reason": "withheld"}),
        event("credential.reinstate.v1", {"record": "rec1", "credential": str(uuid.uuid4())}),
    )
    assert (suspended.accepted, suspended.credential) == (True, issued.credential)
    assert (unknown.accepted, unknown.where, unknown.code) == (False, "$.data.record", "unknown-credential")
    assert (both.accepted, both.where) == (False, "$.data.record")


def test_an_id_that_was_used_for_something_else_is_refused(handler, offer):
    first = issue(offer, "b1")
    take(handler, first)
    [other] = take(handler, issue(offer, "b2", id=first["id"]))
    assert (other.accepted, other.code) == (False, "id-used-again")


def test_the_same_event_twice_in_one_delivery_is_one(handler, offer):
    first = issue(offer, "c1")
    results = take(handler, first, first)
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
def test_a_bad_event_says_where_and_stops_nobody(handler, offer, sent, where):
    bad, good = take(handler, sent, issue(offer, f"d-{uuid.uuid4()}"))
    assert (bad.accepted, bad.where) == (False, where)
    assert bad.detail
    assert good.accepted


def test_all_that_is_wrong_with_an_event_is_said_at_once(handler, offer):
    wrong = {"awarding_date": "yesterday", "surname": "x", "student": {"a": 1}, "ects": "7"}
    faulty = issue(offer, f"w-{uuid.uuid4()}")
    [issued, change] = take(
        handler,
        faulty | {"data": faulty["data"] | wrong},
        event("credential.revoke.v1", {"credential": "x", "reason": "?", "why": 1}),
    )
    assert {issued.where, *(one.where for one in issued.more)} == {
        "$.data", "$.data.student", "$.data.awarding_date", "$.data.ects",
    }  # fmt: skip
    assert [change.where, *(one.where for one in change.more)] == ["$.data", "$.data.credential", "$.data.reason"]


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # kafka-python leaves refused ones to Python
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_addresses_that_are_none_and_brokers_that_are_away_are_said():
    with pytest.raises(IntakeError, match="kafka://HOST"):
        parse_address("localhost:9092")
    with pytest.raises(IntakeUnavailable, match="cannot make the topics"):
        KafkaIntake(parse_address("kafka://127.0.0.1:9"), "twente", "x/twente", list, timeout_seconds=1).create()
    gc.collect()


def results_of(broker, member="twente"):
    consumer = KafkaConsumer(
        f"intake.{member}.results", bootstrap_servers=parse_address(broker.url).brokers, auto_offset_reset="earliest",
        consumer_timeout_ms=3000,
    )  # fmt: skip
    found = [json.loads(record.value) for record in consumer]
    consumer.close()
    return found


def send(broker, *values, member="twente"):
    producer = KafkaProducer(bootstrap_servers=parse_address(broker.url).brokers)
    for value in values:
        producer.send(f"intake.{member}", json.dumps(value).encode() if isinstance(value, dict) else value)
    producer.close()


@pytest.mark.kafka
def test_what_was_taken_and_not_acknowledged_comes_again_without_a_second_effect_kafka(handler, offer, empty_broker):
    class Killed(Exception):
        pass

    def taken_then_killed(values):
        handler.handle(values)
        raise Killed

    brokers = parse_address(empty_broker.url)
    KafkaIntake(brokers, "twente", "test.example/twente", handler.handle).create()
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

    KafkaIntake(brokers, "twente", "test.example/twente", handler.handle).run(stop, on_results)
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


def take_in(broker, handler, positions, until_results):
    """Read the intake topic until a number of results came; return them."""
    stop, seen = threading.Event(), []

    def on_results(results):
        seen.extend(results)
        if len(seen) >= until_results:
            stop.set()

    reader = KafkaIntake(
        parse_address(broker.url), "twente", "test.example/twente", handler.handle, positions=positions
    )
    reader.create()
    reader.run(stop, on_results)
    return seen


def remove(broker, before):
    """Let the broker remove the records of the intake topic before an offset, as retention does."""
    admin = KafkaAdminClient(bootstrap_servers=parse_address(broker.url).brokers)
    admin.delete_records({TopicPartition("intake.twente", 0): before})
    admin.close()


@pytest.fixture
def positions(consortium):
    """What the node remembers; nothing of the topics of other tests."""
    with open_node(consortium.home) as node:
        node.registry.cursor().execute("TRUNCATE intake.positions, intake.lost")
        return IntakePositions(node.dsn())


@pytest.mark.kafka
def test_events_that_kafka_removed_unread_are_an_error_until_somebody_acknowledges_kafka(
    consortium, handler, offer, empty_broker, positions
):
    KafkaIntake(parse_address(empty_broker.url), "twente", "test.example/twente", handler.handle).create()
    send(empty_broker, *[issue(offer, f"g{number}") for number in range(3)])
    assert len(take_in(empty_broker, handler, positions, 3)) == 3
    assert "intake" not in faults_of(consortium)
    send(empty_broker, *[issue(offer, f"g{number}") for number in range(3, 10)])
    remove(empty_broker, 8)
    assert [one.accepted for one in take_in(empty_broker, handler, positions, 2)] == [True, True]
    [lost] = positions.losses()
    assert (lost.partition, lost.first, lost.last) == (0, 3, 7)
    told = results_of(empty_broker)
    assert [one["type"].split(".")[2] for one in told] == ["accepted"] * 3 + ["lost"] + ["accepted"] * 2
    assert (told[3]["data"]["first"], told[3]["data"]["last"]) == (3, 7)
    assert from_dict(told[3])["id"] == "intake.twente-0-3-lost"

    said = consortium.run("status", check=1).stdout
    assert "offsets 3 to 7 of partition 0" in said
    assert f"registry intake acknowledge {lost.number}" in said
    listed = consortium.run("intake", "lost", "--json", check=1)
    assert [one["last"] for one in printed_json(listed)["items"]] == [7]
    consortium.run("intake", "acknowledge", check=2)
    assert "not one of the losses" in consortium.run("intake", "acknowledge", lost.number + 1, check=1).stderr
    assert "offsets 3 to 7" in consortium.run("intake", "acknowledge", lost.number, "--by", "registrar").stdout
    assert "intake" not in faults_of(consortium)
    assert "All" not in consortium.run("intake", "lost").stdout
    [kept] = printed_json(consortium.run("intake", "lost", "--all", "--json"))["items"]
    assert kept["acknowledged_by"] == "registrar"
    consortium.run("intake", "acknowledge", lost.number, check=1)


@pytest.mark.kafka
def test_a_gap_with_nothing_behind_it_is_told_once_and_found_although_kafka_forgot_the_reader_kafka(
    handler, offer, empty_broker, positions
):
    KafkaIntake(parse_address(empty_broker.url), "twente", "test.example/twente", handler.handle).create()
    send(empty_broker, *[issue(offer, f"h{number}") for number in range(4)])
    take_in(empty_broker, handler, positions, 4)
    send(empty_broker, *[issue(offer, f"h{number}") for number in range(4, 6)])
    remove(empty_broker, 6)
    forget_reader(empty_broker)
    for _ in range(2):
        stop = threading.Event()
        reader = KafkaIntake(
            parse_address(empty_broker.url), "twente", "test.example/twente", handler.handle, positions=positions
        )
        running = threading.Thread(target=reader.run, args=(stop,))
        running.start()
        until(lambda: positions.next("intake.twente", 0) == 6, 60)
        stop.set()
        running.join()
    assert [(one.first, one.last) for one in positions.losses()] == [(4, 5)]
    assert [one["type"].split(".")[2] for one in results_of(empty_broker)].count("lost") == 1


@pytest.mark.kafka
def test_a_topic_that_was_made_again_is_said_to_have_lost_what_it_held_kafka(handler, offer, empty_broker, positions):
    positions.advance("intake.twente", {0: 7})
    KafkaIntake(parse_address(empty_broker.url), "twente", "test.example/twente", handler.handle).create()
    send(empty_broker, issue(offer, "i1"))
    assert [one.accepted for one in take_in(empty_broker, handler, positions, 1)] == [True]
    [lost] = positions.losses()
    assert (lost.first, lost.last) == (7, None)
    assert "emptied or made again" in lost.sentence
    assert positions.next("intake.twente", 0) == 1


@pytest.mark.kafka
def test_a_topic_that_keeps_events_for_less_than_a_week_is_warned_of_at_start_kafka(handler, empty_broker):
    reader = KafkaIntake(parse_address(empty_broker.url), "twente", "test.example/twente", handler.handle)
    assert reader.create() == []
    admin = KafkaAdminClient(bootstrap_servers=parse_address(empty_broker.url).brokers)
    settings = {"retention.ms": "86400000", "retention.bytes": "1000000", "cleanup.policy": "compact"}
    admin.alter_configs([ConfigResource("topic", "intake.twente", configs=settings)])
    admin.close()
    short, small, compacted = reader.create()
    assert "24 hours" in short
    assert "1,000,000 bytes" in small
    assert "compact" in compacted


@pytest.mark.parametrize(
    ("expected", "begin", "offsets", "found"),
    [
        (5, 5, [5, 6], []),
        (5, 9, [], [(5, 8)]),
        (5, 9, [9, 10], [(5, 8)]),
        (5, 20, [5, 6, 20, 21], [(7, 19)]),
        (5, 0, [7, 9], []),
        (5, 9, [12], [(5, 8)]),
        (0, 0, [], []),
        (5, 9, [3, 4, 5, 6, 7, 8, 9], []),
    ],
)
def test_only_what_was_removed_unread_is_a_gap(expected, begin, offsets, found):
    assert list(find_gaps(expected, begin, offsets)) == found


def faults_of(consortium):
    return printed_json(consortium.run("status", "--json", check=False))["node"]["faults"]


def forget_reader(broker):
    """Let the broker forget how far the reader was, as it does after some days."""
    admin = KafkaAdminClient(bootstrap_servers=parse_address(broker.url).brokers)
    admin.delete_group_offsets("intake.twente", [TopicPartition("intake.twente", 0)])
    admin.close()


def results_topic_is_there(broker):
    consumer = KafkaConsumer(bootstrap_servers=parse_address(broker.url).brokers)
    try:
        return "intake.twente.results" in consumer.topics()
    finally:
        consumer.close()
