"""Base of documents in JSON: reads values by name and remembers the path of each value."""

import datetime as dt
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from registry.intake.formats.award import Oddity
from registry.intake.formats.completions import Values
from registry.intake.formats.document import Document
from registry.intake.formats.moments import day_fault, day_of, moment_of
from registry.intake.formats.unmapped import MAX_PATH, Unmapped, first_of
from registry.intake.rows.report import IntakeError

_ENDS: Final = ("validUntil", "expirationDate", "expiryDate", "expires")
"""Names of the day on which a credential ends: of Verifiable Credentials 2.0 and 1.1, and of others."""
_BEGINS: Final = ("validFrom", "issuanceDate", "issued", "issuedOn")
"""Names of the day on which it begins or was issued: the awarding date where no other is stated."""
_WEST: Final = dt.timedelta(hours=14)
"""More than any zone of the world is behind UTC: a time that is longer ago is past everywhere."""
_TAKEN_BACK: Final = frozenset(
    {"revoked", "suspended", "withdrawn", "withdrew", "failed", "fail", "invalid", "cancelled", "canceled", "rejected",
     "expired", "notpassed", "annulled", "void", "voided", "deleted", "replaced", "superseded"}
)  # fmt: skip
_IN_ORDER: Final = frozenset(
    {"active", "valid", "issued", "completed", "complete", "passed", "pass", "awarded", "achieved", "granted",
     "accepted", "success", "successful", "notrevoked", "good"}
)  # fmt: skip
_STATUS: Final = ("credentialStatus", "status", "resultStatus", "achievementStatus", "revocationStatus")
_STATUS_FLAGS: Final = ("revoked", "suspended", "withdrawn", "expired", "failed", "invalid")
_STATUS_DETAILS: Final = ("revocationReason", "revocationDate", "revokedAt", "suspensionReason", "withdrawalDate")
_POINT: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_LEVEL: Final = re.compile(r"\d+")


