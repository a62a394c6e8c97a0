"""All faults of an achievement's content at once, before this university signs it.

The rules of the published language are in `registry.wire`; every verifier applies them. The further rules here
are for what this university publishes itself: known field names, filled-in placeholders, texts that say something,
codes that exist, and parts that can be stacked. What others published is read without them.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

import msgspec

from registry.application.achievement_texts import find_text_faults, normalise_texts
from registry.domain.achievement import blank_texts
from registry.domain.errors import InvalidEvent
from registry.values.codes import isced_fault, language_fault
from registry.wire.achievements import AchievementContent
from registry.wire.forms import Fault, Ref, check_uuid
from registry.wire.value_faults import find_faults

PLACEHOLDER: Final = "REPLACE: "
"""The beginning of a template's text that somebody must replace; a description of the right text follows."""
COMMENT: Final = "$comment"
"""The field of a template that explains the others. It is not published."""

NewestVersion = Callable[[str], int | None]
"""Returns the newest version of one of this university's achievements; None if it has none with that id."""

_CREDIT_FIELDS: Final = frozenset({"ects", "eqfLevel", "workloadHours"})
_NEUTRAL: Final[dict[str, Any]] = {
    "creditBearing": True,
    "ects": 1,
    "eqfLevel": 1,
    "workloadHours": 1,
    "levelBasis": "referenced",
    "composition": None,
}
"""Values to which no rule objects: they stand for fields that have a fault of their own."""


class FaultyContent(InvalidEvent):
    """An achievement's content that is not published. `faults` has all that is wrong, each with its JSON path."""

    def __init__(self, faults: list[Fault]) -> None:
        (path, detail), *more = faults
        super().__init__("schema", path, detail + "".join(f"; {path}: {detail}" for path, detail in more))
        self.faults = faults


def read_content(
    values: Mapping[str, Any], publisher: str, newest: NewestVersion, keep_text: Collection[str] = ()
) -> AchievementContent:
    """Return the content that some JSON holds, its texts in their one spelling. Raises `FaultyContent` with all faults.

    `keep_text` are the fields whose texts are meant though they look broken; see `achievement_texts`.
    """
    spelled = normalise_texts(values)
    for stated in (values, spelled):  # mojibake shows by invisible characters, and a text may consist of these alone
        if faults := find_content_faults(stated, publisher, newest, keep_text):
            raise FaultyContent(faults)
    return msgspec.convert(spelled, AchievementContent, strict=True)


def refuse_faulty(
    content: AchievementContent, publisher: str, newest: NewestVersion, keep_text: Collection[str] = ()
) -> None:
    """Raise `FaultyContent` with every fault of a content that is to be published."""
    if faults := find_content_faults(msgspec.to_builtins(content), publisher, newest, keep_text):
        raise FaultyContent(faults)


def find_content_faults(
    values: Mapping[str, Any], publisher: str, newest: NewestVersion, keep_text: Collection[str] = ()
) -> list[Fault]:
    """Return all that is wrong with some JSON as the content of an achievement of `publisher`. Each path has one fault.

    A text with a placeholder has that fault alone.
    """
    faults: dict[str, list[str]] = {}
    wrong = find_faults(dict(values), AchievementContent, known_only=True)
    placeholders = list(_placeholders("$", dict(values)))
    for path, detail in [*placeholders, *wrong]:
        faults.setdefault(path, []).append(detail)
    for path, _ in placeholders:
        del faults[path][1:]
    required = {field.encode_name for field in msgspec.structs.fields(AchievementContent) if field.required}
    faulty = {_field(path) for path, _ in wrong} | (required - values.keys())
    for path, detail in [
        *_rules(values, publisher, faulty),
        *_further(values, publisher, newest),
        *((f"${path}", detail) for path, detail in blank_texts(values)),
        *find_text_faults(values, keep_text),
    ]:
        if path not in faults:
            faults[path] = [detail]
    return [(path, detail) for path, details in faults.items() for detail in details]


def list_composition_refs(content: AchievementContent) -> list[tuple[str, Ref]]:
    """Return every achievement that a content's composition names, with its JSON path."""
    if content.composition is None:
        return []
    refs = _refs(msgspec.to_builtins(content.composition))
    return [(path, msgspec.convert(ref, Ref)) for path, ref in refs]


def _field(path: str) -> str:
    """Return the field of the content to which a path belongs."""
    return path.removeprefix("$").removeprefix(".").partition(".")[0].partition("[")[0]


def _placeholders(path: str, value: Any) -> Iterator[Fault]:  # noqa: ANN401 - any JSON
    if isinstance(value, str):
        if value.startswith(PLACEHOLDER.strip()):
            yield path, f"is the template's placeholder; write there {value.removeprefix(PLACEHOLDER.strip()).strip()}"
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _placeholders(f"{path}.{name}", item)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _placeholders(f"{path}[{place}]", item)


