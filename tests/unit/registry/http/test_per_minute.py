"""Limits of a minute, and what an address counts as."""

import pytest

from registry.http.clients import network_of
from registry.http.per_minute import PerMinute


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def test_a_minute_ends_after_sixty_seconds_of_the_monotonic_clock():
    clock = Clock()
    counts = PerMinute(2, clock)
    assert [counts.add("a"), counts.add("a"), counts.add("a"), counts.add("b")] == [True, True, False, True]
    assert (counts.remaining("a"), counts.remaining("b"), counts.remaining("c")) == (0, 1, 2)
    clock.now += 59
    assert (counts.add("a"), counts.seconds_left("a")) == (False, 1)
    clock.now += 1
    assert counts.remaining("a") == 2
    assert (counts.add("a"), counts.seconds_left("a")) == (True, 60)


def test_the_wall_clock_has_no_part_in_it(monkeypatch):
    counts = PerMinute(1)
    counts.add("a")
    monkeypatch.setattr("time.time", lambda: -86_400.0)
    assert counts.add("a") is False
    assert counts.seconds_left("a") <= 60


def test_clients_whose_minute_is_over_are_forgotten():
    clock = Clock()
    counts = PerMinute(1, clock)
    for number in range(1000):
        counts.add(str(number))
    clock.now += 61
    counts.add("last")
    assert list(counts._counts) == ["last"]  # noqa: SLF001 - memory is what is tested


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("a socket", "a socket"),
    ],
)
def test_an_ipv6_client_is_counted_by_its_network(address, network):
    assert network_of(address) == network
