"""Logs that change behind those who use them: cut, emptied, rotated, replaced, made again, deleted at their beginning.

A publisher and a reader that had passed the changed bytes come to the same as if nothing had happened, while they run
and after a restart; and so does a first reader of the log. What cannot heal is named.
"""

import contextlib
import os
import shutil

import pytest

from consumers.history.log_state import (
    BEGINS_LATE,
    FOREIGN,
    GONE,
    NO_GOVERNANCE,
    REFUSED,
    REWRITTEN,
    SHORTER,
    UNREADABLE,
    EarlierLooks,
    check_log,
)
from consumers.projecting.projector import Projector
from consumers.proofs.tiles import Tiles, follow
from consumers.streams.beginning import MAX_RECORDS
from consumers.streams.verifier import OK, Verifier
from consumers.witness.witness import Witness
from projections.core import positions, views
from projections.core.digest import digest
from registry.log import (
    ForeignLog,
    HistoryRewritten,
    LogGone,
    NoSuchStream,
    TailLost,
    open_log,
)
from registry.wire import commit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hashes
from tests.support.command import until
from tests.support.emptying import empty
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request
from tests.support.streams import CONSORTIUM, Consortium


class World:
    """twente's node on a log whose governance has admitted it, and a reader's views."""

    def __init__(self, dsn, url, consortium=None):
        self.consortium = consortium or Consortium("twente")
        self.url = url
        self.log = open_log(url, CONSORTIUM)
        put(self.log, "governance", self.consortium.records)
        self.node = TestNode(dsn, self.log, self.consortium.universities["twente"].signers[0])
        self.achievement = self.node.offer()
        self.witness_key = Ed25519Signer.generate("w.example")
        self.number = 0
        self.connection = views.connect(dsn)
        views.create(self.connection)

    def publisher(self):
        return self.node.publisher(founding=(CONSORTIUM, self.consortium.founded))

    def issue(self, count=1):
        for _ in range(count):
            self.number += 1
            list(self.node.issuer.issue_all([request(self.number, self.achievement)]))

    def projector(self, log=None, connection=None):
        return Projector(connection or self.connection, log or self.log, CONSORTIUM, self.consortium.founded)

    def witness(self, folder):
        return Witness(self.log, CONSORTIUM, self.consortium.founded, "w.example", self.witness_key, folder / "witness")

    def faults(self):
        known = positions.all_positions(self.connection)
        return [fault.code for fault in check_log(self.log, known, CONSORTIUM, self.consortium.founded)]

    def verified_lines(self):
        """The events that a first reader of the log accepts."""
        verifier, found = Verifier(_Key(self.node.signer)), []
        for record in self.log.records("twente"):
            verdict = verifier.judge(record.data)
            if verdict.code == OK:
                found += verdict.commit.lines
        return found

    def check_whole(self):
        """Every stored event counts once, and the reader's views are those of an untouched log."""
        lines = self.verified_lines()
        assert len(lines) == len(set(lines)) == self.node.stored()
        assert self.faults() == []
        served = digest(self.connection).total
        twin = MemoryLog()
        untouched, _ = commit.sign_commit(
            ORIGIN, self.consortium.universities["twente"].tree, lines, [self.node.signer]
        )
        put(twin, "governance", self.consortium.records)
        put(twin, "twente", [untouched])
        for log in (self.log, twin):
            empty(self.connection, "views")
            self.projector(log).step()
            assert digest(self.connection).total == served

    def close(self):
        self.connection.close()
        self.node.close()
        self.log.close()


class _Key:
    """Trust in one key, whatever governance says."""

    origin = ORIGIN
    anchors = ()

    def __init__(self, signer):
        self._keys = [signer.vkey]

    def keys_for(self, _):
        return self._keys, 1


def put(log, stream, records):
    log.create(stream)
    with log.writer(stream):
        log.append(stream, records)


@pytest.fixture
def world(dsn, tmp_path):
    with contextlib.closing(World(dsn, f"file:{tmp_path / 'log'}")) as made:
        yield made


def published_one_by_one(world, session, count):
    """So many commits of one event each, all read by the projector."""
    for _ in range(count):
        world.issue()
        session.publish()


# What happens to a folder's file


def cut_tail(path, _older):
    places = [i for i in range(len(path.read_bytes())) if path.read_bytes().startswith(ORIGIN.encode() + b"\n", i)]
    os.truncate(path, places[-3])


def empty_file(path, _older):  # as logrotate's copytruncate
    shutil.copy(path, path.with_suffix(".log.1"))
    os.truncate(path, 0)


