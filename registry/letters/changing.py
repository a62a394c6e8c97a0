"""What an amended decision changes, in the words of a letter."""

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
    """Return what is another in a decision than in the one before it: grant by grant, part by part, in words.

    `title` names a programme, `reason` is what the office says for the code of a ground or a condition.
    """
    sides = _sides(say, title, reason)
    found = []
    for place in range(max(len(before.grants), len(after.grants))):
        for part, words in sides.items():
            old, new = (_words(words, data, place) for data in (before, after))
            if old != new:
                found.append(GrantChange(place, part, old, new))
    return found


def _words(side: Side, data: RecognitionDecided, place: int) -> list[Text]:
    return side(data, data.grants[place]) if place < len(data.grants) else []


def _sides(say: Wording, title: Title, reason: Reason) -> dict[ChangedPart, Side]:
    """Return how each part of a grant is put in words."""

    def one(text: str | None) -> list[Text]:
        return [{UNDETERMINED: text}] if text else []

    def towards(_: RecognitionDecided, grant: Grant) -> list[Text]:
        named = title(grant.towards) if grant.towards is not None else None
        return [named] if named is not None else []

    def grounds(_: RecognitionDecided, grant: Grant) -> list[Text]:
        return [{UNDETERMINED: reason(each.difference)} for each in grant.grounds or ()]

    def conditions(_: RecognitionDecided, grant: Grant) -> list[Text]:
        return [{UNDETERMINED: reason(each.code)} for each in grant.conditions or ()]

    def credentials(data: RecognitionDecided, grant: Grant) -> list[Text]:
        found: list[Text] = []
        for number in grant.from_:
            external, achievement = data.basis[number].external, data.basis[number].achievement
            if external is not None:
                found.append({UNDETERMINED: external.title})
            elif achievement is not None:
                found.append(title(Towards(achievement.member, achievement.achievement)) or {UNDETERMINED: str(number)})
        return found

    return {
        "outcome": lambda _, grant: one(say(f"outcome.{grant.outcome}.title")),
        "ects": lambda _, grant: one(None if grant.ects is None else say("table.ects", ects=say.number(grant.ects))),
        "eqfLevel": lambda _, grant: one(
            None if grant.eqf_level is None else say("table.eqf", level=str(grant.eqf_level))
        ),
        "mode": lambda _, grant: one(say(f"mode.{grant.mode}") if grant.outcome != "refused" else None),
        "towards": towards,
        "grounds": grounds,
        "conditions": conditions,
        "credentials": credentials,
    }
