"""Sign once: never a fork, never a gap, never a duplicate, wherever the publisher dies."""

import contextlib
import threading

import psycopg
import pytest

from consumers.streams.verifier import DISPUTABLE, OK, Verifier
from registry.log import LogUnavailable, WriterBusy
from registry.log.files import FileLog
from registry.publishing import commit_builder, publishing_pass
from registry.publishing.errors import AnotherPublisher, ForeignCommits
from registry.wire import commit
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.command import until
from tests.support.memory_log import MemoryLog
from tests.support.node import ORIGIN, TestNode, request


class Died(Exception):
    """The process ended here."""


class Wrapped:
    """A log of which one method is another."""

    def __init__(self, log, **methods):
        self._log = log
        self._methods = methods

    def __getattr__(self, name):
        return self._methods.get(name) or getattr(self._log, name)


@pytest.fixture(params=["memory", "files"])
def node(request, dsn, tmp_path):
    log = MemoryLog() if request.param == "memory" else FileLog(tmp_path / "log", "test.example")
    made = TestNode(dsn, log)
    yield made
    made.close()


def fill(node, count, start=0):
    achievement = node.offer()
    list(node.issuer.issue_all(request(number, achievement) for number in range(start, start + count)))


def complete(node):
    """Every stored event is on the log exactly once, in the stored order."""
    lines = node.lines()
    assert len(lines) == node.stored()
    assert len(set(lines)) == len(lines)


def test_everything_stored_is_published_once_in_commits_of_256(node):
    fill(node, 1000)
    published = node.publisher().publish_pending()
    assert (published.events, published.commits) == (1001, 4)
    assert node.publisher().publish_pending().events == 0
    complete(node)


