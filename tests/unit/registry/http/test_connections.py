"""Which connection goes when there are too many."""

import resource
from ipaddress import ip_network

import pytest

from registry.http.connections import ConnectionLimits, Connections, limits_for

LIMITS = ConnectionLimits(total=10, per_address=3, waiting=6)


class Fake:
    gone = False

    def give_way(self):
        self.gone = True


def opened(connections, *addresses):
    made = []
    for address in addresses:
        made.append(Fake())
        assert connections.open(made[-1], address) is None
    return made


def test_the_oldest_waiting_connection_of_an_address_gives_way_to_its_next_one():
    connections = Connections(LIMITS)
    first, second, third = opened(connections, *["192.0.2.1"] * 3)
    connections.serve(first)
    opened(connections, "192.0.2.1")
    assert (first.gone, second.gone, third.gone) == (False, True, False)


def test_an_address_with_nothing_but_requests_is_refused_and_others_are_not():
    connections = Connections(LIMITS)
    for connection in opened(connections, *["192.0.2.1"] * 3):
        connections.serve(connection)
    assert connections.open(Fake(), "192.0.2.1") == "too-many-connections"
    opened(connections, "192.0.2.2")


def test_all_of_an_ipv6_network_is_one_client():
    connections = Connections(LIMITS)
    for connection in opened(connections, *(f"2001:db8::{number}" for number in range(1, 4))):
        connections.serve(connection)
    assert connections.open(Fake(), "2001:db8::ffff") == "too-many-connections"
    opened(connections, "2001:db8:0:1::1")


def test_of_all_that_wait_the_oldest_gives_way():
    connections = Connections(LIMITS)
    made = opened(connections, *(f"192.0.2.{number}" for number in range(6)))
    connections.serve(made[0])
    connections.wait(made[0])  # it was answered: now it has waited least
    opened(connections, "192.0.2.7")
    assert [connection.gone for connection in made] == [False, True, False, False, False, False]


def test_when_all_are_being_answered_the_next_one_is_refused_until_one_ends():
    connections = Connections(LIMITS)
    made = opened(connections, *(f"192.0.2.{number}" for number in range(3)))
    made += opened(connections, *(f"192.0.3.{number}" for number in range(3)))
    for connection in made:
        connections.serve(connection)
    for connection in opened(connections, *(f"192.0.4.{number}" for number in range(4))):
        connections.serve(connection)
    assert connections.open(Fake(), "192.0.2.9") == "busy"
    connections.close(made[0])
    opened(connections, "192.0.2.9")


def test_a_trusted_proxy_has_the_connections_of_many_clients():
    connections = Connections(LIMITS, (ip_network("10.0.0.0/8"),))
    for connection in opened(connections, *["10.0.0.1"] * 8):
        connections.serve(connection)


def test_only_some_refused_connections_may_wait_for_their_request():
    connections = Connections(LIMITS)
    refused = [Fake() for _ in range(20)]
    lingering = [connection for connection in refused if connections.linger(connection)]
    assert 0 < len(lingering) < 20
    connections.close(lingering[0])
    assert connections.linger(Fake())


@pytest.mark.parametrize(("soft", "total"), [(64, 32), (128, 64), (1024, 512), (4096, 1000)])
def test_half_of_the_descriptors_are_left_for_the_log_and_the_database(monkeypatch, soft, total):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    limits = limits_for(1000, 200)
    assert limits.total == total
    assert limits.per_address <= total // 2
    assert limits.waiting == total // 2


def test_who_has_left_an_answer_unread_for_longest_gives_way_when_there_are_too_many():
    connections = Connections(LIMITS)
    made = [one for net in range(5) for one in opened(connections, *(f"192.0.{net}.{host}" for host in (1, 2)))
            if connections.serve(one) is None]  # fmt: skip
    for slow in (made[7], made[3], made[5]):
        connections.stop_reading(slow)
    connections.read_on(made[7])  # and stops again: it is no longer the one that has read nothing for longest
    connections.stop_reading(made[7])
    for number in range(3):
        connections.serve(*opened(connections, f"198.51.100.{number}"))
    assert [number for number, connection in enumerate(made) if connection.gone] == [3, 5, 7]
    assert connections.open(Fake(), "198.51.100.9") == "busy"


def test_where_every_client_reads_the_one_that_has_waited_longest_gives_way_before_anybody_is_refused():
    connections = Connections(LIMITS)
    for number in range(8):
        connections.serve(*opened(connections, f"192.0.2.{number}"))
    waiting = opened(connections, "192.0.3.1", "192.0.3.2")
    opened(connections, "192.0.4.1")
    assert [connection.gone for connection in waiting] == [True, False]
