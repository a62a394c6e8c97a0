"""The facts of an achievement in words, line by line, for the certificate and the transcript."""

from collections.abc import Iterable
from typing import Final

from registry.export.facts import Organisation, PortableCredential
from registry.export.paper.wording import PaperWording
from registry.letters.spans import Span, capitalise, own, pick_span, plain, small
from registry.wire.achievements import AchievementContent, GradingScheme
from registry.wire.governance import Accreditation

Lines = list[Span]
_CYCLES: Final = frozenset({"short", "first", "second", "third"})


def name_organisation(organisation: Organisation, say: PaperWording) -> Span:
    """Return the legal name of a member, which is never translated, and its country."""
    content = organisation.content
    return plain(f"{content.legal_name} ({say.country(content.country)})")


def say_credits(credential: PortableCredential, say: PaperWording) -> str:
    """Return the credits of a credential; its hours where it has none."""
    if credential.ects is not None:
        return say("value.ects", ects=say.number(credential.ects))
    hours = credential.achievement.workload_hours
    return say("value.noCredits") if hours is None else say.hours(hours)


def workload_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the workload in hours, and the hours behind one credit."""
    lines = []
    if achievement.workload_hours is not None:
        lines.append(own(say.hours(achievement.workload_hours), say))
    if achievement.hours_per_ects is not None:
        lines.append(own(say("value.perCredit", hours=say.hours(achievement.hours_per_ects)), say))
    return lines


def level_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the levels of the European and the national framework, and what they rest on."""
    levels = []
    if achievement.eqf_level is not None:
        levels.append(capitalise(say("value.eqf", level=str(achievement.eqf_level)), say))
    if achievement.nqf_level:
        levels.append(plain(achievement.nqf_level))
    if achievement.qf_ehea_cycle:
        cycle = achievement.qf_ehea_cycle
        words = say.term("cycle", cycle) if cycle in _CYCLES else cycle
        levels.append(capitalise(say("value.cycle", cycle=words), say))
    if achievement.level_basis is not None:
        levels.append(small(say.term("level_basis", achievement.level_basis)))
    return levels


def field_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the fields of ISCED-F: the name of the narrow or the broad field, and the code."""
    lines = []
    for code in achievement.fields_of_education:
        name = next((say.term("field", code[:length]) for length in (3, 2) if say.has("field", code[:length])), None)
        lines.append(own(f"ISCED-F {code}" if name is None else say("value.field", name=name, code=code), say))
    return lines


def assessment_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the ways of assessing."""
    return [_terms("assessment", achievement.assessments, say)]


def supervision_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the supervision of the assessment, and whether the identity was verified."""
    identity = say("value.identityVerified" if achievement.identity_verified else "value.identityNotVerified")
    return [capitalise(say("form.lists").join((say.term("supervision", achievement.supervision), identity)), say)]


def participation_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the form of participation, and whether the learning was formal."""
    ways = [say.term("participation", way) for way in achievement.participation]
    return [own(say("form.lists").join((*ways, say.term("setting", achievement.learning_setting))), say)]


def quality_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the agencies and processes that assure the quality."""
    lines = []
    for each in achievement.quality_assurance:
        until = "" if each.valid_until is None else ", " + say("form.until", date=say.date(each.valid_until))
        lines.append(plain(f"{say.term('quality', each.type)}: {each.agency}{until}"))
    return lines


def entitlement_lines(achievement: AchievementContent, say: PaperWording, kinds: Iterable[str] | None = None) -> Lines:
    """Return what the achievement gives access to; of some kinds alone where they are named."""
    lines = []
    for each in achievement.entitles_to or ():
        if kinds is None or each.type in kinds:
            lines.append(pick_span(each.text, say))
            status = say.term("entitlement_status", each.status)
            lines.append(small(f"{say.term('entitlement', each.type)}: {status}"))
    return lines


def partner_lines(achievement: AchievementContent, say: PaperWording) -> Lines:
    """Return the partners that are not members, with what they do."""
    return [plain(f"{each.name} ({say.term('partner_role', each.role)})") for each in achievement.partners or ()]


def grading_lines(scheme: GradingScheme | None, say: PaperWording) -> Lines:
    """Return the scale of the grades."""
    if scheme is None:
        return []
    lines = [pick_span(scheme.title, say)]
    details = []
    if scheme.min is not None and scheme.max is not None:
        details.append(say("value.range", min=_grade(scheme.min, say), max=_grade(scheme.max, say)))
    if scheme.pass_ is not None:
        details.append(say("value.pass", **{"pass": _grade(scheme.pass_, say)}))
    if scheme.values:
        details.append(say("value.values", values=", ".join(scheme.values)))
    return [*lines, small(say("form.lists").join(details))] if details else lines


def accreditation_line(accreditation: Accreditation, say: PaperWording) -> Span:
    """Return an accreditation of an institution as governance has it."""
    words = say(
        "value.accredited",
        type=accreditation.type,
        agency=accreditation.agency,
        decision=accreditation.decision,
    )
    if accreditation.valid_until is not None:
        words += ", " + say("form.until", date=say.date(accreditation.valid_until))
    return small(words)


def _terms(group: str, codes: Iterable[str], say: PaperWording) -> Span:
    return own(say("form.lists").join(say.term(group, code) for code in codes), say)


def _grade(value: float | str, say: PaperWording) -> str:
    return value if isinstance(value, str) else say.number(value)
