"""Folding a member again begins at a kept state where that is enough, and comes to the same rows as from its first."""

import base64
import random
from collections import Counter

import pytest
from structlog.testing import capture_logs

from consumers.projecting.feed_updater import FeedUpdater
from consumers.projecting.projector import Projector
from consumers.streams import quarantine
from projections.core import views
from projections.core.tables import UNDIGESTED, VIEWS
from projections.feed import feed
from projections.issuing_keys.issuing_keys import list_of_member
from registry.wire import commit
from registry.wire.achievements import AchievementJoined
from registry.wire.credentials import CredentialReinstated, Part, StatusSealed
from registry.wire.forms import VersionedRef
from registry.wire.governance import (
    Head,
    MemberKeyAdded,
    MemberKeyRetired,
    MemberRangeVoided,
    MemberReinstated,
    MemberRolesChanged,
    MemberSuspended,
)
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import Tree
from registry.wire.recognition import AgreementDeclared, AgreementWithdrawn
from tests.support.emptying import empty
from tests.support.examples import examples
from tests.support.memory_log import MemoryLog
from tests.support.offices import assessed, assessment_withdrawn, decided, grant, retired, withdrawn
from tests.support.streams import CONSORTIUM, Consortium, new_id

HISTORIES = examples(7, thorough=20)
NEVER = 1 << 60


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        feed.create(opened)
        yield opened


