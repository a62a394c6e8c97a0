"""A letter's content in words: what stands on the page, in order, for the template to lay out.

Whatever people wrote is a span (`{text, lang}`), never part of a sentence of ours: it keeps its own language for
those who have it read aloud, and its own direction of writing.
"""

from collections.abc import Collection
from typing import Any, Final

import msgspec

from registry.letters.content import ChangedPart, GrantFindings, LetterContent, Qualification
from registry.letters.notices import appeal_box, office_head
from registry.letters.spans import Span, begun, clean, own, picked, plain, section, sub, with_text
from registry.letters.wording import Wording, wording
from registry.wire.forms import Text
from registry.wire.recognition import Aspect, Condition, Grant

ASPECTS: Final[tuple[Aspect, ...]] = ("level", "workload", "quality", "profile", "learningOutcomes")
"""The five elements of a qualification, as the EAR manual has them."""
_OUTCOMES: Final = 6
"""How many learning outcomes a letter names before it says how many more there are."""


def page(content: LetterContent) -> dict[str, Any]:
    """Everything on the page, in the letter's language."""
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
        "sections": [each for each in (_changes(content, say), _left(content, say)) if each is not None],
        "remarks": section("remarks", [own(text, say) for text in content.remarks], say),
        "appeal": None if content.ended is not None else appeal_box(office, content.effect, content.appeal_until, say),
        "closing": say("letter.closing"),
        "made": say("letter.made"),
        "page": say("form.page"),
        "foot": " · ".join(filter(None, [clean(office.legal_name), clean(content.file_number or "")])),
    }


def _facts(content: LetterContent, say: Wording) -> list[tuple[str, Span]]:
    applicant = content.applicant
    found = [
        ("letter.date", say.date(content.letter_date or content.decision_date)),
        ("letter.file", content.file_number),
        ("letter.reference", applicant.reference),
        ("letter.born", say.date(applicant.date_of_birth) if applicant.date_of_birth else None),
    ]
    facts = [(say(label), plain(value)) for label, value in found if value]
    return facts + [(say("letter.applied"), picked(title, say)) for title in content.applied_for]


def _grant(content: LetterContent, number: int, say: Wording) -> dict[str, Any]:
    grant, total = content.grants[number], len(content.grants)
    bases = [content.qualifications[index] for index in grant.from_]
    towards = content.towards[number]
    grounds = [[say(f"aspect.{one.aspect}"), clean(content.reasons[one.difference])] for one in grant.grounds or ()]
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
        "conditions": section("conditions", [_condition(one, content, say) for one in grant.conditions or ()], say),
        "milder": _milder(content, number, say),
        "measures": _measures(content, number, say),
    }


def _has_required(content: LetterContent) -> bool:
    """Whether the letter has something to say about what was asked for."""
    return content.required is not None or any(content.compared_with)


def _outcome_text(content: LetterContent, grant: Grant) -> str:
    """Return the key of the sentence that explains the outcome, and promises nothing that the letter does not have."""
    if grant.outcome == "full" and content.left:
        return "outcome.full.textLeft"
    if _forged(grant):
        return "outcome.refused.textForged"
    return f"outcome.{grant.outcome}.text"


def _mode(grant: Grant) -> str:
    """Return the key of how it counts; what is recognised in part is not called equivalent as a whole."""
    return "mode.recognisedPart" if (grant.mode, grant.outcome) == ("recognised", "partial") else f"mode.{grant.mode}"


def _forged(grant: Grant) -> bool:
    return {(one.aspect, one.difference) for one in grant.grounds or ()} == {("formal", "notAuthentic")}


def _judged(content: LetterContent, number: int) -> GrantFindings | None:
    return content.judged[number] if number < len(content.judged) else None


def _milder(content: LetterContent, number: int, say: Wording) -> dict[str, Any] | None:
    """Why nothing milder than a refusal was possible (Lisbon Recognition Convention, III.5)."""
    judged = _judged(content, number)
    if judged is None or content.grants[number].outcome != "refused":
        return None
    items = [[say(f"milder.{outcome}"), clean(content.reasons[code])] for outcome, code in judged.not_possible]
    return section("milder", items, say)


