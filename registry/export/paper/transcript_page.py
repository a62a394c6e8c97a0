"""The page of a transcript as data, in the order of the Diploma Supplement.

The order is that of the model of the European Commission, the Council of Europe and UNESCO (2018): eight sections with
numbered entries. An entry without a fact says so.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from registry.export.document import ExportError
from registry.export.facts import PortableCredential, PortablePart, PortableRecognition, Portfolio
from registry.export.paper.achievement_rows import (
    Lines,
    accreditation_line,
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
from registry.export.paper.certificate_page import holder_name, part_title, result_lines, say_birth
from registry.export.paper.wording import PaperWording
from registry.letters.spans import Span, capitalise, clean, own, pick_span, plain, small

MAX_CREDENTIALS: Final = 200
"""Credentials of one transcript: about 40 pages."""
_DASH: Final = "\u2013"
Row = dict[str, Any]
Entry = tuple[str, list[Row]]
"""The number of an entry, and its items."""
Facts = Callable[[PortableCredential], Lines]


def transcript_page(portfolio: Portfolio, day: date, say: PaperWording) -> Row:
    """Return the data of the template `transcript`. Raises `ExportError` where it has no or too many credentials."""
    if not portfolio.credentials:
        raise ExportError("this learner has no credential here that a transcript could list")
    if len(portfolio.credentials) > MAX_CREDENTIALS:
        raise ExportError(f"a transcript lists at most {MAX_CREDENTIALS} credentials; export fewer of them at once")
    issuer = portfolio.issuer.content
    holder_name(portfolio.person)
    entries = _entries(portfolio, day, say)
    return {
        "lang": say.language,
        "title": say("transcript.title"),  # names no person: it is in the file's metadata
        "author": clean(issuer.legal_name),
        "day": {"year": day.year, "month": day.month, "day": day.day},
        "page": say("form.page"),
        "foot": f"{clean(issuer.legal_name)}, {clean(say('transcript.title'))}",
        "place": plain(", ".join(filter(None, (issuer.locality, say.country(issuer.country))))),
        "homepage": issuer.homepage,
        "lead": plain(say("transcript.lead", name=issuer.legal_name)) | {"lang": say.language},
        "sections": [
            {
                "heading": f"{number}. {say(f'section.s{number}')}",
                "entries": [
                    {"number": f"{key[1]}.{key[2]}", "label": say(f"entry.{key}"), "items": items}
                    for key, items in entries
                    if key[1] == str(number)
                ],
            }
            for number in range(1, 9)
        ],
        "table": _table(portfolio, say),
        "nothing": say("transcript.nothing"),
    }


def _entries(portfolio: Portfolio, day: date, say: PaperWording) -> list[Entry]:
    person, issuer = portfolio.person, portfolio.issuer

    def words(number: str, text: str | None) -> Entry:
        return number, [] if not text else [_item([plain(text)])]

    def quote(number: str, *keys: str) -> Entry:
        return number, [_item([own(say(key), say) for key in keys])]

    def each(number: str, facts: Facts) -> Entry:
        return number, _items(portfolio.credentials, facts, say)

    born = person.get("dateOfBirth")
    return [
        words("e11", person.get("familyName")),
        words("e12", person.get("givenName")),
        words("e13", None if born is None else say_birth(born, say)),
        words("e14", person.get("studentNumber")),
        ("e21", [_item(_titles(portfolio.credentials, say))]),
        each("e22", lambda each: field_lines(each.achievement, say)),
        ("e23", [_item(_institutions(portfolio, say))]),
        each("e24", lambda each: partner_lines(each.achievement, say)),
        each("e25", lambda each: [own(say.languages(each.achievement.language), say)]),
        each("e31", lambda each: level_lines(each.achievement, say)),
        each("e32", lambda each: _duration(each, say)),
        each("e33", lambda each: _text(each.achievement.prerequisites, say)),
        each("e41", lambda each: _mode(each, say)),
        each("e42", lambda each: [pick_span(outcome.title, say) for outcome in each.achievement.learning_outcomes]),
        ("e43", [_item([own(say("transcript.total", ects=say.number(_total(portfolio))), say)])]),
        each("e44", lambda each: grading_lines(each.achievement.grading_scheme, say)),
        ("e45", []),
        each("e51", lambda each: _access(each, say)),
        each("e52", lambda each: entitlement_lines(each.achievement, say, ["occupation", "membership"])),
        ("e61", _additional(portfolio, say)),
        ("e62", _sources(portfolio, say)),
        words("e71", say.date(day)),
        quote("e72", "transcript.signature"),
        ("e73", [_item([name_organisation(issuer, say)])]),
        ("e74", []),
        ("e81", [_item([own(say("transcript.system"), say)])]),
    ]


def _item(lines: Lines, label: Span | None = None) -> Row:
    return {"label": label, "lines": lines}


def _items(credentials: Sequence[PortableCredential], facts: Facts, say: PaperWording) -> list[Row]:
    """Return the facts of each credential under its title; once without a title where they are the same in all."""
    values = [facts(credential) for credential in credentials]
    if all(value == values[0] for value in values):
        return [_item(values[0])] if values[0] else []
    return [
        _item(value, pick_span(credential.achievement.title, say))
        for credential, value in zip(credentials, values, strict=True)
        if value
    ]


def _titles(credentials: Sequence[PortableCredential], say: PaperWording) -> Lines:
    lines = []
    for credential in credentials:
        lines.append(pick_span(credential.achievement.title, say))
        lines.append(small(say.term("kind", credential.achievement.kind)))
    return lines


def _institutions(portfolio: Portfolio, say: PaperWording) -> Lines:
    """Return the awarding institutions with their identifiers and accreditations, as governance has them."""
    bodies = {body.origin: body for each in portfolio.credentials for body in (each.issuer, *each.awarding_bodies)}
    lines = []
    for body in (portfolio.issuer, *(body for origin, body in bodies.items() if origin != portfolio.issuer.origin)):
        lines.append(name_organisation(body, say))
        identifiers = (f"{each.scheme.upper()}: {each.value}" for each in body.content.identifiers)
        if words := ", ".join(identifiers):
            lines.append(small(words))
        lines += [accreditation_line(each, say) for each in body.content.accreditations]
    return lines


def _duration(credential: PortableCredential, say: PaperWording) -> Lines:
    amounts = [] if credential.ects is None else [own(say_credits(credential, say), say)]
    return [*amounts, *workload_lines(credential.achievement, say)]


def _mode(credential: PortableCredential, say: PaperWording) -> Lines:
    achievement = credential.achievement
    return [
        *participation_lines(achievement, say),
        *assessment_lines(achievement, say),
        *supervision_lines(achievement, say),
    ]


def _access(credential: PortableCredential, say: PaperWording) -> Lines:
    achievement = credential.achievement
    return [
        own(say.term("stackability", achievement.stackability), say),
        *entitlement_lines(achievement, say, ["learningOpportunity"]),
    ]


def _total(portfolio: Portfolio) -> float:
    """Return the credits of the credentials in force, each counted once: one that is part of another is in it."""
    inside = {part.part.credential for each in portfolio.credentials if each.status == "active" for part in each.parts}
    counted: dict[tuple[str, str], float] = {}
    for each in portfolio.credentials:
        if each.status == "active" and each.credential not in inside:
            key = each.issuer.member, each.achievement.achievement
            counted[key] = max(counted.get(key, 0), each.ects or 0)  # what was awarded twice counts once
    return sum(counted.values())


def _table(portfolio: Portfolio, say: PaperWording) -> Row:
    """Return the table of entry 4.3: each credential, and below it the parts that are stacked into it."""
    holdings = {each.credential: each for each in portfolio.credentials}
    rows = []
    for credential in portfolio.credentials:
        status = [] if credential.status == "active" else [small(say.term("status", credential.status))]
        rows.append(
            {
                "part": False,
                "cells": [
                    [{**pick_span(credential.achievement.title, say), "style": "strong"}, *status],
                    [plain(each.content.legal_name) for each in credential.awarding_bodies or (credential.issuer,)],
                    _dates(credential, say),
                    [own(say_credits(credential, say), say)],
                    [plain(str(credential.achievement.eqf_level or _DASH))],
                    result_lines(credential.claims, say) or [plain(_DASH)],
                ],
            }
        )
        rows += [
            {"part": True, "cells": _part_cells(part, holdings.get(part.part.credential), say)}
            for part in credential.parts
        ]
    return {
        "head": [
            say("label.part"),
            say("label.university"),
            say("label.awardedOn"),
            say("label.ects"),
            say("label.eqf"),
            say("label.grade"),
        ],
        "rows": rows,
    }


def _dates(credential: PortableCredential, say: PaperWording) -> Lines:
    until = credential.valid_until
    lines = [own(say.date(credential.awarding_date), say)]
    return lines if until is None else [*lines, small(say("form.until", date=say.date(until)))]


def _part_cells(part: PortablePart, credential: PortableCredential | None, say: PaperWording) -> list[Lines]:
    dash = plain(_DASH)
    level = None if part.achievement is None else part.achievement.eqf_level
    return [
        [part_title(part, say)],
        [plain(part.part.member if part.issuer is None else part.issuer.content.legal_name)],
        [dash if credential is None else own(say.date(credential.awarding_date), say)],
        [own(say("transcript.counted", ects=say.number(part.part.ects)), say)],
        [plain(str(level or _DASH))],
        [dash] if credential is None else result_lines(credential.claims, say) or [dash],
    ]


def _additional(portfolio: Portfolio, say: PaperWording) -> list[Row]:
    items = [_item(_recognition(each, say), own(say("transcript.recognition"), say)) for each in portfolio.recognitions]
    if not items:
        items = [_item([own(say("transcript.noRecognition"), say)])]
    for credential in portfolio.credentials:
        achievement, claims = credential.achievement, credential.claims
        lines = [*quality_lines(achievement, say), *_text(achievement.further_information, say)]
        if note := claims.get("note"):
            lines.append(plain(f"{say('label.note')}: {note}"))
        items.append(_item(lines, pick_span(achievement.title, say)))
    return items


def _recognition(recognition: PortableRecognition, say: PaperWording) -> Lines:
    """Return a decision: who decided what for which purpose, and what was granted."""
    lines: Lines = []
    for grant in recognition.grants:
        words = say(
            "transcript.decision",
            decider=recognition.decider.content.legal_name,
            date=say.date(recognition.decided),
            outcome=say.term("outcome", grant.outcome),
        )
        lines.append({**plain(words), "style": "strong"})
        details = [say("transcript.purpose", purpose=say.term("purpose", recognition.purpose))]
        if grant.ects is not None:
            details.append(say("transcript.grants", ects=say.number(grant.ects)))
        if grant.eqf_level is not None:
            details.append(say("transcript.grantLevel", level=str(grant.eqf_level)))
        lines.append(capitalise(say("form.lists").join(details), say))
        bases = [recognition.titles[place] for place in grant.from_ if place < len(recognition.titles)]
        lines += [pick_span(dict(title), say) for title in bases]
        if grant.towards is not None and grant.towards.title is not None:
            lines.append(plain(say("transcript.towards", title=say.pick(grant.towards.title)[0])))
    return lines


def _sources(portfolio: Portfolio, say: PaperWording) -> list[Row]:
    items = [_item([own(say("transcript.sources"), say)])]
    for credential in portfolio.credentials:
        address = credential.verification_url
        line = plain(credential.credential) if address is None else {**plain(address), "style": "link"}
        items.append(_item([line], pick_span(credential.achievement.title, say)))
    return items


def _text(text: Mapping[str, str] | None, say: PaperWording) -> Lines:
    return [] if text is None else [pick_span(dict(text), say)]
