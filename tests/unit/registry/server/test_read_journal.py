"""The access journal's part in requests, with a journal of choice."""

import asyncio

import psycopg
import pytest

from registry.http import HttpProblem
from registry.http.access import Caller
from registry.server.read_journal import ReadJournal
from registry.vault.openings import note_opening, watch_openings

ADA = "2afda2b4-a247-4f0f-aedd-e040beb58eab"


class KeptReads:
    """A journal that keeps reads in memory, or is away."""

    def __init__(self, fault=None):
        self.reads = []
        self._fault = fault

    def add(self, actor, act, learners):
        if self._fault is not None:
            raise self._fault
        self.reads.append((actor, act, sorted(learners)))


def answered(journal, opened):
    """What a request is answered whose handler opens the data of these learners in a thread of its own."""
    sent = []

    def handle():
        for learner in opened:
            note_opening(learner)

    async def app(scope, receive, send):
        del receive
        scope["path_template"] = "/desk/learners/{learner}"
        await asyncio.to_thread(handle)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"Ada"})

    async def send(message):
        assert journal.reads or not opened  # first the journal, then the answer
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "user": Caller("key:1")}
    asyncio.run(ReadJournal(app, journal)(scope, receive, send))
    return sent


def test_the_read_is_in_the_journal_before_the_answer_begins():
    journal = KeptReads()
    assert len(answered(journal, [ADA])) == 2
    assert journal.reads == [("key:1", "GET /desk/learners/{learner}", [ADA])]


def test_an_answer_without_a_learners_data_is_no_read():
    journal = KeptReads()
    assert len(answered(journal, [])) == 2
    assert journal.reads == []


def test_while_the_journal_is_away_nothing_is_sent_and_the_problem_says_why():
    with pytest.raises(HttpProblem, match="access journal") as raised:
        answered(KeptReads(psycopg.OperationalError("away")), [ADA])
    assert raised.value.kind == "unavailable"


def test_outside_of_a_request_nothing_is_watched():
    note_opening(ADA)
    with watch_openings() as learners:
        assert learners == set()
