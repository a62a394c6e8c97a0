"""A decision letter's content in words: the texts of the page, in order, for the template to lay out.

Text by people is always a span (`{text, lang}`) of its own, never part of a sentence of the wording: it keeps its own
language for screen readers, and its own direction of writing.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from registry.letters.content import ChangedPart, GrantFindings, LetterContent, Qualification
from registry.letters.notices import appeal_box, office_head
from registry.letters.spans import Span, capitalise, clean, own, pick_span, plain, section, small, with_text
from registry.letters.wording import Wording, wording
from registry.wire.forms import Text
from registry.wire.recognition import Aspect, Condition, Grant

ASPECTS: Final[tuple[Aspect, ...]] = ("level", "workload", "quality", "profile", "learningOutcomes")
"""The five elements of a qualification, as the EAR manual defines them."""
_MAX_OUTCOMES: Final = 6
"""The number of learning outcomes that a letter lists before it counts the others."""


def page(content: LetterContent) -> dict[str, Any]:
    """Return all texts of a letter's page, in its language."""
    say = wording(content.language)
    office, applicant = content.office, content.applicant
    advisory = content.effect == "advisory"
    subject = say("letter.advisory" if advisory else "letter.binding")
    day = content.letter_date or content.decision_date
    return {
        "lang": content.language,
        "title": subject + (f" ({clean(content.file_number)})" if content.file_number else ""),
        "author": clean(office.legal_name),
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "office": office_head(office),
        "to": [plain(line) for line in (applicant.name, *applicant.address) if clean(line)],
        "facts": _facts(content, say),
        "subject": subject,
        "dear": with_text(say("letter.dear"), "{name}", applicant.name),
        "banner": _banner(content, say),
        "paragraphs": [],
        "effect": None
        if content.ended is not None
        else say(f"effect.{content.effect}", purpose=say(f"purpose.{content.purpose}")),
        "supersedes": say("letter.supersedes", decision=content.supersedes) if content.supersedes else None,
        "grants": [_grant(content, number, say) for number in range(len(content.grants))],
        "sections": [each for each in (_changes(content, say), _left_out(content, say)) if each is not None],
        "remarks": section("remarks", [own(text, say) for text in content.remarks], say),
        "appeal": None if content.ended is not None else appeal_box(office, content.effect, content.appeal_until, say),
        "closing": say("letter.closing"),
        "made": say("letter.made"),
        "page": say("form.page"),
        "foot": " · ".join(filter(None, [clean(office.legal_name), clean(content.file_number or "")])),
    }


def _facts(content: LetterContent, say: Wording) -> list[tuple[str, Span]]:
    applicant = content.applicant
    lines = [
        ("letter.date", say.date(content.letter_date or content.decision_date)),
        ("letter.file", content.file_number),
        ("letter.reference", applicant.reference),
        ("letter.born", say.date(applicant.date_of_birth) if applicant.date_of_birth else None),
    ]
    facts = [(say(label), plain(value)) for label, value in lines if value]
    return facts + [(say("letter.applied"), pick_span(title, say)) for title in content.applied_for]


def _grant(content: LetterContent, number: int, say: Wording) -> dict[str, Any]:
    grant, total = content.grants[number], len(content.grants)
    bases = [content.qualifications[index] for index in grant.from_]
    towards = content.towards[number]
    grounds = [
        [say(f"aspect.{ground.aspect}"), clean(content.reasons[ground.difference])] for ground in grant.grounds or ()
    ]
    return {
        "part": say("letter.part", number=str(number + 1), total=str(total)) if total > 1 else None,
        "outcome": grant.outcome,
        "title": say(f"outcome.{grant.outcome}.title"),
        "text": say(_outcome_text(content, grant)),
        "caption": say("table.caption"),
        "head": [say("table.element"), say("table.original")]
        + ([say("table.required")] if _has_required(content) else [])
        + [say("table.granted")],
        "rows": _rows(content, number, bases, towards, say),
        "grounds": section("grounds", grounds, say),
        "conditions": section("conditions", [_condition(each, content, say) for each in grant.conditions or ()], say),
        "milder": _milder(content, number, say),
        "measures": _measures(content, number, say),
    }


def _has_required(content: LetterContent) -> bool:
    """Return whether the letter says anything about the office's requirements."""
    return content.required is not None or any(content.compared_with)


def _outcome_text(content: LetterContent, grant: Grant) -> str:
    """Return the key of the sentence that explains the outcome and promises nothing that the letter lacks."""
    if grant.outcome == "full" and content.left:
        return "outcome.full.textLeft"
    if _is_forged(grant):
        return "outcome.refused.textForged"
    return f"outcome.{grant.outcome}.text"


def _mode(grant: Grant) -> str:
    """Return the key of how a grant counts; partial recognition is not called equivalent."""
    return "mode.recognisedPart" if (grant.mode, grant.outcome) == ("recognised", "partial") else f"mode.{grant.mode}"


