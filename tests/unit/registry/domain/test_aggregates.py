"""What a university changes of its own: each act is kept as an event, and a refused one leaves none behind."""

import pytest

from registry.domain.achievement import Achievement, Joining, blank_texts, find_blank_text
from registry.domain.case_errors import DateOrder
from registry.domain.credential import Credential
from registry.domain.errors import IllegalTransition, InvalidEvent, Retired, UnknownAchievement
from registry.domain.learner import Erasure
from registry.domain.membership import TYPES, Consortium
from registry.domain.recognition import Agreement, Assessment, Decision
from registry.domain.sealing import Sealing
from registry.rules.errors import Duplicate, WrongVersion
from registry.rules.governance import Governance
from registry.wire.achievements import AchievementJoined
from registry.wire.credentials import CredentialIssued, LearnerErased, StatusSealed
from registry.wire.events import GOVERNANCE_TYPES, Reader
from registry.wire.forms import VersionedRef
from registry.wire.governance import ConsortiumFounded
from registry.wire.recognition import AgreementDeclared, Basis, Grant, RecognitionAssessed, RecognitionDecided
from tests.support.streams import CONSORTIUM, TIME, achievement_content, new_id
from tests.support.streams import Consortium as Streams

THEIRS = VersionedRef("lund", new_id(), 1)


def names(aggregate):
    """The names of the events that it has to store."""
    return [type(event).__name__ for event in aggregate.pending_events]


def published(aggregate):
    """The types under which these events go to the log; None for one that stays here."""
    return [event.PUBLISHED for event in aggregate.pending_events]


def again(aggregate):
    """The aggregate as it is rebuilt from its events."""
    events = aggregate.collect_events()
    rebuilt = None
    for event in events:
        rebuilt = event.mutate(rebuilt)
    return rebuilt


def content(achievement=None, version=1, **more):
    return achievement_content("twente", achievement=achievement or new_id(), version=version, **more)


def issue(achievement, replaced=None, **more):
    values = {"version": 1, "learner": new_id(), "awarding_date": "2026-03-01", "ects": 5} | more
    data = CredentialIssued(new_id(), str(achievement.id), **values)
    return Credential.issue(data, achievement.state, replaced)


def decide(superseded=None):
    data = RecognitionDecided(
        new_id(), "creditTransfer", "binding", [Basis("onLog")], [Grant([0], "full", "recognised", "none")],
        "2026-03-01", str(superseded.id) if superseded else None,
    )  # fmt: skip
    return Decision.decide(data, superseded)


def test_an_achievement_is_rebuilt_with_its_newest_content_and_the_credits_of_each_version():
    first = content()
    achievement = Achievement.publish(first)
    achievement.revise(second := content(first.achievement, 2, ects=6))
    achievement.retire()
    assert names(achievement) == ["Published", "Revised", "Retired"]
    rebuilt = again(achievement)
    assert (rebuilt.content, rebuilt.state.ects, rebuilt.state.retired) == (second, (5, 6), True)


def test_a_refused_act_leaves_no_event():
    achievement = Achievement.publish(first := content())
    with pytest.raises(WrongVersion):
        achievement.revise(content(first.achievement, 3))
    achievement.retire()
    with pytest.raises(Retired):
        achievement.revise(content(first.achievement, 2))
    with pytest.raises(IllegalTransition):
        achievement.retire()
    assert names(achievement) == ["Published", "Retired"]


@pytest.mark.parametrize(
    ("more", "path"),
    [({"title": {"en": " "}}, ".title.en"), ({"nqf_level": ""}, ".nqfLevel"), ({"title": {"en": "Data"}}, None)],
)
def test_a_university_publishes_no_blank_text(more, path):
    data = content(**more)
    assert (find_blank_text(data) or [None])[0] == path
    if path:
        for act in (Achievement.publish, Achievement.publish(content(data.achievement)).revise):
            with pytest.raises(InvalidEvent) as refused:
                act(data)
            assert refused.value.path == f"${path}"


def test_every_blank_text_is_told_with_its_place():
    told = blank_texts({"title": {"en": ""}, "ects": 5, "learningOutcomes": [{"title": {"en": "Reads", "nl": "\t"}}]})
    assert [path for path, _ in told] == [".title.en", ".learningOutcomes[0].title.nl"]


def test_each_version_of_another_members_achievement_is_joined_apart():
    joined = Joining.join(data := AchievementJoined(THEIRS))
    other = Joining.join(AchievementJoined(VersionedRef(THEIRS.member, THEIRS.achievement, 2)))
    assert joined.id == Joining.id_of(data) != other.id
    assert (names(joined), again(joined).data) == (["Joined"], data)


