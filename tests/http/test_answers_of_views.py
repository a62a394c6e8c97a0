"""Answers from the views: each is of one moment, whatever is written meanwhile, and says which."""

import asyncio
import json
import time

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
def made(reading, loop):
    """Of what reads: the content of its answer, and the position that this says."""

    def made(how):
        answer = loop.run(reading.answer("", how))
        return answer.content, answer.headers.get("Registry-Position")

    return made


def issued(consortium, writer):
    """A credential more, of an achievement of its own: two leaves."""
    university, learner = consortium.universities[TWENTE], new_id()
    achievement, published = university.publish()
    credential, line = university.issue(achievement, learner)
    university.seal(published, line)
    project(writer, consortium)
    return credential, learner


COUNT = "SELECT count(*), %(member)s::text FROM credentials WHERE member = %(member)s"


def test_all_statements_of_an_answer_see_one_moment_which_it_says(made, writer, consortium):
    issued(consortium, writer)

    def counted_twice(connection):
        before = connection.execute(COUNT, {"member": TWENTE}).fetchone()
        issued(consortium, writer)
        return before, connection.execute(COUNT, {"member": TWENTE}).fetchone()

    content, position = made(counted_twice)
    assert content == ((1, TWENTE), (1, TWENTE))
    assert position == "governance:3,lund:0,twente:2"
    content, position = made(lambda connection: connection.execute(COUNT, {"member": TWENTE}).fetchone())
    assert content == (2, TWENTE)
    assert position == "governance:3,lund:0,twente:4"


def test_what_an_answer_raises_is_raised_and_the_next_goes_on(made, writer, consortium):
    issued(consortium, writer)

    def refused(connection):
        connection.execute(COUNT, {"member": TWENTE})
        raise HttpProblem("not-found", "as asked")

    with pytest.raises(HttpProblem, match="as asked"):
        made(refused)
    assert made(lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)


def test_an_answer_writes_nothing(made):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        made(lambda connection: connection.execute("DELETE FROM credentials"))


def test_without_statements_the_position_is_said(made, writer, consortium):
    issued(consortium, writer)
    content, position = made(lambda _: "ready")
    assert content == "ready"
    assert position.endswith("twente:2")


def test_real_answers_are_as_without(made, writer, consortium):
    credential, learner = issued(consortium, writer)
    for how in (
        lambda connection: credentials.read_awarded(connection, (TWENTE, credential)),
        lambda connection: learners.read(connection, learner),
        lambda connection: credentials.read(connection, [(TWENTE, credential), ("lund", credential)]),
    ):
        content, _ = made(how)
        assert json.loads(msgspec.json.encode(content)) == json.loads(msgspec.json.encode(how(writer)))


def test_many_are_made_side_by_side_and_the_loop_goes_on(reading, loop):
    ticks = []

    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def all_of_them():
        ticking = asyncio.create_task(tick())
        answers = await asyncio.gather(*(reading.answer("", lambda c, n=n: slowly(c, n, 0.1)) for n in range(12)))
        ticking.cancel()
        return [answer.content for answer in answers]

    assert loop.run(all_of_them()) == list(range(12))
    assert len(ticks) > 1  # the loop was never held


def test_searches_keep_no_lookup_waiting(reading, loop):
    made = []

    async def asked(number, seconds, cost):
        await reading.answer("", lambda c: slowly(c, number, seconds), cost)
        made.append(number)

    async def all_of_them():
        searches = [asyncio.create_task(asked(n, 0.3, "search")) for n in range(3)]
        await asyncio.sleep(0.05)
        await asyncio.gather(*(asked(7, 0.01, "lookup") for _ in range(6)))
        assert made == [7] * 6
        await asyncio.gather(*searches)

    loop.run(all_of_them())
    assert sorted(made[6:]) == [0, 1, 2]


def slowly(connection, number, seconds):
    """A number that takes so long."""
    [[found, _]] = connection.execute("SELECT %(n)s::int, pg_sleep(%(s)s)", {"n": number, "s": seconds})
    return found


