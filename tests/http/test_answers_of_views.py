"""Answers from the views: each is of one moment, whatever is written meanwhile, and says which."""

import asyncio
import json
import threading

import msgspec
import psycopg
import pytest

from consumers.projecting.projector import Projector
from projections.api.reading import Views
from projections.core import views
from projections.credentials import credentials
from projections.records import learners
from registry.http import HttpProblem
from tests.support.command import until
from tests.support.streams import CONSORTIUM, Consortium, new_id

TWENTE = "twente"


@pytest.fixture
def consortium():
    return Consortium(TWENTE, "lund")


@pytest.fixture
def writer(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


@pytest.fixture
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def reading(dsn, loop, writer):  # noqa: ARG001 - it ends before its loop does, and the views are there
    served = Views(dsn, lambda *_: ("member", "member"))
    served.open()
    yield served
    served.close()


def project(writer, consortium):
    Projector(writer, consortium.log(), CONSORTIUM, consortium.founded).step()


@pytest.fixture
def read(reading, loop):
    """Returns what a function reads, and the position that the answer names."""

    def read(function):
        answer = loop.run(reading.answer("", function))
        return answer.content, answer.headers.get("Registry-Position")

    return read


def issue(consortium, writer):
    """Issue a credential of its own achievement: two leaves."""
    university, learner = consortium.universities[TWENTE], new_id()
    achievement, published = university.publish()
    credential, line = university.issue(achievement, learner)
    university.seal(published, line)
    project(writer, consortium)
    return credential, learner


COUNT = "SELECT count(*), %(member)s::text FROM credentials WHERE member = %(member)s"


def test_all_statements_of_an_answer_see_one_moment_which_it_says(read, writer, consortium):
    issue(consortium, writer)

    def counted_twice(connection):
        before = connection.execute(COUNT, {"member": TWENTE}).fetchone()
        issue(consortium, writer)
        return before, connection.execute(COUNT, {"member": TWENTE}).fetchone()

    content, position = read(counted_twice)
    assert content == ((1, TWENTE), (1, TWENTE))
    assert position == "governance:3,lund:0,twente:2"
    content, position = read(lambda connection: connection.execute(COUNT, {"member": TWENTE}).fetchone())
    assert content == (2, TWENTE)
    assert position == "governance:3,lund:0,twente:4"


def test_what_an_answer_raises_is_raised_and_the_next_goes_on(read, writer, consortium):
    issue(consortium, writer)

    def refused(connection):
        connection.execute(COUNT, {"member": TWENTE})
        raise HttpProblem("not-found", "as asked")

    with pytest.raises(HttpProblem, match="as asked"):
        read(refused)
    assert read(lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)


def test_an_answer_writes_nothing(read):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        read(lambda connection: connection.execute("DELETE FROM credentials"))


def test_without_statements_the_position_is_said(read, writer, consortium):
    issue(consortium, writer)
    content, position = read(lambda _: "ready")
    assert content == "ready"
    assert position.endswith("twente:2")


def test_real_answers_are_as_without(read, writer, consortium):
    credential, learner = issue(consortium, writer)
    for how in (
        lambda connection: credentials.read_awarded(connection, (TWENTE, credential)),
        lambda connection: learners.read(connection, learner),
        lambda connection: credentials.read(connection, [(TWENTE, credential), ("lund", credential)]),
    ):
        content, _ = read(how)
        assert json.loads(msgspec.json.encode(content)) == json.loads(msgspec.json.encode(how(writer)))


GATE = 7
"""The number of an advisory lock."""


class Gate:
    """Holds answers back in the server until the test opens it."""

    def __init__(self, connection):
        self._connection = connection
        connection.execute("SELECT pg_advisory_lock(%s)", (GATE,))

    def open(self):
        self._connection.execute("SELECT pg_advisory_unlock(%s)", (GATE,))

    def count_waiting(self):
        """Return how many answers wait."""
        query = """SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database
            WHERE datname = current_database() AND locktype = 'advisory' AND objid = %s AND NOT granted"""
        return self._connection.execute(query, (GATE,)).fetchone()[0]


@pytest.fixture
def gate(dsn):
    with psycopg.connect(dsn, autocommit=True, application_name="gate") as connection:
        yield Gate(connection)


def read_number(connection, number):
    return connection.execute("SELECT %s::int", (number,)).fetchone()[0]


def read_behind_gate(connection, number):
    """Return the number when the gate is open."""
    return connection.execute("SELECT %s::int, pg_advisory_xact_lock_shared(%s)", (number, GATE)).fetchone()[0]


async def reach(condition):
    """Wait for a condition, while the loop goes on."""
    await asyncio.to_thread(until, condition, 10)


def test_many_are_made_side_by_side_and_the_loop_goes_on(reading, loop, gate):
    async def read_all():
        answers = [asyncio.create_task(reading.answer("", lambda c, n=n: read_behind_gate(c, n))) for n in range(12)]
        await reach(lambda: gate.count_waiting() > 1)
        gate.open()
        return [(await answer).content for answer in answers]

    assert loop.run(read_all()) == list(range(12))


def test_searches_keep_no_lookup_waiting(reading, loop, gate):
    async def read_all():
        searches = [
            asyncio.create_task(reading.answer("", lambda c, n=n: read_behind_gate(c, n), "search")) for n in range(3)
        ]
        await reach(gate.count_waiting)
        lookups = await asyncio.gather(*(reading.answer("", lambda c: read_number(c, 7), "lookup") for _ in range(6)))
        assert not any(search.done() for search in searches)
        gate.open()
        return [answer.content for answer in [*lookups, *await asyncio.gather(*searches)]]

    assert loop.run(read_all()) == [7] * 6 + [0, 1, 2]


def list_backends(writer):
    """Return the server's processes that answer from this test's database."""
    query = """SELECT pid FROM pg_stat_activity WHERE datname = current_database()
        AND pid <> pg_backend_pid() AND application_name <> 'gate'"""
    return {pid for [pid] in writer.execute(query)}


def end_backends(writer):
    for pid in list_backends(writer):
        writer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def test_an_answer_that_is_given_up_leaves_nothing_behind(reading, loop, gate):
    async def give_up():
        for _ in range(9):  # more often than there are connections
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: read_behind_gate(c, 1)), 0.1)
        return (await reading.answer("", lambda c: read_number(c, 7))).content

    assert loop.run(give_up()) == 7
    gate.open()
    until(lambda: not gate.count_waiting(), 10)
    until(lambda: reading.pool_use().busy == 0, 10)


