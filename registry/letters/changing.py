"""The changes that an amended decision makes, in the words of a letter."""

from collections.abc import Callable

from registry.letters.content import UNDETERMINED, ChangedPart, GrantChange
from registry.letters.wording import Wording
from registry.wire.forms import Text
from registry.wire.recognition import Grant, RecognitionDecided, Towards

Title = Callable[[Towards], Text | None]
Reason = Callable[[str], str]
Side = Callable[[RecognitionDecided, Grant], list[Text]]


def changes_between(
    before: RecognitionDecided, after: RecognitionDecided, say: Wording, title: Title, reason: Reason
) -> list[GrantChange]:
    """Return the differences between a decision and the one before it: grant by grant, part by part, in words.

    `title` returns a programme's title, `reason` the office's text for the code of a ground or a condition.
    """
    sides = _sides(say, title, reason)
    changes = []
    for place in range(max(len(before.grants), len(after.grants))):
        for part, words in sides.items():
            old, new = (_words(words, data, place) for data in (before, after))
            if old != new:
                changes.append(GrantChange(place, part, old, new))
    return changes


def _words(side: Side, data: RecognitionDecided, place: int) -> list[Text]:
    return side(data, data.grants[place]) if place < len(data.grants) else []


def _sides(say: Wording, title: Title, reason: Reason) -> dict[ChangedPart, Side]:
    """Return a function for each part of a grant, which puts it in words."""

    def single(text: str | None) -> list[Text]:
        return [{UNDETERMINED: text}] if text else []

    def towards(_: RecognitionDecided, grant: Grant) -> list[Text]:
        programme = title(grant.towards) if grant.towards is not None else None
        return [programme] if programme is not None else []

    def grounds(_: RecognitionDecided, grant: Grant) -> list[Text]:
        return [{UNDETERMINED: reason(each.difference)} for each in grant.grounds or ()]

    def conditions(_: RecognitionDecided, grant: Grant) -> list[Text]:
        return [{UNDETERMINED: reason(each.code)} for each in grant.conditions or ()]

    def credentials(data: RecognitionDecided, grant: Grant) -> list[Text]:
        titles: list[Text] = []
        for number in grant.from_:
            external, achievement = data.basis[number].external, data.basis[number].achievement
            if external is not None:
                titles.append({UNDETERMINED: external.title})
            elif achievement is not None:
                titles.append(
                    title(Towards(achievement.member, achievement.achievement)) or {UNDETERMINED: str(number)}
                )
        return titles

    return {
        "outcome": lambda _, grant: single(say(f"outcome.{grant.outcome}.title")),
        "ects": lambda _, grant: single(None if grant.ects is None else say("table.ects", ects=say.number(grant.ects))),
        "eqfLevel": lambda _, grant: single(
            None if grant.eqf_level is None else say("table.eqf", level=str(grant.eqf_level))
        ),
        "mode": lambda _, grant: single(say(f"mode.{grant.mode}") if grant.outcome != "refused" else None),
        "towards": towards,
        "grounds": grounds,
        "conditions": conditions,
        "credentials": credentials,
    }
