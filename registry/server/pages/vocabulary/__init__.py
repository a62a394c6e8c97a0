"""The words for the codes of the log and of the pages, in English; each language's file translates them."""

from collections.abc import Mapping
from typing import Final

from registry.server.pages.vocabulary import (
    achievements,
    audits,
    desk,
    desk_achievements,
    documents,
    done,
    fields,
    imports,
    log,
    office,
    people,
)

_ROOMS: Final = (people, achievements, desk_achievements, fields, log, audits, office, desk, imports, documents, done)
VOCABULARY: Final[Mapping[str, Mapping[str, str]]] = {
    group: words for room in _ROOMS for group, words in room.WORDS.items()
}
"""The words of each code, by group. A group is in one file."""


def field_group(code: str) -> str:
    """Return the narrow field that a code of ISCED-F belongs to; the broad one if there is no narrow one."""
    return next((code[:length] for length in (3, 2) if code[:length] in VOCABULARY["field"]), code)
