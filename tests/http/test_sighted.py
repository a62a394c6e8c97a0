"""Answers of one moment, without a transaction where nothing came in between."""

import asyncio
import json
import time

import msgspec
import psycopg
import pytest

from consumers.projecting.projector import Projector
from projections.api.reading import Views
from projections.api.sighted import Sighting
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


def test_rows_come_without_what_was_added(made, writer, consortium):
    credential, _ = issued(consortium, writer)

    def how(connection):
        nothing = connection.execute("SELECT credential FROM credentials WHERE false")
        assert (nothing.fetchone(), nothing.fetchmany(2), nothing.fetchall(), list(nothing)) == (None, [], [], [])
        one = connection.execute("SELECT member, credential::text AS id FROM credentials -- all of them")
        assert one.fetchone() == (TWENTE, credential)
        assert one.fetchone() is None
        ordered = connection.execute("SELECT n FROM generate_series(1, 9) AS s (n) ORDER BY n DESC")
        assert [n for [n] in ordered.fetchmany(2)] == [9, 8]
        assert [n for [n] in ordered] == list(range(7, 0, -1))
        return connection.execute(COUNT, {"member": TWENTE}).fetchone()

    content, position = made(how)
    assert content == (1, TWENTE)
    assert position == "governance:3,lund:0,twente:2"


class Followed:
    """A query that is asked again and again; after the first time something comes."""

    def __init__(self, come, query=COUNT):
        self.times, self._come, self._query = 0, come, query

    def rows(self, connection):
        found = connection.execute(self._query, {"member": TWENTE}).fetchall()
        self.times += 1
        if self.times == 1:
            self._come()
        return found

    def twice(self, connection):
        return self.rows(connection), self.rows(connection)


@pytest.fixture
def twice(writer, consortium):
    """Counts, and counts again; the first time another credential comes in between."""
    issued(consortium, writer)
    return Followed(lambda: issued(consortium, writer)).twice


def test_what_came_between_two_statements_makes_it_anew(made, twice):
    (before, after), position = made(twice)
    assert before == after == [(2, TWENTE)]
    assert position.endswith("twente:4")


def test_what_does_not_fit_together_is_made_anew(made, twice):
    def how(connection):
        before, after = twice(connection)
        if before != after:
            raise LookupError("two moments")
        return after

    assert made(how)[0] == [(2, TWENTE)]


def test_what_is_wrong_in_one_moment_is_said(made, writer, consortium):
    issued(consortium, writer)

    def how(connection):
        connection.execute(COUNT, {"member": TWENTE})
        raise HttpProblem("not-found", "as asked")

    with pytest.raises(HttpProblem, match="as asked"):
        made(how)
    assert made(lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)


def test_what_came_between_two_that_found_nothing_makes_it_anew(made, writer, consortium):
    """Without a row there is none to say the moment."""
    issued(consortium, writer)
    none = "SELECT credential FROM credentials WHERE member = 'lund' AND %(member)s <> ''"
    nothing = Followed(lambda: issued(consortium, writer), none)
    content, position = made(nothing.twice)
    assert content == ([], [])
    assert nothing.times == 4
    assert position.endswith("twente:4")


def test_what_finds_nothing_is_asked_once_where_nothing_came(made, writer, consortium, monkeypatch):
    issued(consortium, writer)
    none = "SELECT credential FROM credentials WHERE member = 'lund'"
    assert made(lambda c: c.execute(none).fetchall())[0] == []
    sent, rows = [], Sighting._rows
    monkeypatch.setattr(Sighting, "_rows", lambda self, text, values: sent.append(text) or rows(self, text, values))
    content, position = made(lambda c: c.execute(none).fetchall())
    assert (content, position) == ([], "governance:3,lund:0,twente:2")
    assert [b"credentials" in text for text in sent] == [True, False]  # and what the moment is now


def test_what_another_server_saw_is_not_said_of_the_one_that_took_its_place(made, writer, consortium):
    """It may be less far, and come to as many leaves by another way."""
    issued(consortium, writer)
    one = "SELECT count(*) FROM members"
    assert made(lambda c: c.execute(one).fetchone())[1].endswith("lund:0,twente:2")
    for pid in backends(writer):
        writer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    sizes = "UPDATE positions SET size = %s WHERE member = %s"
    with writer.transaction():
        writer.execute(sizes, (2, "lund"))
        writer.execute(sizes, (0, TWENTE))
    assert made(lambda c: c.execute(one).fetchone())[1].endswith("lund:2,twente:0")


def test_the_position_of_a_moment_is_asked_for_once(made, writer, consortium, monkeypatch):
    told = []

    def position_of(seen):
        told.append(seen)
        return f"position {len(told)}"

    monkeypatch.setattr("projections.api.sighted.position_of", position_of)
    said = []
    for _ in range(2):
        issued(consortium, writer)
        said += [made(lambda c: c.execute(COUNT, {"member": TWENTE}).fetchone()) for _ in range(3)]
    assert said == [*[((1, TWENTE), "position 1")] * 3, *[((2, TWENTE), "position 2")] * 3]


def test_a_position_that_is_not_known_any_more_is_that_of_an_answer_made_anew(made, writer, consortium):
    """A batch comes after the statements, and before their position is asked for."""
    issued(consortium, writer)
    content, position = made(Followed(lambda: issued(consortium, writer)).rows)
    assert content == [(2, TWENTE)]
    assert position.endswith("twente:4")


