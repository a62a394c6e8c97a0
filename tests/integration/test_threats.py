"""What a thief, a broker and a database administrator can do at most. `consumers/THREATS.md` lists them all."""

import itertools
import random

import pytest

from consumers.projecting.projector import Projector
from consumers.streams import quarantine
from projections.core import views
from projections.core.digest import digest
from registry.publishing import self_check as selfcheck
from registry.wire import commit
from registry.wire.governance import MemberKeyAdded, MemberKeyRetired, MemberSuspended
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hashes
from tests.support.emptying import empty
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request
from tests.support.streams import CONSORTIUM, Consortium, University, new_id

REFUSED = {"key-not-valid", "off-anchor", "not-an-extension", "fork", "stale"}


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def stolen():
    """Honest commits, a thief's from the same key, and the governance that retires it and adds another."""
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    twente.achievement, published = twente.publish()
    trees = []
    for number in range(3):
        lines = [twente.issue(twente.achievement, new_id())[1] for _ in range(2)]
        twente.seal(*([published, *lines] if number == 0 else lines))
        trees.append(twente.tree)
    old, new = twente.signers[0], Ed25519Signer.generate(twente.origin)
    head = twente.head

    def branch(signer, tree, commits=2):
        records = []
        for _ in range(commits):
            lines = [twente.issue(twente.achievement, new_id())[1] for _ in range(2)]
            record, tree = commit.sign_commit(twente.origin, tree, lines, [signer])
            records.append(record)
        return records

    thief = branch(old, trees[1])
    prepared = branch(new, trees[1])
    acts = [
        consortium.line(
            "member.key.retired.v1", "twente", MemberKeyRetired("twente", str(old.vkey), head, "compromised")
        ),
        consortium.line("member.key.added.v1", "twente", MemberKeyAdded("twente", str(new.vkey), head)),
    ]
    consortium.seal(*acts)
    twente.signers = [new]
    twente.seal(*[twente.issue(twente.achievement, new_id())[1] for _ in range(2)])
    return consortium, twente, thief, prepared


def arriving(connection, consortium, stream, governed_after):
    """Project record by record; governance's newest commit comes after a number of records of the stream."""
    empty(connection, "views")
    log = MemoryLog()
    for name in ("governance", "twente"):
        log.create(name)
    log.append("governance", consortium.records[:1])
    projector = Projector(connection, log, CONSORTIUM, consortium.founded, batch_bytes=1)
    for number, record in enumerate(stream):
        if number == governed_after:
            log.append("governance", consortium.records[1:])
        log.append("twente", [record])
        projector.step()
    if governed_after >= len(stream):
        log.append("governance", consortium.records[1:])
    projector.step()
    return digest(connection).members


def interleavings(honest, other):
    """All orders in which two writers' records can follow each other in one stream."""
    for places in itertools.combinations(range(len(honest) + len(other)), len(other)):
        mine, theirs = iter(honest), iter(other)
        yield [next(theirs) if n in places else next(mine) for n in range(len(honest) + len(other))]


@pytest.mark.parametrize("which", ["thief", "prepared"])
def test_a_stolen_key_bends_nothing_in_whatever_order_thief_owner_and_retirement_arrive(connection, which):
    """15 interleavings of four honest and two forged commits, each with governance at 7 moments: 105 runs a kind."""
    consortium, twente, thief, prepared = stolen()
    expected = arriving(connection, consortium, twente.records, 0)
    forged = thief if which == "thief" else prepared
    runs = 0
    for stream in interleavings(twente.records, forged):
        for governed_after in range(len(stream) + 1):
            assert arriving(connection, consortium, stream, governed_after) == expected
            runs += 1
        assert {q.code for q in quarantine.list_quarantined(connection)} <= REFUSED
        assert len(quarantine.list_quarantined(connection)) == 2
    assert runs == 105


