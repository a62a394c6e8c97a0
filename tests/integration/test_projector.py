"""The projector on a real PostgreSQL: order between members never matters, nothing is lost, nothing blocks."""

import random
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.projecting.projector import Projector
from consumers.streams import quarantine
from projections.core import positions, views
from projections.core.digest import digest
from projections.credentials import credentials
from projections.records import learners
from registry.log import LogUnavailable
from registry.wire import commit
from registry.wire.credentials import Part, StatusSealed
from registry.wire.governance import Head, MemberKeyAdded, MemberRangeVoided, MemberSuspended
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from tests.support.emptying import empty
from tests.support.examples import examples
from tests.support.memory_log import MemoryLog, UnreadableLog
from tests.support.streams import CONSORTIUM, Consortium, University, new_id

EMPTY_ROOT = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def projector_of(connection, consortium, log, **more):
    return Projector(connection, log, CONSORTIUM, consortium.founded, **more)


def evidence(connection):
    """What was refused and claimed, without places in the log."""
    return [
        connection.execute(sql).fetchall()
        for sql in (
            "SELECT member, code, record FROM quarantine ORDER BY 1, 2, 3",
            "SELECT member, note, settled, actual FROM claims ORDER BY 1, 2",
            "SELECT member, leaf, code, path FROM refusals ORDER BY 1, 2",
        )
    ]


