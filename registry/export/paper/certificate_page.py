"""The page of a certificate as data: texts in order, each with its language."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from registry.export.document import ExportError
from registry.export.facts import PortableCredential, PortablePart
from registry.export.paper.achievement_rows import (
    Lines,
    assessment_lines,
    entitlement_lines,
    field_lines,
    grading_lines,
    level_lines,
    name_organisation,
    participation_lines,
    partner_lines,
    quality_lines,
    say_credits,
    supervision_lines,
    workload_lines,
)
from registry.export.paper.wording import PaperWording
from registry.letters.composing import whole_date
from registry.letters.letter import qr_code
from registry.letters.spans import Span, capitalise, clean, own, pick_span, plain, small

Row = dict[str, Any]


def certificate_page(
    credential: PortableCredential, day: date, attached: Sequence[str], say: PaperWording
) -> dict[str, Any]:
    """Return the data of the template `certificate`. `attached`: the names of the files inside the PDF.

    Raises `ExportError` where nobody's name is known.
    """
    issuer, title = credential.issuer.content, pick_span(credential.achievement.title, say)
    together = [each.content.legal_name for each in credential.awarding_bodies if each != credential.issuer]
    born = credential.claims.get("dateOfBirth")
    return {
        "lang": say.language,
        "title": title["text"],  # names no person: it is in the file's metadata
        "author": clean(issuer.legal_name),
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "page": say("form.page"),
        "foot": f"{clean(issuer.legal_name)}, {credential.credential}",
        "place": plain(", ".join(filter(None, (issuer.locality, say.country(issuer.country))))),
        "homepage": issuer.homepage,
        "heading": say(f"heading.{credential.achievement.kind}"),
        "certify": say("certificate.certify"),
        "holder": plain(holder_name(credential.claims)),
        "born": None if born is None else own(say("certificate.born", date=say_birth(born, say)), say),
        "awarded": say("certificate.awarded"),
        "name": title,
        "jointly": own(say("certificate.jointly", names=say.join(together)), say) if together else None,
        "description": _text(credential.achievement.description, say),
        "figures": _figures(credential, say),
        "result": _result(credential, say),
        "banner": None if credential.status == "active" else say(f"ended.{credential.status}"),
        "outcomes": {
            "heading": say("heading.outcomes"),
            "items": [pick_span(each.title, say) for each in credential.achievement.learning_outcomes],
        },
        "parts": parts_table(credential, say),
        "details": {"heading": say("heading.details"), "rows": _details(credential, day, say)},
        "verify": verify_box(credential.verification_url, credential.credential, attached, say),
    }


def holder_name(claims: Mapping[str, Any]) -> str:
    """Return the holder's name as it is written. Raises `ExportError` where there is none."""
    name = " ".join(str(claims[part]) for part in ("givenName", "familyName") if claims.get(part))
    if not name:
        raise ExportError(
            "no name of its holder is known here, and a certificate names its holder; export another format"
        )
    return name


def say_birth(born: str, say: PaperWording) -> str:
    """Return a date of birth; as it is written where only a part of it is known."""
    return born if whole_date(born) is None else say.date(born)


def verify_box(url: str | None, number: str, attached: Sequence[str], say: PaperWording) -> Row:
    """Return the box with the QR code of the verification page."""
    return {
        "heading": say("heading.verify"),
        "words": say("verify.number" if url is None else "verify.scan"),
        "url": url,
        "code": None if url is None else qr_code(url),
        "alt": say("verify.code"),
        "label": say("label.number"),
        "number": number,
        "attached": say("verify.attached", names=", ".join(attached)) if attached else None,
        "image": say("verify.image"),
    }


