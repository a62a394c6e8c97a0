"""The faults of an achievement's content, each with the field of the form that it is about. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from registry.application.achievement_texts import MEANT
from registry.server.pages.desk.achievement_form import SEVERAL, TEXTS

_LACKS: Final = re.compile(r"lacks ([A-Za-z]+)")
_PART: Final = re.compile(r"(composition\.required\[\d+\])\..*")
_ROW: Final = re.compile(r"[A-Za-z.]+\[(\d+)\]")
_TEXT_FIELDS: Final = (*TEXTS, "gradingScheme.title")
_TEXT_ROWS: Final = re.compile(r"(?:learningOutcomes\[\d+\]\.title|entitlesTo\[\d+\]\.text)")


class FieldFault(NamedTuple):
    """A fault of one field of the form."""

    name: str
    """The field's name, which is also its id but for brackets."""
    element: str
    """The element of the content that it belongs to."""
    row: int | None
    """The number of its row, counted from 1."""
    detail: str
    """The fault in words; empty where the field is missing."""
    may_keep: bool
    """True if the person may say that the text is right as it is."""

    @property
    def anchor(self) -> str:
        """The id of the field in the page."""
        return field_id(self.name)


def field_id(name: str) -> str:
    """Return the id of a field in the page. An address may end in it."""
    return name.replace("[", "-").replace("]", "").replace(":", "-")


def field_faults(faults: Iterable[tuple[str, str]], language: str) -> list[FieldFault]:
    """Return the faults of a content by field. `language` is the first of the form's texts."""
    return [_fault(path.removeprefix("$").removeprefix("."), detail, language) for path, detail in faults]


def details_by_field(faults: Iterable[FieldFault]) -> Mapping[str, FieldFault]:
    """Return the first fault of each field."""
    by_field: dict[str, FieldFault] = {}
    for fault in faults:
        by_field.setdefault(fault.name, fault)
    return by_field


def _fault(path: str, detail: str, language: str) -> FieldFault:
    if (missing := _LACKS.fullmatch(detail)) is not None:
        path, detail = f"{path}.{missing[1]}" if path else missing[1], ""
    may_keep = detail.endswith(MEANT)
    name = _name(path, language)
    row = _ROW.match(name)
    element = re.split(r"[.\[:]", name, maxsplit=1)[0]
    return FieldFault(name, element, None if row is None else int(row[1]) + 1, detail.removesuffix(MEANT), may_keep)


def _name(path: str, language: str) -> str:
    """Return the field that a path below the content leads to."""
    if (part := _PART.fullmatch(path)) is not None:
        return part[1]
    if path in _TEXT_FIELDS or _TEXT_ROWS.fullmatch(path):
        return f"{path}.{language}"
    root = re.split(r"[.\[]", path, maxsplit=1)[0]
    if root in SEVERAL or root == "awardingBodies":
        return root
    if path in ("fieldsOfEducation", "language", "composition.required"):
        return f"{path}[0]"
    if path == "learningOutcomes":
        return f"{path}[0].title.{language}"
    if path == "qualityAssurance":
        return f"{path}[0].type"
    if ".escoSkills[" in path:
        return path.partition(".escoSkills[")[0] + ".escoSkills"
    if path == "composition":
        return "composition.minEcts"
    return path
