"""As of an earlier moment: the answer is what a view projected at that moment would have said."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consumers.governance.governance import GovernanceFold
from consumers.history import moment
from consumers.history.moment import UnknownMoment
from consumers.projecting.projector import Projector
from consumers.streams.replay import replay
from projections.core import positions, views
from projections.records.as_of import Past
from registry.wire.credentials import CredentialReinstated
from registry.wire.governance import MemberRangeVoided, MemberReinstated, MemberSuspended
from tests.support.emptying import empty
from tests.support.examples import examples
from tests.support.memory_log import MemoryLog
from tests.support.streams import CONSORTIUM, Consortium, new_id


@pytest.fixture
def connection(dsn):
    with views.connect(dsn) as opened:
        views.create(opened)
        yield opened


def project(connection, consortium, log):
    empty(connection, "views")
    Projector(connection, log, CONSORTIUM, consortium.founded).step()


def sizes(connection):
    return {name: position.tree.size for name, position in positions.all_positions(connection).items()}


def governed(consortium, log):
    fold = GovernanceFold(CONSORTIUM, consortium.founded)
    for record in log.records("governance"):
        fold.take(record.data)
    return fold


def asking(connection, consortium, log, at):
    now = governed(consortium, log).state

    def again(member, size, record, wanted, learner):
        return replay(log, CONSORTIUM, now.members[member], size, record, wanted, learner)

    return Past(connection, at, now, again)


def grown(seed):
    """A university whose credentials change, while governance suspends, reinstates and voids; with its history."""
    chance = random.Random(seed)
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published)
    people = [new_id() for _ in range(3)]
    issued, moments, standing = [], [], "active"
    for _ in range(chance.randint(4, 12)):
        lines = []
        for _ in range(chance.randint(1, 3)):
            if not issued or chance.random() < 0.5:
                credential, line = twente.issue(achievement, chance.choice(people))
                issued.append(credential)
            else:
                credential = chance.choice(issued)
                line = chance.choice([twente.suspend, twente.revoke, lambda c: reinstate(twente, c)])(credential)
            lines.append(line)
        twente.seal(*lines)
        if chance.random() < 0.3:
            begin = chance.randrange(1, twente.tree.size)
            voided = MemberRangeVoided("twente", begin, begin + 1, twente.head, "keyCompromised")
            consortium.seal(consortium.line("member.range.voided.v1", "twente", voided))
        elif chance.random() < 0.4:
            kind, standing = (MemberSuspended, "suspended") if standing == "active" else (MemberReinstated, "active")
            name = "member.suspended.v1" if kind is MemberSuspended else "member.reinstated.v1"
            consortium.seal(consortium.line(name, "twente", kind("twente", twente.head, "administrative")))
        moments.append((len(twente.records), len(consortium.records)))
    return consortium, issued, people, moments


def reinstate(university, credential):
    return university.line("credential.reinstated.v1", credential, CredentialReinstated(credential))


@settings(max_examples=examples(30, thorough=150), deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32))
def test_an_answer_as_of_a_moment_is_what_a_view_of_that_moment_says(connection, seed):
    consortium, issued, people, moments = grown(seed)
    commits, governed_commits = random.Random(seed).choice(moments)
    early = MemoryLog()
    for name, records in (
        ("governance", consortium.records[:governed_commits]),
        ("twente", consortium.universities["twente"].records[:commits]),
    ):
        early.create(name)
        early.append(name, records)
    project(connection, consortium, early)
    then = sizes(connection)
    status = dict(connection.execute("SELECT credential::text, status FROM credentials").fetchall())
    rows = connection.execute("SELECT learner::text, credential::text FROM credentials").fetchall()
    held = {learner: {row[1] for row in rows if row[0] == learner} for learner in people}

    log = consortium.log()
    project(connection, consortium, log)
    at = moment.at_sizes(log, CONSORTIUM, consortium.founded, sizes(connection), then)
    past = asking(connection, consortium, log, at)
    was = past.credentials([("twente", credential) for credential in issued])
    assert {view.credential: view.status for view in was if view.status} == status

    for learner in people:
        assert {view.credential for view in past.learner(learner)} == held[learner]


def test_what_was_erased_stays_erased_as_of_earlier(connection):
    consortium = Consortium("twente")
    twente, learner = consortium.universities["twente"], new_id()
    achievement, published = twente.publish()
    credential, issued = twente.issue(achievement, learner)
    twente.seal(published, issued)
    twente.seal(twente.erase(learner))
    log = consortium.log()
    project(connection, consortium, log)
    at = moment.at_sizes(log, CONSORTIUM, consortium.founded, sizes(connection), {"twente": 2})
    past = asking(connection, consortium, log, at)
    assert past.learner(learner) == []
    [was] = past.credentials([("twente", credential)])
    assert was.status == "active"


def test_a_date_is_the_members_own_claim_unless_witnesses_cosigned(connection):
    consortium = Consortium("twente")
    twente = consortium.universities["twente"]
    achievement, published = twente.publish()
    twente.seal(published, twente.issue(achievement, new_id())[1])
    log = consortium.log()
    project(connection, consortium, log)
    now = sizes(connection)
    trusted = (log, CONSORTIUM, consortium.founded, now)
    late = moment.at_time(*trusted, datetime(2026, 5, 4, tzinfo=UTC))
    assert (late.size("twente"), late.basis) == (2, moment.CLAIMED)
    assert moment.at_time(*trusted, datetime(2026, 5, 3, tzinfo=UTC)).size("twente") == 0
    cosigned = moment.at_time(*trusted, datetime(2026, 5, 3, tzinfo=UTC), lambda *_: 1)
    assert (cosigned.size("twente"), cosigned.governance_size, cosigned.basis) == (1, 0, moment.COSIGNED)


def test_a_moment_that_the_log_does_not_have_is_refused(connection):
    consortium = Consortium("twente")
    log = consortium.log()
    project(connection, consortium, log)
    for wrong in ({"twente": 1}, {"nowhere": 0}):
        with pytest.raises(UnknownMoment):
            moment.at_sizes(log, CONSORTIUM, consortium.founded, sizes(connection), wrong)
