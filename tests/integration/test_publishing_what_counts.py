"""The publisher signs only what consumers accept, and mends what they refused: keys that were retired, suspensions."""

import contextlib
import math
from pathlib import Path
from types import SimpleNamespace

import pytest

from consumers.governance.governance import GovernanceFold
from consumers.streams import quarantine
from consumers.streams.verifier import MemberTrust, find_refusal
from projections.core import positions
from projections.credentials import credentials
from registry.application.acceptance import NotAccepted
from registry.application.refusals import RefusedCommits
from registry.log import GOVERNANCE
from registry.node.adapters.acceptance import ConsumerRules
from registry.node.adapters.own_refusals import OwnRefusals
from registry.node.governance_follower import GovernanceFollower
from registry.node.health.health import check_node, own_commits_refused, read_own_stream
from registry.node.health.own_log import OwnLog
from registry.publishing.errors import OwnCommitsRefused
from registry.publishing.self_check import check
from registry.wire import commit
from registry.wire.governance import MemberKeyAdded, MemberKeyRetired, MemberReinstated, MemberSuspended
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree, leaf_hashes
from tests.integration.test_changed_logs import Counting, World
from tests.support.governance_follower import FollowerWithoutViews
from tests.support.node import ORIGIN
from tests.support.streams import CONSORTIUM, Stream


class Governed(World):
    """twente's node, which knows governance; `head` is the head that governance anchors."""

    def publisher(self, **more):
        return self.node.publisher(
            founding=(CONSORTIUM, self.consortium.founded),
            **({"counts": self.counts, "acceptance": self.acceptance()} | more),
        )

    def acceptance(self):
        """Return the consumers' rules, under governance as the log has it when they are first asked."""
        settings = SimpleNamespace(member="twente", consortium=CONSORTIUM, founded_hash=self.consortium.founded)
        follower = FollowerWithoutViews(SimpleNamespace(settings=settings, log=lambda: self.log))
        return ConsumerRules(settings, follower, lambda: self.node.signer.vkey, self.node.registry.published_size)

    def counts(self, commit):
        """Return whether a commit counts under governance as the log has it now."""
        fold = GovernanceFold(CONSORTIUM, self.consortium.founded)
        for record in self.log.records(GOVERNANCE):
            fold.take(record.data)
        return find_refusal(MemberTrust(CONSORTIUM, fold.state.members["twente"]), commit) is None

    def govern(self, *acts):
        """Publish acts of governance, each a kind and its data."""
        record = self.consortium.seal(*(self.consortium.line(kind, "twente", data) for kind, data in acts))
        with self.log.writer("governance"):
            self.log.append("governance", [record])

    def head(self):
        own = Stream(ORIGIN, [])
        own.tree = own.tree.extend(leaf_hashes(self.verified_lines()))
        return own.head

    def change_key(self, head):
        """Add a new key and retire the old one at a head; return the new one."""
        new, old = Ed25519Signer.generate(ORIGIN), self.node.signer.vkey
        self.govern(
            ("member.key.added.v1", MemberKeyAdded("twente", str(new.vkey), head)),
            ("member.key.retired.v1", MemberKeyRetired("twente", str(old), head, "rotated")),
        )
        return new

    def served(self):
        """The node as its health looks at it."""
        settings = SimpleNamespace(
            member="twente",
            origin=ORIGIN,
            consortium=CONSORTIUM,
            founded_hash=self.consortium.founded,
            home=Path("/none"),
            keys_folder=Path("/none/keys"),
        )
        keystore = SimpleNamespace(public=lambda *_: self.node.signer.vkey)
        made = SimpleNamespace(
            settings=settings,
            keystore=keystore,
            log=lambda: self.log,
            unchecked_log=lambda: self.log,
            dsn=lambda: self.node.dsn,
            counts=lambda: self.counts,
        )
        made.governance_follower = GovernanceFollower(made)
        made.own_log = OwnLog(made)
        return made

    def health(self):
        return check_node(self.served(), self.connection)

    def seen(self):
        """How many of the member's events the views have."""
        self.projector().step()
        return positions.all_positions(self.connection)["twente"].tree.size


@pytest.fixture
def world(dsn, tmp_path):
    with contextlib.closing(Governed(dsn, f"file:{tmp_path / 'log'}")) as made:
        yield made


