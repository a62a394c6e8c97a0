"""Rules of a member's stream: which events take effect there, and which are refused, for what and where."""

import pytest

from registry.rules.credentials import holder_check
from registry.rules.errors import (
    Duplicate,
    EctsMismatch,
    IllegalTransition,
    Refusal,
    Retired,
    UnknownAchievement,
    UnknownAgreement,
    UnknownAssessment,
    UnknownCredential,
    UnknownDecision,
    WrongVersion,
)
from registry.rules.stream import AffectedKeys, MemberState, apply, changed_credential
from registry.wire.achievements import AchievementContent, AchievementJoined, AchievementRetired
from registry.wire.credentials import (
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    LearnerErased,
    StatusSealed,
)
from registry.wire.events import MEMBER_TYPES, Event
from registry.wire.forms import VersionedRef
from registry.wire.recognition import (
    AgreementDeclared,
    AgreementWithdrawn,
    AssessmentWithdrawn,
    Basis,
    Grant,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
)
from tests.support.streams import TIME, achievement_content

OTHERS = VersionedRef("lund", "their-course", 1)
TYPES = {data: name for name, data in reversed(MEMBER_TYPES.items())}


def published(version=1, ects=5, achievement="course"):
    return achievement_content("twente", achievement=achievement, version=version, ects=ects)


def free(version=1):
    return achievement_content("twente", achievement="course", version=version, ects=None, credit_bearing=False)


def issued(credential="c1", learner="ada", version=1, ects=5, replaces=None, achievement="course"):
    return CredentialIssued(credential, achievement, version, learner, "2026-03-01", ects, replaces=replaces)


def decided(decision="d1", supersedes=None):
    return RecognitionDecided(
        decision, "creditTransfer", "binding", [Basis("onLog")], [Grant([0], "full", "recognised", "none")],
        "2026-03-01", supersedes,
    )  # fmt: skip


def assessed(assessment="a1"):
    return RecognitionAssessed(assessment, OTHERS, "creditTransfer", "full", "recognised", "binding")


def declared(agreement="g1"):
    return AgreementDeclared(
        agreement, "lund", [OTHERS], include_revisions=True, purpose="creditTransfer", outcome="full", ects_ratio=1,
        valid_from="2026-01-01",
    )  # fmt: skip


RETIRED = AchievementRetired("course")
JOINED = AchievementJoined(OTHERS)
SUSPENDED = CredentialSuspended("c1", "underReview")
REINSTATED = CredentialReinstated("c1")
REVOKED = CredentialRevoked("c1", "issuedInError")
ERASED = LearnerErased("ada")
WITHDRAWN = RecognitionWithdrawn("d1", "onAppeal")
UNASSESSED = AssessmentWithdrawn("a1", "onAppeal")
ENDED = AgreementWithdrawn("g1", "2026-09-01")


def event(data):
    """The event with that data: content of version 2 and later revises."""
    kind = TYPES[type(data)]
    if isinstance(data, AchievementContent):
        kind = "achievement.published.v1" if data.version == 1 else "achievement.revised.v1"
    return Event("1.0", "e1", "test.example/twente", kind, data.subject, TIME, data)


def after(*history):
    state = MemberState()
    for data in history:
        apply(state, event(data))
    return state


def everything(state):
    return {name: getattr(state, name).copy() for name in MemberState.__slots__}