def test_a_credential_is_seen_by_its_learner(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    credential, issued = twente.issue(achievement, learner)
    twente.seal(published, issued)
    projector_of(connection, consortium, consortium.log()).step()
    record = learners.read(connection, learner)
    assert [view.credential for view in record.credentials] == [credential]
    assert record.ects == 5


def test_a_projector_resumes_where_the_rows_are(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    twente.seal(published)
    log = consortium.log()
    projector_of(connection, consortium, log).step()
    _, issued = twente.issue(achievement, learner)
    log.append("twente", [twente.seal(issued)])
    assert projector_of(connection, consortium, log).step().events == 1
    assert projector_of(connection, consortium, log).step().events == 0


def test_a_credential_issued_twice_is_refused_and_the_rest_of_its_batch_counts(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    credential, first = twente.issue(achievement, new_id())
    twente.seal(published, first)
    log = consortium.log()
    projector_of(connection, consortium, log).step()
    _, again = twente.issue(achievement, new_id(), credential)
    other, good = twente.issue(achievement, new_id())
    log.append("twente", [twente.seal(again, good)])
    projector_of(connection, consortium, log).step()
    assert connection.execute("SELECT leaf, code FROM refusals").fetchall() == [(2, "duplicate")]
    assert len(credentials.read(connection, [("twente", credential), ("twente", other)])) == 2


def test_an_erased_learner_is_gone_before_and_after(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    _, before = twente.issue(achievement, learner)
    twente.seal(published, before)
    twente.seal(twente.erase(learner))
    twente.seal(twente.issue(achievement, learner)[1])
    projector_of(connection, consortium, consortium.log(), batch_bytes=1).step()
    assert learners.read(connection, learner).credentials == []
    assert connection.execute("SELECT count(*) FROM credentials WHERE learner IS NULL").fetchone() == (2,)


def test_a_later_head_is_compared_with_the_tree_at_its_size(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    first = twente.seal(published)
    base = twente.tree
    twente.seal(*(twente.issue(achievement, new_id())[1] for _ in range(5)))
    other, _ = commit.sign_commit(
        twente.origin, base, [twente.issue(achievement, new_id())[1] for _ in range(3)], twente.signers
    )
    log = consortium.log()
    log.append("twente", [first, other])
    projector_of(connection, consortium, log).step()
    settled = connection.execute("SELECT size, settled FROM claims ORDER BY size").fetchall()
    assert settled == [(1, "agrees"), (4, "contradicts")]


def test_commits_by_a_key_that_governance_adds_later_are_judged_again(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published)
    head = twente.head
    new = Ed25519Signer.generate(twente.origin)
    twente.signers = [new]
    twente.seal(twente.issue(achievement, new_id())[1])
    log = consortium.log()
    projector = projector_of(connection, consortium, log)
    projector.step()
    assert [q.code for q in quarantine.list_quarantined(connection)] == ["key-not-valid"]
    added = consortium.line("member.key.added.v1", "twente", MemberKeyAdded("twente", str(new.vkey), head))
    log.append("governance", [consortium.seal(added)])
    projector.step()
    assert quarantine.list_quarantined(connection) == []
    assert connection.execute("SELECT count(*) FROM credentials").fetchone() == (1,)


def test_a_voided_range_takes_its_effects_with_it(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    credential, issued = twente.issue(achievement, new_id())
    twente.seal(published, issued)
    log = consortium.log()
    projector = projector_of(connection, consortium, log)
    projector.step()
    voided = MemberRangeVoided("twente", 1, 2, twente.head, "publishedByMistake")
    log.append("governance", [consortium.seal(consortium.line("member.range.voided.v1", "twente", voided))])
    projector.step()
    assert credentials.read(connection, [("twente", credential)]) == []
    assert connection.execute("SELECT credential::text FROM voided_credentials").fetchall() == [(credential,)]


def with_garbage(consortium):
    """A log on which governance's admission is followed by records that nobody signed."""
    log = consortium.log()
    log.append("governance", [b"garbage"] * 3)
    return log


def without_garbage(consortium, log):
    """Put a clean copy in the log's place, which has grown past where a reader of the other one stands."""
    log.cut("governance", 1)
    for name in ("lund", "aveiro", "bergen"):
        log.append("governance", [consortium.seal(consortium.admission(name))])
    for name in ("twente", "nobody"):  # the second is refused
        suspension = MemberSuspended(name, Head(0, EMPTY_ROOT), "administrative")
        log.append("governance", [consortium.seal(consortium.line("member.suspended.v1", name, suspension))])


@pytest.mark.parametrize("grows", [0, 3])
def test_governance_that_was_replaced_is_written_as_it_is_now(connection, grows):
    consortium = Consortium("twente")
    log = with_garbage(consortium)
    projector = projector_of(connection, consortium, log)
    projector.step()
    without_garbage(consortium, log)
    if not grows:  # the copy is shorter than the place: its newest entries come in one commit
        [last] = [commit.merge([commit.parse(record.data) for record in log.read("governance")[1:]])]
        log.cut("governance", 1)
        log.append("governance", [last])
    projector.step()
    [(standing,)] = connection.execute("SELECT standing FROM members WHERE member = 'twente'").fetchall()
    assert standing == "suspended"
    assert positions.all_positions(connection)["governance"].tree == consortium.tree
    written = evidence(connection)[2]
    assert written != []
    empty(connection, "views")
    projector_of(connection, consortium, log).step()
    assert evidence(connection)[2] == written


@pytest.mark.parametrize("after_a_first_step", [False, True])
@pytest.mark.parametrize("unreadable", ["aveiro", "governance"])
def test_a_stream_that_cannot_be_read_holds_up_no_other(connection, unreadable, after_a_first_step):
    consortium = Consortium("aveiro", "lund", "twente")
    log = UnreadableLog(consortium.log())
    projector = projector_of(connection, consortium, log)
    if after_a_first_step:
        projector.step()
    for name, university in consortium.universities.items():
        log.append(name, [university.seal(university.publish()[1])])
    log.unreadable.add(unreadable)
    for _ in range(2):
        with pytest.raises(LogUnavailable, match=f"{unreadable} cannot be read"):
            projector.step()
    known = positions.all_positions(connection)
    read = {name for name in consortium.universities if name in known and known[name].tree.size == 1}
    expected = set(consortium.universities) if unreadable == "governance" and after_a_first_step else set()
    assert read == (expected or (set() if unreadable == "governance" else {"lund", "twente"}))
    log.unreadable.clear()
    projector.step()
    assert all(positions.all_positions(connection)[name].tree.size == 1 for name in consortium.universities)


def test_two_projectors_on_the_same_views_do_not_disturb_each_other(dsn, connection):
    consortium = Consortium("twente", "aveiro")
    for university in consortium.universities.values():
        achievement, published = university.publish()
        university.seal(published)
        for _ in range(30):
            university.seal(university.issue(achievement, new_id())[1])
    log = consortium.log()
    failures = []

    def follow():
        try:
            with views.connect(dsn) as own:
                projector = projector_of(own, consortium, log, batch_bytes=1)
                for _ in range(40):
                    projector.step()
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=follow) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert connection.execute("SELECT count(*) FROM credentials").fetchone() == (60,)
    together = digest(connection).total
    empty(connection, "views")
    projector_of(connection, consortium, log).step()
    assert digest(connection).total == together


# The property: whatever order records come in, and whatever stands between them, the views are the same.


def grown(seed):
    """Two universities: stacks across members, revocations, erasures, ids used again, a void range, a suspension."""
    chance = random.Random(seed)
    consortium = Consortium("twente", "aveiro")
    people = [new_id() for _ in range(3)]
    issued = {}
    for name, university in consortium.universities.items():
        achievement, published = university.publish()
        university.seal(published)
        for _ in range(chance.randint(2, 5)):
            others = [(m, c) for m, held in issued.items() for c, _ in held if m != name]
            parts = [{"member": m, "credential": c, "ects": 5} for m, c in others[: chance.randint(0, 2)]]
            credential, line = university.issue(
                achievement, chance.choice(people), parts=[Part(**p) for p in parts] or None
            )
            issued.setdefault(name, []).append((credential, line))
            lines = [line]
            if chance.random() < 0.4:
                lines.append(chance.choice([university.suspend, university.revoke])(credential))
            if chance.random() < 0.2:
                lines.append(university.erase(chance.choice(people)))
            if chance.random() < 0.3:
                offered = chance.choice([achievement, new_id()])
                wrong = chance.choice([{}, {"ects": 6}, {"version": 7}, {"replaces": new_id()}])
                lines.append(university.issue(offered, people[0], chance.choice(issued[name])[0], **wrong)[1])
            university.seal(*lines)
    twente = consortium.universities["twente"]
    if chance.random() < 0.5 and twente.tree.size > 3:
        voided = MemberRangeVoided("twente", 2, 3, twente.head, "keyCompromised")
        consortium.seal(consortium.line("member.range.voided.v1", "twente", voided))
    if chance.random() < 0.3:
        suspended = MemberSuspended("twente", twente.head, "administrative")
        consortium.seal(consortium.line("member.suspended.v1", "twente", suspended))
        first, last = issued["twente"][0][0], issued["twente"][-1][0]
        twente.seal(twente.issue(new_id(), people[0], last, replaces=first)[1])
        size = twente.tree.size
        twente.seal(twente.line("status.sealed.v1", str(size), StatusSealed(size, 0, EMPTY_ROOT)))
    return consortium


def noise(university: University, chance, passed):
    """A record that must change nothing, given the records that stand before it."""
    kind = chance.choice(["garbage", "repeat", "fork", "cut"])
    if kind == "garbage" or not passed:
        return bytes(chance.randrange(256) for _ in range(chance.randint(0, 200)))
    if kind == "repeat":
        return passed[-1]
    if kind == "cut":
        return chance.choice(passed)[: -chance.randint(1, 40)]
    # Another history for a size that the stream has passed.
    parsed = commit.parse(chance.choice(passed))
    tree = Tree()
    for record in passed:
        before = commit.parse(record)
        if before.checkpoint.size > parsed.base:
            break
        tree = tree.extend(before.leaves())
    lines = [university.line("x.other.v1", "x", {"n": chance.random()}) for _ in parsed.lines]
    return commit.sign_commit(university.origin, tree, lines, university.signers)[0]


@settings(max_examples=examples(40, thorough=600), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), orders=st.lists(st.integers(0, 2**32), min_size=2, max_size=4))
def test_the_views_and_the_evidence_do_not_depend_on_order_batches_or_noise(connection, seed, orders):
    consortium = grown(seed)
    chance = random.Random(seed)
    streams = {"governance": list(consortium.records)}
    for name, university in consortium.universities.items():
        streams[name] = []
        for index, record in enumerate(university.records, 1):
            streams[name].append(record)
            while chance.random() < 0.3:
                streams[name].append(noise(university, chance, university.records[:index]))
    empty(connection, "views")
    projector_of(connection, consortium, consortium.log()).step()
    expected = digest(connection).total
    seen = []
    for order in orders:
        empty(connection, "views")
        log = MemoryLog()
        for name in streams:
            log.create(name)
        own = random.Random(order)
        projector = projector_of(connection, consortium, log, batch_bytes=own.choice([1, 1000, 1 << 20]))
        waiting = {name: list(records) for name, records in streams.items()}
        while any(waiting.values()):
            name = own.choice([n for n, records in waiting.items() if records])
            count = own.randint(1, 4)
            log.append(name, waiting[name][:count])
            waiting[name] = waiting[name][count:]
            if own.random() < 0.7:
                projector.step()
        projector.step()
        projector.settle_all()  # a step that takes long leaves disputed heads to a later one
        assert digest(connection).total == expected
        seen.append(evidence(connection))
    assert all(found == seen[0] for found in seen)