class History:
    """A member that does everything that a member can do, while governance speaks of earlier heads of its log."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.consortium = Consortium("twente", "aveiro")
        self.twente, self.aveiro = self.consortium.universities.values()
        self.people = [new_id() for _ in range(3)]
        self.things = {
            kind: [] for kind in ("achievement", "credential", "decision", "assessment", "agreement", "issuing_key")
        }
        self.versions = Counter()
        self.anchor = Head(0, base64.b64encode(Tree().root).decode())
        self.standing, self.roles = "active", ["issuer", "recogniser"]
        self.heads = []
        self.steps = [("governance", self.consortium.records[0])]
        achievement, published = self.aveiro.publish()
        self.theirs, issued = self.aveiro.issue(achievement, self.people[0])
        self.steps.append(("aveiro", self.aveiro.seal(published, issued)))
        self.of_aveiro = ("aveiro", achievement, 1)
        for _ in range(self.chance.randint(4, 9)):
            for _ in range(self.chance.randint(2, 6)):
                self.grow()
            if self.chance.random() < 0.3:
                self.steps.append(("twente", self.noise()))
            self.govern()
        self.grow()

    def grow(self):
        lines = [self.event() for _ in range(self.chance.randint(1, 4))]
        self.steps.append(("twente", self.twente.seal(*lines)))
        self.heads.append((self.twente.head, self.twente.tree, len(self.twente.records)))

    def event(self):
        kind = self.chance.choice(list(self.things) * 2 + ["erase", "join", "other"])
        known = self.things.get(kind, [])
        return getattr(self, f"_{kind}")(self.chance.choice(known) if known and self.chance.random() < 0.6 else None)

    def _achievement(self, known):
        if known is None or self.chance.random() < 0.5:
            language = self.chance.choice(["en", "nl", "fi"])
            more = {"title": {language: self.chance.choice(["Data", "Energy"])}}
            version = self.versions[known] + 1 if known else 1
            identifier, line = self.twente.publish(known, version=version, **more)
            self.versions[identifier] = version
            self.things["achievement"].append(identifier)
            return line
        return retired(self.twente, known)

    def _reinstate(self, credential):
        return self.twente.line("credential.reinstated.v1", credential, CredentialReinstated(credential))

    def _credential(self, known):
        offered = self.things["achievement"]
        if known is not None and self.chance.random() < 0.7:
            return self.chance.choice([self.twente.suspend, self.twente.revoke, self._reinstate])(known)
        if not offered:
            return self._achievement(None)
        part = self.chance.choice([("aveiro", self.theirs), *(("twente", c) for c in self.things["credential"])])
        parts = [Part(*part, ects=5)] if self.chance.random() < 0.4 else None
        identifier, line = self.twente.issue(
            self.chance.choice(offered), self.chance.choice(self.people), parts=parts, replaces=known
        )
        self.things["credential"].append(identifier)
        return line

    def _decision(self, known):
        if known is not None and self.chance.random() < 0.5:
            return withdrawn(self.twente, known)
        towards = self.chance.choice([None, "Master of Data", "Master of Energy"])
        identifier, line = decided(
            self.twente, [self.of_aveiro], grant(self.chance.choice(["full", "partial"]), towards=towards),
            supersedes=known,
        )  # fmt: skip
        self.things["decision"].append(identifier)
        return line

    def _assessment(self, known):
        if known is not None:
            return assessment_withdrawn(self.twente, known)
        identifier, line = assessed(self.twente, self.of_aveiro)
        self.things["assessment"].append(identifier)
        return line

    def _agreement(self, known):
        if known is not None:
            return self.twente.line("agreement.withdrawn.v1", known, AgreementWithdrawn(known, "2026-09-01"))
        data = AgreementDeclared(
            new_id(), "aveiro", [VersionedRef(*self.of_aveiro)], include_revisions=True, purpose="admission",
            outcome="full", ects_ratio=1, valid_from="2026-01-01",
        )  # fmt: skip
        self.things["agreement"].append(data.agreement)
        return self.twente.line("agreement.declared.v1", data.agreement, data)

    def _issuing_key(self, known):
        if known is not None:
            return self.twente.end_key(known, self.chance.choice(["rotated", "lost", "compromised"]))
        key, line = self.twente.announce_key()
        self.things["issuing_key"].append(key)
        return line

    def _erase(self, _):
        return self.twente.erase(self.chance.choice(self.people))

    def _join(self, _):
        return self.twente.line(
            "achievement.joined.v1", self.of_aveiro[1], AchievementJoined(VersionedRef(*self.of_aveiro))
        )

    def _other(self, _):
        return self.twente.line("x.other.v1", "x", {"n": 1})

    def noise(self):
        """Garbage, a head once more, or another history from an earlier head by a key that the member has or had."""
        kind = self.chance.choice(["garbage", "repeat", "branch"])
        if kind == "garbage":
            return self.chance.randbytes(40)
        if kind == "repeat":
            return self.chance.choice(self.twente.records)
        _, tree, _ = self.chance.choice(self.heads)
        lines = [self.twente.line("x.other.v1", "x", {}) for _ in range(self.chance.randint(1, 5))]
        return commit.sign_commit(self.twente.origin, tree, lines, self.twente.signers)[0]

    def govern(self):
        """Something about an earlier head, or the newest; what stood beyond a retired key's end is no more."""
        later = [held for held in self.heads if held[0].size >= self.anchor.size]
        head, tree, records = later[-1] if self.chance.random() < 0.5 else self.chance.choice(later)
        self.anchor = head
        what = self.chance.choice(["void", "void", "rotate", "standing", "roles"])
        if what == "void":
            begin = self.chance.randrange(head.size)
            end = min(head.size, begin + self.chance.randint(1, 4))
            acts = [("member.range.voided.v1", MemberRangeVoided("twente", begin, end, head, "keyCompromised"))]
        elif what == "standing":
            kind = MemberSuspended if self.standing == "active" else MemberReinstated
            self.standing = "suspended" if self.standing == "active" else "active"
            name = f"member.{'suspended' if kind is MemberSuspended else 'reinstated'}.v1"
            acts = [(name, kind("twente", head, "administrative"))]
        elif what == "roles":
            self.roles = ["issuer"] if len(self.roles) == 2 else ["issuer", "recogniser"]
            acts = [("member.roles.changed.v1", MemberRolesChanged("twente", self.roles, head))]
        else:
            old, new = self.twente.signers[0], Ed25519Signer.generate(self.twente.origin)
            acts = [
                ("member.key.retired.v1", MemberKeyRetired("twente", str(old.vkey), head, "compromised")),
                ("member.key.added.v1", MemberKeyAdded("twente", str(new.vkey), head)),
            ]
            self.twente.signers, self.twente.tree = [new], tree
            self.heads = [held for held in self.heads if held[0].size <= head.size]
            del self.twente.records[records:]
        lines = [self.consortium.line(name, "twente", act) for name, act in acts]
        self.steps.append(("governance", self.consortium.seal(*lines)))