def _is_forged(grant: Grant) -> bool:
    return {(ground.aspect, ground.difference) for ground in grant.grounds or ()} == {("formal", "notAuthentic")}


def _findings(content: LetterContent, number: int) -> GrantFindings | None:
    return content.judged[number] if number < len(content.judged) else None


def _milder(content: LetterContent, number: int, say: Wording) -> dict[str, Any] | None:
    """Return why no milder outcome than a refusal was possible (Lisbon Recognition Convention, III.5)."""
    findings = _findings(content, number)
    if findings is None or content.grants[number].outcome != "refused":
        return None
    items = [[say(f"milder.{outcome}"), clean(content.reasons[code])] for outcome, code in findings.not_possible]
    return section("milder", items, say)


def _measures(content: LetterContent, number: int, say: Wording) -> dict[str, Any] | None:
    """Return what the applicant can do to have it recognised later; None for a forgery."""
    findings, grant = _findings(content, number), content.grants[number]
    if _is_forged(grant):
        return None
    items = [_condition(each, content, say) for each in (findings.measures if findings is not None else ())]
    if not items and grant.outcome == "refused":
        items = [[say("measures.none"), ""]]
    return section("measures", items, say)


def _banner(content: LetterContent, say: Wording) -> dict[str, str] | None:
    """Return the notice that the decision is no longer in force, and why; None while it is."""
    ended = content.ended
    if ended is None:
        return None
    if ended.superseded_by is not None:
        text = say("state.superseded", decision=ended.superseded_by)
    elif ended.withdrawn is not None:
        text = say("state.withdrawnOn", date=say.date(ended.withdrawn))
    else:
        text = say("state.withdrawn")
    return {"title": say("state.title"), "text": text}


def _left_out(content: LetterContent, say: Wording) -> dict[str, Any] | None:
    items = [
        [{**pick_span(each.title, say), "style": "strong"}, plain(f", {each.issuer}: "), plain(each.reason)]
        for each in content.left
    ]
    return section("left", items, say)


def _changes(content: LetterContent, say: Wording) -> dict[str, Any] | None:
    """Return the differences from the decision before."""
    if content.changes is None:
        return None
    several = len(content.grants) > 1
    items = []
    for change in content.changes:
        label = say(_PART_LABELS[change.part])
        if several:
            label = f"{say('change.part', number=str(change.grant + 1))}, {label}"
        before, after = (
            "; ".join(say.pick(text)[0] for text in side) or say("change.nothing")
            for side in (change.before, change.after)
        )
        words = say("change.item", before=clean(before), after=clean(after))
        items.append([{"text": f"{label}: ", "lang": "", "style": "strong"}, {"text": words, "lang": ""}])
    return section("changes", items or [[own(say("change.same"), say)]], say)


_PART_LABELS: Final[dict[ChangedPart, str]] = {
    "outcome": "change.outcome",
    "ects": "aspect.workload",
    "eqfLevel": "aspect.level",
    "mode": "table.mode",
    "towards": "table.towards",
    "grounds": "headings.grounds",
    "conditions": "headings.conditions",
    "credentials": "change.credentials",
}


def _rows(
    content: LetterContent, number: int, bases: list[Qualification], towards: Text | None, say: Wording
) -> list[dict[str, Any]]:
    """Return the rows of the table: the qualification, the five elements, and the grade."""
    grant, findings = content.grants[number], _findings(content, number)
    label = "asked" if grant.outcome == "refused" else "towards"
    compared = content.compared_with[number] if number < len(content.compared_with) else []
    first = {
        "name": say("table.qualification"),
        "original": [line for qualification in bases for line in _heading(qualification, say)],
        "required": [small(say("table.compared")), *(pick_span(title, say) for title in compared)] if compared else [],
        "granted": [
            *([small(say(f"table.{label}")), pick_span(towards, say)] if towards else []),
            capitalise(say(_mode(grant)) if grant.outcome != "refused" else say("table.nothing"), say),
        ],
        "different": False,
    }
    rows = [first]
    differing = {ground.aspect for ground in grant.grounds or ()}
    for aspect in ASPECTS:
        original = [line for qualification in bases for line in _element_with_source(aspect, qualification, say)]
        requirement = _requirement(content, aspect)
        why = ""
        if findings is not None and aspect not in differing:
            why = (findings.slight | findings.words).get(aspect, "")
        finding = _finding(aspect, differing, findings, is_stated=bool(original), is_required=bool(requirement))
        shown = [] if finding == "table.unassessed" and why else [finding]
        rows.append(
            {
                "name": say(f"aspect.{aspect}"),
                "original": original or [own(say("table.unstated"), say)],
                "required": [own(requirement, say)] if requirement else [],
                "granted": [
                    *_granted_spans(aspect, grant, say),
                    *({**small(say(key)), "style": "strong" if aspect in differing else "small"} for key in shown),
                    *([{**plain(why), "style": "small"}] if why else []),
                ],
                "different": aspect in differing,
            }
        )
    if grant.outcome != "refused":
        grade = capitalise(say(f"grade.{grant.grade_transfer}"), say)
        rows.append(
            {"name": say("table.grade"), "original": [], "required": [], "granted": [grade], "different": False}
        )
    return rows


