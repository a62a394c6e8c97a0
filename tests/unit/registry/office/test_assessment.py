"""Assessments: what is suggested, and what is in the way of proposing one."""

from datetime import date

import msgspec
import pytest

from registry.office.assessments.assessment import (
    MILDER,
    WHY_NOT,
    AssessedCredential,
    Assessment,
    ConsideredOutcome,
    ProposedGrant,
    named_grounds,
)
from registry.office.assessments.comparison import compare
from registry.office.assessments.objections import find_grant_objections, find_objections
from registry.office.assessments.offered import Offered, Requirement, requirement_of
from registry.office.basis import names_openly
from registry.wire.achievements import LearningOutcome, QualityAssurance
from registry.wire.forms import CredentialRef, VersionedRef
from registry.wire.recognition import DIFFERENCES, Basis, Condition, Grant, Ground, Towards
from tests.bench.data import achievement

ID = "0bbac7a9-a411-4809-ad9e-534f483b7a03"
OTHER = "1cb96c88-a411-4809-ad9e-534f483b7a03"
READS = LearningOutcome({"en": "Reads, questions and explains statistical data"})
WRITES = LearningOutcome({"en": "Writes safe programs in a systems language"})
OFFERED = Offered(
    issuer="twente",
    member=True,
    title={"en": "Data literacy"},
    achievement=VersionedRef("twente", ID, 1),
    country="NL",
    kind="microCredential",
    credit_bearing=True,
    ects=5,
    eqf_level=6,
    level_basis="referenced",
    fields_of_education=["0612"],
    learning_outcomes=[READS],
    assessments=["projectWork"],
    participation=["online"],
    supervision="onsite",
    identity_verified=True,
    quality_assurance=[QualityAssurance("institutionalQA", "NVAO")],
    issuer_when_issued="active",
    issuer_now="active",
    accredited=True,
    awarding_date="2026-06-30",
    status="active",
    evidence="onLog",
    authentic=True,
)
WANTED = Requirement(
    towards=Towards(title={"en": "Data minor"}),
    ects=5,
    eqf_level=6,
    fields_of_education=["0613"],
    learning_outcomes=[LearningOutcome({"en": "Explains and questions statistical data"})],
    summative=True,
    supervised=True,
    identity_verified=True,
)
TODAY = date(2026, 9, 1)
ALL_CONSIDERED = [
    ConsideredOutcome("partial", "nothingComparable"),
    ConsideredOutcome("conditional", "noConditionSuffices"),
    ConsideredOutcome("alternative", "noAlternative"),
]


def offered(**changes):
    return msgspec.structs.replace(OFFERED, **changes)


def suggested(offer=OFFERED, **asked):
    requirement = msgspec.structs.replace(WANTED, **asked)
    return [
        f"{element.name}:{one.difference}"
        for element in compare(offer, requirement, TODAY)
        for one in element.suggested
    ]


def grant(outcome="full", *grounds, of=(0,), **more):
    values = {"mode": "recognised", "grade_transfer": "none", "ects": 5 if outcome == "full" else None} | more
    return Grant(list(of), outcome, grounds=[Ground(*code.split(":")) for code in grounds] or None, **values)


def assessment(*grants, offers=(OFFERED,), named=(), purpose="creditTransfer", considered=(), effect="binding"):
    elements = [
        msgspec.structs.replace(each, named=[code.partition(":")[2] for code in named if code.startswith(each.name)])
        for each in compare(OFFERED, WANTED, TODAY)
    ]
    proposed = [ProposedGrant(each, list(considered) if each.outcome == "refused" else []) for each in grants]
    return Assessment(purpose, effect, [AssessedCredential(offer, WANTED, elements) for offer in offers], proposed)


def codes(*arguments, basis=(), **more):
    return [each.code for each in find_objections(assessment(*arguments, **more), basis)]


def test_what_satisfies_a_requirement_suggests_nothing_and_stands_beside_it_in_words():
    elements = compare(OFFERED, WANTED, TODAY)
    assert [element.name for element in elements] == ["level", "workload", "quality", "profile", "learningOutcomes"]
    assert suggested() == []
    assert (elements[0].original, elements[0].required) == ("EQF 6 (referenced in a national framework)", "EQF 6")
    assert (elements[1].original, elements[1].required) == ("5 ECTS", "5 ECTS")
    assert "institutionalQA: NVAO" in elements[2].original
    assert not any(element.named for element in elements)


