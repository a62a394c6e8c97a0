"""Documents in JSON: how they are loaded, and how a path is kept for everything that is read."""

import datetime as dt
import json
import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from registry.intake.document import Document, Values
from registry.intake.not_json import no_constant, why_not_json
from registry.intake.report import IntakeError

_DEPTH: Final = 100
_DATE: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?Z)?")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT")
_POINT: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_LEVEL: Final = re.compile(r"\d+")


def load(content: bytes, name: str) -> Values:
    """A JSON object. Raises `IntakeError` for anything else, what cannot be stored included."""
    try:
        document = json.loads(content.removeprefix(b"\xef\xbb\xbf"), parse_constant=no_constant)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"{name} is not JSON in UTF-8: {why_not_json(error)}") from error
    if not isinstance(document, dict):
        raise IntakeError(f"{name} is not one JSON object")
    if (fault := _fault(document, _DEPTH)) is not None:
        raise IntakeError(f"{name} {fault}")
    return document


def _fault(value: Any, left: int) -> str | None:  # noqa: ANN401 - any JSON value
    """What can be in no document: nesting without end, and what PostgreSQL takes in no text."""
    if isinstance(value, str):
        return "holds the character NUL; remove it" if "\0" in value else None
    if left == 0:
        return f"nests deeper than {_DEPTH} levels"
    inner = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for one in inner if (found := _fault(one, left - 1)) is not None), None)


class JsonDocument(Document):
    """A document in JSON-LD's compacted form, read by its names. No context is fetched."""

    STRUCTURE: ClassVar[frozenset[str]] = frozenset({"type", "@context", "credentialSchema"})
    """Names that say how a document is made, and nothing of the award."""

    def __init__(self, name: str, document: Values) -> None:
        super().__init__(name)
        self._root = document
        self._used: set[str] = set()
        self.signed = "proof" in document
        self._use("$.proof")
        try:
            self._read()
        except RecursionError as error:
            raise IntakeError(f"{name} nests too deep") from error
        self._finish()

    @abstractmethod
    def _read(self) -> None:
        """Read the document's awards."""

    def _use(self, path: str) -> None:
        self._used.add(path)

    def unmapped(self) -> list[str]:
        """The paths of all that was said and not used, bare structure aside."""
        return sorted(self._unused(self._root, "$"))

    def _unused(self, value: Any, path: str) -> list[str]:  # noqa: ANN401 - any JSON value
        if path in self._used:
            return []
        if isinstance(value, dict):
            if set(value) <= {"id", "type"}:
                return []
            if "prefLabel" in value and "inScheme" in value:
                return [path]
            return [
                leaf
                for name, inner in value.items()
                if name not in self.STRUCTURE and not (name == "id" and str(inner).startswith("urn:"))
                for leaf in self._unused(inner, f"{path}.{name}")
            ]
        if isinstance(value, list):
            return [leaf for i, inner in enumerate(value) for leaf in self._unused(inner, f"{path}[{i}]")]
        return [path]

    # Reading

    def _list(self, owner: Values, path: str, name: str) -> list[tuple[Values, str]]:
        """The objects under a name, with their paths; what is no object is reported."""
        value = owner.get(name)
        if value is None:
            return []
        items = [(item, f"{path}.{name}[{i}]") for i, item in enumerate(value)] if isinstance(value, list) else None
        found = []
        for item, at in items if items is not None else [(value, f"{path}.{name}")]:
            if isinstance(item, dict):
                found.append((item, at))
            else:
                self._odd(at, "", "is no object, where one is expected")
        return found

    def _one(self, owner: Values, path: str, name: str) -> tuple[Values, str]:
        """The first object under a name; an empty one where there is none."""
        found = self._list(owner, path, name)
        if len(found) > 1:
            self._odd(f"{path}.{name}", f"{len(found)} of them", "one was expected; the first was read")
        return found[0] if found else ({}, f"{path}.{name}")

    def _plain(self, owner: Values, path: str, name: str) -> str | None:
        """A text or a number, as text."""
        value = owner.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._odd(f"{path}.{name}", "", "is no text")
            return None
        self._use(f"{path}.{name}")
        return str(value)

    def _text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        """Texts by language."""
        value, at = self._one(owner, path, name)
        if not value:
            return None
        self._use(at)
        return {language: " ".join(map(str, t)) if isinstance(t, list) else str(t) for language, t in value.items()}

    def _date(self, owner: Values, path: str, name: str) -> str | None:
        value = owner.get(name)
        if value is None:
            return None
        match = _DATE.fullmatch(str(value))
        if match is not None:
            self._use(f"{path}.{name}")
            return match[1]
        detail = "is not a date; write YYYY-MM-DD"
        if _MOMENT.match(str(value)):
            detail = "is a moment, and midnight somewhere is another day elsewhere; say which day it is"
        self._odd(f"{path}.{name}", "" if name == "dateOfBirth" else str(value), detail)
        return None

    def _begins(self) -> str | None:
        """The first day on all of which it is valid, in UTC, where it is not valid yet."""
        try:
            said = dt.datetime.fromisoformat(str(self._root.get("validFrom")))
            at = said.replace(tzinfo=said.tzinfo or dt.UTC).astimezone(dt.UTC)
            day = at.date() + dt.timedelta(days=at.time() > dt.time())
        except (ValueError, OverflowError):
            return None  # it is listed as not read, or was reported where a day was looked for
        if at <= dt.datetime.now(dt.UTC):
            return None
        self._use("$.validFrom")
        return day.isoformat()

    def _number(self, owner: Values, path: str, name: str, what: str) -> int | float | None:
        """A number with at most two decimals, given as a number or as text."""
        text = str(owner.get(name, ""))
        if isinstance(owner.get(name), bool) or not _POINT.fullmatch(text):
            self._odd(f"{path}.{name}", text, f"is not a number of {what} like 5 or 2.5")
            return None
        self._use(f"{path}.{name}")
        value = float(text)
        return int(value) if value.is_integer() else value

    def _level(self, said: str, label: str, path: str) -> int | None:
        """A level of the EQF, unless its label names another."""
        if said not in tuple("12345678"):
            self._odd(path, said, "is no level of the EQF (1 to 8)")
            return None
        named = _LEVEL.search(label)
        if named is not None and named[0] != said:
            self._odd(path, f"{said} {label}", "is one level by its code and another by its label; say which it is")
            return None
        self._use(path)
        return int(said)

    def _code(self, value: Values, path: str, known: Mapping[str, Any], what: str) -> Any:  # noqa: ANN401 - the map's values
        """What an item of a controlled list is here, unless its label is another item's."""
        item = self._item(value)
        shown = f"{item} {label_of(value)}".strip()
        if item not in known:
            self._odd(path, shown, f"is no item of the controlled list of {what}; say which it is")
            return None
        said = _letters(label_of(value))
        if said and said != _letters(known[item]) and said in {_letters(other) for other in known.values()}:
            self._odd(path, shown, f"is one item of {what} by its code and another by its label; say which it is")
            return None
        self._use(path)
        return known[item]

    def _item(self, concept: Values) -> str:
        """The item of a controlled list that a concept is: the end of its id."""
        return str(concept.get("id", "")).rsplit("/", 1)[-1]


def label_of(concept: Values) -> str:
    """A concept's label: in English, or else in the first language that it has."""
    labels = concept.get("prefLabel")
    return str(labels.get("en") or next(iter(labels.values()), "")) if isinstance(labels, dict) else ""


def _letters(text: object) -> str:
    return re.sub(r"[^a-z]", "", text.lower()) if isinstance(text, str) else ""