@pytest.mark.parametrize("published_before", [0, 2])
def test_a_stream_that_died_by_a_retired_key_lives_again_with_the_new_one(world, published_before):
    if published_before:
        world.issue(published_before)
        world.publisher().publish_pending()
    new = world.change_key(world.head())
    before = world.seen()
    world.issue()
    with pytest.raises(NotAccepted, match="key-not-valid"):
        world.publisher().publish_pending()
    assert world.seen() == before
    # A node that does not ask signs all the same.
    world.publisher(acceptance=None, counts=None).publish_pending()
    world.issue()
    world.publisher(acceptance=None, counts=None).publish_pending()
    assert world.seen() == before
    assert {q.code for q in quarantine.list_quarantined(world.connection)} == {"key-not-valid"}
    with pytest.raises(NotAccepted, match="registry key rotate"):
        world.publisher().publish_pending()
    world.node.signer = new
    healed = world.publisher().publish_pending()
    assert healed.commits == 2
    assert world.seen() == world.node.stored()
    assert world.publisher().publish_pending().events == 0
    assert world.faults() == []
    assert list(check(world.node.registry.connection, world.log, "twente", ORIGIN, world.counts)) == []


def test_own_commits_that_stay_refused_stop_the_publisher_and_are_named(world):
    world.issue()
    refusals = [RefusedCommits("2 commits since entry 2 are refused: not-an-extension", ("not-an-extension",), 2, 0)]
    publisher = world.publisher(own_refusals=lambda: refusals[0])
    with publisher.session() as session:
        with pytest.raises(OwnCommitsRefused, match="not-an-extension"):
            session.publish()
        assert world.seen() == 0
        refusals[0] = None
        assert session.publish().events == 2


def test_what_the_own_projector_refuses_is_published_again_where_that_helps(world):
    world.issue(2)
    world.publisher().publish_pending()
    new = world.change_key(world.head())
    world.issue()
    world.publisher(acceptance=None, counts=None).publish_pending()
    world.node.signer = new
    world.issue()
    refused = [RefusedCommits("1 commit is refused: key-not-valid", ("key-not-valid",), 1, 0)]
    log = Counting(world.log)
    with world.publisher(own_refusals=lambda: refused[0], log=log).session() as session:
        assert session.publish().commits == 2
        before = log.records_read
        world.issue()
        assert session.publish().events == 1  # the projector has not read on, and says nothing of what stands there now
        refused[0] = refused[0]._replace(read=world.log.end("twente"))
        for _ in range(3):
            with pytest.raises(OwnCommitsRefused):  # it has, and refuses the same
                session.publish()
        assert log.records_read == before  # the stream is not read from leaf 0 again, since nothing changed
        refused[0] = None
        session.publish()
    assert world.seen() == world.node.stored()


def append(world, *records):
    with world.log.writer("twente"):
        world.log.append("twente", list(records))


@pytest.mark.parametrize("thief", ["unknown key", "retired key"])
def test_a_record_that_somebody_else_appended_in_the_members_name_stops_nobody(world, thief):
    world.issue()
    world.publisher().publish_pending()
    stranger = Ed25519Signer.generate(ORIGIN)
    if thief == "retired key":
        stranger, world.node.signer = world.node.signer, world.change_key(world.head())
    tree = Tree(998, [b"a" * 32] * 7)  # 998 has seven bits
    append(world, commit.sign_commit(ORIGIN, tree, [b"{}"], [stranger])[0])
    world.seen()
    own = read_own_stream(world.connection, "twente")
    assert (own.quarantined_commits, own.faults, own.foreign_records) == (0, [], 1)
    assert "1 record in this member's name was not written by this node" in own.warnings[0]
    world.issue()
    publisher = world.publisher(own_refusals=lambda: own_commits_refused(world.connection, "twente"))
    assert publisher.publish_pending().events == 1
    assert world.seen() == world.node.stored()


def test_commits_that_this_node_wrote_and_that_do_not_count_are_told_from_those_of_somebody_else(world):
    world.issue()
    world.publisher().publish_pending()
    world.change_key(world.head())
    world.issue()
    world.publisher(acceptance=None, counts=None).publish_pending()  # by the retired key
    append(world, commit.sign_commit(ORIGIN, Tree(998, [b"a" * 32] * 7), [b"{}"], [Ed25519Signer.generate(ORIGIN)])[0])
    world.seen()
    own = read_own_stream(world.connection, "twente")
    assert (own.quarantined_commits, own.codes, own.foreign_records) == (1, ("key-not-valid",), 1)
    assert "1 of this node's own commits did not count" in own_commits_refused(world.connection, "twente").detail