def _measures(content: LetterContent, number: int, say: Wording) -> dict[str, Any] | None:
    """What can be done to have it recognised later; of a forgery nothing can be."""
    judged, grant = _judged(content, number), content.grants[number]
    if _forged(grant):
        return None
    items = [_condition(one, content, say) for one in (judged.measures if judged is not None else ())]
    if not items and grant.outcome == "refused":
        items = [[say("measures.none"), ""]]
    return section("measures", items, say)


def _banner(content: LetterContent, say: Wording) -> dict[str, str] | None:
    """Say that the decision is not in force any more, and why."""
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


def _left(content: LetterContent, say: Wording) -> dict[str, Any] | None:
    items = [
        [{**picked(one.title, say), "style": "strong"}, plain(f", {one.issuer}: "), plain(one.reason)]
        for one in content.left
    ]
    return section("left", items, say)


def _changes(content: LetterContent, say: Wording) -> dict[str, Any] | None:
    """What this decision changes of the one before."""
    if content.changes is None:
        return None
    several = len(content.grants) > 1
    items = []
    for one in content.changes:
        label = say(_CHANGED[one.part])
        if several:
            label = f"{say('change.part', number=str(one.grant + 1))}, {label}"
        before, after = (
            "; ".join(say.pick(text)[0] for text in side) or say("change.nothing") for side in (one.before, one.after)
        )
        words = say("change.item", before=clean(before), after=clean(after))
        items.append([{"text": f"{label}: ", "lang": "", "style": "strong"}, {"text": words, "lang": ""}])
    return section("changes", items or [[own(say("change.same"), say)]], say)


