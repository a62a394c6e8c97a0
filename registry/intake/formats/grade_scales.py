"""Grades compared with the scale that a badge describes (`resultDescription` of Open Badges 3.0)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

_NUMBER: Final = re.compile(r"[+-]?\d{1,9}(\.\d{1,9})?")


def grade_fault(grade: str, scale: Mapping[str, Any]) -> str | None:
    """Return why a grade is not on a scale: beyond its bounds, or none of its words; None where it may be."""
    words = _words(scale)
    if words:
        return None if grade in words else f"is not one of the grades of its scale ({', '.join(words)[:200]})"
    bounds = {name: _number(scale[name]) for name in ("valueMin", "valueMax") if scale.get(name) not in (None, "")}
    required = scale.get("requiredValue")
    if not bounds and _number(required) is None:
        return None
    value = _number(grade)
    if value is None:
        return "is not a number, and its scale is one of numbers"
    least, most = bounds.get("valueMin"), bounds.get("valueMax")
    if (least is not None and value < least) or (most is not None and value > most):
        stated = " to ".join(str(scale.get(name, "…"))[:40] for name in ("valueMin", "valueMax"))
        return f"is beyond its scale, {stated}"
    return None


def is_below(grade: object, required: object, scale: Mapping[str, Any]) -> bool:
    """Return True if a grade or level is lower than the required one; False where they cannot be compared.

    Words are compared by their places: the standard lists them from low to high.
    """
    if grade in (None, "") or required in (None, ""):
        return False
    value, least = _number(grade), _number(required)
    if value is not None and least is not None:
        return value < least
    for words in (_words(scale), _levels(scale)):
        if str(grade) in words and str(required) in words:
            return words.index(str(grade)) < words.index(str(required))
    return False


def _words(scale: Mapping[str, Any]) -> list[str]:
    words = scale.get("allowedValue")
    stated = words if isinstance(words, list) else [words]
    return [str(word) for word in stated if isinstance(word, str | int | float) and word != ""]


def _levels(scale: Mapping[str, Any]) -> list[str]:
    levels = scale.get("rubricCriterionLevel")
    return (
        [str(level["id"]) for level in levels if isinstance(level, dict) and "id" in level]
        if isinstance(levels, list)
        else []
    )


def _number(value: object) -> Decimal | None:
    """Return a number that is written as one or as text; None for other values, also with a decimal comma."""
    text = "" if isinstance(value, bool) else str(value).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else None