def rotate(path, _older):
    path.rename(path.with_suffix(".log.1"))
    path.touch()


def rename_away(path, _older):
    path.rename(path.with_suffix(".log.1"))


def replace_by_older_copy(path, older):
    shutil.copy(older, path)


FILE_CHANGES = [cut_tail, empty_file, rotate, rename_away, replace_by_older_copy]


@pytest.mark.parametrize("change", FILE_CHANGES)
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
def test_a_file_that_changed_gets_its_events_back_and_every_reader_agrees(world, tmp_path, change, restarted):
    path, older = tmp_path / "log" / "twente.log", tmp_path / "older"
    with contextlib.ExitStack() as stack:
        publisher, projector = world.publisher(), world.projector()
        witness, tiles = world.witness(tmp_path), Tiles(tmp_path / "tiles")
        session = stack.enter_context(publisher.session())
        published_one_by_one(world, session, 3)
        shutil.copy(path, older)
        published_one_by_one(world, session, 4)
        projector.step()
        witness.follow()
        follow(tiles, world.log, "twente", projector.governance)
        change(path, older)
        witness.follow()
        assert witness.journal.seen[ORIGIN].size == 8
        with pytest.raises((TailLost, LogGone)):
            follow(tiles, world.log, "twente", projector.governance)
        with pytest.raises((TailLost, LogGone)):
            projector.step()
        assert set(world.faults()) <= {SHORTER, GONE} != set()
        if restarted:
            stack.close()
            session = stack.enter_context(world.publisher().session())
            projector = world.projector()
        world.issue()
        session.publish()
        assert session.publish().events == 0
        world.issue(2)
        session.publish()
        projector.step()
    for reader in (witness, world.witness(tmp_path)):
        reader.follow()
        assert (reader.journal.seen[ORIGIN].size, reader.caught) == (11, [])
    follow(tiles, world.log, "twente", projector.governance)
    assert tiles.root(11) == tiles.state.tree.root == Tree().extend(leaf_hashes(world.verified_lines())).root
    world.check_whole()


def test_a_running_publisher_notices_a_cut_file_before_anything_new_is_stored(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 5)
        world.projector().step()
        cut_tail(tmp_path / "log" / "twente.log", None)
        assert session.publish().commits == 3
    world.check_whole()


def test_a_hole_in_the_middle_is_found_at_the_next_start_and_closed(world, tmp_path):
    path = tmp_path / "log" / "twente.log"
    with world.publisher().session() as session:
        published_one_by_one(world, session, 6)
    world.projector().step()
    records = [record.data for record in world.log.records("twente")]
    path.write_bytes(b"".join(record + b"\n" for record in records[:2] + records[4:]))
    world.issue()
    world.publisher().publish_pending()
    world.projector().step()
    world.check_whole()


def test_a_reader_between_the_loss_and_its_mending_says_so_and_keeps_what_it_has(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 5)
    projector = world.projector()
    projector.step()
    before = digest(world.connection).total
    cut_tail(tmp_path / "log" / "twente.log", None)
    for reader in (projector, world.projector()):
        for _ in range(2):
            with pytest.raises(TailLost, match="shorter than what was read"):
                reader.step()
    assert digest(world.connection).total == before
    [fault] = check_log(world.log, positions.all_positions(world.connection), CONSORTIUM, world.consortium.founded)
    assert (fault.code, fault.stream, fault.read, fault.claimed) == (SHORTER, "twente", 6, 3)


def test_another_history_is_named_and_nothing_of_it_is_taken_in(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 4)
    projector = world.projector()
    projector.step()
    before = digest(world.connection).total
    lines = world.verified_lines()
    other, _ = commit.sign_commit(
        ORIGIN, world.consortium.universities["twente"].tree, lines[::-1], [world.node.signer]
    )
    (tmp_path / "log" / "twente.log").write_bytes(other + b"\n")
    for reader in (projector, world.projector()):
        with pytest.raises(HistoryRewritten, match="another history"):
            reader.step()
    assert digest(world.connection).total == before
    assert world.faults() == [REWRITTEN]


def test_a_log_that_came_back_in_merged_commits_is_read_on(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 3)
        world.projector().step()
        published_one_by_one(world, session, 3)
    commits = [commit.parse(record.data) for record in world.log.records("twente")]
    merged = commit.merge(commits)  # the reader's head lies inside of it
    (tmp_path / "log" / "twente.log").write_bytes(merged + b"\n")
    world.issue()
    world.publisher().publish_pending()
    world.projector().step()
    world.check_whole()


