"""The criteria of an Open Badge: in words, what the achievement's codes say and the format has no field for.

The headings and the words for codes are those of certificates, in the language of the badge.
"""

from collections.abc import Iterator, Sequence

from registry.export.paper.wording import LANGUAGES, PaperWording, paper_wording
from registry.export.texts import choose_text
from registry.wire.achievements import AchievementContent


def write_criteria(content: AchievementContent, language: str, others: Sequence[str]) -> str:
    """Return the narrative of the criteria, in Markdown; `others` are the names of those who award it, too.

    In English where there are no words in a language.
    """
    say = paper_wording(next((each for each in LANGUAGES if each == language), "en"))
    lines = [f"- {choose_text(outcome.title, language)}" for outcome in content.learning_outcomes]
    lines = [f"{say('heading.outcomes')}:", "", *lines, "", *(f"- {line}" for line in _facts(content, language, say))]
    if others:
        jointly = say("certificate.jointly", names=say.join(others))
        lines.append(f"- {jointly[:1].upper()}{jointly[1:]}")
    return "\n".join(lines)


def _facts(content: AchievementContent, language: str, say: PaperWording) -> Iterator[str]:
    lists = say("form.lists")
    identity = say("value.identityVerified" if content.identity_verified else "value.identityNotVerified")
    ways = [say.term("participation", way) for way in content.participation]
    yield f"{say('label.assessment')}: {lists.join(say.term('assessment', code) for code in content.assessments)}"
    yield f"{say('label.supervision')}: {lists.join((say.term('supervision', content.supervision), identity))}"
    yield f"{say('label.participation')}: {lists.join((*ways, say.term('setting', content.learning_setting)))}"
    yield f"{say('label.language')}: {say.languages(content.language)}"
    workload = [] if content.workload_hours is None else [say.hours(content.workload_hours)]
    if content.hours_per_ects is not None:
        workload.append(say("value.perCredit", hours=say.hours(content.hours_per_ects)))
    if workload:
        yield f"{say('label.workload')}: {lists.join(workload)}"
    yield f"{say('label.stackability')}: {say.term('stackability', content.stackability)}"
    yield from _relations(content, language, say)


def _relations(content: AchievementContent, language: str, say: PaperWording) -> Iterator[str]:
    """Yield who assures the quality, what it gives access to, who takes part, and what it requires."""
    for assurance in content.quality_assurance:
        report = f", {assurance.report}" if assurance.report is not None else ""
        until = "" if assurance.valid_until is None else ", " + say("form.until", date=say.date(assurance.valid_until))
        yield f"{say('label.quality')}: {say.term('quality', assurance.type)}, {assurance.agency}{report}{until}"
    for entitlement in content.entitles_to or ():
        kind = f"{say.term('entitlement', entitlement.type)}: {say.term('entitlement_status', entitlement.status)}"
        yield f"{say('label.entitlements')}: {choose_text(entitlement.text, language)} ({kind})"
    for partner in content.partners or ():
        yield f"{say('label.partners')}: {partner.name} ({say.term('partner_role', partner.role)})"
    if content.prerequisites:
        yield f"{say('label.prerequisites')}: {choose_text(content.prerequisites, language)}"
    if content.further_information:
        yield f"{say('label.further')}: {choose_text(content.further_information, language)}"