def test_a_connection_that_the_server_ended_costs_no_answer(read, writer):
    assert read(lambda c: read_number(c, 1))[0] == 1
    end_backends(writer)
    assert read(lambda c: read_number(c, 2))[0] == 2


def test_nor_do_all_of_them_whoever_held_them(reading, loop, writer, gate):
    async def read_behind(number, **options):
        return (await reading.answer("", lambda c: read_behind_gate(c, number), **options)).content

    async def lose_all():
        answers = [asyncio.create_task(read_behind(n)) for n in range(6)]
        answers += [asyncio.create_task(read_behind(n, cost="scan")) for n in range(3)]
        await reach(lambda: gate.count_waiting() > 3)  # in threads, too
        gate.open()
        await asyncio.gather(*answers)
        end_backends(writer)
        return await read_behind(7)

    assert loop.run(lose_all()) == 7


def test_statements_of_views_that_were_changed_are_prepared_again(read, writer):
    def list_achievements(connection):
        return connection.execute("SELECT achievement FROM credentials").fetchall()

    assert read(list_achievements)[0] == []
    writer.execute("ALTER TABLE credentials ALTER achievement TYPE text")
    assert read(list_achievements)[0] == []


def test_nor_does_one_that_it_ends_in_the_middle(writer, loop, reading, gate):
    async def lose_one():
        answer = asyncio.create_task(reading.answer("", lambda c: read_behind_gate(c, 3)))
        await reach(gate.count_waiting)
        await asyncio.to_thread(end_backends, writer)
        gate.open()
        return (await answer).content

    assert loop.run(lose_one()) == 3


def test_a_server_that_sends_nothing_is_given_up(read, monkeypatch, gate):
    monkeypatch.setattr("projections.api.loop_connection._SILENCE_SECONDS", 0.3)
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        read(lambda c: read_behind_gate(c, 1))
    assert read(lambda c: read_number(c, 2))[0] == 2
    gate.open()


def test_an_answer_that_is_given_up_while_it_connects_gives_the_connection_back(reading, loop, monkeypatch):
    pool, connections, may_connect = reading._loop_pool._pool, [], threading.Event()  # noqa: SLF001 - no caller sees it
    take = pool.take

    def take_late():
        may_connect.wait(10)
        connections.append(take())
        return connections[-1]

    monkeypatch.setattr(pool, "take", take_late)
    monkeypatch.setattr("projections.api.pools._NO_WAIT_SECONDS", 0)  # the pool then refuses

    async def give_up():
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: read_number(c, 1)), 0.05)
        assert connections == []
        may_connect.set()
        await reach(lambda: len(connections) == 3)
        await reach(lambda: pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"])

    loop.run(give_up())


def test_the_use_of_both_pools_is_added_up(reading, loop, gate):
    async def read_all():
        answers = [asyncio.create_task(reading.answer("", lambda c: read_behind_gate(c, 1))) for _ in range(5)]
        await reach(lambda: reading.pool_use().busy >= 3 and reading.pool_use().waiting >= 2)
        gate.open()
        await asyncio.gather(*answers)

    loop.run(read_all())
    until(lambda: reading.pool_use().busy == 0, 10)


def test_what_the_server_refuses_is_raised_and_the_next_goes_on(read):
    with pytest.raises(psycopg.errors.DivisionByZero):
        read(lambda connection: connection.execute("SELECT 1 / %s", (0,)))
    with pytest.raises(psycopg.errors.UndefinedTable):
        read(lambda connection: connection.execute("SELECT * FROM nowhere"))
    assert read(lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)
