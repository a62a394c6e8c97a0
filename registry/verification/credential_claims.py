"""The claims of a verified credential. Nothing here decides anything; the name of an issuer is never read."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from registry.documents import log_place
from registry.verification.credential_form import subjects_of

_MAX_TEXT: Final = 2_000
"""Characters of a text that are shown."""
_DATES: Final = {
    "awardingDate": ("awardedDate",),
    "validFrom": ("validFrom", "issuanceDate"),
    "validUntil": ("validUntil", "expirationDate"),
}
_LEVELS: Final = frozenset("12345678")


def read_claims(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a credential says. Credentials within it are documents of their own: nothing of them is here."""
    claims = dict(_read_envelope(document))
    subjects = subjects_of(document)
    if len(subjects) == 1:
        claims |= dict(_read_subject(subjects[0]))
    else:
        claims["subjects"] = [dict(_read_subject(subject)) for subject in subjects]
    return claims


def _read_envelope(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if (identifier := _text(document.get("id"))) is not None:
        yield "document", identifier
    if (title := _text(document.get("name"))) is not None:
        yield "title", title
    for claim, names in _DATES.items():
        for name in names:
            if (moment := _text(document.get(name))) is not None:
                yield claim, moment[:10] if claim == "awardingDate" else moment
                break
    place = log_place.read_place(document)
    if place is not None and "credential" in place:
        yield "credential", place["credential"]


def _read_subject(subject: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if (holder := _text(subject.get("id"))) is not None:
        yield "holder", holder
    if (name := _text(subject.get("name"))) is not None:
        yield "name", name
    for identifier in _objects(subject.get("identifier")):
        if identifier.get("identityType") != "name" or (value := _text(identifier.get("identityHash"))) is None:
            continue
        if str(identifier.get("hashed")).lower() == "true":
            yield "nameHash", {"hash": value, "salt": _text(identifier.get("salt")) or ""}
        else:
            yield "name", value
    if (note := _text(subject.get("narrative"))) is not None:
        yield "note", note
    achievements = _objects(subject.get("achievement"))
    if len(achievements) == 1:
        yield from _read_achievement(achievements[0], subject)


def _read_achievement(achievement: Mapping[str, Any], subject: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    if (identifier := _text(achievement.get("id"))) is not None:
        yield "achievement", identifier
    if (title := _text(achievement.get("name"))) is not None:
        yield "title", title
    for alignment in _objects(achievement.get("alignment")):
        if alignment.get("targetType") == "ext:EQF" and (level := _text(alignment.get("targetCode"))) is not None:
            yield "eqfLevel", int(level) if level in _LEVELS else level
    if isinstance(credits_earned := subject.get("creditsEarned"), int | float):
        yield "credits", credits_earned
    kinds = {
        str(described.get("id")): _text(described.get("resultType"))
        for described in _objects(achievement.get("resultDescription"))
    }
    for result in _objects(subject.get("result")):
        value, kind = _text(result.get("value")), kinds.get(str(result.get("resultDescription")))
        if value is not None:
            yield ("ects", _number(value)) if kind == "ext:ECTSCredits" else ("grade", value)


def _objects(value: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _text(value: object) -> str | None:
    return value[:_MAX_TEXT] if isinstance(value, str) and value else None


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if 0 <= number < 1_000_000 else text