@pytest.mark.parametrize(
    ("changes", "asked", "difference"),
    [
        ({"eqf_level": 5}, {}, "level:lowerLevel"),
        ({"eqf_level": None, "level_basis": None}, {}, "level:levelNotEstablished"),
        ({"level_basis": "providerStated"}, {}, "level:levelNotEstablished"),
        ({"eqf_level": 5}, {"eqf_level": None, "access_to": 7}, "level:noAccessToRequestedLevel"),
        ({"ects": 3}, {}, "workload:substantiallyLess"),
        ({"ects": None, "workload_hours": 60.0, "credit_bearing": False}, {}, "workload:substantiallyLess"),
        ({"ects": None}, {}, "workload:notEstablished"),
        ({"issuer_when_issued": "suspended"}, {}, "quality:providerNotRecognised"),
        ({"accredited": False}, {}, "quality:notQualityAssured"),
        ({"accredited": None, "quality_assurance": []}, {}, "quality:notQualityAssured"),
        ({"assessments": ["attendance", "selfAssessment"]}, {}, "quality:assessmentNotSummative"),
        ({"supervision": "unspecified"}, {}, "quality:notSupervised"),
        ({"identity_verified": None}, {}, "quality:identityNotVerified"),
        ({"fields_of_education": ["0213"]}, {}, "profile:differentField"),
        ({}, {"practice": True}, "profile:practiceMissing"),
        ({}, {"research": True}, "profile:researchMissing"),
        ({"learning_outcomes": [WRITES]}, {}, "learningOutcomes:keyOutcomeMissing"),
        ({"learning_outcomes": []}, {}, "learningOutcomes:notDescribed"),
        ({"awarding_date": "2020-08-31"}, {"max_age_months": 72}, "learningOutcomes:outdated"),
    ],
)
def test_each_lack_suggests_its_difference_from_the_closed_list(changes, asked, difference):
    assert suggested(offered(**changes), **asked) == [difference]
    aspect, _, code = difference.partition(":")
    assert code in DIFFERENCES[aspect]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({"ects": 4}, {}),
        ({"ects": None, "workload_hours": 140.0, "credit_bearing": False}, {}),
        ({"fields_of_education": ["0688"]}, {}),
        ({"learning_outcomes": [LearningOutcome({"nl": "Leest en verklaart gegevens"})]}, {}),
        ({"awarding_date": "2020-09-02"}, {"max_age_months": 72}),
        ({"accredited": None}, {}),
        ({"eqf_level": None, "level_basis": None, "ects": None}, {"eqf_level": None, "ects": None}),
    ],
)
def test_what_is_no_substantial_difference_or_is_not_asked_for_is_not_suggested(changes, asked):
    assert suggested(offered(**changes), **asked) == []


def test_nothing_known_of_an_unknown_issuers_paper_is_said_as_not_known():
    paper = Offered(issuer="College", member=False, title={"en": "Course"}, evidence="paper")
    assert suggested(paper) == [
        "level:levelNotEstablished", "workload:notEstablished", "quality:notQualityAssured",
        "quality:assessmentNotSummative", "quality:notSupervised", "quality:identityNotVerified",
        "profile:differentField", "learningOutcomes:notDescribed",
    ]  # fmt: skip


def test_an_own_course_asks_for_what_it_is_and_is_satisfied_by_itself():
    content = achievement("twente", ID)
    asked = requirement_of("twente", content)
    assert (asked.ects, asked.eqf_level, asked.towards) == (content.ects, content.eqf_level, Towards("twente", ID))
    offer = offered(
        ects=content.ects, eqf_level=content.eqf_level, fields_of_education=content.fields_of_education,
        learning_outcomes=content.learning_outcomes, assessments=content.assessments,
        participation=content.participation, supervision=content.supervision,
        identity_verified=content.identity_verified,
    )  # fmt: skip
    assert [one for element in compare(offer, asked, TODAY) for one in element.suggested] == []


def test_a_full_recognition_without_differences_is_proposed_as_it_is():
    assert codes(grant()) == []


def test_a_difference_is_named_in_its_element_before_a_grant_rests_on_it():
    partial = grant("partial", "workload:substantiallyLess", ects=3)
    assert codes(partial) == ["differenceNotNamed"]
    assert codes(partial, named=["workload:substantiallyLess"]) == []
    made = assessment(partial, named=["workload:substantiallyLess"])
    assert named_grounds(made.assessed[0].elements) == partial.grounds
    assert codes(grant(), named=["workload:substantiallyLess"]) == ["fullDespiteDifference"]
    assert codes(grant("partial", ects=3)) == ["form"]