@pytest.mark.parametrize("junk", [1, 3])
def test_a_stream_of_which_nothing_counted_yet_is_read_from_the_beginning_when_it_was_replaced(world, tmp_path, junk):
    path = tmp_path / "log" / "twente.log"
    running, witness, tiles = world.projector(), world.witness(tmp_path), Tiles(tmp_path / "tiles")
    stranger = Consortium("twente").universities["twente"]
    for _ in range(junk):
        put(world.log, "twente", [stranger.seal(stranger.publish()[1])])
        running.step()
        witness.follow()
        follow(tiles, world.log, "twente", running.governance)
    passed = positions.all_positions(world.connection)["twente"]
    assert (passed.tree.size, passed.next, tiles.state.next) == (0, path.stat().st_size, path.stat().st_size)
    path.write_bytes(b"")
    world.issue(8 * junk)
    world.publisher().publish_pending()
    assert path.stat().st_size > passed.next
    for reader in (running, world.projector()):
        reader.step()
        assert positions.all_positions(world.connection)["twente"].tree.size == world.node.stored()
    witness.follow()
    assert witness.journal.seen[ORIGIN].size == world.node.stored()
    follow(tiles, world.log, "twente", running.governance)
    assert tiles.size == world.node.stored()
    world.check_whole()


# The whole log


def test_a_folder_that_is_gone_is_neither_made_again_nor_called_new(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 2)
    projector = world.projector()
    projector.step()
    (tmp_path / "log").rename(tmp_path / "elsewhere")
    world.issue()
    for folder_is_there in (False, True):
        if folder_is_there:
            (tmp_path / "log").mkdir()
        with pytest.raises(LogGone, match="is gone"):
            world.publisher().publish_pending()
        for reader in (projector, world.projector()):
            with pytest.raises(LogGone, match="is gone"):
                reader.step()
        assert world.faults() == [GONE]
        assert (tmp_path / "log").exists() == folder_is_there
        assert not folder_is_there or list((tmp_path / "log").iterdir()) == []
    (tmp_path / "log").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "log")
    world.publisher().publish_pending()
    projector.step()
    world.check_whole()


def test_a_publisher_puts_its_whole_stream_on_a_log_that_has_the_governance_alone(world, tmp_path):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 3)
    world.projector().step()
    (tmp_path / "log" / "twente.log").unlink()
    assert world.publisher().publish_pending().commits == 3
    world.projector().step()
    world.check_whole()


@pytest.mark.parametrize("name", ["test.example", "other.example"])
def test_a_log_of_another_founding_is_named_and_neither_written_nor_read(world, tmp_path, name):
    with world.publisher().session() as session:
        published_one_by_one(world, session, 2)
    world.projector().step()
    other = open_log(f"file:{tmp_path / 'other'}", name)
    founding = Consortium("twente")
    records = founding.records
    if name != CONSORTIUM:
        line = commit.parse(records[0]).lines[0].replace(CONSORTIUM.encode(), name.encode())
        records = [commit.sign_commit(name, type(founding.tree)(), [line], founding.signers)[0]]
    put(other, "governance", records)
    other.close()
    shutil.rmtree(tmp_path / "log")
    (tmp_path / "other").rename(tmp_path / "log")
    words = "another founding" if name == CONSORTIUM else "this log is of other.example"
    world.issue()
    for use in (world.publisher().publish_pending, world.projector().step):
        with pytest.raises(ForeignLog, match=words):
            use()
    assert world.faults() == [FOREIGN]
    assert not (tmp_path / "log" / "twente.log").exists()


def test_a_log_on_which_nothing_was_founded_is_not_published_to(dsn, tmp_path):
    with contextlib.closing(World(dsn, f"file:{tmp_path / 'log'}")) as world:
        shutil.rmtree(tmp_path / "log")
        with pytest.raises(NoSuchStream, match="no log"):
            world.publisher().publish_pending()
        assert not (tmp_path / "log").exists()
        assert world.faults() == [NO_GOVERNANCE]