def parts_table(credential: PortableCredential, say: PaperWording) -> Row | None:
    """Return the credentials that are stacked into this one; None where there are none."""
    if not credential.parts:
        return None
    return {
        "heading": say("heading.parts"),
        "head": [say("label.part"), say("label.university"), say("label.ects")],
        "rows": [
            [
                part_title(part, say),
                plain(part.part.member if part.issuer is None else part.issuer.content.legal_name),
                own(say("value.ects", ects=say.number(part.part.ects)), say),
            ]
            for part in credential.parts
        ],
    }


def part_title(part: PortablePart, say: PaperWording) -> Span:
    """Return the title of a part; where it has not arrived here, words that say so."""
    return small(say("value.unknownPart")) if part.achievement is None else pick_span(part.achievement.title, say)


def result_lines(claims: Mapping[str, Any], say: PaperWording) -> Lines:
    """Return the grade, and the grade as it was first given where that is another text."""
    lines = [{**plain(str(claims["grade"])), "style": "strong"}] if claims.get("grade") else []
    if (original := claims.get("originalGrade")) and original != claims.get("grade"):
        lines.append(small(f"{say('label.originalGrade')}: {original}"))
    return lines


def _figures(credential: PortableCredential, say: PaperWording) -> list[Row]:
    """Return the few facts that a reader looks for first."""
    achievement = credential.achievement
    figures = [(say("label.ects" if credential.ects is not None else "label.workload"), say_credits(credential, say))]
    if achievement.eqf_level is not None:
        figures.append((say("label.level"), say("value.eqf", level=str(achievement.eqf_level))))
    figures.append((say("label.awardedOn"), say.date(credential.awarding_date)))
    if credential.valid_until is not None:
        figures.append((say("label.validUntil"), say.date(credential.valid_until)))
    return [{"label": label, "value": capitalise(value, say)} for label, value in figures]


def _result(credential: PortableCredential, say: PaperWording) -> Row | None:
    lines = result_lines(credential.claims, say)
    if note := credential.claims.get("note"):
        lines.append(plain(str(note)))
    if not lines:
        return None
    scale = grading_lines(credential.achievement.grading_scheme, say)
    if scale:
        lines.append(
            small(": ".join((say("label.gradingScheme"), say("form.lists").join(each["text"] for each in scale))))
        )
    return {"label": say("label.result"), "lines": lines}


def _details(credential: PortableCredential, day: date, say: PaperWording) -> list[Row]:
    """Return the rows of the second page. A row without a fact is left out."""
    achievement = credential.achievement
    rows: list[tuple[str, Lines]] = [
        ("kind", [own(say.term("kind", achievement.kind), say)]),
        ("awardedBy", [name_organisation(each, say) for each in credential.awarding_bodies]),
        ("level", level_lines(achievement, say)),
        ("workload", workload_lines(achievement, say)),
        ("fields", field_lines(achievement, say)),
        ("language", [own(say.languages(achievement.language), say)]),
        ("participation", participation_lines(achievement, say)),
        ("assessment", assessment_lines(achievement, say)),
        ("supervision", supervision_lines(achievement, say)),
        ("gradingScheme", grading_lines(achievement.grading_scheme, say)),
        ("quality", quality_lines(achievement, say)),
        ("stackability", [own(say.term("stackability", achievement.stackability), say)]),
        ("entitlements", entitlement_lines(achievement, say)),
        ("prerequisites", _lines(achievement.prerequisites, say)),
        ("partners", partner_lines(achievement, say)),
        ("further", _lines(achievement.further_information, say)),
    ]
    if credential.place is not None:
        words = say("value.place", origin=credential.issuer.origin, leaf=str(credential.place.leaf))
        rows.append(("place", [own(words, say)]))
    rows.append(("made", [own(say.date(day), say)]))
    return [{"label": say(f"label.{name}"), "lines": lines} for name, lines in rows if lines]


def _text(text: Mapping[str, str] | None, say: PaperWording) -> Span | None:
    return None if text is None else pick_span(dict(text), say)


def _lines(text: Mapping[str, str] | None, say: PaperWording) -> Lines:
    span = _text(text, say)
    return [] if span is None else [span]