def _rules(values: Mapping[str, Any], publisher: str, faulty: set[str]) -> Iterator[Fault]:
    """Yield contradictions between fields, but for fields that are faulty or missing themselves."""
    names = {field.encode_name: field for field in msgspec.structs.fields(AchievementContent)}
    stated = {name: value for name, value in values.items() if name in names and name not in faulty}
    neutral = dict.fromkeys(names) | _NEUTRAL | {"awardingBodies": [publisher]}
    whole = {name: neutral[name] for name in faulty if name in names} | stated
    if isinstance(whole.get("composition"), dict):
        whole["composition"] = msgspec.convert(whole["composition"], names["composition"].type)
    required = {name: neutral[name] for name, field in names.items() if field.required}
    fields: dict[str, Any] = {names[name].name: value for name, value in (required | whole).items()}
    content = AchievementContent(**fields)
    for path, detail in content.faults(publisher):
        field = _field(path)
        if field in faulty or (field in _CREDIT_FIELDS and "creditBearing" in faulty):
            continue
        yield f"${path}", detail


def _further(values: Mapping[str, Any], publisher: str, newest: NewestVersion) -> Iterator[Fault]:
    """Yield codes that do not exist, and parts that nobody can stack."""
    yield from _codes("$.fieldsOfEducation", values.get("fieldsOfEducation"), isced_fault)
    yield from _codes("$.language", values.get("language"), language_fault)
    for path, text in _languages_of(values):
        if (wrong := language_fault(text)) is not None:
            yield path, wrong
    composition = values.get("composition")
    if isinstance(composition, dict):
        yield from _composition(composition, values.get("achievement"), publisher, newest)


def _codes(path: str, codes: Any, fault: Callable[[str], str | None]) -> Iterator[Fault]:  # noqa: ANN401 - any JSON
    for place, code in enumerate(codes if isinstance(codes, list) else ()):
        if isinstance(code, str) and (wrong := fault(code)) is not None:
            yield f"{path}[{place}]", wrong


def _languages_of(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the languages in which the content has texts, each with the text's path."""
    texts = [
        (f"$.{name}", values.get(name)) for name in ("title", "description", "furtherInformation", "prerequisites")
    ]
    for name, inner in (("learningOutcomes", "title"), ("entitlesTo", "text")):
        items = values.get(name)
        for place, item in enumerate(items if isinstance(items, list) else ()):
            if isinstance(item, dict):
                texts.append((f"$.{name}[{place}].{inner}", item.get(inner)))
    if isinstance(scheme := values.get("gradingScheme"), dict):
        texts.append(("$.gradingScheme.title", scheme.get("title")))
    for path, text in texts:
        if isinstance(text, dict):
            yield from ((f"{path}.{language}", language) for language in text)


def _composition(composition: dict[str, Any], own_id: Any, publisher: str, newest: NewestVersion) -> Iterator[Fault]:  # noqa: ANN401 - any JSON
    if isinstance(field := composition.get("open"), dict):
        yield from _codes("$.composition.open.fieldsOfEducation", field.get("fieldsOfEducation"), isced_fault)
    for place, choice in enumerate(_list(composition, "choices")):
        count, among = (choice.get("minCount"), choice.get("from")) if isinstance(choice, dict) else (None, None)
        if isinstance(count, int) and isinstance(among, list) and count > len(among):
            yield f"$.composition.choices[{place}].minCount", f"asks for {count} of {len(among)} achievements"
    for path, ref in _refs(composition):
        if not isinstance(ref, dict) or ref.get("member") != publisher:
            continue
        identifier, version = ref.get("achievement"), ref.get("minVersion", 1)
        if not isinstance(identifier, str) or check_uuid(identifier) is not None:
            continue
        newest_version = newest(identifier)
        if identifier == own_id:
            yield f"{path}.achievement", "is this achievement itself; it cannot be a part of itself"
        elif newest_version is None:
            yield f"{path}.achievement", f"is not an achievement that {publisher} has published: {identifier}"
        elif isinstance(version, int) and version > newest_version:
            yield f"{path}.minVersion", f"is above the newest version, {newest_version}"


def _refs(composition: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every achievement that a composition names, with its path."""
    for place, ref in enumerate(_list(composition, "required")):
        yield f"$.composition.required[{place}]", ref
    for place, choice in enumerate(_list(composition, "choices")):
        for inner, ref in enumerate(_list(choice, "from") if isinstance(choice, dict) else ()):
            yield f"$.composition.choices[{place}].from[{inner}]", ref
    if (capstone := composition.get("capstone")) is not None:
        yield "$.composition.capstone", capstone


def _list(owner: dict[str, Any], name: str) -> list[Any]:
    value = owner.get(name)
    return value if isinstance(value, list) else []
