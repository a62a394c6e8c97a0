"""A member that signs heads by the thousand: what it costs the others is bounded, and none of them is forgotten."""

import os
import threading

import pytest

from consumers.disputes.disputes import Disputes
from consumers.disputes.settling import Settling
from consumers.projecting.projector import Projector
from consumers.witness.witness import Witness
from projections.core import views
from registry.wire import commit
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.keys import Ed25519Signer
from tests.support.memory_log import MemoryLog
from tests.support.streams import CONSORTIUM, Consortium

COMMITS = 600


class CountingLog(MemoryLog):
    """Counts the records that are read of evil's stream."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def read(self, stream, start=0, max_bytes=4 * 1024 * 1024):
        records = super().read(stream, start, max_bytes)
        self.count += len(records) if stream == "evil" else 0
        return records


@pytest.fixture(scope="module")
def consortium():
    """evil has 600 commits of one event each; the same member signs a head of another history at each size."""
    made = Consortium("evil", "twente")
    evil = made.universities["evil"]
    for number in range(COMMITS):
        evil.seal(evil.line("x.other.v1", "x", {"n": number}))
    event = evil.line("x.other.v1", "x", {})
    made.disputed = [disputed(evil, size, event) for size in range(1, COMMITS)]
    twente = made.universities["twente"]
    twente.seal(twente.publish()[1])
    return made


def disputed(university, size, event):
    """A record of one event whose head is of that size, and has another root than the stream's."""
    note = SignedNote.sign(Checkpoint(university.origin, size, os.urandom(32)), university.signers)
    return str(note).encode() + b"\n" + event + b"\n"


@pytest.fixture
def log(consortium):
    made = CountingLog()
    streams = {name: university.records for name, university in consortium.universities.items()}
    for name, records in {"governance": consortium.records, **streams}.items():
        made.create(name)
        made.append(name, records)
    made.append("evil", consortium.disputed)
    return made


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def settled(connection):
    return dict(connection.execute("SELECT settled, count(*) FROM claims GROUP BY 1").fetchall())


def test_the_record_of_a_disputed_head_is_one_that_readers_take_for_that(consortium):
    parsed = commit.parse(consortium.disputed[6])
    assert (parsed.checkpoint.size, len(parsed.lines)) == (7, 1)


def test_all_disputed_heads_of_a_member_are_settled_in_one_reading(consortium, log, connection):
    Projector(connection, log, CONSORTIUM, consortium.founded).step()
    assert settled(connection) == {"contradicts": COMMITS - 1}
    # Read for the rows, and once more for the roots.
    assert log.count < 3 * (2 * COMMITS)


def test_a_step_reads_a_bounded_part_for_them_and_later_steps_the_rest(consortium, log, connection, monkeypatch):
    monkeypatch.setattr("consumers.disputes.settling.REPLAY_BYTES", 20_000)
    monkeypatch.setattr(Settling.advance, "__defaults__", (100,))
    projector = Projector(connection, log, CONSORTIUM, consortium.founded)
    projector.step()
    assert 0 < settled(connection)["contradicts"] < 200
    steps = 0
    while settled(connection).get("open"):
        log.count = 0
        projector.step()
        assert log.count < 300
        steps += 1
    assert steps >= 3
    assert settled(connection) == {"contradicts": COMMITS - 1}


def test_what_another_process_left_open_is_settled_after_a_start(consortium, log, connection, monkeypatch):
    monkeypatch.setattr("consumers.disputes.settling.REPLAY_BYTES", 20_000)
    monkeypatch.setattr(Settling.advance, "__defaults__", (100,))
    Projector(connection, log, CONSORTIUM, consortium.founded).step()
    assert settled(connection)["open"] > 0
    Projector(connection, log, CONSORTIUM, consortium.founded).settle_all()
    assert settled(connection)["open"] > 0, "governance was not read yet"
    again = Projector(connection, log, CONSORTIUM, consortium.founded)
    again.step()
    again.settle_all()
    assert settled(connection) == {"contradicts": COMMITS - 1}


def test_a_member_that_takes_long_waits_for_its_next_turn(consortium, log, connection, monkeypatch):
    projector = Projector(connection, log, CONSORTIUM, consortium.founded)
    monkeypatch.setattr("consumers.disputes.disputes._LONG_SECONDS", 0)
    monkeypatch.setattr("consumers.disputes.disputes._PACE", 1000)
    monkeypatch.setattr("consumers.disputes.settling.REPLAY_BYTES", 20_000)
    monkeypatch.setattr(Settling.advance, "__defaults__", (100,))
    projector.step()
    before = settled(connection)
    log.count = 0
    projector.step()
    assert (settled(connection), log.count) == (before, 0)


def test_a_projector_that_is_to_stop_settles_nothing_further(consortium, log, connection):
    stop = threading.Event()
    stop.set()
    projector = Projector(connection, log, CONSORTIUM, consortium.founded)
    projector.run(stop)
    disputes = Disputes(connection, log, lambda _: True)
    disputes.may_have("evil")
    disputes.settle_all(projector.governance.state, projector.governance.size, stop)
    assert log.count == 0


def test_a_witness_catches_it_with_one_reading_and_cosigns_the_others(consortium, log, tmp_path):
    signer = Ed25519Signer.generate("w.example")
    witness = Witness(log, CONSORTIUM, consortium.founded, "w.example", signer, tmp_path)
    witness.follow()
    assert {one.origin for one in witness.caught} == {f"{CONSORTIUM}/evil"}
    assert log.count < 3 * (2 * COMMITS)
    assert witness.journal.seen[f"{CONSORTIUM}/twente"].size == 1
    assert f"{CONSORTIUM}/evil" not in witness.journal.seen
    log.append("evil", consortium.disputed)
    log.count = 0
    witness.follow()
    assert log.count <= 2 * COMMITS, "one contradiction is evidence enough"