def test_views_that_were_built_anew_are_another_moment(made, writer, consortium):
    """Even where as much of all streams together was read, of one more and of another less."""
    issued(consortium, writer)
    sizes = "UPDATE positions SET size = %s WHERE member = %s"
    assert made(lambda c: c.execute("SELECT 1").fetchone())[1].endswith("lund:0,twente:2")
    with writer.transaction():
        writer.execute("CREATE TABLE others (LIKE positions INCLUDING ALL)")
        writer.execute("INSERT INTO others SELECT * FROM positions")
        writer.execute("DROP TABLE positions")
        writer.execute("ALTER TABLE others RENAME TO positions")
        writer.execute(sizes, (2, "lund"))
        writer.execute(sizes, (0, TWENTE))
    assert made(lambda c: c.execute("SELECT 1").fetchone())[1].endswith("lund:2,twente:0")


def test_another_governance_is_another_moment(made, writer, consortium):
    """A stream may be read again, to its old length, under what governance says since."""
    issued(consortium, writer)
    more = "UPDATE positions SET governance = governance + 1 WHERE member = %s"
    counted = Followed(lambda: writer.execute(more, (TWENTE,)))
    made(counted.twice)
    assert counted.times == 4


def test_without_statements_the_position_is_said(made, writer, consortium):
    issued(consortium, writer)
    content, position = made(lambda _: "ready")
    assert content == "ready"
    assert position.endswith("twente:2")


def test_real_answers_are_as_without(made, writer, consortium):
    credential, learner = issued(consortium, writer)
    for how in (
        lambda connection: credentials.awarded(connection, (TWENTE, credential)),
        lambda connection: learners.read(connection, learner),
        lambda connection: credentials.read(connection, [(TWENTE, credential), ("lund", credential)]),
    ):
        content, _ = made(how)
        assert json.loads(msgspec.json.encode(content)) == json.loads(msgspec.json.encode(how(writer)))


def test_many_are_made_in_turn_and_the_loop_goes_on(reading, loop):
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
    assert len(ticks) > 12  # of three rounds at least, each a tenth of a second


def test_searches_keep_no_lookup_waiting(reading, loop):
    made = []

    async def asked(number, seconds, takes):
        await reading.answer("", lambda c: slowly(c, number, seconds), takes)
        made.append(number)

    async def all_of_them():
        searches = [asyncio.create_task(asked(n, 0.3, "some")) for n in range(3)]
        await asyncio.sleep(0.05)
        await asyncio.gather(*(asked(7, 0.01, "little") for _ in range(6)))
        assert made == [7] * 6
        await asyncio.gather(*searches)

    loop.run(all_of_them())
    assert sorted(made[6:]) == [0, 1, 2]


def slowly(connection, number, seconds):
    """A number that takes so long."""
    [[found, _]] = connection.execute("SELECT %(n)s::int, pg_sleep(%(s)s)", {"n": number, "s": seconds})
    return found


def backends(writer):
    """The server's processes that answer, or answered last, a sighting of this test's database."""
    found = writer.execute(
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%tableoid%'"
    )
    return {pid for [pid] in found}


def test_an_answer_that_is_given_up_leaves_nothing_behind(reading, loop, writer):
    async def given_up():
        for _ in range(9):  # more often than there are connections
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: slowly(c, 1, 2)), 0.1)
        return (await reading.answer("", lambda c: slowly(c, 7, 0))).content

    assert loop.run(given_up()) == 7
    until(lambda: len(backends(writer)) <= 1, 10)


def test_a_connection_that_the_server_ended_costs_no_answer(made, writer):
    assert made(lambda c: slowly(c, 1, 0))[0] == 1
    for pid in backends(writer):
        writer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert made(lambda c: slowly(c, 2, 0))[0] == 2


def test_nor_do_all_of_them_whoever_held_them(reading, loop, writer):
    async def asked(number, **how):
        return (await reading.answer("", lambda c: slowly(c, number, 0.2), **how)).content

    async def ended():
        await asyncio.gather(*(asked(n) for n in range(6)), *(asked(n, takes="long") for n in range(3)))
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


def test_a_server_that_says_nothing_is_given_up(made, monkeypatch):
    monkeypatch.setattr("projections.api.sighted._LONGEST", 0.3)
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        made(lambda c: slowly(c, 1, 2))
    assert made(lambda c: slowly(c, 2, 0))[0] == 2


def test_what_the_server_refuses_is_raised_and_the_next_goes_on(made):
    def refused(connection):
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / %s", (0,))
        with pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT * FROM nowhere")
        return connection.execute("SELECT 7 %% 4").fetchone()

    assert made(refused)[0] == (3,)


def test_more_statements_than_are_kept_prepared_and_values_of_any_length(made, monkeypatch):
    monkeypatch.setattr("projections.api.sighted._PREPARED", 2)

    def asked(connection):
        found = [connection.execute(f"SELECT {n} + %s", (1,)).fetchone() for n in (1, 2, 3, 1, 2, 3)]
        long = "ø" * 5_000_000
        found += connection.execute("SELECT length(%s), %s::text IS NULL, %s::int[]", (long, None, [1, 2])).fetchall()
        return found, connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()

    (found, [kept]), _ = made(asked)
    assert found == [(2,), (3,), (4,), (2,), (3,), (4,), (5_000_000, True, [1, 2])]
    assert kept == 2


def test_one_that_is_given_up_while_it_connects_gives_the_connection_back(reading, loop, monkeypatch):
    connected, got = reading._connected, []

    def slowly_connected():
        time.sleep(0.2)
        got.append(connected())
        return got[-1]

    monkeypatch.setattr(reading, "_connected", slowly_connected)

    async def given_up():
        for _ in range(3):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reading.answer("", lambda c: slowly(c, 1, 0)), 0.05)

    loop.run(given_up())
    pool = reading._pool
    until(lambda: len(got) == 3, 10)
    loop.run(asyncio.sleep(0.1))
    until(lambda: pool.get_stats()["pool_available"] == pool.get_stats()["pool_size"], 10)
