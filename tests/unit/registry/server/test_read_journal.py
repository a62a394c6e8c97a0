"""The access journal's part in requests, with a journal of choice."""

import asyncio

import psycopg
import pytest

from registry.http import HttpProblem
from registry.http.access import Caller
from registry.server.read_journal import ReadJournal
from registry.vault.openings import note_opening, watch_openings

ADA = "2afda2b4-a247-4f0f-aedd-e040beb58eab"
BO = "bb0c1b4a-5d5c-4ae1-9d6f-3b8f6a3f8a3e"


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


def streamed(journal, batches, sent):
    """Send an answer whose pieces open the data of these learners, each as it is made."""

    async def app(scope, receive, send):
        del receive
        scope["path_template"] = "/archive"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for learners in batches:
            await asyncio.to_thread(lambda opened=learners: [note_opening(each) for each in opened])
            await send({"type": "http.response.body", "body": b"data", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def send(message):
        sent.append((message["type"].rpartition(".")[2], len(journal.reads)))

    async def receive():
        return {"type": "http.request"}

    scope = {"type": "http", "method": "POST", "user": Caller("person:1")}
    asyncio.run(ReadJournal(app, journal)(scope, receive, send))


def test_an_answer_that_opens_data_while_it_is_sent_has_each_read_in_the_journal_before_its_bytes():
    journal, sent = KeptReads(), []
    streamed(journal, [[ADA], [ADA], [ADA, BO]], sent)
    assert [learners for _, _, learners in journal.reads] == [[ADA], [BO]]
    assert sent == [("start", 0), ("body", 1), ("body", 1), ("body", 2), ("body", 2)]


def test_where_the_journal_fails_while_an_answer_is_sent_the_answer_breaks_off():
    sent = []
    with pytest.raises(psycopg.OperationalError):
        streamed(KeptReads(psycopg.OperationalError("away")), [[ADA], [BO]], sent)
    assert [kind for kind, _ in sent] == ["start"]


def test_outside_of_a_request_nothing_is_watched():
    note_opening(ADA)
    with watch_openings() as learners:
        assert learners == set()