def test_a_broker_that_reorders_repeats_and_holds_back_changes_nothing_that_was_taken_in(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    twente.achievement, published = twente.publish()
    twente.seal(published)
    for _ in range(7):
        twente.seal(twente.issue(twente.achievement, new_id())[1])
    expected = arriving(connection, consortium, twente.records, 0)
    for seed in range(30):
        chance = random.Random(seed)
        stream = [*twente.records, *chance.choices(twente.records, k=5)]
        chance.shuffle(stream)
        shown = arriving(connection, consortium, stream, 0)[-1]
        tree = Tree()
        for record in twente.records[: shown.size]:
            tree = tree.extend(commit.parse(record).leaves())
        assert (shown.size, shown.root) == (tree.size, tree.root.hex())  # a beginning, never another history
        # Once everything has come in order after all, everything is there.
        assert arriving(connection, consortium, [*stream, *twente.records], 0) == expected


def test_garbage_of_every_kind_is_kept_with_its_code_and_the_records_after_it_count(connection):
    """A record that is not a commit is quarantined; an invalid event is refused in its commit; valid ones count."""
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    good = twente.seal(published)
    line = twente.line("x.other.v1", "x", {})
    deep = line.replace(b"{}", b"[" * 5000 + b"]" * 5000)
    huge = line.replace(b"{}", b"1e999999")
    odd = twente.seal(line, deep, huge, b"no JSON", b'"\xff"'.replace(b"\xff", "\u00e9".encode()), b"{}")
    last = twente.seal(twente.issue(achievement, new_id())[1])
    stream = [
        bytes(10_000_000), b"x" * 10_000_000, b"", b"\xff\xfe\n\n", good, good[:-1], good.replace(b"\n", b"\r\n"),
        b"[" * 700_000, odd, odd.replace(b"no JSON", b"no json"), last,
    ]  # fmt: skip
    arriving(connection, consortium, stream, 0)
    kept = quarantine.list_quarantined(connection)
    assert [row.code for row in kept[:2]] == ["too-large", "too-large"]
    assert [row.position for row in kept] == [0, 1, 2, 3, 5, 6, 7]  # a head once more is no fault
    refused = connection.execute("SELECT leaf, code FROM refusals ORDER BY leaf").fetchall()
    assert {code for _, code in refused} == {"schema"}
    assert {2, 4, 5, 6} <= {leaf for leaf, _ in refused} <= {2, 3, 4, 5, 6}
    assert connection.execute("SELECT count(*) FROM credentials").fetchone() == (1,)


def test_a_clock_ten_years_off_changes_no_verdict_and_no_row(connection):
    """A member's, and governance's: the same acts at three times give the same rows and the same refusals."""
    found, achievement, credentials, learner = [], new_id(), [new_id() for _ in range(3)], new_id()
    for member_year, governance_year in itertools.product((2016, 2026, 2036), repeat=2):
        consortium = Consortium()
        consortium.time = f"{governance_year}-05-04T00:00:00Z"
        twente = University("twente")
        consortium.universities["twente"], twente.time = twente, f"{member_year}-05-04T00:00:00Z"
        consortium.seal(consortium.admission("twente"))
        twente.seal(twente.publish(achievement)[1], *(twente.issue(achievement, learner, c)[1] for c in credentials))
        twente.seal(twente.suspend(credentials[0]), twente.revoke(credentials[1]))
        head = twente.head
        consortium.seal(
            consortium.line("member.suspended.v1", "twente", MemberSuspended("twente", head, "administrative"))
        )
        twente.seal(twente.issue(achievement, learner)[1], twente.revoke(credentials[2]))
        empty(connection, "views")
        Projector(connection, consortium.log(), CONSORTIUM, consortium.founded).step()
        refused = connection.execute("SELECT leaf, code FROM refusals").fetchall()
        [shown] = [one.tables for one in digest(connection).members if one.member == "twente"]
        # Signing keys differ from run to run, and nothing else may.
        found.append((refused, {name: value for name, value in shown.items() if name != "members"}))
    assert found[0][0] == [(6, "member-suspended")]
    assert all(one == found[0] for one in found)
    assert len(found) == 9


@pytest.fixture
def node(dsn):
    log = MemoryLog()
    made = TestNode(dsn, log)
    achievement = made.offer()
    made.issuer.issue([request(number, achievement) for number in range(6)])
    made.publisher().publish_pending()
    yield made
    made.close()


def signed_by(node):
    key = node.signer.vkey

    def counts(commit):
        lines = commit.note.by([key])
        return bool(lines) and all(key.verifies(line.signature, commit.note.text.encode()) for key, line in lines)

    return counts


def tampered(node):
    with node.registry.recorder.datastore.get_connection() as connection:
        found = selfcheck.check(connection, node.log, node.registry.member, node.registry.origin, signed_by(node))
        return [(one.what, one.leaf) for one in found]


def change(node, sql):
    with node.registry.recorder.datastore.get_connection() as connection, connection.transaction():
        connection.execute(sql)


def test_stored_events_as_they_were_published_are_well(node):
    assert tampered(node) == []


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        (
            """UPDATE registry_events
            SET state = convert_to(replace(convert_from(state, 'UTF8'), '2026', '2025'), 'UTF8')
            WHERE notification_id = 3""",
            [("edited", 2)],
        ),
        ("DELETE FROM registry_events WHERE notification_id IN (3, 5)", [("deleted", 2), ("deleted", 4)]),
        ("DELETE FROM registry_events WHERE notification_id = 7", [("deleted", 6)]),
        (
            """INSERT INTO registry_events (notification_id, originator_id, originator_version, topic, state)
            OVERRIDING SYSTEM VALUE SELECT -1, gen_random_uuid(), 1, topic, state FROM registry_events
            WHERE notification_id = 4""",
            [("added", None)],
        ),
    ],
)
def test_a_stored_event_that_an_administrator_edits_deletes_or_slips_in_is_named(node, sql, found):
    change(node, sql)
    assert tampered(node) == found


def test_what_somebody_else_writes_into_the_stream_was_never_stored_here_and_is_no_loss(node):
    origin, tree = node.registry.origin, Tree().extend(leaf_hashes(node.lines()))
    thief = Ed25519Signer.generate(origin)
    forged, _ = commit.sign_commit(origin, tree, [b'{"id":"00000000-0000-4000-8000-000000000000-1"}'], [thief])
    with node.log.writer("twente"):
        node.log.append("twente", [forged])
    assert tampered(node) == []
