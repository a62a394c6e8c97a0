"""The form for an achievement's content: fields that people type, as the JSON that the API reads, and back. Pure.

Fields are named by their JSON paths, for example `title.en` and `learningOutcomes[0].title.en`; a choice of several has
its value behind a colon (`participation:online`). So a fault of the content has its field by its path alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, get_args

import msgspec

from registry.http import FieldError, HttpProblem
from registry.server.pages.forms import read_number
from registry.wire.achievements import (
    AchievementContent,
    AssessmentType,
    Entitlement,
    Kind,
    Participation,
    Partner,
    QualityAssuranceType,
    Supervision,
)
from registry.wire.forms import LANGUAGE

MAX_ROWS: Final = 200
MAX_LANGUAGES: Final = 12
_HINTS: Final = {field.name: field.type for field in msgspec.structs.fields(AchievementContent)}

TEXTS: Final = ("title", "description", "furtherInformation", "prerequisites")
CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": get_args(Kind),
    "learningSetting": get_args(_HINTS["learning_setting"]),
    "supervision": get_args(Supervision),
    "stackability": get_args(_HINTS["stackability"]),
    "levelBasis": ("referenced", "providerStated"),
}
"""Fields with one code, with the codes."""
SEVERAL: Final[Mapping[str, tuple[str, ...]]] = {
    "participation": get_args(Participation),
    "assessments": get_args(AssessmentType),
}
"""Fields with several codes."""
ROW_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "qualityAssurance.type": get_args(QualityAssuranceType),
    "entitlesTo.type": get_args(Entitlement.__annotations__["type"]),
    "entitlesTo.status": get_args(Entitlement.__annotations__["status"]),
    "partners.role": get_args(Partner.__annotations__["role"]),
}
_PLAIN: Final = ("nqfLevel", "qfEheaCycle")
_NUMBERS: Final = ("ects", "workloadHours", "hoursPerEcts", "eqfLevel")
_YES_OR_NO: Final = ("creditBearing", "identityVerified")
_LISTS: Final = ("fieldsOfEducation", "language")
_ROWS: Final[Mapping[str, tuple[str, ...]]] = {
    "learningOutcomes": ("title", "escoSkills"),
    "qualityAssurance": ("type", "agency", "report", "validUntil"),
    "entitlesTo": ("type", "status", "text"),
    "partners": ("name", "role"),
}
_TEXTS_IN_ROWS: Final = {"learningOutcomes": "title", "entitlesTo": "text"}
_GRADES: Final = ("min", "max", "pass")
_COMPOSITION_NUMBERS: Final = ("minEcts", "minOwnEcts", "maxCreditedEcts", "maxAgeMonths")
SHARING: Final = ("forbidden", "allowed")
LEAST_ROWS: Final[Mapping[str, int]] = {"learningOutcomes": 3}
"""Rows that an empty form has; of all others one."""
_FILLED: Final = ("achievement", "version")
_ROW: Final = re.compile(r"([A-Za-z.]+)\[(\d{1,4})\]")


class AchievementForm(NamedTuple):
    """A form as it stands."""

    languages: list[str]
    """The languages of its texts, the first one first."""
    values: dict[str, Any]
    """The typed content as JSON; a number that cannot be read is its text."""
    carried: dict[str, Any]
    """The rest of the content, for which the form has no field. It stays as it is."""
    rows: dict[str, int]
    """The number of rows to show of each list."""

    @property
    def content(self) -> dict[str, Any]:
        """The content as JSON, without its id and version."""
        whole = {**self.carried, **self.values}
        if isinstance(carried := self.carried.get("composition"), dict):
            typed = self.values.get("composition", {})
            whole["composition"] = {"required": [], "choices": [], **carried, **typed}
        elif "composition" in self.values:
            whole["composition"] = {"required": [], "choices": [], **self.values["composition"]}
        return whole

    @property
    def fields(self) -> dict[str, str]:
        """The text of each field, by its name."""
        return dict(_flatten(self.values))


def blank_form(language: str) -> AchievementForm:
    """Return the form for a new achievement, with texts in one language."""
    return _form([language], {"kind": "microCredential", "learningSetting": "formal"}, {})


def form_of(content: Mapping[str, Any], language: str) -> AchievementForm:
    """Return the form that a content fills; `language` is that of the texts where it has none."""
    values = {name: value for name, value in content.items() if name not in _FILLED and value not in (None, [], {})}
    languages = list(dict.fromkeys([*_languages_of(values)])) or [language]
    carried: dict[str, Any] = {}
    if isinstance(composition := values.get("composition"), dict):
        typed = {name: composition[name] for name in ("required", *_COMPOSITION_NUMBERS) if name in composition}
        if composition.get("sharing") in SHARING:
            typed["sharing"] = composition["sharing"]
        values["composition"] = typed
        carried["composition"] = {name: value for name, value in composition.items() if name not in typed}
    return _form(languages, values, carried)


def read_form(typed: Mapping[str, str], publisher: str) -> AchievementForm:
    """Return the form that was sent, after the step that its button asks for (`do`). Raises `HttpProblem`."""
    step, _, argument = typed.get("do", "").partition(":")
    languages = _read_languages(typed)
    dropped = argument if step == "remove" else ""
    values: dict[str, Any] = {name: _text(typed, name, languages) for name in TEXTS}
    values |= {name: typed.get(name, "").strip() for name in (*CODES, *_PLAIN)}
    values |= {name: _number(typed.get(name, "")) for name in _NUMBERS}
    values |= {name: _yes_or_no(typed.get(name, "")) for name in _YES_OR_NO}
    values |= {name: [code for code in codes if f"{name}:{code}" in typed] for name, codes in SEVERAL.items()}
    values |= {
        name: [text for row in _places(typed, name, dropped) if (text := typed.get(f"{name}[{row}]", "").strip())]
        for name in _LISTS
    }
    for name in _ROWS:
        rows = [_row(typed, name, row, languages) for row in _places(typed, name, dropped)]
        values[name] = [row for row in rows if row]
    others = sorted(key.partition(":")[2] for key in typed if key.startswith("awardingBodies:"))
    values["awardingBodies"] = [publisher, *(member for member in others if member and member != publisher)]
    values["gradingScheme"] = _grading(typed, languages)
    values["composition"] = _composition(typed, dropped)
    if step == "remove-language":
        languages = [language for language in languages if language != argument] or languages[:1]
        values = _without_language(values, argument) if argument not in languages else values
    form = _form(languages, _drop_empty(values), _read_carried(typed))
    if step == "add" and argument in form.rows:
        return form._replace(rows=form.rows | {argument: min(form.rows[argument] + 1, MAX_ROWS)})
    return form


def _form(languages: list[str], values: dict[str, Any], carried: dict[str, Any]) -> AchievementForm:
    lists = {name: values.get(name) or [] for name in (*_LISTS, *_ROWS)}
    lists["composition.required"] = (values.get("composition") or {}).get("required") or []
    rows = {name: max(len(items), LEAST_ROWS.get(name, 1)) for name, items in lists.items()}
    return AchievementForm(languages, values, carried, rows)


def _read_languages(typed: Mapping[str, str]) -> list[str]:
    tags = typed.get("languages", "").split()
    if typed.get("do") == "add-language":
        tags.append(typed.get("newLanguage", "").strip())
    languages = list(dict.fromkeys(tag for tag in tags if re.fullmatch(LANGUAGE, tag)))
    if not languages or len(languages) > MAX_LANGUAGES:
        raise HttpProblem("invalid", errors=[FieldError("languages", f"has 1 to {MAX_LANGUAGES} languages")])
    return languages


def _read_carried(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page carried along. Raises `HttpProblem` where it is not what a page sends."""
    try:
        carried = msgspec.json.decode(typed.get("carried") or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise HttpProblem("invalid", errors=[FieldError("carried", "was changed; open the page again")]) from error
    return {name: value for name, value in carried.items() if name == "composition"}


def _places(typed: Mapping[str, str], name: str, dropped: str) -> list[int]:
    """Return the numbers of a list's rows in the form, without the one that is to be removed. Raises `HttpProblem`."""
    places = {int(match[2]) for key in typed if (match := _ROW.match(key)) and match[1] == name}
    if any(place >= MAX_ROWS for place in places):
        raise HttpProblem("unprocessable", errors=[FieldError(name, f"has at most {MAX_ROWS} rows here", name)])
    return sorted(place for place in places if f"{name}:{place}" != dropped)


def _text(typed: Mapping[str, str], name: str, languages: Sequence[str]) -> dict[str, str]:
    return {tag: text for tag in languages if (text := typed.get(f"{name}.{tag}", "").strip())}


def _row(typed: Mapping[str, str], name: str, place: int, languages: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in _ROWS[name]:
        path = f"{name}[{place}].{field}"
        if _TEXTS_IN_ROWS.get(name) == field:
            row[field] = _text(typed, path, languages)
        elif field == "escoSkills":
            row[field] = typed.get(path, "").split()
        else:
            row[field] = typed.get(path, "").strip()
    return _drop_empty(row)


def _grading(typed: Mapping[str, str], languages: Sequence[str]) -> dict[str, Any]:
    grades = {name: _number(typed.get(f"gradingScheme.{name}", "")) for name in _GRADES}
    words = [line.strip() for line in typed.get("gradingScheme.values", "").splitlines()]
    title = _text(typed, "gradingScheme.title", languages)
    return _drop_empty({"title": title, **grades, "values": [word for word in words if word]})


def _composition(typed: Mapping[str, str], dropped: str) -> dict[str, Any]:
    name = "composition.required"
    texts = [typed.get(f"{name}[{place}]", "").strip() for place in _places(typed, name, dropped)]
    numbers = {each: _number(typed.get(f"composition.{each}", "")) for each in _COMPOSITION_NUMBERS}
    sharing = typed.get("composition.sharing", "").strip()
    return _drop_empty({"required": [_ref(text) for text in texts if text], **numbers, "sharing": sharing})


def _ref(text: str) -> dict[str, Any]:
    """Return the achievement that a text like twente/ID or twente/ID@2 names."""
    member, _, rest = text.partition("/")
    achievement, at, version = rest.partition("@")
    return {"member": member, "achievement": achievement} | ({"minVersion": _number(version)} if at else {})


def _ref_text(ref: Mapping[str, Any]) -> str:
    version = ref.get("minVersion")
    member, achievement = ref.get("member", ""), ref.get("achievement", "")
    return f"{member}/{achievement}" + ("" if version is None else f"@{version}")


def _number(text: str) -> float | str | None:
    """Return the number that a text is, or the text; None where there is none. A decimal comma is a point."""
    return read_number(text) if text.strip() else None


def _yes_or_no(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text)


def _drop_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _languages_of(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield the languages of all texts of a content, the title's first."""
    for name in (*TEXTS, "learningOutcomes", "entitlesTo", "gradingScheme"):
        if name in TEXTS and isinstance(text := value.get(name), dict):
            yield from text
        elif name == "gradingScheme" and isinstance(scheme := value.get(name), dict):
            yield from scheme.get("title") or {}
        elif name in _TEXTS_IN_ROWS:
            for row in value.get(name) or ():
                yield from row.get(_TEXTS_IN_ROWS[name]) or {}


def _without_language(values: dict[str, Any], tag: str) -> dict[str, Any]:
    """Return the values without their texts in one language."""
    changed = dict(values)
    for name in TEXTS:
        changed[name] = {key: text for key, text in values[name].items() if key != tag}
    for name, inner in _TEXTS_IN_ROWS.items():
        rows = [
            _drop_empty({**row, inner: {key: text for key, text in row.get(inner, {}).items() if key != tag}})
            for row in values[name]
        ]
        changed[name] = [row for row in rows if row]
    scheme = values["gradingScheme"]
    title = {key: text for key, text in scheme.get("title", {}).items() if key != tag}
    changed["gradingScheme"] = _drop_empty({**scheme, "title": title})
    return changed


def _flatten(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each field that is filled."""
    for name, value in values.items():
        if name in SEVERAL or name == "awardingBodies":
            yield from ((f"{name}:{code}", "on") for code in value)
        elif name == "composition":
            yield from ((f"{name}.{key}", _write_value(item)) for key, item in value.items() if key != "required")
            for place, ref in enumerate(value.get("required", ())):
                yield f"{name}.required[{place}]", _ref_text(ref)
        else:
            yield from _flatten_value(name, value)


def _flatten_value(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _flatten_value(f"{path}.{name}", item)
    elif isinstance(value, list) and path.endswith((".escoSkills", ".values")):
        yield path, ("\n" if path.endswith(".values") else " ").join(map(str, value))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _flatten_value(f"{path}[{place}]", item)
    else:
        yield path, _write_value(value)


def _write_value(value: Any) -> str:  # noqa: ANN401 - a value of JSON
    return str(value).lower() if isinstance(value, bool) else str(value)