# The crash table: where the publisher dies, and what it finds when it comes back.
STEPS = [
    "recover",
    "read stored events",
    "write down",
    "commit what is written down",
    "sign",
    "append",
    "note the place",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("occurrence", [1, 2])
def test_a_publisher_that_dies_before_a_step_goes_on_as_if_nothing_had_been(node, step, occurrence, monkeypatch):
    for module in (commit_builder, publishing_pass):
        monkeypatch.setattr(module, "COMMITS_AT_ONCE", 2)
    fill(node, 300)
    node.publisher().publish_pending()
    fill(node, 2 * commit_builder.EVENTS_PER_COMMIT + 100, start=1000)  # more than one pass takes
    seen = 0

    def die(name):
        nonlocal seen
        seen += name == step
        if name == step and seen == occurrence:
            raise Died

    died = False
    try:
        node.publisher(step=die).publish_pending()
    except Died:
        died = True
    assert died or (step == "recover" and occurrence == 2)
    node.publisher().publish_pending()
    complete(node)


@pytest.mark.parametrize("arrived", ["none", "some", "all"])
def test_an_append_that_failed_may_have_arrived_in_part(node, arrived):
    fill(node, 2000)

    def append(stream, records, after):
        count = {"none": 0, "some": len(records) // 2, "all": len(records)}[arrived]
        node.log.append(stream, records[:count], after)
        raise LogUnavailable("the connection was lost")

    with pytest.raises(LogUnavailable):
        node.publisher(Wrapped(node.log, append=append)).publish_pending()
    node.publisher().publish_pending()
    complete(node)


def test_the_same_process_goes_on_after_the_log_was_away(node):
    fill(node, 600)
    failures = iter([True, True, False, False, False])

    def append(stream, records, after):
        if next(failures, False):
            raise LogUnavailable("away")
        return node.log.append(stream, records, after)

    stop = threading.Event()
    publisher = node.publisher(Wrapped(node.log, append=append))
    with publisher.session() as session:
        runner = threading.Thread(target=session.run, args=(stop,), kwargs={"poll": 0.05})
        runner.start()
        until(lambda: node.log.end("twente") and len(node.lines()) == node.stored(), 20, 0.02)
        stop.set()
        runner.join()
    complete(node)


def test_what_is_signed_again_is_the_same_to_the_byte(node):
    fill(node, 100)
    kept = []

    def append(_stream, records, after):  # noqa: ARG001 - as the log has it
        kept.extend(records)
        raise LogUnavailable("lost")

    with pytest.raises(LogUnavailable):
        node.publisher(Wrapped(node.log, append=append)).publish_pending()
    node.publisher().publish_pending()
    assert [record.data for record in node.log.records("twente")] == kept


def test_garbage_and_repeats_at_the_end_are_no_head_to_go_on_from(dsn):
    node = TestNode(dsn, MemoryLog())
    fill(node, 10)
    node.publisher().publish_pending()
    head = next(node.log.read_back("twente")).data
    stray, _ = commit.sign_commit(ORIGIN, Tree(), [b'{"a":1}'], [Ed25519Signer.generate(ORIGIN)])
    node.log.append("twente", [b"garbage", head, stray, head[:-30]])
    fill(node, 10, start=100)
    node.publisher().publish_pending()
    parsed = commit.parse(next(node.log.read_back("twente")).data)
    assert parsed.checkpoint.size == node.stored()
    node.close()


def test_a_log_that_holds_commits_unknown_here_stops_the_publisher(node):
    fill(node, 10)
    node.publisher().publish_pending()
    tree = Tree().extend([leaf for r in node.log.records("twente") for leaf in commit.parse(r.data).leaves()])
    foreign, _ = commit.sign_commit(ORIGIN, tree, [b'{"a":1}'], [node.signer])
    with node.log.writer("twente"):
        node.log.append("twente", [foreign])
    fill(node, 10, start=100)
    with pytest.raises(ForeignCommits, match="does not know"):
        node.publisher().publish_pending()


def test_a_second_publisher_is_told_that_there_is_one(node):
    with node.publisher().session(), pytest.raises((AnotherPublisher, WriterBusy)):
        node.publisher().publish_pending()


def test_publishers_started_by_mistake_publish_everything_once(node):
    fill(node, 1500)
    stop = threading.Event()

    def publish():
        while not stop.is_set():
            with contextlib.suppress(AnotherPublisher, WriterBusy):
                node.publisher().publish_pending()

    threads = [threading.Thread(target=publish) for _ in range(3)]
    for thread in threads:
        thread.start()
    fill(node, 1500, start=5000)
    stop.set()
    for thread in threads:
        thread.join()
    node.publisher().publish_pending()
    complete(node)


def test_a_lone_event_is_published_at_once(node):
    stop = threading.Event()
    with node.publisher().session() as session:
        runner = threading.Thread(target=session.run, args=(stop,), kwargs={"poll": 60})  # it lives on notifications
        runner.start()
        try:
            for number in range(3):
                fill(node, 1, start=number)
                until(lambda: len(node.lines()) == node.stored(), 20, 0.005)
        finally:
            stop.set()
            with psycopg.connect(node.dsn, autocommit=True) as connection:
                connection.execute(f"NOTIFY {node.registry.recorder.channel_name}")
            runner.join(20)
        assert not runner.is_alive()
    complete(node)


def test_a_log_that_lost_its_end_gets_the_same_commits_again(node):
    fill(node, 600)
    node.publisher().publish_pending()
    before = [record.data for record in node.log.records("twente")]
    fresh = MemoryLog()
    fresh.create("twente")
    with fresh.writer("twente"):
        fresh.append("twente", before[:1])
    fill(node, 10, start=5000)
    node.log = fresh
    published = node.publisher().publish_pending()
    after = [record.data for record in fresh.records("twente")]
    assert after[: len(before)] == before
    assert published.commits == len(after) - 1
    complete(node)
    assert node.publisher().publish_pending().events == 0


def test_a_log_that_came_back_in_merged_commits_is_gone_on_with(node):
    fill(node, 600)
    node.publisher().publish_pending()
    merged = commit.merge([commit.parse(record.data) for record in node.log.records("twente")])
    fresh = MemoryLog()
    fresh.create("twente")
    with fresh.writer("twente"):
        fresh.append("twente", [merged])
    node.log = fresh
    fill(node, 10, start=5000)
    node.publisher().publish_pending()
    assert next(iter(fresh.records("twente"))).data == merged
    complete(node)


def test_a_database_older_than_a_restored_log_signs_nothing(node):
    fill(node, 300)
    node.publisher().publish_pending()
    ours = [commit.parse(record.data) for record in node.log.records("twente")]
    tree = Tree()
    for known in ours:
        tree = tree.extend(known.leaves())
    later, _ = commit.sign_commit(ORIGIN, tree, [b"{}"], [node.signer])
    fresh = MemoryLog()
    fresh.create("twente")
    with fresh.writer("twente"):  # a merged commit that spans what the database knows and what it does not
        fresh.append("twente", [commit.merge([*ours, commit.parse(later)])])
    node.log = fresh
    fill(node, 10, start=5000)
    with pytest.raises(ForeignCommits):
        node.publisher().publish_pending()
    assert len(list(fresh.records("twente"))) == 1


@pytest.mark.parametrize("step", STEPS[1:])
def test_two_nodes_with_one_key_and_a_log_without_locks_leave_one_history_and_the_evidence(dsn, postgres, step):
    """One publishes while the other is at a step: the log goes on with who was first, and the other stops."""
    log = MemoryLog()
    signer = Ed25519Signer.generate(ORIGIN)
    other_dsn = postgres.dsn(f"{psycopg.conninfo.conninfo_to_dict(dsn)['dbname']}_b")
    with (
        contextlib.closing(TestNode(dsn, log, signer)) as first,
        contextlib.closing(TestNode(other_dsn, log, signer)) as second,
    ):
        raced_at(step, log, signer, first, second)


def raced_at(step, log, signer, first, second):
    for node in (first, second):
        fill(node, 20)
    unlocked = Wrapped(log, writer=lambda _: contextlib.nullcontext())
    raced = []

    def race(name):
        if name == step and not raced:
            raced.append(name)
            first.publisher(log=unlocked).publish_pending()

    with contextlib.suppress(ForeignCommits):
        second.publisher(log=unlocked, step=race).publish_pending()
    assert raced == [step]
    verifier, claimed = Verifier(_Key(signer)), []
    for record in log.records("twente"):
        verdict = verifier.judge(record.data)
        claimed += [verdict.code] if verdict.code != OK else []
    winner, loser = (first, second) if step != "note the place" else (second, first)
    assert verifier.tree.size == winner.stored()
    assert set(claimed) <= DISPUTABLE  # what came second is kept as evidence that the key signed twice
    before = log.end("twente")
    with pytest.raises(ForeignCommits):
        loser.publisher(log=unlocked).publish_pending()
    assert log.end("twente") == before
    assert winner.publisher(log=unlocked).publish_pending().events == 0


class _Key:
    """Trust in one key, whatever governance says."""

    origin = ORIGIN
    anchors = ()

    def __init__(self, signer):
        self._keys = [signer.vkey]

    def keys_for(self, _):
        return self._keys, 1