def projected(connection, history, waypoint, *, at_once=False):
    """All that is known after the steps, table by table, and where folding again began."""
    empty(connection, "views")
    connection.execute("DELETE FROM feed.notices; DELETE FROM feed.taken; DELETE FROM feed.counted")
    log = MemoryLog()
    for name in ("governance", "twente", "aveiro"):
        log.create(name)
    projector = Projector(
        connection, log, CONSORTIUM, history.consortium.founded, waypoint=waypoint,
        feed_updater=FeedUpdater(connection, ["twente", "aveiro"]),
    )  # fmt: skip
    with capture_logs() as said:
        for name, record in history.steps:
            log.append(name, [record])
            if not at_once:
                projector.step()
        projector.step()
    found = {
        name: sorted(connection.execute(f"SELECT to_jsonb({name})::text FROM {name}").fetchall())
        for name in [*(table.name for table in VIEWS), *UNDIGESTED, "positions", "quarantine", "claims"]
    }
    found["notices"] = sorted(
        map(str, connection.execute("SELECT member, kind, thing, leaf FROM feed.notices WHERE NOT withdrawn"))
    )
    return found, [one["begins"] for one in said if one["event"] == "projector.folding_again"]


def counts(connection, table):
    return {tuple(row[:3]): row[3:] for row in connection.execute(f"SELECT * FROM {table}")}


def awarded(connection):
    """What `award_counts` should hold, told from the credentials one by one."""
    found = {}
    for member, day, achievement, status, ects in connection.execute(
        "SELECT member, awarding_date, achievement, status, ects FROM credentials"
    ):
        key = member, day.replace(day=1), achievement
        numbers, worth = found.setdefault(key, ([0, 0, 0, 0], []))
        numbers[["active", "suspended", "revoked", "replaced"].index(status)] += 1
        if ects is not None:
            worth.append(ects if status == "active" else 0)
    return {key: (*numbers, sum(worth) if worth else None) for key, (numbers, worth) in found.items()}


def decisions_made(connection):
    """What `decision_counts` should hold, told from the decisions one by one."""
    found = Counter()
    for member, day, content in connection.execute("SELECT member, decision_date, content FROM decisions"):
        about = {basis["achievement"]["member"] for basis in content["basis"] if "achievement" in basis}
        found.update((member, of_member, day.replace(day=1)) for of_member in ("", *about))
    return {key: (number,) for key, number in found.items()}


def test_from_a_waypoint_or_from_the_first_record_the_rows_the_evidence_and_the_feed_are_the_same(connection):
    """Histories of a member that does everything, under some four acts of governance each that fold it again."""
    acts = rolled_back = 0
    for seed in range(HISTORIES):
        history = History(seed)
        kept, begins = projected(connection, history, 3)
        from_first, all_zero = projected(connection, history, NEVER)
        assert not any(all_zero)
        assert kept == from_first, f"history {seed}"
        assert counts(connection, "award_counts") == awarded(connection)
        assert counts(connection, "decision_counts") == decisions_made(connection)
        at_once, _ = projected(connection, history, NEVER, at_once=True)
        del kept["notices"], at_once["notices"]  # the feed's own matter, which its tests check
        assert kept == at_once, f"history {seed}"
        named = connection.execute(
            "SELECT count(*) FROM published_credentials p JOIN erasures e USING (member)"
            " WHERE p.state ->> 'learner' = e.learner::text"
        )
        assert named.fetchone() == (0,)  # an erased person is in no table any more
        acts += len(begins)
        rolled_back += sum(begin > 0 for begin in begins)
    assert acts > 3 * HISTORIES
    assert rolled_back > acts // 3


