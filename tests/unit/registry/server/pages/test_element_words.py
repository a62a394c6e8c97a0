"""Elements of a comparison: phrases of the office in the reader's language, what members wrote as it is."""

import pytest

from registry.office.assessments.comparison import Element, compare
from registry.office.assessments.offered import IssuerAccreditation, Offered, Requirement
from registry.server.pages.details import Details, read_catalog
from registry.server.pages.element_words import say_presented, say_required
from registry.server.pages.templates import Formats
from registry.wire.achievements import LearningOutcome, QualityAssurance


@pytest.fixture(scope="module")
def dutch():
    return Details("nl", read_catalog("nl"), Formats("nl").listing)


OUTCOMES = [LearningOutcome({"nl": "must be text"}), LearningOutcome({"nl": "Leest <b> data"})]
ZINGT = [LearningOutcome({"nl": "Zingt"})]
OFFERED = Offered(
    issuer="lund", member=True, title={"en": "x"}, eqf_level=6, nqf_level="must be text", level_basis="providerStated",
    ects=5, credit_bearing=False, learning_outcomes=OUTCOMES,
    quality_assurance=[QualityAssurance("externalReview", "must be text")], identity_verified=True,
    accreditations=[IssuerAccreditation("must be text", "x", "y", "z", covers=False)],
)  # fmt: skip
REQUIRED = Requirement(learning_outcomes=[LearningOutcome({"nl": "must be null"})], max_age_months=12, summative=True)
PROSE = Requirement(learning_outcomes=[LearningOutcome({"nl": "must be null"})])


def elements(offered=OFFERED, requirement=REQUIRED):
    return {each.name: each for each in compare(offered, requirement)}


def test_what_members_wrote_is_shown_as_they_wrote_it(dutch):
    said = {name: str(say_presented(dutch, each)) for name, each in elements().items()}
    assert said["learningOutcomes"] == "<bdi>must be text; Leest &lt;b&gt; data</bdi>"
    assert said["level"] == "<bdi>EQF 6, must be text</bdi> (opgegeven door de aanbieder)"
    assert said["quality"] == (
        "<bdi>externalReview: must be text</bdi>; accreditatie: <bdi>must be text</bdi>, niet hiervoor;"
        " identiteit gecontroleerd"
    )
    assert "lang=" not in said["learningOutcomes"] + said["level"] + said["quality"]


def test_what_a_document_states_is_said_in_the_readers_language(dutch):
    stated = elements(Offered(issuer="x", member=False, title={"en": "x"}, eqf_level=6, stated_in="ELM file"))
    assert str(say_presented(dutch, stated["level"])) == (
        "<bdi>EQF 6</bdi> (vermeld in het geüploade bestand <bdi>ELM file</bdi>, niet gecontroleerd)"
    )
    assert str(say_presented(dutch, stated["workload"])) == "\u2013"


def test_what_is_required_has_the_office_s_prose_as_it_is(dutch):
    required = elements()
    assert str(say_required(dutch, required["learningOutcomes"])) == (
        "<bdi>must be null</bdi>; niet ouder dan <bdi>12</bdi> maanden"
    )
    assert str(say_required(dutch, elements(requirement=PROSE)["learningOutcomes"])) == "<bdi>must be null</bdi>"
    assert str(say_required(dutch, required["quality"])) == "summatieve toetsing"
    assert str(say_required(dutch, Element(name="level", original="", required=""))) == "\u2013"


def test_a_suggestion_repeats_outcomes_as_they_were_written(dutch):
    outcomes = elements(
        Offered(issuer="x", member=False, title={"en": "x"}, learning_outcomes=ZINGT),
        PROSE,
    )
    [suggestion] = outcomes["learningOutcomes"].suggested
    assert str(dutch.say(suggestion.because)) == "geen aangeboden leerresultaat lijkt op: <bdi>must be null</bdi>"
