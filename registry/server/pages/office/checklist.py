"""The seven questions about online learning that Nuffic's guide for recognition asks, answered from the data. Pure.

Source: "Oops a MOOC! Dealing with eclectic learning in credential evaluation" (Nuffic, 2016): quality, verification,
level, learning outcomes, workload, the way in which results are tested, and the identification of the learner.
"""

from typing import Final, Literal, NamedTuple

from registry.office.assessments.offered import UNJUDGED, Offered

Tone = Literal["ok", "warn", "bad", "quiet"]
QUESTIONS: Final = ("quality", "verification", "level", "outcomes", "workload", "testing", "identification")


class Answer(NamedTuple):
    """The answer to one question: a code of the vocabulary's group `checklist`, and how it stands."""

    question: str
    tone: Tone
    finding: str


def answer_questions(offered: Offered) -> list[Answer]:
    """Return the answers about one credential, in the order of `QUESTIONS`. What is not known is said to be unknown."""
    answers = (
        _quality(offered),
        _verification(offered),
        _level(offered),
        _outcomes(offered),
        _workload(offered),
        _testing(offered),
        _identification(offered),
    )
    return [Answer(question, *answer) for question, answer in zip(QUESTIONS, answers, strict=True)]


def _quality(offered: Offered) -> tuple[Tone, str]:
    if offered.accredited:
        return "ok", "accredited"
    if offered.issuer_when_issued in ("suspended", "withdrawn"):
        return "warn", "issuerSuspended"
    if offered.quality_assurance:
        return "ok", "qualityStated"
    return "quiet", "qualityUnknown"


def _verification(offered: Offered) -> tuple[Tone, str]:
    if offered.authentic is False:
        return "bad", "denied"
    if offered.evidence in ("onLog", "verifiedFile"):
        return "ok", "onLog"
    if offered.authentic:
        return "ok", "confirmed"
    return "quiet", "notVerified"


def _level(offered: Offered) -> tuple[Tone, str]:
    if offered.eqf_level is None and not offered.nqf_level:
        return "quiet", "levelUnknown"
    return ("ok", "levelReferenced") if offered.level_basis == "referenced" else ("warn", "levelStated")


def _outcomes(offered: Offered) -> tuple[Tone, str]:
    return ("ok", "outcomesStated") if offered.learning_outcomes else ("quiet", "outcomesUnknown")


def _workload(offered: Offered) -> tuple[Tone, str]:
    if offered.ects is None and offered.workload_hours is None:
        return "quiet", "workloadUnknown"
    return ("ok", "credits") if offered.ects is not None else ("warn", "hoursOnly")


def _testing(offered: Offered) -> tuple[Tone, str]:
    if not offered.assessments:
        return "quiet", "testingUnknown"
    if all(kind in UNJUDGED for kind in offered.assessments):
        return "warn", "notTested"
    return "ok", "tested"


def _identification(offered: Offered) -> tuple[Tone, str]:
    if offered.identity_verified is None:
        return "quiet", "identityUnknown"
    if not offered.identity_verified:
        return "warn", "identityNotVerified"
    return ("ok", "supervised") if offered.supervision in ("online", "onsite") else ("ok", "identityVerified")
