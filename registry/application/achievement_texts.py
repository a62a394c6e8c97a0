"""The texts of an achievement: their one spelling, their faults, and what is doubtful in the content.

An achievement is signed for good. A text that a program or a file spoilt would stay so, and one that differs by a
character nobody sees would be another achievement.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.domain.achievement import texts_of
from registry.values.broken_text import broken_text_fault
from registry.values.persons import SPREADSHEET_ERROR, normalise_identifier, normalise_name
from registry.wire.achievements import AchievementContent
from registry.wire.forms import Fault

ALL_FIELDS: Final = frozenset(field.encode_name for field in msgspec.structs.fields(AchievementContent))
"""All fields as `keep_text`: the publisher says that all texts are meant as they are."""
HOURS_PER_ECTS: Final = (20.0, 40.0)
"""Hours of work for one ECTS credit without a note: 25 to 30 are usual, and some countries count 20."""
_LOST: Final = "\ufffd"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_PLACEHOLDERS: Final = frozenset(
    {
        "n/a", "null", "undefined", "unknown", "tbd", "tba", "tbc", "xxx", "xxxx", "xxxxx", "not available",
        "unbekannt", "onbekend", "inconnu", "desconocido", "keine angabe", "k a", "nvt", "todo", "to do",
        "to be determined", "to be defined", "to be announced", "to be decided",
        "to be confirmed", "to be completed", "placeholder", "[object object]", "object object",
    }
)  # fmt: skip
_NO_TITLES: Final = frozenset(
    {"title", "no title", "untitled", "description", "example", "test", "none", "nil", "nan", "na", "true", "false"}
)
"""Words that may mean something as a prerequisite, but nothing as a title."""
_BEGINS: Final = re.compile(
    r"(?:replace:|(?:replace (?:this|me)|lorem ipsum|insert .{0,40} here|your .{0,40} here)\b)", re.IGNORECASE
)
MEANT: Final = " (--keep-text, over HTTP keepText=true, where it is meant)"
"""The end of a fault that `keep_text` leaves out."""
_HTML: Final = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8}\d?);", re.IGNORECASE)
_TITLES: Final = re.compile(
    r"\$\.title\.[^.]*|\$\.learningOutcomes\[\d+\]\.title\.[^.]*|\$\.gradingScheme\.title\.[^.]*"
)
_WORDS: Final = re.compile(
    r"\$\.(?:description|furtherInformation|prerequisites)\.[^.]*|\$\.entitlesTo\[\d+\]\.text\.[^.]*"
    r"|\$\.nqfLevel|\$\.qfEheaCycle|\$\.qualityAssurance\[\d+\]\.agency|\$\.partners\[\d+\]\.name"
)
"""The paths of texts for people, titles aside. All others are codes, numbers and addresses."""


def normalise_texts(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return some JSON with its texts in their one spelling: NFC, without invisible characters and doubled spaces."""
    return {name: _normalise_value(value) for name, value in values.items()}


def find_respelled_texts(values: Mapping[str, Any]) -> list[Fault]:
    """Return a note on each text that `normalise_texts` changes, so that nothing is changed in silence."""
    return [
        (path, "was written with invisible characters, doubled spaces or decomposed letters; they were left out")
        for path, text in texts_of("$", dict(values))
        if _normalise_text(text) != text
    ]


def find_text_faults(values: Mapping[str, Any], keep_text: Collection[str] = ()) -> Iterator[Fault]:
    """Yield what is wrong with the texts of an achievement's content, as JSON.

    `keep_text` are the fields whose texts are meant though they look broken, or like a placeholder. Lost characters
    are always a fault.
    """
    for path, text in texts_of("$", dict(values)):
        field = path.removeprefix("$.").partition(".")[0].partition("[")[0]
        fault = _find_lost(text)
        if fault is None and field not in keep_text:
            doubtful = _find_doubtful(path, text)
            fault = None if doubtful is None else doubtful + MEANT
        if fault is not None:
            yield path, fault


