"""Webhooks, posted to a real server on this machine, from a real feed in a real PostgreSQL."""

import contextlib
import ipaddress
import itertools
import multiprocessing
import os
import signal
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from standardwebhooks import Webhook, WebhookVerificationError

from projections.core import views
from projections.feed import feed, writer
from projections.feed.collector import NoticeCollector, PendingNotice
from registry.application.registry import Registry
from registry.node.adapters.webhooks import FeedSource
from registry.vault.keys import MemoryKeys, VaultError
from registry.vault.vault import Vault
from registry.webhooks import (
    AddressPolicy,
    Deliveries,
    Dispatcher,
    Endpoints,
    NoSuchNotice,
    PostedAlready,
    Schedule,
    UnknownEndpoint,
    UnusableAddress,
)
from tests.support.command import until
from tests.support.node import ORIGIN, vault_of
from tests.support.receiver import Answer, Receiver, certificate

LOCAL = AddressPolicy(http_localhost=True)
OWN = "twente"


class Clock:
    """The time, which a test can move on."""

    def __init__(self):
        self.moved = timedelta(0)

    def __call__(self):
        return datetime.now(UTC) + self.moved


class Node:
    """A database with a feed and webhooks."""

    def __init__(self, dsn, connection):
        self.dsn = dsn
        self.connection = connection
        self.clock = Clock()
        self.vault = vault_of(dsn)
        self.endpoints = Endpoints(connection, self.vault, LOCAL)
        self.deliveries = Deliveries(connection, Schedule())
        self._leaves = itertools.count()

    def tell(self, number=1, kind="achievement.joined"):
        """Let the feed grow; return the new notices' numbers."""
        before = feed.newest(self.connection, OWN)
        collector = NoticeCollector(frozenset([OWN]), "lund")
        leaves = [next(self._leaves) for _ in range(number)]
        collector.begin, collector.end = leaves[0], leaves[-1] + 1
        collector.notices += [PendingNotice(OWN, kind, OWN, "lund", leaf, leaf + 1, {"by": "lund"}) for leaf in leaves]
        with self.connection.transaction():
            writer.write_notices(self.connection, collector, 1, size=collector.end)
        return [n.id for n in feed.read(self.connection, OWN, before, 1000)]

    def add(self, url, *kinds):
        return self.endpoints.add(url, kinds, cursor=feed.newest(self.connection, OWN), now=self.clock())

    def source(self):
        return FeedSource(self.dsn, OWN, ORIGIN)

    def dispatcher(self, **more):
        values = {"channel": feed.CHANNEL, "addresses": LOCAL, "now": self.clock}
        return Dispatcher(self.dsn, self.vault, self.source, **(values | more))

    def get(self, endpoint):
        return self.endpoints.get(endpoint.endpoint)

    @contextlib.contextmanager
    def running(self, **more):
        stop = threading.Event()
        thread = threading.Thread(target=self.dispatcher(**more).run, args=(stop,))
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


@pytest.fixture
def node(dsn):
    Registry(dsn, ORIGIN, vault_of(dsn)).close()
    with views.connect(dsn) as connection:
        views.create(connection)
        feed.create(connection)
        yield Node(dsn, connection)


def ids(numbers):
    return [f"{OWN}-{number}" for number in numbers]


def test_a_notice_arrives_as_a_cloud_event_that_others_software_reads_and_verifies(node):
    with Receiver() as receiver:
        _, secret = node.add(receiver.url)
        (number,) = node.tell()
        assert node.dispatcher().once().delivered == 1
    (received,) = receiver.received
    assert received.path == "/hooks"
    assert Webhook(secret).verify(received.body, received.headers)["id"] == str(number)
    event = from_structured_event(HTTPMessage(received.headers, received.body), JSONFormat())
    assert event.get_source() == f"{ORIGIN}/feed"
    assert event.get_type() == "registry.feed.achievement.joined.v1"
    assert event.get_data()["log"] == {"member": "lund", "leaf": 0, "size": 1}
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(received.body + b" ", received.headers)


def test_only_what_came_after_it_was_added_and_only_the_kinds_it_wants(node):
    node.tell()
    with Receiver() as receiver:
        node.add(receiver.url, "credential.*", "achievement.joined")
        wanted = node.tell() + node.tell(kind="credential.impaired")
        node.tell(kind="achievement.assessed")
        node.dispatcher().once()
        assert sorted(receiver.ids) == sorted(ids(wanted))
        node.dispatcher().once()
        assert len(receiver.received) == 2