def backends(writer):
    """The server's processes that answer from this test's database."""
    found = writer.execute(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    return {pid for [pid] in found}


def waiting(writer):
    """How many of the server's processes sleep for an answer."""
    found = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
    return writer.execute(f"{found} AND datname = current_database() AND pid <> pg_backend_pid()").fetchone()[0]


def test_an_answer_that_is_given_up_leaves_nothing_behind(reading, loop, writer):
    async def given_up():
        for _ in range(9):  # more often than there are connections
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: slowly(c, 1, 2)), 0.1)
        return (await reading.answer("", lambda c: slowly(c, 7, 0))).content

    assert loop.run(given_up()) == 7
    until(lambda: not waiting(writer), 10)


def test_a_connection_that_the_server_ended_costs_no_answer(made, writer):
    assert made(lambda c: slowly(c, 1, 0))[0] == 1
    for pid in backends(writer):
        writer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert made(lambda c: slowly(c, 2, 0))[0] == 2


def test_nor_do_all_of_them_whoever_held_them(reading, loop, writer):
    async def asked(number, **how):
        return (await reading.answer("", lambda c: slowly(c, number, 0.2), **how)).content

    async def ended():
        await asyncio.gather(*(asked(n) for n in range(6)), *(asked(n, cost="scan") for n in range(3)))
        writer.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return await asked(7)

    assert loop.run(ended()) == 7


def test_statements_of_views_that_were_changed_are_prepared_anew(made, writer):
    def awarded(connection):
        return connection.execute("SELECT achievement FROM credentials").fetchall()

    assert made(awarded)[0] == []
    writer.execute("ALTER TABLE credentials ALTER achievement TYPE text")
    assert made(awarded)[0] == []


def test_nor_does_one_that_it_ends_in_the_middle(writer, loop, reading):
    async def ended():
        asked = asyncio.create_task(reading.answer("", lambda c: slowly(c, 3, 1)))
        await asyncio.to_thread(until, lambda: backends(writer))
        for pid in backends(writer):
            writer.execute("SELECT pg_terminate_backend(%s)", (pid,))
        return (await asked).content

    assert loop.run(ended()) == 3


def test_a_server_that_sends_nothing_is_given_up(made, monkeypatch):
    monkeypatch.setattr("projections.api.loop_connection._SILENCE_SECONDS", 0.3)
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        made(lambda c: slowly(c, 1, 2))
    assert made(lambda c: slowly(c, 2, 0))[0] == 2


def test_an_answer_that_is_given_up_while_it_connects_gives_the_connection_back(reading, loop, monkeypatch):
    pool, taken = reading._loop_pool._pool, []  # noqa: SLF001 - the connections that no caller sees
    take = pool.take

    def take_slowly():
        time.sleep(0.2)
        taken.append(take())
        return taken[-1]

    monkeypatch.setattr(pool, "take", take_slowly)
    monkeypatch.setattr("projections.api.pools._NO_WAIT_SECONDS", 0)  # the pool then refuses

    async def given_up():
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: slowly(c, 1, 0)), 0.05)

    loop.run(given_up())
    until(lambda: len(taken) == 3, 10)
    loop.run(asyncio.sleep(0.1))
    until(lambda: pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"], 10)


def test_the_use_of_both_pools_is_added_up(reading, loop):
    async def asked():
        answering = [asyncio.create_task(reading.answer("", lambda c: slowly(c, 1, 0.5))) for _ in range(5)]
        await asyncio.sleep(0.3)
        use = reading.pool_use()
        await asyncio.gather(*answering)
        return use

    use = loop.run(asked())
    assert use.busy >= 3
    assert use.waiting >= 2
    until(lambda: reading.pool_use().busy == 0, 10)


def test_what_the_server_refuses_is_raised_and_the_next_goes_on(made):
    with pytest.raises(psycopg.errors.DivisionByZero):
        made(lambda connection: connection.execute("SELECT 1 / %s", (0,)))
    with pytest.raises(psycopg.errors.UndefinedTable):
        made(lambda connection: connection.execute("SELECT * FROM nowhere"))
    assert made(lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)
