"""Answers of one moment, without a transaction where nothing came in between."""

import asyncio
import json

import msgspec
import pytest
from psycopg.rows import dict_row

from consumers.projector import Projector
from projections import credentials, learners, views
from projections.api.reading import Views
from registry.http import HttpProblem
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
def reading(dsn):
    served = Views(dsn, lambda *_: ("member", "member"))
    served.open()
    yield served
    served.close()


def project(writer, consortium):
    Projector(writer, consortium.log(), CONSORTIUM, consortium.founded).step()


def made(reading, how):
    """The content of an answer, and the position that it says."""
    answer = asyncio.run(reading.answer("", how))
    return answer.content, answer.headers.get("Registry-Position")


def issued(consortium, writer):
    """A credential more, of an achievement of its own: two leaves."""
    university, learner = consortium.universities[TWENTE], new_id()
    achievement, published = university.publish()
    credential, line = university.issue(achievement, learner)
    university.seal(published, line)
    project(writer, consortium)
    return credential, learner


COUNT = "SELECT count(*), %(member)s::text FROM credentials WHERE member = %(member)s"


def test_rows_come_without_what_was_added(reading, writer, consortium):
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
        cursor = connection.cursor(row_factory=dict_row)
        assert cursor.execute("SELECT member, leaf FROM credentials").fetchall() == [{"member": TWENTE, "leaf": 1}]
        return connection.execute(COUNT, {"member": TWENTE}).fetchone()

    content, position = made(reading, how)
    assert content == (1, TWENTE)
    assert position == "governance:3,lund:0,twente:2"


@pytest.fixture
def twice(writer, consortium):
    """Counts, and counts again; the first time another credential comes in between."""
    issued(consortium, writer)
    came = []

    def how(connection):
        before = connection.execute(COUNT, {"member": TWENTE}).fetchone()
        if not came:
            came.append(issued(consortium, writer))
        return before, connection.execute(COUNT, {"member": TWENTE}).fetchone()

    return how


def test_what_came_between_two_statements_makes_it_anew(reading, twice):
    (before, after), position = made(reading, twice)
    assert before == after == (2, TWENTE)
    assert position.endswith("twente:4")


def test_what_does_not_fit_together_is_made_anew(reading, twice):
    def how(connection):
        before, after = twice(connection)
        if before != after:
            raise LookupError("two moments")
        return after

    assert made(reading, how)[0] == (2, TWENTE)


def test_what_is_wrong_in_one_moment_is_said(reading, writer, consortium):
    issued(consortium, writer)

    def how(connection):
        connection.execute(COUNT, {"member": TWENTE})
        raise HttpProblem("not-found", "as asked")

    with pytest.raises(HttpProblem, match="as asked"):
        made(reading, how)
    assert made(reading, lambda connection: connection.execute("SELECT 7").fetchone())[0] == (7,)


def test_another_governance_is_another_moment(reading, writer, consortium):
    """A stream may be read again, to its old length, under what governance says since."""
    issued(consortium, writer)
    asked = []

    def how(connection):
        asked.append(connection.execute(COUNT, {"member": TWENTE}).fetchone())
        if len(asked) == 1:
            writer.execute("UPDATE positions SET governance = governance + 1 WHERE member = %s", (TWENTE,))
        return connection.execute(COUNT, {"member": TWENTE}).fetchone()

    made(reading, how)
    assert len(asked) == 2


def test_without_statements_the_position_is_said(reading, writer, consortium):
    issued(consortium, writer)
    content, position = made(reading, lambda _: "ready")
    assert content == "ready"
    assert position.endswith("twente:2")


def test_real_answers_are_as_without(reading, writer, consortium):
    credential, learner = issued(consortium, writer)
    for how in (
        lambda connection: credentials.awarded(connection, (TWENTE, credential)),
        lambda connection: learners.read(connection, learner),
        lambda connection: credentials.read(connection, [(TWENTE, credential), ("lund", credential)]),
    ):
        content, _ = made(reading, how)
        assert json.loads(msgspec.json.encode(content)) == json.loads(msgspec.json.encode(how(writer)))
