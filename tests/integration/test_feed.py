"""The feed on a real PostgreSQL: what others did to one's own things, once, in the order of commits."""

import json
import threading
from datetime import date

import psycopg
import pytest

from consumers.projecting.feed_updater import FeedUpdater
from consumers.projecting.projector import Projector
from consumers.projecting.rebuild import fresh_schema
from projections.core import views
from projections.feed import feed, writer
from projections.feed.collector import NoticeCollector, PendingNotice
from registry.wire.achievements import AchievementJoined
from registry.wire.credentials import Part
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.governance import MemberRangeVoided
from registry.wire.recognition import (
    AchievementFilter,
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    Basis,
    Grant,
    Ground,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)
from tests.support.streams import CONSORTIUM, Consortium, new_id

OWN, OTHER, THIRD = "twente", "lund", "aveiro"


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        feed.create(opened)
        yield opened


def step(connection, consortium, *, log=None, today=date(2026, 6, 1), **more):
    feed_updater = FeedUpdater(connection, [OWN], lambda: today)
    return Projector(
        connection, log or consortium.log(), CONSORTIUM, consortium.founded, feed_updater=feed_updater, **more
    ).step()


def told(connection, kind=None):
    return [(n.kind, n.subject, n.cause_member, n.leaf) for n in feed.read(connection, OWN) if kind in (None, n.kind)]


def three():
    consortium = Consortium(OWN, OTHER, THIRD)
    return consortium, *(consortium.universities[member] for member in (OWN, OTHER, THIRD))


def decided(university, of, achievement, credential=None, outcome="full", **more):
    decision = new_id()
    named = {"credential": CredentialRef(of, credential)} if credential else {"credential_digest": "A" * 43}
    grounds = [Ground("workload", "substantiallyLess")] if outcome != "full" else None
    values = {
        "decision": decision,
        "purpose": "creditTransfer",
        "effect": "binding",
        "basis": [Basis("onLog", VersionedRef(of, achievement, 1), **named)],
        "grants": [Grant([0], outcome, "recognised", "none", ects=5, grounds=grounds)],
        "decision_date": "2026-05-04",
    }
    data = RecognitionDecided(**(values | more))
    return decision, university.line("recognition.decided.v1", decision, data)


def withdrawn(university, decision):
    data = RecognitionWithdrawn(decision, "decidedInError")
    return university.line("recognition.withdrawn.v1", decision, data)


def stacked(university, achievement, learner, *parts, **more):
    return university.issue(achievement, learner, parts=[Part(member, part, 5) for member, part in parts], **more)


def test_a_recognition_elsewhere_its_review_and_its_end_are_told(connection):
    consortium, own, other, _ = three()
    achievement, published = own.publish()
    credential, issued = own.issue(achievement, new_id())
    own.seal(published, issued)
    first, line = decided(other, OWN, achievement, credential, "partial")
    second, reviewed = decided(other, OWN, achievement, credential, supersedes=first)
    other.seal(line, reviewed, withdrawn(other, second))
    step(connection, consortium)
    assert told(connection) == [
        ("credential.recognised", credential, OTHER, 0),
        ("credential.decision.superseded", credential, OTHER, 1),
        ("credential.recognised", credential, OTHER, 1),
        ("credential.decision.withdrawn", credential, OTHER, 2),
    ]
    notice = feed.read(connection, OWN)[0]
    event = feed.cloud_event(notice, own.origin)
    assert (event.source, event.type, event.subject) == (
        f"{own.origin}/feed",
        "registry.feed.credential.recognised.v1",
        credential,
    )
    assert event.data["log"] == {"member": OTHER, "leaf": 0, "size": 3}
    assert event.data["grants"] == [{"outcome": "partial", "mode": "recognised", "ects": 5}]


def test_what_a_member_does_to_its_own_things_is_no_news_to_it(connection):
    consortium, own, _, _ = three()
    achievement, published = own.publish()
    part, first = own.issue(achievement, new_id())
    _, second = stacked(own, achievement, new_id(), (OWN, part))
    own.seal(published, first, second, own.revoke(part), decided(own, OWN, achievement, part)[1])
    step(connection, consortium)
    assert told(connection) == []


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
def test_a_part_that_another_member_revokes_impairs_whichever_stream_comes_first(connection, dsn, batch_bytes):
    consortium, own, other, third = three()
    learner = new_id()
    mine, published = own.publish()
    theirs, other_published = other.publish()
    deepest, third_published = third.publish()
    deep, deep_issued = third.issue(deepest, learner)
    part, part_issued = stacked(other, theirs, learner, (THIRD, deep))
    stack, stack_issued = stacked(own, mine, learner, (OTHER, part))
    own.seal(published, stack_issued)
    other.seal(other_published, part_issued, other.suspend(part))
    third.seal(third_published, deep_issued, third.revoke(deep))
    expected = {("credential.part.suspended", stack, OTHER, 2), ("credential.impaired", stack, THIRD, 2)}
    log = consortium.log()
    for order in ((OWN, OTHER, THIRD), (THIRD, OTHER, OWN), (OTHER, THIRD, OWN)):
        with psycopg.connect(dsn, autocommit=True) as admin:
            views.drop(admin, "views")
            views.create(admin)
            admin.execute("TRUNCATE feed.notices, feed.taken")
        for member in order:
            step(connection, consortium, log=log, members=member.__eq__, batch_bytes=batch_bytes)
        assert set(told(connection)) == expected, order
        assert len(told(connection)) == 2