def find_content_notes(content: AchievementContent) -> list[Fault]:
    """Return what is doubtful in a content that can be published, each with its JSON path."""
    least, most = HOURS_PER_ECTS
    stated = [("$.hoursPerEcts", content.hours_per_ects)]
    if content.ects and content.workload_hours is not None:
        stated.insert(0, ("$.workloadHours", content.workload_hours / content.ects))
    return [
        (path, f"comes to {hours:g} hours for an ECTS credit; usual are 25 to 30. Is it right?")
        for path, hours in stated
        if hours is not None and not least <= hours <= most
    ]


def list_notes(values: Mapping[str, Any], content: AchievementContent) -> list[str]:
    """Return the notes on a content that was read from some JSON: what is doubtful, and what was respelled."""
    return [f"{path} {detail}" for path, detail in [*find_respelled_texts(values), *find_content_notes(content)]]


def is_same_text(left: AchievementContent, right: AchievementContent) -> bool:
    """Return whether two contents are the same but for id, version and invisible characters."""
    same: bool = _comparable(left) == _comparable(right)
    return same


def _comparable(content: AchievementContent) -> Any:  # noqa: ANN401 - any JSON
    values = msgspec.to_builtins(content)
    return _map_texts(
        {name: value for name, value in values.items() if name not in ("achievement", "version")}, _visible_text
    )


def _visible_text(text: str) -> str:
    """Return what a person sees of a text."""
    return text if text.isascii() and text.isprintable() and "  " not in text else normalise_identifier(text)


def _normalise_value(value: Any) -> Any:  # noqa: ANN401 - any JSON
    return _map_texts(value, _normalise_text)


def _map_texts(value: Any, change: Any) -> Any:  # noqa: ANN401 - any JSON, and a function for its texts
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _map_texts(inner, change) for name, inner in value.items()}
    return [_map_texts(inner, change) for inner in value] if isinstance(value, list) else value


def _normalise_text(text: str) -> str:
    """Return the one spelling of a text. Line breaks stay; control characters stay, too: they are faults."""
    if text.isascii() and text.isprintable() and "  " not in text and text.strip() == text:
        return text  # nearly all, and much faster
    if not text.strip() or _CONTROL.search(text):
        return text  # is refused as it is
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(lines) == 1:
        return normalise_name(text)
    normalised = [re.sub(r"\S+", lambda word: normalise_name(word[0]), line).rstrip() for line in lines]
    return "\n".join(normalised).strip()


def _find_lost(text: str) -> str | None:
    """Return what was lost of a text, or None."""
    if _LOST in text:
        return broken_text_fault(text)
    if _CONTROL.search(text):
        return "holds a control character; remove it"
    if SPREADSHEET_ERROR.fullmatch(text.strip()):
        return "is a spreadsheet's error value; write the text itself"
    return None


def _find_doubtful(path: str, text: str) -> str | None:
    """Return why a text can hardly be meant, or None. Of codes only their characters are looked at."""
    if (fault := broken_text_fault(text)) is not None:
        return fault
    is_title = _TITLES.fullmatch(path) is not None
    if not text.strip() or not (is_title or _WORDS.fullmatch(path)):
        return None
    if (entity := _HTML.search(text)) is not None:
        return f"holds HTML ({entity[0]}); write the character itself"
    if not any(char.isalnum() for char in text):
        return "is a placeholder: it has no letter and no digit; write the text itself"
    bare = text.strip(" .\u2026-\u2013\u2014_*<>{}[]()!?:").casefold()
    words = {bare, bare.replace(".", "").replace("_", " ")}
    if words & _PLACEHOLDERS or _BEGINS.match(bare):
        return "is a placeholder; write the text itself"
    if is_title and bare in _NO_TITLES:
        return "is a placeholder; write the text itself"
    return None