class JsonDocument(Document):
    """A document in JSON-LD's compacted form, read by its names. No context is fetched."""

    STRUCTURE: ClassVar[frozenset[str]] = frozenset({"type", "@context", "credentialSchema"})
    """Names of properties about the form of a document, which say nothing of the award."""

    def __init__(self, name: str, document: Values, at: str = "$") -> None:
        """`at` is the document's own path, where it is one of several in a file."""
        super().__init__(name)
        self._root = document
        self._at = at
        self._used: set[str] = set()
        self.signed = "proof" in document
        self._mark_used(f"{at}.proof")
        if self.signed:
            self.notes.append("the document's proof was not checked (unverified); its content was read as it is")
        try:
            self._check_status(document, at)
            self._read()
        except RecursionError as error:
            raise IntakeError(f"{name} nests too deep") from error
        self._finish()

    @abstractmethod
    def _read(self) -> None:
        """Read the document's awards."""

    def _mark_used(self, path: str) -> None:
        self._used.add(path)
        self._note_source(path)

    def _ask(self, path: str, value: str, detail: str) -> None:
        super()._ask(path, value, detail)
        self._used.add(path)  # it is in a question or a refusal, and so not unread

    def list_unmapped(self) -> Unmapped:
        """Return the fields that were not used, without those of the form alone."""
        unmapped = first_of(self._list_unused(self._root, self._at))
        return unmapped._replace(paths=sorted(unmapped.paths))

    def _list_unused(self, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
        if path in self._used:
            return
        if len(path) > MAX_PATH:  # each field below would repeat it
            yield f"{path[:MAX_PATH]}…"
        elif isinstance(value, dict):
            if set(value) <= {"id", "type"}:
                return
            if "prefLabel" in value and "inScheme" in value:
                yield path
                return
            for name, inner in value.items():
                if name not in self.STRUCTURE and not (name == "id" and str(inner).startswith("urn:")):
                    yield from self._list_unused(inner, f"{path}.{name}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield from self._list_unused(inner, f"{path}[{i}]")
        else:
            yield path

    # Reading

    def _list_objects(self, owner: Values, path: str, name: str) -> list[tuple[Values, str]]:
        """Return the objects under a name, each with its path; ask about other values."""
        value = owner.get(name)
        if value is None:
            return []
        items = [(item, f"{path}.{name}[{i}]") for i, item in enumerate(value)] if isinstance(value, list) else None
        objects = []
        for item, at in items if items is not None else [(value, f"{path}.{name}")]:
            if isinstance(item, dict):
                objects.append((item, at))
            else:
                self._ask(at, "", "is not an object, where one is expected")
        return objects

    def _get_object(self, owner: Values, path: str, name: str) -> tuple[Values, str]:
        """Return the object under a name with its path; an empty one where there is none, or where several differ."""
        objects = self._list_objects(owner, path, name)
        if len(objects) > 1:
            if all(item == objects[0][0] for item, _ in objects):
                for _, at in objects[1:]:
                    self._mark_used(at)
                return objects[0]
            self._ask(
                f"{path}.{name}", f"{len(objects)} of them", f"there are {len(objects)} where one is expected; say it"
            )
            return {}, f"{path}.{name}"
        return objects[0] if objects else ({}, f"{path}.{name}")

    def _read_text(self, owner: Values, path: str, name: str) -> str | None:
        """Return a text, or a number as text."""
        value = owner.get(name)
        if isinstance(value, dict) and "@value" in value:
            value = value["@value"]
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._ask(f"{path}.{name}", "", "is not text")
            return None
        self._mark_used(f"{path}.{name}")
        return self._check_text(f"{path}.{name}", str(value))

    def _read_texts(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        """Return texts by language."""
        if isinstance(value := owner.get(name), str) and value.strip():
            self._mark_used(f"{path}.{name}")
            return {"und": self._check_text(f"{path}.{name}", value)}
        value, at = self._get_object(owner, path, name)
        texts: dict[str, str] = {}
        for language, stated in value.items():
            texts_of_language = stated if isinstance(stated, list) else [stated]
            if not all(isinstance(text, str) for text in texts_of_language):
                self._ask(f"{at}.{language}", "", "is not text")
                continue
            if (text := " ".join(texts_of_language)).strip():
                texts[language] = self._check_text(f"{at}.{language}", text)
        if texts:
            self._mark_used(at)
        return texts or None

    # Days

    def _read_day(self, owner: Values, path: str, name: str) -> str | None:
        """Return the day under a name; ask about a value that is not a certain day."""
        value = owner.get(name)
        if isinstance(value, dict) and "@value" in value:
            value = value["@value"]
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        text = str(value).strip()
        day = day_of(text)
        if day is None:
            self._ask(f"{path}.{name}", text, day_fault(text))
            return None
        self._mark_used(f"{path}.{name}")
        return day

    def _read_agreed_day(self, names: Sequence[str]) -> tuple[str | None, str]:
        """Return the day that these names state, and the first of them; ask, and return None, where they differ."""
        stated = [name for name in names if self._root.get(name) not in (None, "")]
        days = [self._read_day(self._root, self._at, name) for name in stated]
        if len(set(days)) > 1 and None not in days:
            shown = ", ".join(f"{name} {day}" for name, day in zip(stated, days, strict=True))
            self._ask(f"{self._at}.{stated[0]}", shown, "are stated and do not agree; say which it is")
        return (days[0], stated[0]) if len(set(days)) == 1 else (None, "")

    def _read_end(self) -> str | None:
        """Return the last day on which it is valid."""
        return self._read_agreed_day(_ENDS)[0]

    def _read_start_as_award(self) -> str | None:
        """Return the day on which it was issued or became valid as the awarding date, where no other is stated."""
        day, name = self._read_agreed_day(_BEGINS)
        if day is not None:
            self._note_once(f"the awarding date is the credential's {name}: no other is named")
        return day

    def _read_begin(self) -> str | None:
        """Return the first whole day in UTC on which it is valid; None if it is valid now."""
        stated = [name for name in _BEGINS if self._root.get(name) not in (None, "")]
        for name in stated:
            self._used.add(f"{self._at}.{name}")
        if not stated:
            return None
        path, text = f"{self._at}.{stated[0]}", str(self._root[stated[0]]).strip()
        now = dt.datetime.now(dt.UTC)
        day = day_of(text)
        moment = moment_of(text) or (dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC) if day else None)
        if moment is None:
            if (local := _without_zone(text)) is not None and local < now - _WEST:
                return None
            self._ask(path, text, day_fault(text))
            return None
        if moment <= now:
            return None
        self._mark_used(path)
        try:
            return (moment.date() + dt.timedelta(days=moment.time() > dt.time())).isoformat()
        except OverflowError:
            self._ask(path, text, day_fault(text))
            return None

    # Status

    def _check_status(self, owner: Values, path: str) -> None:
        """Refuse an object that states that it is revoked or failed; note a status that was not looked up."""
        for name in _STATUS_FLAGS:
            if name in owner:
                self._mark_used(f"{path}.{name}")
                if owner[name] not in (False, None, "", [], "false"):
                    self._refuse(f"{path}.{name}", str(owner[name]), f"says that it is {name}")
        for name in _STATUS_DETAILS:
            if owner.get(name) not in (None, "", [], {}):
                self._mark_used(f"{path}.{name}")
                self._refuse(f"{path}.{name}", str(owner[name]), "says that it was taken back")
        for name in _STATUS:
            values = owner.get(name)
            for value in values if isinstance(values, list) else [values]:
                if value not in (None, "", {}):
                    self._mark_used(f"{path}.{name}")
                    self._judge_status(value, f"{path}.{name}")

    def check_wrapper(self, wrapper: Values, path: str) -> None:
        """Refuse the awards if a wrapper of the document is revoked, and ask whether they end when it ends."""
        before = len(self.refusals)
        self._check_status(wrapper, path)
        for award in self.awards:
            award.refusals = award.refusals + self.refusals[before:]
        for name in _ENDS:
            if wrapper.get(name) in (None, ""):
                continue
            detail = "is when the whole ends that contains the credential; say when the credential ends"
            end = Oddity(f"{path}.{name}", str(wrapper[name])[:80], detail, "credential.valid_until")
            for award in self.awards:
                if "valid_until" not in award.credential:
                    award.problems = [*award.problems, end]
                    self.problems.append(end)

    def _judge_status(self, value: Any, path: str) -> None:  # noqa: ANN401 - any JSON value
        if isinstance(value, dict):
            words = [str(value[key]) for key in ("status", "value", "currentStatus") if key in value]
            words += [label] if (label := label_of(value)) else []
            self._check_status({key: value[key] for key in (*_STATUS_FLAGS, *_STATUS_DETAILS) if key in value}, path)
            if not words:
                self._note_once(
                    f"{path} names where the issuer keeps the credential's status; it was not looked up: whether it is"
                    " revoked or suspended is unverified"
                )
        else:
            words = [str(value)]
        for word in words:
            letters = re.sub(r"[^a-z]", "", word.rsplit("/", 1)[-1].lower())
            if letters in _IN_ORDER:
                continue
            if letters in _TAKEN_BACK:
                self._refuse(path, word, f"says that it is {letters}")
            elif re.match(r"https?:|urn:|did:", word):
                self._note_once(f"{path} ({word[:80]}) was not looked up: the credential's status is unverified")
            else:
                self._refuse(path, word, "is a status that is not known here to mean a completed award")

    def _read_number(self, owner: Values, path: str, name: str, what: str) -> int | float | None:
        """Return a number with at most two decimals, which is written as a number or as text."""
        text = "null" if name in owner and owner[name] is None else str(owner.get(name, ""))
        if isinstance(owner.get(name), bool) or not _POINT.fullmatch(text):
            self._ask(f"{path}.{name}", text, f"is not a number of {what} like 5 or 2.5")
            return None
        self._mark_used(f"{path}.{name}")
        value = float(text)
        return int(value) if value.is_integer() else value

    def _read_level(self, code: str, label: str, path: str) -> int | None:
        """Return a level of the EQF, unless its label names another."""
        if code not in tuple("12345678"):
            self._ask(path, code, "is not a level of the EQF (1 to 8)")
            return None
        named = _LEVEL.search(label)
        if named is not None and named[0] != code:
            self._ask(path, f"{code} {label}", "is one level by its code and another by its label; say which it is")
            return None
        self._mark_used(path)
        return int(code)

    def _read_code(self, value: Values, path: str, items: Mapping[str, Any], what: str) -> Any:  # noqa: ANN401 - the map's values
        """Return our code for an item of a controlled list, unless its label is another item's."""
        item = self._item_of(value)
        shown = f"{item} {label_of(value)}".strip()
        if item not in items:
            self._ask(path, shown, f"is not an item of the controlled list of {what}; say which it is")
            return None
        label = _letters(label_of(value))
        if label and label != _letters(items[item]) and label in {_letters(other) for other in items.values()}:
            self._ask(path, shown, f"is one item of {what} by its code and another by its label; say which it is")
            return None
        self._mark_used(path)
        return items[item]

    def _item_of(self, concept: Values) -> str:
        """Return the item of a controlled list that a concept names: the end of its id."""
        return str(concept.get("id", "")).rsplit("/", 1)[-1]


def _without_zone(text: str) -> dt.datetime | None:
    """Return a time without a zone as if it were in UTC; None for another text."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def label_of(concept: Values) -> str:
    """Return a concept's label in English, or else in its first language."""
    labels = concept.get("prefLabel")
    return str(labels.get("en") or next(iter(labels.values()), "")) if isinstance(labels, dict) else ""


def _letters(text: object) -> str:
    return re.sub(r"[^a-z]", "", text.lower()) if isinstance(text, str) else ""
