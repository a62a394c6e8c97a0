"""One document leads to few addresses and takes little time; a run fetches each address once."""

import pytest

from registry.documents.did_resolver import FetchFailed
from registry.node.adapters import document_fetch_limits
from registry.node.adapters.document_fetch_limits import MAX_FETCHES, MAX_KEPT, KeptFetch, LimitedFetch


class Server:
    """Answers with the address, or fails; each answer takes a time of a clock that nobody waits for."""

    def __init__(self, cost=0.0, *, fails=False):
        self.cost, self.fails, self.asked, self.now = cost, fails, [], 0.0

    def monotonic(self):
        return self.now

    def __call__(self, address, seconds):
        self.asked.append((address, seconds))
        self.now += min(self.cost, seconds)
        if self.fails or self.cost > seconds:
            raise FetchFailed("no answer")
        return address.encode()


def limited(server, monkeypatch):
    monkeypatch.setattr(document_fetch_limits, "time", server)
    return LimitedFetch(server)


def test_a_document_leads_to_a_few_addresses(monkeypatch):
    server = Server()
    fetch = limited(server, monkeypatch)
    assert [fetch(str(number)) for number in range(MAX_FETCHES)] == [b"0", b"1", b"2", b"3"]
    with pytest.raises(FetchFailed, match="more than 4 addresses"):
        fetch("4")
    assert len(server.asked) == MAX_FETCHES


def test_all_that_a_document_leads_to_has_six_seconds_together(monkeypatch):
    server = Server(cost=100)
    fetch = limited(server, monkeypatch)
    for reason in ("no answer", "no answer", "not fetched within 6 s", "not fetched within 6 s"):
        with pytest.raises(FetchFailed, match=reason):
            fetch("a")
    assert [seconds for _, seconds in server.asked] == [5.0, 1.0]
    assert server.now == 6.0


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_asks_an_address_once_whether_it_answers_or_not(fails):
    server = Server(fails=fails)
    kept = KeptFetch(server)
    for _ in range(3):
        try:
            assert LimitedFetch(kept)("a") == b"a"
            assert not fails
        except FetchFailed:
            assert fails
    assert len(server.asked) == 1


def test_a_failure_for_want_of_time_is_not_kept_for_the_next_document():
    server = Server(cost=3)
    kept = KeptFetch(server)
    with pytest.raises(FetchFailed):
        kept("a", 1.0)
    assert kept("a", 5.0) == b"a"


def test_a_run_keeps_a_bounded_number_of_answers():
    server = Server()
    kept = KeptFetch(server)
    for number in [*range(MAX_KEPT + 1), MAX_KEPT, 0]:
        kept(str(number), 5.0)
    assert len(server.asked) == MAX_KEPT + 2