def test_a_target_down_for_a_day_loses_nothing(node):
    receiver = Receiver()
    endpoint, _ = node.add(receiver.url)
    numbers = node.tell(3)
    for hour in range(24):
        node.dispatcher().once()  # each time a new dispatcher: nothing is kept but in the database
        numbers += node.tell(1)
        node.clock.moved = timedelta(hours=hour + 1)
    assert node.get(endpoint).waiting >= 26
    with receiver:
        node.clock.moved += timedelta(hours=1)
        node.dispatcher().once()
    assert sorted(receiver.ids) == sorted(ids(numbers))
    fares = node.get(endpoint)
    assert (fares.waiting, fares.dead, fares.failures, fares.delivered) == (0, 0, 0, 27)


def test_when_a_target_is_back_all_that_waits_is_due_and_no_hour_is_waited_out(node):
    receiver = Receiver()
    node.add(receiver.url)
    numbers = node.tell(5)
    for _ in range(8):
        node.dispatcher().once()
        node.clock.moved += timedelta(minutes=20)
    numbers += node.tell(1)
    node.clock.moved += timedelta(seconds=1)
    with receiver:
        node.dispatcher().once()
    assert sorted(receiver.ids) == sorted(ids(numbers))


def test_attempts_are_further_and_further_apart_and_given_up_after_days_until_asked_for(node):
    with Receiver(lambda _: Answer(500)) as receiver:
        endpoint, _ = node.add(receiver.url)
        node.tell(2)
        began = node.clock()
        tried = []
        while node.get(endpoint).dead < 2:
            if node.dispatcher().once().failed:
                tried.append(node.clock() - began)
            node.clock.moved += timedelta(minutes=30)
        assert tried[-1] >= Schedule().give_up
        assert 60 < len(tried) < 300  # a few quickly, then about one an hour or half of it for five days
        assert len(node.deliveries.list_dead(endpoint.endpoint)) == 2
        assert node.deliveries.list_dead()[0].error == "answered 500"
        before = len(receiver.received)
        node.dispatcher().once()
        assert len(receiver.received) == before
        receiver.answer = lambda _: Answer()
        assert node.deliveries.redeliver_dead(endpoint.endpoint, node.clock()) == 2
        node.dispatcher().once()
        assert node.deliveries.list_dead() == []
        assert node.get(endpoint).waiting == 0


def test_the_schedule_doubles_up_to_an_hour_and_chance_takes_off_half_at_most():
    schedule = Schedule()
    whole = [schedule.delay(n, lambda: 0.0).total_seconds() for n in range(1, 13)]
    assert whole[:4] == [5, 10, 20, 40]
    assert whole[-1] == 3600
    assert schedule.delay(1, lambda: 1.0).total_seconds() == 2.5
    assert schedule.delay(10_000, lambda: 0.0) == timedelta(hours=1)


def test_a_notice_can_be_posted_again_by_its_number(node):
    with Receiver() as receiver:
        endpoint, _ = node.add(receiver.url)
        (number,) = node.tell()
        node.dispatcher().once()
        with contextlib.closing(node.source()) as source:
            node.deliveries.redeliver(endpoint.endpoint, source, number, node.clock())
            with pytest.raises(NoSuchNotice, match="no notice 999"):
                node.deliveries.redeliver(endpoint.endpoint, source, 999, node.clock())
        node.dispatcher().once()
        assert receiver.ids == ids([number, number])  # the same id, so that the receiver can tell


def test_a_server_that_says_gone_is_not_posted_to_until_it_is_enabled(node):
    with Receiver(lambda _: Answer(410)) as receiver:
        endpoint, _ = node.add(receiver.url)
        numbers = node.tell(1)
        node.dispatcher().once()
        assert node.get(endpoint).disabled_for == "it answered 410 Gone"
        numbers += node.tell(1)
        node.clock.moved += timedelta(hours=2)
        node.dispatcher().once()
        assert len(receiver.received) == 1
        receiver.answer = lambda _: Answer()
        node.endpoints.enable(endpoint.endpoint)
        node.dispatcher().once()
        assert sorted(receiver.ids[1:]) == sorted(ids(numbers))


def test_redirects_are_not_followed(node):
    with Receiver() as elsewhere, Receiver(lambda _: Answer(307, {"location": elsewhere.url})) as receiver:
        endpoint, _ = node.add(receiver.url)
        node.tell()
        assert node.dispatcher().once().failed == 1
        assert elsewhere.received == []
        assert "redirects are not followed" in node.get(endpoint).last_error