def test_a_replacement_that_is_the_same_impairs_nobody_until_it_is_revoked(connection):
    consortium, own, other, _ = three()
    learner = new_id()
    mine, published = own.publish()
    theirs, other_published = other.publish()
    part, issued = other.issue(theirs, learner)
    corrected, replaced = other.issue(theirs, learner, replaces=part)
    stack, stack_issued = stacked(own, mine, learner, (OTHER, part))
    own.seal(published, stack_issued)
    other.seal(other_published, issued, replaced)
    step(connection, consortium)
    assert told(connection) == [("credential.part.replaced", stack, OTHER, 2)]
    other.seal(other.revoke(corrected))
    step(connection, consortium)
    assert told(connection)[1:] == [("credential.impaired", stack, OTHER, 3)]


def test_stacks_agreements_assessments_and_joining_are_told(connection):
    consortium, own, other, _ = three()
    achievement, published = own.publish(awarding_bodies=[OWN, OTHER])
    part, issued = own.issue(achievement, new_id())
    own.seal(published, issued)
    theirs, other_published = other.publish()
    _, stack = stacked(other, theirs, new_id(), (OWN, part))
    ref = VersionedRef(OWN, achievement, 1)
    named, all_of, assessment = new_id(), new_id(), new_id()
    terms = {
        "include_revisions": True, "purpose": "admission", "outcome": "full", "ects_ratio": 1,
        "valid_from": "2026-01-01",
    }  # fmt: skip
    other.seal(
        other_published,
        stack,
        other.line("agreement.declared.v1", named, AgreementDeclared(named, OWN, [ref], **terms)),
        other.line("agreement.declared.v1", all_of, AgreementDeclared(all_of, OWN, AchievementFilter([6]), **terms)),
        other.line(
            "recognition.assessed.v1",
            assessment,
            RecognitionAssessed(assessment, ref, "admission", "full", "recognised", "binding"),
        ),
        other.line("achievement.joined.v1", achievement, AchievementJoined(ref)),
    )
    other.seal(
        other.line("agreement.withdrawn.v1", named, AgreementWithdrawn(named, "2026-07-01")),
        other.line("agreement.withdrawn.v1", all_of, AgreementWithdrawn(all_of, "2026-07-01")),
        other.line(
            "recognition.assessment.withdrawn.v1", assessment, AssessmentWithdrawn(assessment, "decidedInError")
        ),
    )
    step(connection, consortium)
    assert told(connection) == [
        ("credential.stacked", part, OTHER, 1),
        ("achievement.agreement.declared", achievement, OTHER, 2),
        ("achievement.agreement.declared", OWN, OTHER, 3),
        ("achievement.assessed", achievement, OTHER, 4),
        ("achievement.joined", achievement, OTHER, 5),
        ("achievement.agreement.withdrawn", achievement, OTHER, 6),
        ("achievement.agreement.withdrawn", OWN, OTHER, 7),
        ("achievement.assessment.withdrawn", achievement, OTHER, 8),
    ]


@pytest.mark.parametrize("own_first", [True, False])
def test_a_learner_erased_elsewhere_is_followed_up_and_not_named(connection, own_first):
    consortium, own, other, _ = three()
    learner = new_id()
    theirs, other_published = other.publish()
    part, issued = other.issue(theirs, learner)
    bystander, unrelated = other.issue(theirs, new_id())
    other.seal(other_published, issued, unrelated, other.erase(learner))
    mine, published = own.publish()
    stack, stack_issued = stacked(own, mine, learner, (OTHER, part))
    decision, decided_on = decided(own, OTHER, theirs, part)
    _, not_concerned = decided(own, OTHER, theirs, bystander)
    own.seal(published, stack_issued, decided_on, not_concerned)
    log = consortium.log()
    for member in (OWN, OTHER) if own_first else (OTHER, OWN):
        step(connection, consortium, log=log, members=member.__eq__)
    assert sorted(told(connection)) == sorted(("learner.erased", thing, OTHER, 3) for thing in (stack, decision))
    assert learner not in json.dumps([n.data for n in feed.read(connection, OWN)])