def test_what_others_append_is_no_fault_of_this_nodes_log(world):
    admission = world.consortium.seal(world.consortium.admission("lund"))
    with world.log.writer("governance"):
        world.log.append("governance", [admission])
    world.log.create("lund")
    strangers = {name: Ed25519Signer.generate(f"{CONSORTIUM}/{name}") for name in ("twente", "lund")}
    world.issue()
    world.publisher().publish_pending()  # and the views have read nothing of it yet
    for name, signer in strangers.items():
        record, _ = commit.sign_commit(f"{CONSORTIUM}/{name}", Tree(4, [b"a" * 32]), [b"{}"], [signer])
        with world.log.writer(name):
            world.log.append(name, [record, record])
    for looked in ("before the views have read it", "afterwards"):
        health = world.health()
        assert health.faults == {}, looked
        world.seen()
    assert [peer.partition(":")[0] for peer in health.peers] == [
        "the stream lund begins with entry 5",
        "the newest 2 records of the stream lund are refused",
    ]
    assert health.warnings[0].startswith("2 records in this member's name were not written by this node")


def test_views_that_are_not_brought_up_while_the_node_publishes_are_a_fault(world, monkeypatch):
    monkeypatch.setattr("registry.node.health.view_lag.STILL_SECONDS", 0)
    world.seen()
    with world.publisher().session() as session:
        world.issue()
        session.publish()
        assert list(world.health().faults) == ["views"]
        assert "are not in its views since" in world.health().faults["views"][0]
        world.seen()
        assert world.health().faults == {}
        world.issue()
        session.publish()
    assert world.health().faults == {}, "nobody runs: `registry views update` brings them up"


def test_own_refusals_are_those_of_the_views_now_where_a_refold_left_as_many_at_the_same_places(world):
    world.connection.execute("INSERT INTO refusals VALUES ('twente', 4, 'role-missing', '$', 'why', '{}')")
    with contextlib.closing(OwnRefusals(lambda: world.node.dsn, "twente")) as refusals:
        assert [one.code for one in refusals.list_events()] == ["role-missing"]
        world.connection.execute("UPDATE refusals SET code = 'member-suspended'")
        assert [one.code for one in refusals.list_events()] == ["member-suspended"]


# Suspended after something was stored


@pytest.fixture
def suspended(world):
    """One credential was published; three more were stored, and then the member was suspended."""
    world.issue()
    world.publisher().publish_pending()
    world.first = issued(world)[0]
    head = world.head()
    world.issue(3)
    world.govern(("member.suspended.v1", MemberSuspended("twente", head, "administrative")))
    return world


def issued(world):
    rows = world.node.registry.recorder.select_notifications(0, 1000, inclusive_of_start=False)
    return [str(row.originator_id) for row in rows if row.topic.startswith("registry.credential.")]


def test_events_stored_before_a_suspension_wait_for_the_reinstatement_and_what_reduces_harm_passes(suspended):
    world = suspended
    published = world.publisher().publish_pending()
    assert (published.events, published.withheld) == (0, 3)
    assert "member-suspended" in published.withheld_because
    assert published.new == (published.faults[0],)
    assert world.publisher().publish_pending().new == ()
    registry = world.node.registry
    waiting = issued(world)[1]
    registry.credentials.revoke(world.first, "issuedInError")
    published = world.publisher().publish_pending()
    assert (published.events, published.withheld, published.new) == (1, 3, ())
    registry.credentials.revoke(waiting, "issuedInError")  # of a credential that is itself held back
    published = world.publisher().publish_pending()
    assert (published.events, published.withheld) == (0, 4)
    assert "not published: 1. member-suspended" in published.new[0]
    size = world.seen()
    assert size == 3
    [view] = credentials.read(world.connection, [("twente", world.first)])
    assert view.status == "revoked"
    world.govern(("member.reinstated.v1", MemberReinstated("twente", world.head(), "administrative")))
    published = world.publisher().publish_pending()
    assert (published.events, published.withheld, published.withheld_because) == (4, 0, "")
    world.issue()
    world.publisher().publish_pending()
    assert world.seen() == world.node.stored()
    assert world.connection.execute("SELECT count(*) FROM refusals").fetchone() == (0,)
    assert list(check(registry.connection, world.log, "twente", ORIGIN, world.counts)) == []