def test_keys_that_were_announced_or_ended_after_a_waypoint_are_taken_back(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    first, announced = twente.announce_key()
    twente.seal(announced)
    head = twente.head
    thiefs, added = twente.announce_key()
    twente.seal(twente.end_key(first, "lost"), added)
    log = consortium.log()
    projector = Projector(connection, log, CONSORTIUM, consortium.founded, waypoint=1)
    projector.step()
    assert keys(connection) == {first: "lost", thiefs: None}
    retired_key = MemberKeyRetired("twente", str(twente.signers[0].vkey), head, "compromised")
    log.append("governance", [consortium.seal(consortium.line("member.key.retired.v1", "twente", retired_key))])
    with capture_logs() as said:
        projector.step()
    assert [one["begins"] for one in said if one["event"] == "projector.folding_again"] == [head.size]
    assert keys(connection) == {first: None}


def test_a_voided_end_lets_a_key_be_in_force_again_and_a_voided_announcement_is_none(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    first, announced = twente.announce_key()
    second, also = twente.announce_key()
    twente.seal(announced, also, twente.end_key(first, "compromised"))
    log = consortium.log()
    projector = Projector(connection, log, CONSORTIUM, consortium.founded)
    projector.step()
    assert keys(connection) == {first: "compromised", second: None}
    voided = MemberRangeVoided("twente", 1, 3, twente.head, "publishedByMistake")
    log.append("governance", [consortium.seal(consortium.line("member.range.voided.v1", "twente", voided))])
    projector.step()
    assert keys(connection) == {first: None}
    log.append("twente", [twente.seal(also)])
    projector.step()
    assert keys(connection) == {first: None, second: None}


def keys(connection):
    return {key.key: key.reason for key in list_of_member(connection, "twente")}


def test_what_a_thief_erased_sealed_and_claimed_after_a_waypoint_is_taken_back(connection):
    """What chance seldom brings: an erasure that is cut off, a seal, and a claim that only the cut part bears."""
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    learner = new_id()
    achievement, published = twente.publish()
    credential, issued = twente.issue(achievement, learner)
    twente.seal(published, issued)
    for _ in range(3):
        twente.seal(twente.issue(achievement, new_id())[1])
    head, tree = twente.head, twente.tree
    root = base64.b64encode(Tree().root).decode()
    twente.seal(twente.line("status.sealed.v1", str(tree.size), StatusSealed(tree.size, 0, root)))
    odd = commit.sign_commit(
        twente.origin, tree, [twente.line("x.other.v1", "x", {"n": n}) for n in (1, 2)], twente.signers
    )
    twente.seal(twente.erase(learner), twente.revoke(credential))
    log = consortium.log()
    log.append("twente", [odd[0]])
    projector = Projector(connection, log, CONSORTIUM, consortium.founded, waypoint=1)
    projector.step()

    def count(sql):
        return connection.execute(f"SELECT count(*) FROM {sql}").fetchone()[0]

    assert [count(name) for name in ("seals", "erasures", "claims", "credentials WHERE learner IS NULL")] == [
        1,
        1,
        1,
        1,
    ]
    retired_key = MemberKeyRetired("twente", str(twente.signers[0].vkey), head, "compromised")
    log.append("governance", [consortium.seal(consortium.line("member.key.retired.v1", "twente", retired_key))])
    with capture_logs() as said:
        projector.step()
    assert [one["begins"] for one in said if one["event"] == "projector.folding_again"] == [head.size]
    assert [count(name) for name in ("seals", "erasures", "claims", "credentials WHERE learner IS NULL")] == [
        0,
        0,
        0,
        0,
    ]
    assert connection.execute(
        "SELECT learner::text, holder, status FROM credentials WHERE credential = %s", (credential,)
    ).fetchone() == (learner, None, "active")
    assert {row.code for row in quarantine.list_quarantined(connection)} == {"key-not-valid"}