def test_decisions_that_name_nobody_are_counted_by_the_day_from_ten_on(connection):
    consortium, own, other, third = three()
    achievement, published = own.publish()
    own.seal(published)
    other.seal(*(decided(other, OWN, achievement)[1] for _ in range(7)))
    third.seal(*(decided(third, OWN, achievement, purpose="admission")[1] for _ in range(2)))
    third.seal(decided(third, OWN, achievement, outcome="refused")[1])
    step(connection, consortium)
    assert told(connection) == []
    third.seal(decided(third, OWN, achievement)[1])
    step(connection, consortium)  # the tenth, on a day that was counted already
    assert told(connection) == []
    step(connection, consortium, today=date(2026, 6, 2))
    assert told(connection) == [("achievement.decided.full", achievement, "", 10)]
    assert feed.read(connection, OWN)[0].data == {"outcome": "full", "atLeast": 10, "before": "2026-06-02"}
    other.seal(*(decided(other, OWN, achievement, decision_date="2026-06-03")[1] for _ in range(12)))
    step(connection, consortium, today=date(2026, 6, 3))
    assert len(told(connection)) == 1  # that day is not over
    step(connection, consortium, today=date(2026, 6, 4))
    assert told(connection)[1:] == [("achievement.decided.full", achievement, "", 20)]


def test_folding_again_tells_nothing_twice_and_takes_back_what_was_voided(connection):
    consortium, own, other, _ = three()
    achievement, published = own.publish()
    credential, issued = own.issue(achievement, new_id())
    own.seal(published, issued)
    other.seal(decided(other, OWN, achievement, credential)[1], decided(other, OWN, achievement, credential)[1])
    step(connection, consortium)
    before = feed.read(connection, OWN)
    assert len(before) == 2
    void = MemberRangeVoided(OTHER, 0, 1, other.head, "publishedByMistake")
    consortium.seal(consortium.line("member.range.voided.v1", OTHER, void))
    step(connection, consortium)
    step(connection, consortium)
    after = feed.read(connection, OWN)
    assert after[:2] == before
    assert [(n.kind, n.subject, n.leaf, n.data["withdraws"]) for n in after[2:]] == [
        ("withdrawn", credential, 0, str(before[0].id))
    ]


def test_a_part_whose_issuing_is_voided_impairs_and_an_own_one_is_told_of(connection):
    consortium, own, other, _ = three()
    learner = new_id()
    theirs, other_published = other.publish()
    part, issued = other.issue(theirs, learner)
    other.seal(other_published, issued)
    mine, published = own.publish()
    stack, stack_issued = stacked(own, mine, learner, (OTHER, part))
    gone, gone_issued = own.issue(mine, learner)
    own.seal(published, stack_issued, gone_issued)
    step(connection, consortium)
    assert told(connection) == []
    for member, leaf in ((other, 1), (own, 2)):
        void = MemberRangeVoided(member.member, leaf, leaf + 1, member.head, "keyCompromised")
        consortium.seal(consortium.line("member.range.voided.v1", member.member, void))
    step(connection, consortium)
    assert sorted(told(connection)) == [("credential.impaired", stack, OTHER, 1), ("credential.voided", gone, OWN, 2)]


def test_a_rebuild_tells_nothing_again_and_loses_nothing_that_it_was_first_to_see(connection, dsn):
    consortium, own, other, _ = three()
    achievement, published = own.publish()
    credential, issued = own.issue(achievement, new_id())
    own.seal(published, issued)
    other.seal(decided(other, OWN, achievement, credential)[1])
    step(connection, consortium)
    other.seal(decided(other, OWN, achievement, credential)[1])
    void = MemberRangeVoided(OTHER, 0, 1, other.head, "publishedByMistake")
    consortium.seal(consortium.line("member.range.voided.v1", OTHER, void))
    log = consortium.log()
    with fresh_schema(dsn, "views") as schema:
        with views.connect(dsn, schema) as fresh:
            Projector(fresh, log, CONSORTIUM, consortium.founded).step()
        assert len(told(connection)) == 1
        with views.connect(dsn) as admin:
            views.swap(admin, schema)
    step(connection, consortium, log=log)
    step(connection, consortium, log=log)
    assert [(kind, leaf) for kind, _, _, leaf in told(connection)] == [
        ("credential.recognised", 0),
        ("credential.recognised", 1),
        ("withdrawn", 0),
    ]