def test_governance_that_is_shorter_than_what_was_read_is_named_and_kept(world, tmp_path):
    suspended = world.consortium.seal(world.consortium.line("x.unknown.v1", "twente", {}))
    with world.log.writer("governance"):
        world.log.append("governance", [suspended])
    world.issue()
    world.publisher().publish_pending()
    projector = world.projector()
    projector.step()
    os.truncate(tmp_path / "log" / "governance.log", len(world.consortium.records[0]) + 1)
    for reader in (projector, world.projector()):
        with pytest.raises(TailLost, match="governance on the log is shorter"):
            reader.step()
    assert world.faults() == [SHORTER]
    with world.log.writer("governance"):
        world.log.append("governance", [suspended])
    projector.step()
    world.check_whole()


def test_a_stream_whose_newest_records_are_all_refused_is_named(world):
    world.issue()
    world.publisher().publish_pending()
    with world.log.writer("twente"):
        world.log.append(
            "twente",
            [
                commit.sign_commit(
                    ORIGIN,
                    world.consortium.universities["twente"].tree,
                    [b"{}"],
                    [Consortium("twente").universities["twente"].signers[0]],
                )[0].replace(b"\n1\n", b"\n9\n")
            ],
        )
    world.projector().step()
    assert world.faults() == [REFUSED]


# Other members' streams


def with_lund(world, *records):
    """Admit lund, and put records on its stream."""
    admission = world.consortium.seal(world.consortium.admission("lund"))
    with world.log.writer("governance"):
        world.log.append("governance", [admission])
    world.log.create("lund")
    with world.log.writer("lund"):
        world.log.append("lund", list(records))


def junk(origin, entry):
    """A commit that begins with an entry, by a key that nobody knows."""
    hashes = [b"a" * 32] * entry.bit_count()
    return commit.sign_commit(origin, Tree(entry, hashes), [b"{}"], [Ed25519Signer.generate(origin)])[0]


class Counting:
    """A log that counts the records that were read of each stream."""

    def __init__(self, log):
        self._log = log
        self.records_read = 0
        self.of_governance = 0

    def read(self, stream, start, batch_bytes):
        records = self._log.read(stream, start, batch_bytes)
        self.of_governance += len(records) * (stream == "governance")
        return records

    def records(self, stream, start=0):
        for record in self._log.records(stream, start):
            self.records_read += stream != "governance"
            self.of_governance += stream == "governance"
            yield record

    def read_back(self, stream):
        for record in self._log.read_back(stream):
            self.records_read += 1
            yield record

    def __getattr__(self, name):
        return getattr(self._log, name)


def test_a_peer_that_floods_its_stream_costs_every_look_at_it_a_bounded_number_of_records(world):
    record = junk(f"{CONSORTIUM}/lund", 500)
    with_lund(world, *[record] * (3 * MAX_RECORDS + 1))
    world.projector().step()
    known, earlier = positions.all_positions(world.connection), EarlierLooks("twente")
    found, costs = [], []
    for _ in range(6):
        log = Counting(world.log)
        found.append(check_log(log, known, CONSORTIUM, world.consortium.founded, earlier=earlier))
        costs.append(log.records_read)
    assert max(costs) <= 2 * MAX_RECORDS + 100
    assert costs[-1] <= 10  # nothing changed
    assert [[fault.code for fault in faults] for faults in found] == [[BEGINS_LATE, REFUSED]] * 6
    assert "was stopped before the end" in found[0][0].detail
    assert "its oldest entries were deleted" in found[-1][0].detail
    assert not any(fault.away for fault in found[-1])


def test_a_damaged_record_that_was_put_right_where_it_stands_is_read_on(world, tmp_path, monkeypatch):
    monkeypatch.setattr("consumers.projecting.log_faults._FIRST_PAUSE_SECONDS", 0)
    with world.publisher().session() as session:
        published_one_by_one(world, session, 4)
    projector = world.projector()
    projector.step()
    file = tmp_path / "log" / "twente.log"
    whole = file.read_bytes()
    newest = [record.position for record in world.log.records("twente")][-1]
    damaged = bytearray(whole)
    damaged[newest + 40] ^= 1
    file.write_bytes(damaged)
    projector = world.projector()
    with pytest.raises(TailLost):
        projector.step()
    file.write_bytes(whole)
    projector.step()


def test_a_member_node_whose_log_has_no_governance_is_not_well(world, tmp_path):
    nowhere = open_log(f"file:{tmp_path / 'nowhere'}", CONSORTIUM)
    [fault] = check_log(nowhere, {}, CONSORTIUM, world.consortium.founded)
    assert (fault.code, fault.away) == (NO_GOVERNANCE, False)
    assert "nothing was founded there yet, or the setting `log` names another place" in fault.detail