def test_a_server_that_asks_to_be_left_alone_is_left_alone(node):
    with Receiver(lambda _: Answer(429, {"retry-after": "1200"})) as receiver:
        node.add(receiver.url)
        node.tell()
        node.dispatcher().once()
        node.clock.moved += timedelta(seconds=1190)
        node.dispatcher().once()
        assert len(receiver.received) == 1
        node.clock.moved += timedelta(seconds=11)
        node.dispatcher().once()
        assert len(receiver.received) == 2


def test_an_answer_without_end_is_not_read_and_one_that_trickles_is_cut_off(node):
    with Receiver(lambda _: Answer(body=b"x" * 50_000_000)) as receiver:
        node.add(receiver.url)
        node.tell()
        assert node.dispatcher().once().delivered == 1
    stop = threading.Event()

    def trickle(listening):
        with contextlib.suppress(OSError):
            connected, _ = listening.accept()
            with connected:
                connected.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.1):
                    connected.sendall(b"x-more: 1\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=trickle, args=(listening,))
        thread.start()
        endpoint, _ = node.add(f"http://localhost:{listening.getsockname()[1]}/")
        node.tell()
        assert node.dispatcher(seconds=0.7).once().failed >= 1
        assert "no answer within 0.7 s" in node.get(endpoint).last_error
        stop.set()
    thread.join()


def test_a_slow_endpoint_does_not_delay_another(node):
    with Receiver(lambda _: Answer(after=5)) as slow, Receiver() as quick:
        node.add(slow.url)
        node.add(quick.url)
        with node.running(seconds=6):
            until(lambda: node.tell() and slow.received)
            before = len(quick.received)
            node.tell(20)
            until(lambda: len(quick.received) >= before + 20, seconds=4)


def test_a_running_dispatcher_hears_of_notices_and_of_new_endpoints(node):
    with Receiver() as receiver, node.running():
        endpoint, _ = node.add(receiver.url)
        numbers = node.tell(2)
        until(lambda: sorted(receiver.ids) == sorted(ids(numbers)))
        node.endpoints.disable(endpoint.endpoint, "by command")
        held = node.tell(1)
        node.endpoints.enable(endpoint.endpoint)
        until(lambda: sorted(receiver.ids) == sorted(ids(numbers + held)))


def test_two_dispatchers_never_have_the_same_delivery(node):
    with Receiver(lambda _: Answer(after=0.05)) as receiver:
        node.add(receiver.url)
        numbers = node.tell(60)
        threads = [threading.Thread(target=node.dispatcher().once) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(receiver.ids) == sorted(ids(numbers))
        assert receiver.most_at_once > 8  # more than one of them was at work


def run_dispatcher(dsn):
    Dispatcher(dsn, vault_of(dsn), lambda: FeedSource(dsn, OWN, ORIGIN), channel=feed.CHANNEL, addresses=LOCAL).once()


def test_killed_between_posting_and_writing_down_it_is_posted_again(node):
    process = multiprocessing.get_context("spawn").Process(target=run_dispatcher, args=(node.dsn,))

    def kill(_):
        os.kill(process.pid, signal.SIGKILL)
        return Answer(after=0.2)

    with Receiver(kill) as receiver:
        endpoint, _ = node.add(receiver.url)
        numbers = node.tell(1)
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        receiver.answer = lambda _: Answer()
        node.dispatcher().once()
        assert receiver.ids == ids(numbers)  # it is still the killed one's
        node.clock.moved = Schedule().claim
        node.dispatcher().once()
        assert receiver.ids == ids(numbers * 2)
        assert node.get(endpoint).delivered == 1


def test_a_certificate_that_nobody_vouches_for_is_not_posted_to(node, tmp_path):
    file = certificate(tmp_path / "own.pem")
    loopback = AddressPolicy(networks=(ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
    with Receiver(certificate=file) as receiver:
        endpoint, _ = node.add(receiver.url)
        node.tell()
        assert node.dispatcher(addresses=loopback).once().failed == 1
        assert "CERTIFICATE_VERIFY_FAILED" in node.get(endpoint).last_error
        assert receiver.received == []
        trusting = ssl.create_default_context(cafile=file)
        node.clock.moved += timedelta(hours=1)
        assert node.dispatcher(addresses=loopback, tls=trusting).once().delivered == 1
    other = certificate(tmp_path / "other.pem", "elsewhere.example")
    with Receiver(certificate=other) as receiver:
        endpoint, _ = node.add(receiver.url)
        node.tell()
        trusting = ssl.create_default_context(cafile=other)
        node.dispatcher(addresses=loopback, tls=trusting).once()
        assert "ostname" in node.get(endpoint).last_error  # the address is right, the name is not
        assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/x",
        "ftp://hooks.example/x",
        "https://",
        "https://user:word@hooks.example/",
        "https://hooks.example:99999999/",
        "not a url",
        "https://hooks.example/" + "x" * 3000,
    ],
)
def test_an_address_that_is_never_posted_to_is_refused_at_once(node, url):
    with pytest.raises(UnusableAddress):
        node.add(url)
    assert node.endpoints.all() == []


def test_the_same_is_posted_to_one_address_once(node):
    first, _ = node.add("https://hooks.example/", "credential.*", "achievement.joined")
    with pytest.raises(PostedAlready, match=f"webhook {first.endpoint} posts the same kinds there already"):
        node.add("https://hooks.example/", "achievement.joined", "credential.*")
    node.add("https://hooks.example/", "credential.*")
    node.add("https://hooks.example/other", "credential.*", "achievement.joined")
    node.endpoints.disable(first.endpoint, "by command")
    with pytest.raises(PostedAlready, match="webhook enable"):
        node.add(first.url, *first.kinds)


def test_this_machine_over_http_only_where_the_settings_say_so():
    assert LOCAL.check("http://localhost:8000/x").host == "localhost"
    with pytest.raises(UnusableAddress, match="webhook_http_localhost"):
        AddressPolicy().check("http://localhost:8000/x")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "224.0.0.1",
        "[::1]", "[fd00::1]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[2002:a00:1::]", "localhost",
        "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_what_only_the_inside_can_reach_is_not_posted_to(node, host):
    url = f"https://{host}/latest/meta-data"
    with pytest.raises(UnusableAddress, match="is not public; to allow it, name its network"):
        Endpoints(node.connection, node.vault, AddressPolicy()).add(url, [], cursor=0, now=node.clock())
    anywhere = AddressPolicy(networks=(ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
    endpoint, _ = Endpoints(node.connection, node.vault, anywhere).add(url, [], cursor=0, now=node.clock())
    node.tell()
    assert node.dispatcher(addresses=AddressPolicy()).once().failed == 1
    assert "not public" in node.get(endpoint).last_error or "not found" in node.get(endpoint).last_error


def test_a_network_that_the_settings_name_may_be_posted_to():
    policy = AddressPolicy(networks=(ipaddress.ip_network("10.20.0.0/16"),))
    url = policy.check("https://sis.twente.example/")
    inside, outside = ipaddress.ip_address("10.20.3.4"), ipaddress.ip_address("10.21.3.4")
    assert policy.select_allowed(url, [outside, inside]) == ["10.20.3.4"]


def test_after_a_rotation_both_secrets_sign_for_a_day(node):
    with Receiver() as receiver:
        endpoint, old = node.add(receiver.url)
        new = node.endpoints.rotate(endpoint.endpoint, node.clock())
        node.tell()
        node.dispatcher().once()
        for secret in (old, new):
            Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
        assert node.endpoints.secrets(endpoint.endpoint, node.clock() + timedelta(hours=25)) == [new]


def test_a_secret_is_of_no_use_without_the_master_key_and_nowhere_in_the_database(node):
    endpoint, secret = node.add("https://hooks.example/")
    row = node.connection.execute("SELECT secret FROM webhooks.endpoints").fetchone()
    assert secret.encode() not in row[0]
    with pytest.raises(VaultError):
        Endpoints(node.connection, Vault(MemoryKeys(os.urandom)), LOCAL).secrets(endpoint.endpoint, node.clock())


def test_an_endpoint_that_is_removed_takes_what_waits_with_it(node):
    endpoint, _ = node.add("http://localhost:65535/")
    node.tell()
    node.dispatcher().once()
    node.endpoints.remove(endpoint.endpoint)
    assert node.connection.execute("SELECT count(*) FROM webhooks.deliveries").fetchone() == (0,)
    for act in (node.endpoints.get, node.endpoints.remove, node.endpoints.enable):
        with pytest.raises(UnknownEndpoint):
            act("nobody")


def test_a_database_that_restarts_is_gone_on_with(node, postgres):
    with Receiver() as receiver:
        node.add(receiver.url)
        stop, failed = threading.Event(), []

        def run():
            while not stop.is_set():
                try:
                    node.dispatcher().run(stop)
                except psycopg.OperationalError as error:
                    failed.append(error)
                    stop.wait(0.2)

        thread = threading.Thread(target=run)
        thread.start()
        first = node.tell(1)
        until(lambda: receiver.ids == ids(first))
        postgres.stop()
        postgres.start()
        with views.connect(node.dsn) as again:
            node.connection = again
            numbers = first + node.tell(1)
            until(lambda: receiver.ids == ids(numbers), seconds=30)
        stop.set()
        thread.join()