def _finding(
    aspect: Aspect,
    differing: Collection[str],
    findings: GrantFindings | None,
    *,
    is_stated: bool,
    is_required: bool,
) -> str:
    """Return the key of the finding on an element. It says *not assessed* where nobody looked or nothing is known.

    A difference exists only between a value that is known and one that is required. Without a requirement no difference
    can be substantial, unless the office says something about the element.
    """
    if aspect in differing:
        return "table.different"
    if findings is None or set(differing) == {"formal"}:
        return "table.unassessed"
    if aspect in findings.slight:
        return "table.slight" if is_stated and is_required else "table.unassessed"
    if not is_stated:
        return "table.unassessed"
    return "table.same" if is_required or aspect in findings.words else "table.unasked"


def _element_with_source(aspect: Aspect, qualification: Qualification, say: Wording) -> list[Span]:
    """Return one element of a qualification, with its source where it is external."""
    lines = _element(aspect, qualification, say)
    if lines and qualification.source is not None:
        lines.append(small(say("table.established" if qualification.source == "office" else "table.stated")))
    return lines


def _requirement(content: LetterContent, aspect: Aspect) -> str | None:
    requirements: dict[str, str] = msgspec.to_builtins(content.required) if content.required is not None else {}
    return requirements.get(aspect)


def _heading(qualification: Qualification, say: Wording) -> list[Span]:
    """Return a qualification's title, issuer, date and evidence."""
    return [
        {**pick_span(qualification.title, say), "style": "strong"},
        plain(f"{qualification.issuer} ({qualification.country})"),
        *([own(say("table.awarded", date=say.date(qualification.awarded)), say)] if qualification.awarded else []),
        _evidence(qualification, say),
    ]


def _evidence(qualification: Qualification, say: Wording) -> Span:
    """Return how a qualification was shown. One that its issuer revoked or denies is never called verified."""
    if qualification.standing == "undocumented":
        return {**capitalise(say("standing.undocumented"), say), "style": "small"}
    if qualification.standing is None or qualification.standing_on is None:
        return {**capitalise(say(f"evidence.{qualification.evidence}"), say), "style": "small"}
    return {
        **capitalise(say(f"standing.{qualification.standing}", date=say.date(qualification.standing_on)), say),
        "style": "strong",
    }


def _element(aspect: Aspect, qualification: Qualification, say: Wording) -> list[Span]:
    """Return one element of a qualification, as its issuer describes it."""
    if aspect == "level":
        levels = [say("table.eqf", level=str(qualification.eqf_level))] if qualification.eqf_level is not None else []
        levels += [say("table.nqf", level=qualification.nqf_level)] if qualification.nqf_level else []
        return [capitalise(text, say) for text in levels]
    if aspect == "workload":
        amounts = [say("table.ects", ects=say.number(qualification.ects))] if qualification.ects is not None else []
        if qualification.workload_hours is not None:
            amounts.append(say("table.hours", hours=say.number(qualification.workload_hours)))
        return [capitalise(text, say) for text in amounts]
    if aspect == "quality":
        return [
            capitalise(
                say(
                    "table.until" if each.valid_until else "table.assured",
                    type=say(f"quality.{each.type}"),
                    date=say.date(each.valid_until) if each.valid_until else "",
                    agency=each.agency,
                ),
                say,
            )
            for each in qualification.quality_assurance
        ]
    if aspect == "profile":
        return [capitalise(say("table.field", code=code), say) for code in qualification.fields_of_education]
    shown = [pick_span(text, say) for text in qualification.learning_outcomes[:_MAX_OUTCOMES]]
    more = len(qualification.learning_outcomes) - _MAX_OUTCOMES
    return [*shown, small(say("table.more", count=str(more)))] if more > 0 else shown


def _granted_spans(aspect: Aspect, grant: Grant, say: Wording) -> list[Span]:
    if grant.outcome == "refused":
        return []
    if aspect == "level" and grant.eqf_level is not None:
        return [capitalise(say("table.eqf", level=str(grant.eqf_level)), say)]
    if aspect == "workload" and grant.ects is not None:
        return [own(say("table.ects", ects=say.number(grant.ects)), say)]
    return []


def _condition(condition: Condition, content: LetterContent, say: Wording) -> list[Any]:
    details = []
    if condition.ects is not None:
        details.append(say("table.ects", ects=say.number(condition.ects)))
    if condition.by is not None:
        details.append(say("table.by", date=say.date(condition.by)))
    return [clean(content.reasons[condition.code]), ", ".join(details)]