REFUSED = [
    ("an achievement is published once", [published()], published(), Duplicate, "achievement"),
    ("what was retired is not published again", [published(), RETIRED], published(), Duplicate, "achievement"),
    ("nothing unknown is revised", [], published(2), UnknownAchievement, "achievement"),
    ("no version is skipped", [published()], published(3), WrongVersion, "version"),
    ("no version comes twice", [published(), published(2)], published(2), WrongVersion, "version"),
    ("what is retired is not revised", [published(), RETIRED], published(2), Retired, "achievement"),
    ("nothing unknown is retired", [], RETIRED, UnknownAchievement, "achievement"),
    ("an achievement retires once", [published(), RETIRED], RETIRED, IllegalTransition, "achievement"),
    ("a version is joined once", [JOINED], JOINED, Duplicate, "achievement"),
    ("a credential is issued once", [published(), issued()], issued(), Duplicate, "credential"),
    ("a credential is of an achievement", [], issued(), UnknownAchievement, "achievement"),
    ("a version was published", [published()], issued(version=2), WrongVersion, "version"),
    ("versions begin at 1", [published()], issued(version=0), WrongVersion, "version"),
    ("what is retired is not issued", [published(), RETIRED], issued(), Retired, "achievement"),
    ("the credits are the version's", [published(), published(2, 6)], issued(ects=6), EctsMismatch, "ects"),
    ("credits are not left out", [published()], issued(ects=None), EctsMismatch, "ects"),
    ("no credits for what bears none", [free()], issued(ects=5), EctsMismatch, "ects"),
    ("only what exists is replaced", [published()], issued("c2", replaces="c1"), UnknownCredential, "replaces"),
    (
        "no other learner's credential is replaced",
        [published(), issued()], issued("c2", "bo", replaces="c1"), IllegalTransition, "replaces",
    ),
    (
        "no erased learner's credential is replaced for another",
        [published(), issued(), ERASED], issued("c2", "bo", replaces="c1"), IllegalTransition, "replaces",
    ),
    (
        "what is revoked is not replaced",
        [published(), issued(), REVOKED], issued("c2", replaces="c1"), IllegalTransition, "replaces",
    ),
    (
        "a credential is replaced once",
        [published(), issued(), issued("c2", replaces="c1")],
        issued("c3", replaces="c1"), IllegalTransition, "replaces",
    ),
    (
        "a retired achievement is not issued in the place of another one",
        [published(), published(achievement="other"), issued(achievement="other"), RETIRED],
        issued("c2", replaces="c1"), Retired, "achievement",
    ),
    ("nothing unknown is suspended", [], SUSPENDED, UnknownCredential, "credential"),
    ("nothing unknown is reinstated", [], REINSTATED, UnknownCredential, "credential"),
    ("nothing unknown is revoked", [], REVOKED, UnknownCredential, "credential"),
    ("a suspension is not repeated", [published(), issued(), SUSPENDED], SUSPENDED, IllegalTransition, "credential"),
    ("only what is suspended is reinstated", [published(), issued()], REINSTATED, IllegalTransition, "credential"),
    ("a revocation is final", [published(), issued(), REVOKED], REINSTATED, IllegalTransition, "credential"),
    ("a revocation is not repeated", [published(), issued(), REVOKED], REVOKED, IllegalTransition, "credential"),
    (
        "what is replaced is not suspended",
        [published(), issued(), issued("c2", replaces="c1")], SUSPENDED, IllegalTransition, "credential",
    ),
    ("a learner is erased once", [ERASED], ERASED, Duplicate, "learner"),
    ("a decision is made once", [decided()], decided(), Duplicate, "decision"),
    ("only what was decided is superseded", [], decided("d2", "d1"), UnknownDecision, "supersedes"),
    (
        "a decision is superseded once",
        [decided(), decided("d2", "d1")], decided("d3", "d1"), IllegalTransition, "supersedes",
    ),
    (
        "what is withdrawn is not superseded",
        [decided(), WITHDRAWN], decided("d2", "d1"), IllegalTransition, "supersedes",
    ),
    ("only what was decided is withdrawn", [], WITHDRAWN, UnknownDecision, "decision"),
    ("a decision is withdrawn once", [decided(), WITHDRAWN], WITHDRAWN, IllegalTransition, "decision"),
    (
        "what is superseded is not withdrawn",
        [decided(), decided("d2", "d1")], WITHDRAWN, IllegalTransition, "decision",
    ),
    ("an assessment is made once", [assessed()], assessed(), Duplicate, "assessment"),
    ("only what was assessed is withdrawn", [], UNASSESSED, UnknownAssessment, "assessment"),
    ("an assessment is withdrawn once", [assessed(), UNASSESSED], UNASSESSED, IllegalTransition, "assessment"),
    ("an agreement is declared once", [declared()], declared(), Duplicate, "agreement"),
    ("only what was declared is withdrawn", [], ENDED, UnknownAgreement, "agreement"),
    ("an agreement ends once", [declared(), ENDED], ENDED, IllegalTransition, "agreement"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("history", "data", "refusal", "field"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_refused_event_names_its_reason_and_field_and_changes_nothing(history, data, refusal, field):
    state = after(*history)
    before = everything(state)
    with pytest.raises(Refusal) as refused:
        apply(state, event(data))
    assert (type(refused.value), refused.value.path) == (refusal, f"$.data.{field}")
    assert everything(state) == before


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ([], "active"),
        ([SUSPENDED], "suspended"),
        ([SUSPENDED, REINSTATED], "active"),
        ([SUSPENDED, REVOKED], "revoked"),
        ([REVOKED], "revoked"),
        ([issued("c2", replaces="c1")], "replaced"),
        ([SUSPENDED, issued("c2", replaces="c1")], "replaced"),
        ([RETIRED], "active"),
        ([ERASED], "active"),
    ],
)
def test_a_credential_has_the_status_that_its_history_says(history, status):
    assert after(published(), issued(), *history).credentials["c1"].status == status


def test_a_retired_achievement_is_still_corrected_by_a_replacement_of_the_same_version():
    state = after(published(), issued(), RETIRED, issued("c2", replaces="c1"))
    assert {name: credential.status for name, credential in state.credentials.items()} == {
        "c1": "replaced", "c2": "active",
    }  # fmt: skip


def test_a_credential_is_worth_what_its_own_version_is_worth_however_the_number_is_written():
    state = after(published(ects=5), published(2, 7.5), issued("c1", ects=5.0), issued("c2", version=2, ects=7.5))
    assert [credential.version for credential in state.credentials.values()] == [1, 2]
    assert state.achievements["course"].ects == (5, 7.5)


def test_learning_without_credits_is_issued_without_them():
    assert after(free(), issued(ects=None)).credentials["c1"].status == "active"


def test_a_credential_of_an_erased_learner_still_knows_whose_it_was():
    erased = type(after(published(), issued()).credentials["c1"])("course", 1, None, holder=holder_check("c1", "ada"))
    assert erased.is_of("c1", "ada")
    assert not erased.is_of("c1", "bo")
    assert not erased.is_of("c2", "ada")


def test_decisions_assessments_and_agreements_are_in_force_until_they_are_ended():
    state = after(decided(), decided("d2", "d1"), assessed(), declared(), declared("g2"), ENDED)
    assert state.decisions == {"d1": "superseded", "d2": "inForce"}
    assert state.assessments == {"a1": "inForce"}
    assert state.agreements == {"g1": "2026-09-01", "g2": ""}
    assert after(decided(), WITHDRAWN).decisions == {"d1": "withdrawn"}
    assert after(assessed(), UNASSESSED).assessments == {"a1": "withdrawn"}


def test_a_seal_changes_nothing_and_is_never_refused():
    seal = StatusSealed(2, 0, "root")
    assert everything(after(published(), seal, seal)) == everything(after(published()))


KEYS = [
    (issued(), {"issued": {"c1"}, "achievements": {"course"}, "learners": {"ada"}}),
    (
        issued("c2", replaces="c1"),
        {"issued": {"c2"}, "achievements": {"course"}, "learners": {"ada"}, "credentials": {"c1"}},
    ),
    (SUSPENDED, {"credentials": {"c1"}}),
    (REINSTATED, {"credentials": {"c1"}}),
    (REVOKED, {"credentials": {"c1"}}),
    (published(), {"achievements": {"course"}}),
    (RETIRED, {"achievements": {"course"}}),
    (JOINED, {"joined": {("lund", "their-course", 1)}}),
    (decided(), {"decisions": {"d1"}}),
    (decided("d2", "d1"), {"decisions": {"d1", "d2"}}),
    (WITHDRAWN, {"decisions": {"d1"}}),
    (assessed(), {"assessments": {"a1"}}),
    (UNASSESSED, {"assessments": {"a1"}}),
    (declared(), {"agreements": {"g1"}}),
    (ENDED, {"agreements": {"g1"}}),
    (ERASED, {"learners": {"ada"}}),
    (StatusSealed(2, 0, "root"), {}),
]


@pytest.mark.parametrize(("data", "expected"), KEYS, ids=[type(data).__name__ for data, _ in KEYS])
def test_the_keys_of_an_event_are_all_that_its_rule_reads_or_changes(data, expected):
    keys = AffectedKeys.empty()
    keys.add(event(data))
    assert {name: ids for name, ids in keys._asdict().items() if ids} == expected


@pytest.mark.parametrize(
    ("data", "credential"),
    [(issued(), None), (issued("c2", replaces="c1"), "c1"), (SUSPENDED, "c1"), (REVOKED, "c1"), (ERASED, None)],
)
def test_an_event_changes_the_credential_that_it_replaces_suspends_or_revokes(data, credential):
    assert changed_credential(event(data)) == credential
