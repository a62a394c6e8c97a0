"""A letter's content in words: what stands on the page, in order, for the template to lay out.

Whatever people wrote is a span (`{text, lang}`), never part of a sentence of ours: it keeps its own language for
those who have it read aloud, and its own direction of writing.
"""

import re
import unicodedata
from typing import Any, Final

import msgspec

from registry.letters.content import PLAIN, LetterContent, Qualification
from registry.letters.wording import Wording, wording
from registry.wire.forms import Text
from registry.wire.recognition import Aspect, Condition, Grant

Span = dict[str, str]
ASPECTS: Final[tuple[Aspect, ...]] = ("level", "workload", "quality", "profile", "learningOutcomes")
"""The five elements of a qualification, as the EAR manual has them."""
_OUTCOMES: Final = 6
"""How many learning outcomes a letter names before it says how many more there are."""
# Controls would break the page; overrides of the direction let a text look like another one.
_UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:-([A-Za-z]{2}))?(?:-|\Z)")
"""The parts of a BCP 47 tag that a PDF's spans carry here: language and region."""


def clean(text: str) -> str:
    """Text as it can stand on a page: composed, without controls and what steers the direction of writing."""
    text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text).strip()


def page(content: LetterContent) -> dict[str, Any]:
    """Everything on the page, in the letter's language."""
    say = wording(content.language)
    office, applicant = content.office, content.applicant
    advisory = content.effect == "advisory"
    subject = say("letter.advisory" if advisory else "letter.binding")
    day = content.letter_date or content.decision_date
    place = ", ".join(clean(part) for part in (office.locality, office.country) if part)
    return {
        "lang": content.language,
        "title": subject + (f" ({clean(content.file_number)})" if content.file_number else ""),
        "author": clean(office.legal_name),
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "office": {
            "name": clean(office.legal_name),
            "place": place,
            "homepage": clean(office.homepage) if office.homepage else None,
        },
        "to": [_plain(line) for line in (applicant.name, *applicant.address) if clean(line)],
        "facts": _facts(content, say),
        "subject": subject,
        "dear": _around(say("letter.dear"), "{name}", applicant.name),
        "effect": say(f"effect.{content.effect}", purpose=say(f"purpose.{content.purpose}")),
        "supersedes": say("letter.supersedes", decision=content.supersedes) if content.supersedes else None,
        "grants": [_grant(content, number, say) for number in range(len(content.grants))],
        "remarks": _section("remarks", [_own(text, say) for text in content.remarks], say),
        "appeal": _appeal(content, say),
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
    return [(say(label), _plain(value)) for label, value in found if value]


def _grant(content: LetterContent, number: int, say: Wording) -> dict[str, Any]:
    grant, total = content.grants[number], len(content.grants)
    bases = [content.qualifications[index] for index in grant.from_]
    towards = content.towards[number]
    grounds = [[say(f"aspect.{one.aspect}"), clean(content.reasons[one.difference])] for one in grant.grounds or ()]
    return {
        "part": say("letter.part", number=str(number + 1), total=str(total)) if total > 1 else None,
        "outcome": grant.outcome,
        "title": say(f"outcome.{grant.outcome}.title"),
        "text": say(f"outcome.{grant.outcome}.text"),
        "caption": say("table.caption"),
        "head": [say("table.element"), say("table.original")]
        + ([say("table.required")] if content.required is not None else [])
        + [say("table.granted")],
        "rows": _rows(content, grant, bases, towards, say),
        "grounds": _section("grounds", grounds, say),
        "conditions": _section("conditions", [_condition(one, content, say) for one in grant.conditions or ()], say),
    }


def _rows(
    content: LetterContent, grant: Grant, bases: list[Qualification], towards: Text | None, say: Wording
) -> list[dict[str, Any]]:
    """The rows of the table: what it is, the five elements, and how it counts."""
    purpose = "asked" if grant.outcome == "refused" else "towards"
    first = {
        "name": say("table.qualification"),
        "original": [line for one in bases for line in _named(one, say)],
        "required": [],
        "granted": [
            *([_sub(say(f"table.{purpose}")), _picked(towards, say)] if towards else []),
            _begun(say(f"mode.{grant.mode}") if grant.outcome != "refused" else say("table.nothing"), say),
        ],
        "different": False,
    }
    rows = [first]
    named = {ground.aspect for ground in grant.grounds or ()}
    unassessed = named == {"formal"}
    for aspect in ASPECTS:
        different = aspect in named
        finding = "table.different" if different else "table.unassessed" if unassessed else "table.same"
        rows.append(
            {
                "name": say(f"aspect.{aspect}"),
                "original": [line for one in bases for line in _element(aspect, one, say)]
                or [_own(say("table.unstated"), say)],
                "required": [_own(asked, say)] if (asked := _required(content, aspect)) else [],
                "granted": [
                    *_granted(aspect, grant, say),
                    {**_sub(say(finding)), "style": "strong" if different else "small"},
                ],
                "different": different,
            }
        )
    if grant.outcome != "refused":
        taken = _begun(say(f"grade.{grant.grade_transfer}"), say)
        rows.append(
            {"name": say("table.grade"), "original": [], "required": [], "granted": [taken], "different": False}
        )
    return rows


def _required(content: LetterContent, aspect: Aspect) -> str | None:
    found: dict[str, str] = msgspec.to_builtins(content.required) if content.required is not None else {}
    return found.get(aspect)


def _named(one: Qualification, say: Wording) -> list[Span]:
    """A qualification's title, its issuer, when it was awarded, and how it was seen."""
    return [
        {**_picked(one.title, say), "style": "strong"},
        _plain(f"{one.issuer} ({one.country})"),
        *([_own(say("table.awarded", date=say.date(one.awarded)), say)] if one.awarded else []),
        {**_begun(say(f"evidence.{one.evidence}"), say), "style": "small"},
    ]


def _element(aspect: Aspect, one: Qualification, say: Wording) -> list[Span]:
    """One element of a qualification, as its issuer describes it."""
    if aspect == "level":
        found = [say("table.eqf", level=str(one.eqf_level))] if one.eqf_level is not None else []
        return [
            _begun(text, say) for text in [*found, *([say("table.nqf", level=one.nqf_level)] if one.nqf_level else [])]
        ]
    if aspect == "workload":
        found = [say("table.ects", ects=say.number(one.ects))] if one.ects is not None else []
        if one.workload_hours is not None:
            found.append(say("table.hours", hours=say.number(one.workload_hours)))
        return [_begun(text, say) for text in found]
    if aspect == "quality":
        return [
            _begun(
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
        return [_begun(say("table.field", code=code), say) for code in one.fields_of_education]
    shown = [_picked(text, say) for text in one.learning_outcomes[:_OUTCOMES]]
    more = len(one.learning_outcomes) - _OUTCOMES
    return [*shown, _sub(say("table.more", count=str(more)))] if more > 0 else shown


def _granted(aspect: Aspect, grant: Grant, say: Wording) -> list[Span]:
    if grant.outcome == "refused":
        return []
    if aspect == "level" and grant.eqf_level is not None:
        return [_begun(say("table.eqf", level=str(grant.eqf_level)), say)]
    if aspect == "workload" and grant.ects is not None:
        return [_own(say("table.ects", ects=say.number(grant.ects)), say)]
    return []


def _condition(one: Condition, content: LetterContent, say: Wording) -> list[Any]:
    more = []
    if one.ects is not None:
        more.append(say("table.ects", ects=say.number(one.ects)))
    if one.by is not None:
        more.append(say("table.by", date=say.date(one.by)))
    return [clean(content.reasons[one.code]), ", ".join(more)]


def _appeal(content: LetterContent, say: Wording) -> dict[str, Any]:
    """Whom to turn to, until when, and how. A statement that binds nobody is objected to at the office itself."""
    body = content.office.appeal_body if content.effect == "binding" else None
    last = say("appeal.until", date=say.date(content.appeal_until)) if content.appeal_until else say("appeal.law")
    return {
        "heading": say("headings.appeal"),
        "whom": _around(say("appeal.body"), "{body}", body.name) if body else [_own(say("appeal.office"), say)],
        "until": last,
        "how": say("appeal.how"),
        "online": say("appeal.online"),
        "url": clean(body.url) if body else None,
        "safe": body is not None and body.url.startswith(("https://", "http://")),
    }


def _section(name: str, items: list[Any], say: Wording) -> dict[str, Any] | None:
    return {"heading": say(f"headings.{name}"), "items": items} if items else None


def _around(sentence: str, place: str, text: str) -> list[Span]:
    """A sentence of ours with somebody's text in it, in spans."""
    before, _, after = sentence.partition(place)
    return [{"text": before, "lang": ""}, {**_plain(text), "style": "theirs"}, {"text": after, "lang": ""}]


def _plain(text: str) -> Span:
    return {"text": clean(text), "lang": PLAIN}


def _own(text: str, say: Wording) -> Span:
    return {"text": clean(text), "lang": say.language}


def _begun(text: str, say: Wording) -> Span:
    """With a capital, as where a line begins."""
    return _own(text[:1].upper() + text[1:], say)


def _sub(text: str) -> Span:
    return {"text": clean(text), "lang": "", "style": "small"}


def _picked(text: Text, say: Wording) -> Span:
    words, language = say.pick(text)
    found = _TAG.match(language)
    if found is None:
        return _plain(words)
    return {"text": clean(words), "lang": found[1].lower(), **({"region": found[2].upper()} if found[2] else {})}
