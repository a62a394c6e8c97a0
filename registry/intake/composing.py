"""Parts of a document's awards: the composition of a programme, and the credentials that are its parts.

The parts are issued first. A new achievement of a programme requires the achievements of its parts, so that their
credit counts once. An achievement that is already published keeps its composition.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from registry.application.registry import Registry
from registry.rules.compositions import Part, unmet
from registry.wire.achievements import AchievementContent

CHECKED_HERE: Final = frozenset(
    {"pending", "required", "choices", "capstone", "minEcts", "minOwnEcts", "minEctsAtLevel", "maxCreditedEcts"}
)
"""Rules that the views cannot check for parts that were issued a moment ago; `composition_fault` checks them."""


class IssuedPart(NamedTuple):
    """A part of a programme that has its credential here."""

    credential: str
    achievement: str
    version: int
    ects: int | float

    @classmethod
    def of(cls, registry: Registry, credential: str) -> "IssuedPart":
        """Return one of the university's credentials as a part; one without credit counts for 0 ECTS."""
        state = registry.credentials.get(credential).state
        ects = registry.achievements.get(state.achievement).state.ects[state.version - 1]
        return cls(credential, state.achievement, state.version, ects or 0)


def composition_of(member: str, parts: Sequence[IssuedPart]) -> dict[str, Any]:
    """Return the composition of a new achievement that has these parts."""
    achievements = dict.fromkeys(part.achievement for part in parts)
    return {
        "required": [{"member": member, "achievement": achievement} for achievement in achievements],
        "choices": [],
        "minEcts": total(parts),
        "sharing": "forbidden",
    }


def parts_text(member: str, parts: Sequence[IssuedPart]) -> str:
    """Return the parts as a row's field names them."""
    return " ".join(f"{member}/{part.credential}:{part.ects}" for part in parts)


def total(parts: Sequence[IssuedPart]) -> int | float:
    """Return the sum of their ECTS."""
    whole = sum((Decimal(str(part.ects)) for part in parts), Decimal(0))
    return int(whole) if whole == int(whole) else float(whole)


def composition_fault(
    registry: Registry, content: AchievementContent, awarded: str, parts: Sequence[IssuedPart]
) -> str | None:
    """Return why these parts of the university do not fit into a credential of this achievement, or None."""
    if content.composition is None:
        return (
            "its achievement has no composition, so that nothing can be a part of it and credit would count twice;"
            " revise the achievement with one, or name credential.parts beside it (null: none)"
        )
    whole, sum_of_parts = content.ects or 0, total(parts)
    if sum_of_parts > whole:
        return f"its parts add up to {sum_of_parts} ECTS, and it is worth {whole}; correct the document"
    known_parts = [_as_part(registry, part, awarded) for part in parts]
    breaches = unmet(content.composition, registry.member, date.fromisoformat(awarded), known_parts)
    return "; ".join(f"{breach.requirement}: {breach.detail}" for breach in breaches) or None


def _as_part(registry: Registry, part: IssuedPart, awarded: str) -> Part:
    content = registry.achievements.get(part.achievement).content
    return Part(
        registry.member,
        part.achievement,
        part.version,
        content.fields_of_education,
        content.eqf_level,
        Decimal(str(part.ects)),
        date.fromisoformat(awarded),
        by_recognition=False,
        shared=False,
    )
