"""One database transaction of the private side: all of it or nothing, committed by the code that began it."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.application.transaction import TransactionEnded, TransactionOpen
from registry.domain.errors import Duplicate
from registry.store.recorder import StaleState
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request


@pytest.fixture
def node(dsn):
    made = TestNode(dsn, MemoryLog())
    made.registry.connection.execute("CREATE TABLE notes (note text PRIMARY KEY)")
    yield made
    made.close()


class Note:
    """A row."""

    def __init__(self, note):
        self.note = note

    def write(self, cursor):
        cursor.execute("INSERT INTO notes VALUES (%s)", (self.note,))


class Fails:
    """Rows that cannot be written."""

    def write(self, _):
        raise ZeroDivisionError


def notes(node):
    return [row["note"] for row in node.registry.cursor().execute("SELECT note FROM notes ORDER BY note").fetchall()]


def test_a_transaction_that_is_left_without_commit_stores_nothing(node):
    achievement = node.offer()
    [issued] = node.issuer.issue([request(1, achievement)])
    before = node.stored()
    with node.registry.transaction() as transaction:
        node.registry.credentials.suspend(issued.credential, "underReview", transaction=transaction)
        transaction.add(Note("left"))
    assert node.stored() == before
    assert notes(node) == []
    assert not transaction.committed
    assert node.registry.credentials.get(issued.credential).state.status == "active"


def test_events_of_several_aggregates_and_rows_are_stored_together(node):
    achievement = node.offer()
    first, second = node.issuer.issue([request(1, achievement), request(2, achievement)])
    with node.registry.transaction() as transaction:
        node.registry.credentials.suspend(first.credential, "underReview", transaction=transaction)
        node.registry.credentials.revoke(second.credential, "administrative", transaction=transaction)
        transaction.add(Note("b"), Note("a"))
        assert notes(node) == []
        transaction.commit()
    assert transaction.committed
    assert notes(node) == ["a", "b"]
    assert [node.registry.credentials.get(one.credential).state.status for one in (first, second)] == [
        "suspended",
        "revoked",
    ]


@pytest.mark.parametrize("breaks", [Fails(), Note("there")])
def test_rows_that_cannot_be_written_take_everything_back(node, breaks):
    node.registry.store_rows(Note("there"))
    achievement = node.offer()
    [issued] = node.issuer.issue([request(1, achievement)])
    before = node.stored()
    with node.registry.transaction() as transaction:
        node.registry.credentials.suspend(issued.credential, "underReview", transaction=transaction)
        transaction.add(Note("new"), breaks)
        with pytest.raises((ZeroDivisionError, Duplicate)):
            transaction.commit()
    assert (node.stored(), notes(node), transaction.committed) == (before, ["there"], False)


def test_a_transaction_inside_another_is_refused_and_nothing_of_either_is_stored(node):
    achievement = node.offer()
    before = node.stored()
    with node.registry.transaction() as transaction:
        transaction.add(Note("outer"))
        with pytest.raises(TransactionOpen, match="pass it on"):
            node.registry.store_rows(Note("inner"))
        with pytest.raises(TransactionOpen):
            node.registry.achievements.retire(achievement)
        with pytest.raises(TransactionOpen):
            node.issuer.issue([request(1, achievement)])
    assert (node.stored(), notes(node)) == (before, [])
    node.registry.store_rows(Note("after"))
    assert notes(node) == ["after"]


def test_another_thread_has_a_transaction_of_its_own(node):
    achievement = node.offer()
    with node.registry.transaction() as transaction:
        transaction.add(Note("outer"))
        with ThreadPoolExecutor(1) as another:
            [issued] = another.submit(lambda: node.issuer.issue([request(1, achievement)])).result()
        transaction.commit()
    assert notes(node) == ["outer"]
    assert node.registry.credentials.get(issued.credential).state.status == "active"


def test_nothing_is_added_to_a_transaction_that_has_ended_and_it_is_committed_once(node):
    with node.registry.transaction() as transaction:
        transaction.add(Note("once"))
        transaction.commit()
        with pytest.raises(TransactionEnded):
            transaction.commit()
    for late in (transaction.commit, lambda: transaction.add(Note("late")), lambda: transaction.expect({})):
        with pytest.raises(TransactionEnded, match="begin another one"):
            late()
    assert notes(node) == ["once"]


def test_somebody_who_was_faster_is_told_with_the_error_that_the_caller_chose(node):
    node.registry.store_rows(Note("there"))
    for chosen in (None, KeyError("faster")):
        with node.registry.transaction() as transaction:
            transaction.add(Note("there"))
            if chosen is not None:
                transaction.conflict = chosen
            with pytest.raises(Duplicate if chosen is None else KeyError):
                transaction.commit()


def test_an_aggregate_that_changed_meanwhile_stops_a_transaction_that_expects_its_version(node):
    read, other = (node.registry.achievements.get(node.offer()) for _ in range(2))
    node.registry.achievements.retire(str(read.id))
    with node.registry.transaction() as transaction:
        node.registry.achievements.retire(str(other.id), transaction)
        transaction.expect({read.id: read.version})
        with pytest.raises(StaleState):
            transaction.commit()