def test_a_difference_belongs_to_its_aspect_and_every_element_is_looked_at_once():
    made = assessment(grant())
    [each] = made.assessed
    wrong = [msgspec.structs.replace(each.elements[0], named=["substantiallyLess"]), *each.elements[2:]]
    found = find_objections(msgspec.structs.replace(made, assessed=[msgspec.structs.replace(each, elements=wrong)]))
    assert [(one.code, one.path) for one in found][:2] == [
        ("elementMissing", "$.assessed[0].elements"),
        ("differenceOfAnotherAspect", "$.assessed[0].elements[0].named"),
    ]


def test_a_refusal_says_why_nothing_milder_was_possible():
    refused = grant("refused", "level:lowerLevel")
    named = ["level:lowerLevel"]
    assert codes(refused, named=named) == ["milderNotConsidered"] * 3
    assert codes(refused, named=named, considered=ALL_CONSIDERED) == []
    wrong = [*ALL_CONSIDERED[:2], ConsideredOutcome("alternative", "wholeOnly")]
    assert codes(refused, named=named, considered=wrong) == ["notThatReason"]
    formal = [ConsideredOutcome(outcome, "formalGround") for outcome in MILDER]
    assert codes(refused, named=named, considered=formal) == ["noFormalGround"] * 3
    assert codes(grant("refused", "formal:documentsIncomplete"), considered=formal) == []
    assert all("formalGround" in reasons for reasons in WHY_NOT.values())


def test_a_refusal_without_a_ground_or_with_credits_is_none():
    assert "groundMissing" in codes(grant("refused"), considered=ALL_CONSIDERED)
    assert "creditRefused" in codes(
        grant("refused", "level:lowerLevel", ects=2), named=["level:lowerLevel"], considered=ALL_CONSIDERED
    )


def test_a_forgery_is_refused_as_one_and_nothing_else():
    forged = offered(authentic=False)
    assert codes(grant(), offers=[forged]) == ["forgeryNotRefused"]
    assert codes(grant("refused", "formal:notAuthentic"), offers=[forged]) == []
    both = grant("refused", "formal:notAuthentic", "level:lowerLevel")
    assert "forgeryNotRefused" in codes(both, offers=[forged], named=["level:lowerLevel"], considered=ALL_CONSIDERED)
    assert codes(grant("refused", "formal:notAuthentic")) == ["authentic"]


@pytest.mark.parametrize("status", ["revoked", "suspended", "replaced"])
def test_what_does_not_count_is_not_recognised(status):
    assert codes(grant(), offers=[offered(status=status)]) == [status]
    formal = [ConsideredOutcome(outcome, "formalGround") for outcome in MILDER]
    assert codes(grant("refused", "formal:revoked"), offers=[offered(status=status)], considered=formal) == []


def test_credits_are_not_above_the_original_however_grants_share_it():
    assert codes(grant(ects=6)) == ["aboveOriginal"]
    assert codes(grant(ects=6, mode="credited")) == []
    assert codes(grant(ects=3), grant(ects=2)) == []
    assert codes(grant(ects=3), grant(ects=3)) == ["aboveOriginal"]
    two = [OFFERED, offered(ects=2.5, achievement=VersionedRef("twente", OTHER, 1))]
    assert codes(grant(of=(0, 1), ects=7.5), offers=two) == []
    assert codes(grant(of=(0, 1), ects=5), grant(of=(1,), ects=2.6), offers=two) == ["aboveOriginal"]
    assert codes(grant(ects=4)) == ["fullWithLess"]


def test_two_awards_of_one_achievement_are_credited_once_in_one_grant_or_in_two():
    again = [OFFERED, offered(achievement=VersionedRef("twente", ID, 2))]
    assert codes(grant(of=(0, 1), ects=10), offers=again) == ["aboveOriginal"]
    assert codes(grant(of=(0,)), grant(of=(1,)), offers=again) == ["aboveOriginal"]
    assert codes(grant(of=(0, 1), ects=5), offers=again) == []
    [found] = find_objections(assessment(grant(of=(0, 1), ects=10), offers=again))
    assert found.detail.startswith("10 ECTS on 5 (awards of one achievement count once)")


def test_a_full_recognition_with_no_credits_at_all_is_less_than_the_original():
    assert codes(grant(ects=0)) == ["fullWithLess"]


