"""The words for the codes of the log and of the pages, in English; each language's file translates them."""

from collections.abc import Mapping
from typing import Final

from registry.server.pages.vocabulary import achievements, audits, desk_achievements, done, fields, log, office, people

VOCABULARY: Final[Mapping[str, Mapping[str, str]]] = (
    people.WORDS
    | achievements.WORDS
    | audits.WORDS
    | desk_achievements.WORDS
    | fields.WORDS
    | log.WORDS
    | office.WORDS
    | done.WORDS
)
"""The words of each code, by group. A group is in one file."""


def field_group(code: str) -> str:
    """Return the narrow field that a code of ISCED-F belongs to; the broad one if there is no narrow one."""
    return next((code[:length] for length in (3, 2) if code[:length] in VOCABULARY["field"]), code)