def test_two_projectors_at_once_tell_everything_once_and_a_reader_with_a_cursor_misses_nothing(connection, dsn):
    members = [OWN, *(f"member-{number}" for number in range(6))]
    consortium = Consortium(*members)
    own = consortium.universities[OWN]
    achievement, published = own.publish()
    learner = new_id()
    credentials = [own.issue(achievement, learner) for _ in range(10)]
    own.seal(published, *(line for _, line in credentials))
    for member in members[1:]:
        other = consortium.universities[member]
        for credential, _ in credentials:
            other.seal(decided(other, OWN, achievement, credential)[1])
    log, failed, done = consortium.log(), [], threading.Event()

    def project(mine):
        try:
            with views.connect(dsn) as another:
                step(another, consortium, log=log, members=mine, batch_bytes=1)
        except BaseException as error:  # noqa: BLE001 - looked at below
            failed.append(error)

    seen = []

    def follow():
        with views.connect(dsn) as reader:
            last = False
            while True:
                found = feed.read(reader, OWN, seen[-1] if seen else 0, 7)
                seen.extend(n.id for n in found)
                if not found and last:
                    return
                last = done.is_set()

    odd = lambda member: sum(member.encode()) % 2 == 1  # noqa: E731 - short
    halves = [odd, lambda member: not odd(member), lambda _: True]
    writers = [threading.Thread(target=project, args=(half,)) for half in halves]
    reader = threading.Thread(target=follow)
    for thread in (*writers, reader):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert failed == []
    assert len(told(connection)) == 60
    assert seen == sorted(seen)
    assert seen == [n.id for n in feed.read(connection, OWN)]


def test_a_writer_waits_for_the_one_before_it_so_that_ids_ascend_in_commit_order(connection, dsn):
    step(connection, Consortium(OWN, OTHER, THIRD))

    def collector_of(member):
        made = NoticeCollector(frozenset([OWN]), member)
        made.begin, made.end = 0, 1
        made.notices.append(PendingNotice(OWN, "achievement.joined", OWN, member, 0, 1, {}))
        return made

    with psycopg.connect(dsn, autocommit=True) as one, psycopg.connect(dsn, autocommit=True) as two:
        for each in (one, two):
            views.use(each, "views")
        second = threading.Thread(
            target=lambda: writer.write_notices(two, collector_of(THIRD), 1, size=1),
        )
        with one.transaction():
            writer.write_notices(one, collector_of(OTHER), 1, size=1)
            second.start()
            second.join(0.3)
            assert second.is_alive()  # its id is not drawn before the first is committed
        second.join()
    assert [n.cause_member for n in feed.read(connection, OWN)] == [OTHER, THIRD]


def test_whoever_listens_hears_of_a_notice(connection, dsn):
    consortium, own, other, _ = three()
    achievement, published = own.publish()
    credential, issued = own.issue(achievement, new_id())
    own.seal(published, issued)
    with views.connect(dsn) as listening:
        feed.listen(listening)
        step(connection, consortium)
        assert not feed.wait(listening, 0.05)
        other.seal(decided(other, OWN, achievement, credential)[1])
        step(connection, consortium)
        assert feed.wait(listening, 10)


@pytest.mark.parametrize("decided_first", [True, False])
def test_a_credential_revoked_elsewhere_is_told_for_the_own_decision_whichever_is_read_first(connection, decided_first):
    consortium, own, other, _ = three()
    achievement, published = other.publish()
    credential, issued = other.issue(achievement, new_id())
    unrelated, more = other.issue(achievement, new_id())
    other.seal(published, issued, more)
    decision, line = decided(own, OTHER, achievement, credential)
    acts = [lambda: own.seal(line), lambda: other.seal(other.revoke(credential), other.revoke(unrelated))]
    for act in acts if decided_first else reversed(acts):
        act()
        step(connection, consortium)
    found = [(kind, thing) for kind, thing, _, _ in told(connection) if kind.startswith("decision.")]
    assert found == [("decision.credential.revoked", decision)]


def test_a_change_of_a_credential_is_not_told_of_a_decision_that_was_withdrawn(connection):
    consortium, own, other, _ = three()
    achievement, published = other.publish()
    credential, issued = other.issue(achievement, new_id())
    other.seal(published, issued)
    decision, line = decided(own, OTHER, achievement, credential)
    own.seal(line, withdrawn(own, decision))
    step(connection, consortium)
    other.seal(other.revoke(credential))
    step(connection, consortium)
    assert not [kind for kind, *_ in told(connection) if kind.startswith("decision.")]
