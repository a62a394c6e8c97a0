"""Completions: what an importer names beside a document, because the document does not say it or is not clear."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from registry.intake.rows.report import IntakeError
from registry.wire.achievements import AchievementContent

Values = dict[str, Any]
Completions = Mapping[str, Any]
"""`achievement` and `credential` are for all awards of a document; `awards` has the same for one award, by its number
(from 1) or its course code."""

CREDENTIAL: Final = (
    "record", "student", "family_name", "given_name", "date_of_birth", "awarding_date", "valid_until", "grade",
    "original_grade", "national_id", "note", "replaces", "valid_from", "parts",
    "issuer",
)  # fmt: skip
ISSUER: Final = "credential.issuer"
"""Not a column: names the issuer of a document that is not clear about it. A university issues only as itself."""
NAMES: Final = ("family_name", "given_name")
"""One of them may be missing: some people have one name only."""
ACHIEVEMENT_FIELDS: Final = {field.encode_name: field.required for field in msgspec.structs.fields(AchievementContent)}
"""Fields of Annex I, each with whether it is required."""


def refuse_unknown(values: Mapping[str, Any], names: Sequence[str], where: str) -> None:
    """Raise `IntakeError` for a field that has none of these names."""
    if unknown := sorted(values.keys() - set(names)):
        raise IntakeError(f"{where}: {unknown[0][:80]} is not one of {', '.join(names)}")


def object_of(owner: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the object of this name, empty where there is none. Raises `IntakeError` for another value."""
    value = owner.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise IntakeError(f"completions: {name} is not an object; write {{{name!r}: {{…}}}}")
    return value or {}