def test_a_level_or_credits_that_nobody_stated_are_not_granted_and_a_refusal_grants_none():
    unknown = offered(eqf_level=None, ects=None, achievement=None, credit_bearing=None)
    assert codes(grant(ects=None, eqf_level=8), offers=[unknown]) == ["levelNotStated"]
    assert codes(grant(ects=60), offers=[unknown]) == ["creditsNotStated"]
    assert codes(grant(ects=60, mode="credited", eqf_level=7), offers=[unknown]) == []
    assert codes(grant(of=(0, 1), eqf_level=6), offers=[OFFERED, unknown]) == []
    assert codes(grant(of=(0, 1), eqf_level=7), offers=[OFFERED, unknown]) == ["levelNotStated"]
    assert codes(grant(of=(0, 1), ects=6), offers=[OFFERED, unknown]) == ["creditsNotStated"]
    refused = grant("refused", "level:lowerLevel", eqf_level=8)
    assert codes(refused, named=["level:lowerLevel"], considered=ALL_CONSIDERED) == ["levelRefused"]


def test_grants_without_an_assessment_are_judged_as_with_one():
    def short(*grants, offers=(OFFERED,)):
        return [(each.code, each.path) for each in find_grant_objections("creditTransfer", offers, grants)]

    assert short(grant()) == []
    assert short(grant(eqf_level=8)) == [("levelAboveOriginal", "$.grants[0].eqfLevel")]
    assert short(grant(ects=6)) == [("aboveOriginal", "$.grants[0].ects")]
    assert short(grant(ects=4)) == [("fullWithLess", "$.grants[0].ects")]
    assert short(grant("full", "workload:substantiallyLess"))[0] == ("fullDespiteDifference", "$.grants[0].outcome")
    assert short(grant("partial", "workload:substantiallyLess")) == [("howManyCredits", "$.grants[0].ects")]
    other = offered(eqf_level=4, achievement=VersionedRef("twente", OTHER, 1))
    assert short(grant(of=(0, 1), ects=10, eqf_level=6), offers=[OFFERED, other]) == []
    assert short(grant(of=(1,), ects=5, eqf_level=6), offers=[OFFERED, other]) == [
        ("levelAboveOriginal", "$.grants[0].eqfLevel")
    ]
    both = [grant("partial", "workload:substantiallyLess", ects=2), grant("full", ects=3)]
    assert short(*both) == []


def test_learning_without_credits_is_credited_with_what_the_office_sets():
    course = offered(credit_bearing=False, ects=None, workload_hours=80.0, eqf_level=None)
    assert codes(grant(ects=3), offers=[course]) == ["notCreditBearing"]
    assert codes(grant(ects=None, mode="credited"), offers=[course]) == ["howManyCredits"]
    assert codes(grant(ects=3, mode="credited"), offers=[course]) == []
    assert codes(grant(ects=None), offers=[course], purpose="admission") == []


def test_each_outcome_says_what_it_is():
    named = ["profile:differentField"]
    assert codes(grant("partial", *named), named=named) == ["howManyCredits"]
    assert codes(grant("alternative", *named), named=named) == ["alternativeToWhat"]
    assert codes(grant("alternative", *named, eqf_level=5), named=named) == []
    assert codes(grant("conditional", *named), named=named) == ["form"]
    more = [Condition("additionalCredits")]
    assert codes(grant("conditional", *named, conditions=more), named=named) == ["howManyCredits"]
    assert codes(grant(eqf_level=7)) == ["levelAboveOriginal"]
    assert codes(grant(), purpose="employment") == ["notAdvisory"]
    assert codes(grant(), purpose="employment", effect="advisory") == []


def test_every_basis_comes_to_something_and_every_grant_rests_on_one():
    assert codes(grant(), offers=[OFFERED, OFFERED]) == ["nothingGranted"]
    assert codes(grant(of=(1,))) == ["nothingGranted", "form"]
    assert codes() == ["nothingProposed", "nothingGranted"]


def test_a_refusal_about_a_person_names_the_credential_by_digest():
    openly = Basis("onLog", VersionedRef("twente", ID, 1), CredentialRef("twente", ID))
    hidden = Basis("onLog", VersionedRef("twente", ID, 1), credential_digest="A" * 43)
    refused = {"named": ["level:lowerLevel"], "considered": ALL_CONSIDERED}
    assert codes(grant("refused", "level:lowerLevel"), basis=[openly], **refused) == ["namesSomebody"]
    assert codes(grant("refused", "level:lowerLevel"), basis=[hidden], **refused) == []
    assert codes(grant(), basis=[openly]) == []
    assert codes(grant(), basis=[openly], purpose="admission") == ["namesSomebody"]
    assert names_openly("stacking", ["full", "partial"])
    assert not names_openly("stacking", ["full", "refused"])
