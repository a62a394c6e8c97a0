"""Costly answers: in threads, within a time limit, given up when the client leaves; others are answered meanwhile."""

import asyncio
import threading

import pytest

from projections.api import costly, reading
from projections.api.reading import Views
from projections.core import views
from registry.http import HttpProblem
from registry.http.disconnects import RECEIVE
from tests.support.command import until

MANY = "SELECT n FROM generate_series(1, 4000) AS s (n)"
SLEEPING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' AND pid <> pg_backend_pid()"


@pytest.fixture
def writer(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        opened.execute(
            "INSERT INTO positions (member, size, root, hashes, governance, next) VALUES ('twente', 1, '', '', 1, 0)"
        )
        yield opened


@pytest.fixture
def loop():
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def served(dsn, loop, writer):  # noqa: ARG001 - it ends before its loop does, and the views are there
    found = Views(dsn, lambda *_: ("member", "member"))
    found.open()
    yield found
    found.close()


def sleeping(connection):
    """Read many rows, then take a minute."""
    connection.execute(MANY).fetchall()
    return connection.execute("SELECT pg_sleep(61)").fetchall()


def test_few_rows_are_read_in_the_loops_own_thread_and_many_in_another(served, loop):
    def few(connection):
        connection.execute("SELECT 1").fetchall()
        return threading.current_thread()

    def many(connection):
        assert len(connection.execute(MANY).fetchall()) == 4000
        return threading.current_thread()

    assert loop.run(served.answer("", few)).content is threading.main_thread()
    assert loop.run(served.answer("", many)).content.name.startswith("costly")
    assert loop.run(served.answer("", few, "scan")).content.name.startswith("costly")


def test_an_answer_that_takes_too_long_is_given_up_and_its_statement_ends(served, loop, writer, monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 0.5)
    with pytest.raises(HttpProblem) as raised:
        loop.run(served.answer("", sleeping))
    assert (raised.value.kind, raised.value.status, raised.value.headers) == ("too-costly", 503, {"Retry-After": "5"})
    until(lambda: writer.execute(SLEEPING).fetchone() == (0,))


def test_an_answer_whose_client_has_left_is_given_up(served, loop, writer, monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 60.0)

    async def asked():
        begun = asyncio.Event()

        async def receive():
            await begun.wait()
            return {"type": "http.disconnect"}

        RECEIVE.set(receive)
        answering = asyncio.ensure_future(served.answer("", sleeping))
        while writer.execute(SLEEPING).fetchone() == (0,):  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.02)
        begun.set()
        with pytest.raises(HttpProblem):
            await answering

    loop.run(asked())
    until(lambda: writer.execute(SLEEPING).fetchone() == (0,))


def test_others_are_answered_while_costly_answers_are_made_and_more_costly_ones_are_refused(
    served, loop, writer, monkeypatch
):
    monkeypatch.setattr(reading, "SECONDS", 60.0)
    monkeypatch.setattr(costly, "MAX_WAITING", 0)

    async def asked():
        answering = [asyncio.ensure_future(served.answer("", sleeping)) for _ in range(costly.AT_A_TIME)]
        while writer.execute(SLEEPING).fetchone() != (costly.AT_A_TIME,):  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.02)
        for _ in range(20):
            answer = await served.answer("", lambda connection: connection.execute("SELECT 7").fetchone())
            assert answer.content == (7,)
        assert not any(one.done() for one in answering)
        with pytest.raises(HttpProblem) as raised:
            await served.answer("", lambda connection: connection.execute(MANY).fetchall())
        assert raised.value.kind == "too-costly"
        for one in answering:
            one.cancel()
        await asyncio.gather(*answering, return_exceptions=True)

    loop.run(asked())
    until(lambda: writer.execute(SLEEPING).fetchone() == (0,))
