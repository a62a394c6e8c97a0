"""Reads of the private side while a write is in progress, and the answer that a write stores with what it did."""

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from registry.api.idempotency import Answer
from registry.api.private_side import MAX_READ_CONNECTIONS, PrivateSide
from registry.http import HttpProblem
from registry.http.access import Caller
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request

PATIENCE_SECONDS = 30


@pytest.fixture
def node(empty_dsn):
    made = TestNode(empty_dsn, MemoryLog())
    yield made
    made.close()


@pytest.fixture
def private(node):
    made = PrivateSide(node.registry, node.issuer)
    yield made
    made.close()


def post(path="/v1/things"):
    return SimpleNamespace(method="POST", url=SimpleNamespace(path=path), user=Caller("sis"))


class AtBarrier:
    """Rows whose transaction stays open, with its locks, until it is let go."""

    def __init__(self):
        self.is_open, self.may_end = threading.Event(), threading.Event()

    def write(self, cursor):
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        self.is_open.set()
        assert self.may_end.wait(PATIENCE_SECONDS)


def test_reads_are_answered_while_a_write_is_in_progress_and_a_second_write_waits(node, private):
    achievement = node.offer()
    [issued] = node.issuer.issue([request(1, achievement)])
    barrier, second_began = AtBarrier(), threading.Event()

    def act(write):
        with write.registry.transaction() as transaction:
            write.registry.credentials.suspend(issued.credential, "underReview", transaction=transaction)
            transaction.add(barrier)
            return write.commit(transaction, Answer(200, "first"))

    def act_second(_):
        second_began.set()
        return Answer(200, "second")

    def read(_):
        with private.reading() as registry:
            status = registry.credentials.get(issued.credential).state.status
            count = registry.cursor().execute("SELECT count(*) AS n FROM vault.records").fetchone()["n"]
        return status, count, private.respond("read").content

    with ThreadPoolExecutor(MAX_READ_CONNECTIONS + 2) as threads:
        writing = threads.submit(private.write_once, post(), "k1", None, act)
        try:
            assert barrier.is_open.wait(PATIENCE_SECONDS)
            waiting = threads.submit(private.write_once, post(), "k2", None, act_second)
            reads = [threads.submit(read, number) for number in range(3 * MAX_READ_CONNECTIONS)]
            assert {each.result(PATIENCE_SECONDS) for each in reads} == {("active", 1, "read")}
            assert not second_began.is_set()
            assert not writing.done()
        finally:
            barrier.may_end.set()
        assert writing.result(PATIENCE_SECONDS).content == "first"
        assert waiting.result(PATIENCE_SECONDS).content == "second"
    assert read(0) == ("suspended", 1, "read")


def test_an_answer_is_stored_with_what_the_request_did_or_neither_is(node, private):
    achievement = node.offer()
    [issued] = node.issuer.issue([request(1, achievement)])
    before = node.stored()

    class Fails:
        def write(self, _):
            raise ZeroDivisionError

    def act(write, *more):
        with write.registry.transaction() as transaction:
            write.registry.credentials.suspend(issued.credential, "underReview", transaction=transaction)
            write.add_answer(transaction, Answer(201, {"once": True}, "/there"))
            transaction.add(*more)
            transaction.commit()
        return Answer(201, {"once": True}, "/there")

    with pytest.raises(ZeroDivisionError):
        private.write_once(post(), "k1", None, lambda write: act(write, Fails()))
    assert node.stored() == before
    assert _kept(node) == []
    first = private.write_once(post(), "k1", None, act)
    assert _kept(node) == [201]
    again = private.write_once(post(), "k1", None, act)
    assert (again.status_code, again.content, again.headers) == (first.status_code, first.content, first.headers)
    assert again.headers["Location"] == "/there"
    assert node.stored() == before + 1
    with pytest.raises(HttpProblem, match="used for another request"):
        private.write_once(post(), "k1", {"other": "body"}, act)


def test_an_answer_whose_transaction_failed_and_was_mended_is_stored_after_it(private):
    def act(write):
        with write.registry.transaction() as transaction:
            write.add_answer(transaction, Answer(200, "never stored"))
        return Answer(200, "stored by itself")

    assert private.write_once(post(), "k1", None, act).content == "stored by itself"
    assert private.write_once(post(), "k1", None, act).content == "stored by itself"


def _kept(node):
    return [row["status"] for row in node.registry.cursor().execute("SELECT status FROM access.requests").fetchall()]