@pytest.mark.parametrize("step", ["write down", "commit what is written down", "sign", "append", "note the place"])
@pytest.mark.parametrize("while_held", [True, False], ids=["held", "released"])
def test_a_publisher_that_dies_while_it_holds_or_releases_events_publishes_each_once(suspended, step, while_held):
    world = suspended
    world.node.registry.credentials.revoke(world.first, "issuedInError")

    def die(name):
        if name == step:
            raise KeyboardInterrupt

    def reinstate():
        world.govern(("member.reinstated.v1", MemberReinstated("twente", world.head(), "administrative")))

    if not while_held:
        world.publisher().publish_pending()
        reinstate()
    with pytest.raises(KeyboardInterrupt):
        world.publisher(step=die).publish_pending()
    world.publisher().publish_pending()
    if while_held:
        reinstate()
        world.publisher().publish_pending()
    lines = world.verified_lines()
    assert len(lines) == len(set(lines)) == world.node.stored()
    assert world.seen() == world.node.stored()
    assert world.connection.execute("SELECT count(*) FROM refusals").fetchone() == (0,)


def test_nothing_is_signed_for_a_member_whose_suspension_is_read_just_before(world, monkeypatch):
    monkeypatch.setattr("registry.node.governance_follower._FRESH_SECONDS", math.inf)
    world.issue()
    world.publisher().publish_pending()
    head, before = world.head(), world.log.end("twente")
    rules = world.acceptance()
    rules.check_events({"credential.issued.v1"})  # under governance as it was before the suspension
    world.issue(2)
    world.govern(("member.suspended.v1", MemberSuspended("twente", head, "administrative")))
    with pytest.raises(NotAccepted, match="suspended"):
        world.publisher(acceptance=rules).publish_pending()
    assert world.log.end("twente") == before
    published = world.publisher(acceptance=rules).publish_pending()
    assert (published.events, published.withheld) == (0, 2)


def test_what_was_written_down_before_a_suspension_is_published_after_a_crash_and_not_reported_as_well(world):
    world.issue()
    world.publisher().publish_pending()
    head = world.head()
    world.issue(2)

    def die(name):
        if name == "sign":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.publisher(step=die).publish_pending()
    world.govern(("member.suspended.v1", MemberSuspended("twente", head, "administrative")))
    world.node.registry.credentials.revoke(issued(world)[0], "issuedInError")  # which is never in the way
    published = world.publisher().publish_pending()
    assert (published.events, published.refused, published.withheld) == (3, 2, 0)
    assert "member-suspended" in published.refused_because
    assert "published events that consumers refuse, all or some: 2." in published.faults[0]
    assert published.new == (), "an earlier pass had written them down"
    world.seen()
    assert world.connection.execute("SELECT count(*) FROM refusals").fetchone() == (2,)
    assert world.publisher().publish_pending().faults == []


def test_commits_of_held_events_are_made_again_where_the_log_loses_them(suspended, tmp_path):
    world = suspended
    world.node.registry.credentials.revoke(world.first, "issuedInError")
    world.publisher().publish_pending()
    world.govern(("member.reinstated.v1", MemberReinstated("twente", world.head(), "administrative")))
    world.publisher().publish_pending()
    before = (tmp_path / "log" / "twente.log").read_bytes()
    (tmp_path / "log" / "twente.log").write_bytes(b"")
    world.publisher().publish_pending()
    assert (tmp_path / "log" / "twente.log").read_bytes() == before
    assert world.seen() == world.node.stored()


def test_events_that_are_held_back_stay_visible_while_others_are_published(suspended):
    world, registry = suspended, suspended.node.registry
    registry.checker.acceptance = world.acceptance()
    world.publisher().publish_pending()
    registry.credentials.revoke(world.first, "issuedInError")
    published = world.publisher().publish_pending()
    assert (published.events, published.size) == (1, 3)
    world.seen()
    health = world.health()
    assert (health.waiting, health.waiting_since, health.held) == (3, None, 3)
    [fault] = health.faults["held"]
    assert fault.startswith("3 stored events are held back")
    assert "member-suspended: twente is suspended since 4 May 2026 (governance entry 3). Try again after" in fault
    assert set(health.faults) == {"held", "membership"}


def test_a_position_counts_what_will_be_published_and_not_what_is_held_back(suspended):
    world, registry = suspended, suspended.node.registry
    registry.checker.acceptance = world.acceptance()
    world.publisher().publish_pending()
    assert registry.size_when_published() == 2
    registry.credentials.revoke(world.first, "issuedInError")
    registry.credentials.revoke(issued(world)[1], "issuedInError")  # held back behind its issuing
    assert registry.size_when_published() == 3
    assert world.publisher().publish_pending().size == 3
    assert registry.size_when_published() == 3
    world.govern(("member.reinstated.v1", MemberReinstated("twente", world.head(), "administrative")))
    registry.checker.acceptance = world.acceptance()  # which reads governance again
    world.issue()
    assert registry.size_when_published() == 8
    assert world.publisher().publish_pending().size == 8
    assert registry.size_when_published() == 8
