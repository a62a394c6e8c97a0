"""The rows of a decision's letter say what was asked for, and nothing that nobody found out."""

from datetime import date

import pytest

from registry.letters.content import LANGUAGES, DecisionEnd, GrantFindings, LeftOutQualification, LetterRequirements
from registry.letters.page import page
from registry.letters.wording import wording
from registry.office.assessments.comparison import compare
from registry.office.assessments.offered import Offered, Requirement
from registry.office.cases.case_view import collect_letter_facts
from registry.office.cases.letter_content import _letter_requirements, file_of
from registry.office.cases.opening import SubmittedCredential
from registry.wire.achievements import LearningOutcome
from tests.support.letters import content, qualification
from tests.support.lund import STATISTICS, Lund, full, grant


def granted(aspect, **more):
    made = page(content(grants=[grant("partial", "quality:notSupervised", ects=3)], **more))
    row = next(one for one in made["grants"][0]["rows"] if one["name"] == wording("en")(f"aspect.{aspect}"))
    return [span["text"] for span in row["granted"]]


SLIGHT = wording("en")("table.slight")


def test_nothing_differs_from_an_empty_requirement_or_in_an_unknown_value():
    judged = [GrantFindings({"level": "A bachelor's in all but name."})]
    known, unknown = [qualification(eqf_level=6)], [qualification(eqf_level=None, nqf_level=None)]
    asked = LetterRequirements(level="EQF level 6")
    assert SLIGHT in granted("level", judged=judged, qualifications=known, required=asked)
    for qualifications, required in ((unknown, asked), (known, None), (known, LetterRequirements(workload="5 ECTS"))):
        said = granted("level", judged=judged, qualifications=qualifications, required=required)
        assert SLIGHT not in said
        assert "A bachelor's in all but name." in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_we_ask_for_names_all_that_a_profile_asks_for(language):
    asked = Requirement(summative=True, supervised=True, identity_verified=True, practice=True, research=True,
                        language=["sv", "en"])  # fmt: skip
    found, say = _letter_requirements([asked], language), wording(language)
    assert found.quality.count(";") == 2
    assert say("asked.research") in found.profile
    assert "sv, en" in found.profile


@pytest.mark.parametrize(
    ("asked", "difference"),
    [
        (Requirement(fields_of_education=["0542"]), "differentField"),
        (Requirement(language=["sv"]), "entryRequirementMissing"),
        (Requirement(learning_outcomes=[LearningOutcome({"en": "Explain regression"})]), "notDescribed"),
    ],
)
def test_what_is_required_and_unknown_is_a_suggestion_to_answer(asked, difference):
    offered = Offered(issuer="Oslo Met", member=False, title={"en": "Statistics"})
    suggested = [one.difference for each in compare(offered, asked) for one in each.suggested]
    assert difference in suggested


def test_a_letter_names_no_documents_on_paper_where_there_are_none(dsn):
    lund = Lund(dsn)
    case = lund.approved(SubmittedCredential(external=STATISTICS, documented=False))
    lund.office.decide(case, "l.holm")
    lund.publish()
    [(standing, _)] = file_of(collect_letter_facts(lund.office, case)).standings
    lund.close()
    assert standing == "undocumented"
    made = page(content(qualifications=[qualification(evidence="paper", standing=standing, standing_on=date.min)]))
    said = made["grants"][0]["rows"][0]["original"][-1]["text"]
    assert said == "No documents can be obtained; a background paper replaces them"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_does_not_contradict_itself(language):
    say = wording(language)
    part = page(content(language, grants=[grant("partial", "workload:substantiallyLess", ects=3)]))["grants"][0]
    assert say("mode.recognised").casefold() not in [one["text"].casefold() for one in part["rows"][0]["granted"]]
    left = [LeftOutQualification({"en": "Statistics"}, "Oslo Met", "For information only.")]
    assert page(content(language, grants=[full()], left=left))["grants"][0]["text"] == say("outcome.full.textLeft")
    forged = page(content(language, grants=[grant("refused", "formal:notAuthentic")]))["grants"][0]
    assert (forged["text"], forged["measures"]) == (say("outcome.refused.textForged"), None)
    assert (
        page(content(language, ended=DecisionEnd(superseded_by="432236b7-1b2c-4a5d-8e9f-0a1b2c3d4e5f")))["appeal"]
        is None
    )