_CHANGED: Final[dict[ChangedPart, str]] = {
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
    """The rows of the table: what it is, the five elements, and how it counts."""
    grant, judged = content.grants[number], _judged(content, number)
    purpose = "asked" if grant.outcome == "refused" else "towards"
    compared = content.compared_with[number] if number < len(content.compared_with) else []
    first = {
        "name": say("table.qualification"),
        "original": [line for one in bases for line in _named(one, say)],
        "required": [sub(say("table.compared")), *(picked(title, say) for title in compared)] if compared else [],
        "granted": [
            *([sub(say(f"table.{purpose}")), picked(towards, say)] if towards else []),
            begun(say(_mode(grant)) if grant.outcome != "refused" else say("table.nothing"), say),
        ],
        "different": False,
    }
    rows = [first]
    named = {ground.aspect for ground in grant.grounds or ()}
    for aspect in ASPECTS:
        original = [line for one in bases for line in _element_with_source(aspect, one, say)]
        asked = _required(content, aspect)
        why = (judged.slight | judged.words).get(aspect, "") if judged is not None and aspect not in named else ""
        finding = _finding(aspect, named, judged, stated=bool(original), asked=bool(asked))
        said = [] if finding == "table.unassessed" and why else [finding]
        rows.append(
            {
                "name": say(f"aspect.{aspect}"),
                "original": original or [own(say("table.unstated"), say)],
                "required": [own(asked, say)] if asked else [],
                "granted": [
                    *_granted(aspect, grant, say),
                    *({**sub(say(one)), "style": "strong" if aspect in named else "small"} for one in said),
                    *([{**plain(why), "style": "small"}] if why else []),
                ],
                "different": aspect in named,
            }
        )
    if grant.outcome != "refused":
        taken = begun(say(f"grade.{grant.grade_transfer}"), say)
        rows.append(
            {"name": say("table.grade"), "original": [], "required": [], "granted": [taken], "different": False}
        )
    return rows


def _finding(aspect: Aspect, named: Collection[str], judged: GrantFindings | None, *, stated: bool, asked: bool) -> str:
    """What was found in an element. Nothing is found where nothing was looked at, or nothing is known of it.

    Something differs only from what is asked for, and only where it is known; and where nothing is asked for, there is
    no difference that could be substantial, unless the office has a word to say of it.
    """
    if aspect in named:
        return "table.different"
    if judged is None or set(named) == {"formal"}:
        return "table.unassessed"
    if aspect in judged.slight:
        return "table.slight" if stated and asked else "table.unassessed"
    if not stated:
        return "table.unassessed"
    return "table.same" if asked or aspect in judged.words else "table.unasked"


def _element_with_source(aspect: Aspect, one: Qualification, say: Wording) -> list[Span]:
    """One element of a qualification, with who says it where no member issued it."""
    lines = _element(aspect, one, say)
    if lines and one.source is not None:
        lines.append(sub(say("table.established" if one.source == "office" else "table.stated")))
    return lines


def _required(content: LetterContent, aspect: Aspect) -> str | None:
    found: dict[str, str] = msgspec.to_builtins(content.required) if content.required is not None else {}
    return found.get(aspect)


def _named(one: Qualification, say: Wording) -> list[Span]:
    """A qualification's title, its issuer, when it was awarded, and how it was seen."""
    return [
        {**picked(one.title, say), "style": "strong"},
        plain(f"{one.issuer} ({one.country})"),
        *([own(say("table.awarded", date=say.date(one.awarded)), say)] if one.awarded else []),
        _evidence(one, say),
    ]


def _evidence(one: Qualification, say: Wording) -> Span:
    """How a qualification was seen; what its issuer revoked or does not confirm is never called verified."""
    if one.standing == "undocumented":
        return {**begun(say("standing.undocumented"), say), "style": "small"}
    if one.standing is None or one.standing_on is None:
        return {**begun(say(f"evidence.{one.evidence}"), say), "style": "small"}
    return {**begun(say(f"standing.{one.standing}", date=say.date(one.standing_on)), say), "style": "strong"}


def _element(aspect: Aspect, one: Qualification, say: Wording) -> list[Span]:
    """One element of a qualification, as its issuer describes it."""
    if aspect == "level":
        found = [say("table.eqf", level=str(one.eqf_level))] if one.eqf_level is not None else []
        return [
            begun(text, say) for text in [*found, *([say("table.nqf", level=one.nqf_level)] if one.nqf_level else [])]
        ]
    if aspect == "workload":
        found = [say("table.ects", ects=say.number(one.ects))] if one.ects is not None else []
        if one.workload_hours is not None:
            found.append(say("table.hours", hours=say.number(one.workload_hours)))
        return [begun(text, say) for text in found]
    if aspect == "quality":
        return [
            begun(
                say(
                    "table.until" if each.valid_until else "table.assured",
                    type=say(f"quality.{each.type}"),
                    date=say.date(each.valid_until) if each.valid_until else "",
                    agency=each.agency,
                ),
                say,
            )
            for each in one.quality_assurance
        ]
    if aspect == "profile":
        return [begun(say("table.field", code=code), say) for code in one.fields_of_education]
    shown = [picked(text, say) for text in one.learning_outcomes[:_OUTCOMES]]
    more = len(one.learning_outcomes) - _OUTCOMES
    return [*shown, sub(say("table.more", count=str(more)))] if more > 0 else shown


def _granted(aspect: Aspect, grant: Grant, say: Wording) -> list[Span]:
    if grant.outcome == "refused":
        return []
    if aspect == "level" and grant.eqf_level is not None:
        return [begun(say("table.eqf", level=str(grant.eqf_level)), say)]
    if aspect == "workload" and grant.ects is not None:
        return [own(say("table.ects", ects=say.number(grant.ects)), say)]
    return []


def _condition(one: Condition, content: LetterContent, say: Wording) -> list[Any]:
    more = []
    if one.ects is not None:
        more.append(say("table.ects", ects=say.number(one.ects)))
    if one.by is not None:
        more.append(say("table.by", date=say.date(one.by)))
    return [clean(content.reasons[one.code]), ", ".join(more)]