@pytest.mark.parametrize(
    ("acts", "status", "reason", "reinstated"),
    [
        ("", "active", None, False),
        ("suspend", "suspended", "underReview", False),
        ("suspend reinstate", "active", None, True),
        ("suspend revoke", "revoked", "underReview", False),
        ("revoke", "revoked", "underReview", False),
        ("suspend reinstate suspend", "suspended", "underReview", False),
    ],
)
def test_a_credential_is_rebuilt_with_its_status_and_the_reason_for_it(acts, status, reason, reinstated):
    credential = issue(Achievement.publish(content()))
    for act in acts.split():
        getattr(credential, act)(*(["underReview"] if act != "reinstate" else []))
    rebuilt = again(credential)
    assert (rebuilt.state.status, rebuilt.reason, rebuilt.was_reinstated) == (status, reason, reinstated)


def test_a_replacement_changes_both_credentials_and_only_one_of_them_says_so_on_the_log():
    achievement = Achievement.publish(content())
    old = issue(achievement)
    old.suspend("underReview")
    new = issue(achievement, old, replaces=str(old.id), learner=old.state.learner)
    assert names(old) == ["Issued", "Suspended", "Replaced"]
    assert [event.PUBLISHED for event in old.pending_events] == [
        "credential.issued.v1",
        "credential.suspended.v1",
        None,
    ]
    assert (names(new), new.state.status) == (["Issued"], "active")
    rebuilt = again(old)
    assert (rebuilt.state.status, rebuilt.reason) == ("replaced", None)
    with pytest.raises(IllegalTransition):
        rebuilt.revoke("issuedInError")


def test_nothing_is_issued_without_its_achievement():
    with pytest.raises(UnknownAchievement):
        Credential.issue(CredentialIssued(new_id(), new_id(), 1, new_id(), "2026-03-01", 5), None, None)


def test_a_decision_is_in_force_until_it_is_superseded_or_withdrawn():
    first = decide()
    second = decide(first)
    assert published(first) == ["recognition.decided.v1", None]
    assert (again(first).state, second.state) == ("superseded", "inForce")
    second.withdraw("onAppeal")
    with pytest.raises(IllegalTransition):
        second.withdraw("onAppeal")
    with pytest.raises(IllegalTransition):
        decide(second)
    assert (names(second), again(second).state) == (["Decided", "Withdrawn"], "withdrawn")


def test_an_assessment_is_withdrawn_once():
    data = RecognitionAssessed(new_id(), THEIRS, "creditTransfer", "full", "recognised", "binding")
    assessment = Assessment.assess(data)
    assessment.withdraw("administrative")
    with pytest.raises(IllegalTransition):
        assessment.withdraw("administrative")
    assert names(assessment) == ["Assessed", "Withdrawn"]
    rebuilt = again(assessment)
    assert (rebuilt.content, rebuilt.state) == (data, "withdrawn")


def declare(until=None):
    data = AgreementDeclared(
        new_id(), "lund", [THEIRS], include_revisions=True, purpose="creditTransfer", outcome="full", ects_ratio=1,
        valid_from="2026-02-01", valid_until=until,
    )  # fmt: skip
    return Agreement.declare(data)


def test_an_agreement_ends_on_a_day_and_once():
    agreement = declare(until="2026-02-01")
    agreement.withdraw("2026-09-01")
    with pytest.raises(IllegalTransition):
        agreement.withdraw("2027-09-01")
    assert (names(agreement), again(agreement).withdrawn_from) == (["Declared", "Withdrawn"], "2026-09-01")


def test_no_agreement_ends_before_it_begins():
    with pytest.raises(DateOrder, match="end on 2026-01-31, before it begins on 2026-02-01"):
        declare(until="2026-01-31")


def test_an_erasure_may_be_announced_again_and_stays_the_erasure_of_the_same_learner():
    learner = new_id()
    erasure = Erasure.erase(learner)
    erasure.announce_again()
    assert names(erasure) == ["Erased", "ErasedAgain"]
    rebuilt = again(erasure)
    assert (rebuilt.id, rebuilt.data) == (Erasure.id_of(learner), LearnerErased(learner))
    assert str(rebuilt.id) != learner


def test_one_size_of_the_log_has_one_seal():
    seals = [Sealing.seal(StatusSealed(size, 0, "root")) for size in (1, 1, 2)]
    assert seals[0].id == seals[1].id != seals[2].id
    assert again(seals[0]).data == StatusSealed(1, 0, "root")


def test_acts_of_governance_follow_one_another_and_are_read_again_as_they_were_meant():
    streams = Streams("twente")
    founded = ConsortiumFounded(CONSORTIUM, [str(signer.vkey) for signer in streams.signers], 1)
    admitted = Reader(CONSORTIUM).decode_one(streams.admission("lund")).data
    acts = Consortium(Governance(CONSORTIUM), 0)
    acts.act(founded, TIME)
    acts.act(admitted, TIME)
    with pytest.raises(Duplicate):
        acts.act(admitted, TIME)
    read = Reader(CONSORTIUM).decode_lines(acts.lines)
    assert [event.data for event in read] == [founded, admitted]
    assert [event.id for event in read] == ["governance-0", "governance-1"]
    assert list(acts.governance.members) == ["lund"]


def test_every_act_of_governance_has_its_event_type():
    assert {name: data for data, name in TYPES.items()} == GOVERNANCE_TYPES