def test_a_governance_log_full_of_rubbish_is_read_once_and_not_at_every_look(world):
    put(world.log, "governance", [b"rubbish"] * 2000)
    world.projector().step()
    known, earlier = positions.all_positions(world.connection), EarlierLooks("twente")
    costs = []
    for _ in range(2):
        log = Counting(world.log)
        assert check_log(log, known, CONSORTIUM, world.consortium.founded, earlier=earlier) == []
        costs.append(log.of_governance)
    assert costs[0] > 2000
    assert costs[1] < 100


def test_a_stream_whose_entries_were_put_back_at_its_end_is_found_whole_by_looks_that_go_on(world):
    lund = Ed25519Signer.generate(f"{CONSORTIUM}/lund")
    whole, _ = commit.sign_commit(f"{CONSORTIUM}/lund", Tree(), [b"{}"], [lund])
    with_lund(world, *[junk(f"{CONSORTIUM}/lund", 500)] * (MAX_RECORDS + 1), whole)
    earlier = EarlierLooks("twente")
    found = [
        [fault.code for fault in check_log(world.log, {}, CONSORTIUM, world.consortium.founded, earlier=earlier)]
        for _ in range(2)
    ]
    assert (BEGINS_LATE in found[0], BEGINS_LATE in found[1]) == (True, False)


def test_one_stream_that_cannot_be_read_hides_nothing_of_the_others(world, tmp_path):
    with_lund(world, junk(f"{CONSORTIUM}/lund", 500))
    with world.publisher().session() as session:
        published_one_by_one(world, session, 4)
    world.projector().step()
    cut_tail(tmp_path / "log" / "twente.log", None)
    (tmp_path / "log" / "lund.log").unlink()
    (tmp_path / "log" / "lund.log").mkdir()  # reading it is an error, for every user
    known = positions.all_positions(world.connection)
    found = check_log(world.log, known, CONSORTIUM, world.consortium.founded)
    assert [(fault.code, fault.stream, fault.away) for fault in found] == [
        (UNREADABLE, "lund", False),
        (SHORTER, "twente", False),
    ]


# Kafka


@pytest.fixture
def kafka_world(dsn, empty_broker):
    with contextlib.closing(World(dsn, empty_broker.url)) as made:
        yield made


def administered(broker, act):
    from kafka import KafkaAdminClient  # noqa: PLC0415 - importing it starts to need Kafka's client

    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
    try:
        return act(admin)
    finally:
        admin.close()


def delete_topic(broker, topic):
    def delete(admin):
        admin.delete_topics([topic])
        until(lambda: topic not in admin.list_topics(), 20)

    administered(broker, delete)


@pytest.mark.kafka
@pytest.mark.parametrize("restarted", [False, True], ids=["running", "restarted"])
@pytest.mark.parametrize("before", [0, 30], ids=["empty", "other-offsets"])
def test_a_topic_of_kafka_that_was_deleted_and_made_again_gets_its_events_back(
    kafka_world, empty_broker, restarted, before
):
    world = kafka_world
    with contextlib.ExitStack() as stack:
        session = stack.enter_context(world.publisher().session())
        projector = world.projector()
        published_one_by_one(world, session, 6)
        projector.step()
        delete_topic(empty_broker, "registry.twente")
        other = open_log(world.url, CONSORTIUM)
        other.create("twente")
        if before:
            with other.writer("twente"):
                other.append("twente", [b"something else %d\n" % n for n in range(before)])
        other.close()
        if restarted:
            stack.close()
            session = stack.enter_context(world.publisher().session())
            projector = world.projector()
        world.issue()
        session.publish()
        world.issue()
        session.publish()
        projector.step()
    world.check_whole()


@pytest.mark.kafka
def test_a_topic_of_kafka_whose_beginning_was_deleted_is_named_until_its_events_are_there_again(
    kafka_world, empty_broker
):
    from kafka import TopicPartition  # noqa: PLC0415 - as above

    world = kafka_world
    with world.publisher().session() as session:
        published_one_by_one(world, session, 6)
    world.projector().step()
    administered(empty_broker, lambda admin: admin.delete_records({TopicPartition("registry.twente", 0): 4}))
    assert world.log.beginnings(["governance", "twente", "nobody"]) == {"governance": 0, "twente": 4}
    assert world.faults() == [BEGINS_LATE]
    empty(world.connection, "views")
    world.projector().step()  # somebody new, who can verify nothing
    assert world.faults() == [BEGINS_LATE, REFUSED]
    world.publisher().publish_pending()
    world.projector().step()
    world.check_whole()
