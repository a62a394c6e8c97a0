"""Documents in JSON: how they are loaded, and how a path is kept for everything that is read."""

import datetime as dt
import json
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final

from registry.intake.formats.award import Oddity
from registry.intake.formats.completions import Values
from registry.intake.formats.document import Document
from registry.intake.formats.moments import day_fault, day_of, moment_of
from registry.intake.formats.unmapped import MAX_PATH, Unmapped, first_of
from registry.intake.rows.json_numbers import FRACTION, WrittenNumber
from registry.intake.rows.not_json import no_constant, why_not_json
from registry.intake.rows.report import IntakeError

_DEPTH: Final = 100
_ENDS: Final = ("validUntil", "expirationDate", "expiryDate", "expires")
"""When a credential ends: Verifiable Credentials 2.0, the same 1.1, and others' names for it."""
_BEGINS: Final = ("validFrom", "issuanceDate", "issued", "issuedOn")
"""When it begins or was issued: the awarding date where no other is named."""
_WEST: Final = dt.timedelta(hours=14)
"""By so much the zones of the world lie behind UTC at most, and a little more: what is longer ago is past anywhere."""
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
_IDENTIFIER: Final = re.compile(
    r"(student|learner|person|personal|national|tax|vat|socialsecurity|matriculation|enrolment|enrollment|registration"
    r"|record|credential|certificate|diploma|document|achievement|course|programme|program|module|human|alternate)"
    r"(id|identifier|number|code)"
    r"|id|identifier|identifierhash|identityhash|notation|record|code|ssn|esi|(sis)?sourcedid"
)
"""Names under which documents have the identifier of somebody or something, in small letters and without `-` or `_`."""
_POINT: Final = re.compile(r"\d{1,6}(\.\d{1,2})?")
_LEVEL: Final = re.compile(r"\d+")


def load(content: bytes, name: str) -> Values:
    """A JSON object. Raises `IntakeError` for anything else, what cannot be stored included."""
    try:
        text = content.removeprefix(b"\xef\xbb\xbf")
        document = json.loads(text, object_pairs_hook=_Read.of, parse_constant=no_constant, parse_float=WrittenNumber)
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"{name} is not JSON in UTF-8: {why_not_json(error)}") from error
    if not isinstance(document, dict):
        raise IntakeError(f"{name} is not one JSON object")
    if (fault := _fault(document, _DEPTH, "$")) is not None:
        raise IntakeError(f"{name} {fault}")
    return document


class _Read(dict[str, Any]):
    """A JSON object as it was read, with the first name that it has twice."""

    twice: str | None = None

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object of these; a plain one where each name stands once."""
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        read, seen = cls(plain), set[str]()
        read.twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value] # `add` is for its effect
        return read


def _fault(value: Any, left: int, at: str) -> str | None:  # noqa: ANN401 - any JSON value
    """Refuse what no document may have: deep nesting, a name twice, and characters that PostgreSQL cannot store."""
    if isinstance(value, str):
        return "holds the character NUL; remove it" if "\0" in value else None
    if left == 0:
        return f"nests deeper than {_DEPTH} levels"
    if isinstance(value, _Read):
        return f"says {value.twice!r:.80} twice in {at}; nobody can tell which is meant: remove one"
    if isinstance(value, dict):
        for name, one in value.items():
            if isinstance(one, WrittenNumber) and _is_identifier(name):
                return f"has in {at}.{name[:80]} what {FRACTION}"
        inner = [*((name, at) for name in value), *((one, f"{at}.{name}"[:400]) for name, one in value.items())]
    else:
        inner = [(one, f"{at}[{i}]") for i, one in enumerate(value)] if isinstance(value, list) else []
    return next((found for one, place in inner if (found := _fault(one, left - 1, place)) is not None), None)


def _is_identifier(name: str) -> bool:
    """Return whether a name, with or without a prefix like `ext:`, is one of an identifier."""
    bare = name.rpartition(":")[2].replace("_", "").replace("-", "")
    return _IDENTIFIER.fullmatch(bare.lower()) is not None


class JsonDocument(Document):
    """A document in JSON-LD's compacted form, read by its names. No context is fetched."""

    STRUCTURE: ClassVar[frozenset[str]] = frozenset({"type", "@context", "credentialSchema"})
    """Names that say how a document is made, and nothing of the award."""

    def __init__(self, name: str, document: Values, at: str = "$") -> None:
        """`at` is the document's own path, where it is one of several in a file."""
        super().__init__(name)
        self._root = document
        self._at = at
        self._used: set[str] = set()
        self.signed = "proof" in document
        self._use(f"{at}.proof")
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

    def _use(self, path: str) -> None:
        self._used.add(path)
        self._source(path)

    def _odd(self, path: str, value: str, detail: str) -> None:
        super()._odd(path, value, detail)
        self._used.add(path)  # it is asked about or refused, and not passed over

    def unmapped(self) -> Unmapped:
        """Return what was said and not used, bare structure aside."""
        unmapped = first_of(self._unused(self._root, self._at))
        return unmapped._replace(paths=sorted(unmapped.paths))

    def _unused(self, value: Any, path: str) -> Iterator[str]:  # noqa: ANN401 - any JSON value
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
                    yield from self._unused(inner, f"{path}.{name}")
        elif isinstance(value, list):
            for i, inner in enumerate(value):
                yield from self._unused(inner, f"{path}[{i}]")
        else:
            yield path

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
        """The object under a name; an empty one where there is none, or several of which none is the right one."""
        found = self._list(owner, path, name)
        if len(found) > 1:
            if all(item == found[0][0] for item, _ in found):
                for _, at in found[1:]:
                    self._use(at)
                return found[0]
            self._odd(
                f"{path}.{name}", f"{len(found)} of them", f"there are {len(found)} where one is expected; say it"
            )
            return {}, f"{path}.{name}"
        return found[0] if found else ({}, f"{path}.{name}")

    def _plain(self, owner: Values, path: str, name: str) -> str | None:
        """A text or a number, as text."""
        value = owner.get(name)
        if isinstance(value, dict) and "@value" in value:
            value = value["@value"]
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._odd(f"{path}.{name}", "", "is no text")
            return None
        self._use(f"{path}.{name}")
        return self._sound(f"{path}.{name}", str(value))

    def _text(self, owner: Values, path: str, name: str) -> dict[str, str] | None:
        """Texts by language."""
        if isinstance(value := owner.get(name), str) and value.strip():
            self._use(f"{path}.{name}")
            return {"und": self._sound(f"{path}.{name}", value)}
        value, at = self._one(owner, path, name)
        texts: dict[str, str] = {}
        for language, given in value.items():
            many = given if isinstance(given, list) else [given]
            if not all(isinstance(text, str) for text in many):
                self._odd(f"{at}.{language}", "", "is no text")
                continue
            if (text := " ".join(many)).strip():
                texts[language] = self._sound(f"{at}.{language}", text)
        if texts:
            self._use(at)
        return texts or None

    # Days

    def _date(self, owner: Values, path: str, name: str) -> str | None:
        """A day that is stated under a name; what is no certain day is reported."""
        value = owner.get(name)
        if isinstance(value, dict) and "@value" in value:
            value = value["@value"]
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        text = str(value).strip()
        day = day_of(text)
        if day is None:
            self._odd(f"{path}.{name}", text, day_fault(text))
            return None
        self._use(f"{path}.{name}")
        return day

    def _agreed(self, names: Sequence[str]) -> tuple[str | None, str]:
        """The day on which all that are stated under these names agree, and the first name; None where they do not."""
        stated = [name for name in names if self._root.get(name) not in (None, "")]
        days = [self._date(self._root, self._at, name) for name in stated]
        if len(set(days)) > 1 and None not in days:
            said = ", ".join(f"{name} {day}" for name, day in zip(stated, days, strict=True))
            self._odd(f"{self._at}.{stated[0]}", said, "are stated and do not agree; say which it is")
        return (days[0], stated[0]) if len(set(days)) == 1 else (None, "")

    def _ends(self) -> str | None:
        """The last day on which it is valid."""
        return self._agreed(_ENDS)[0]

    def _awarded_when_valid(self) -> str | None:
        """The day from which it is valid, or was issued, as the awarding date where no other is named."""
        day, name = self._agreed(_BEGINS)
        if day is not None:
            self._note_once(f"the awarding date is the credential's {name}: no other is named")
        return day

    def _begins(self) -> str | None:
        """The first day on all of which it is valid, in UTC, where it is not valid yet."""
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
            self._odd(path, text, day_fault(text))
            return None
        if moment <= now:
            return None
        self._use(path)
        try:
            return (moment.date() + dt.timedelta(days=moment.time() > dt.time())).isoformat()
        except OverflowError:
            self._odd(path, text, day_fault(text))
            return None

    # Status

    def _check_status(self, owner: Values, path: str) -> None:
        """Refuse what is revoked or failed by its own word; say where a status was not looked up."""
        for name in _STATUS_FLAGS:
            if name in owner:
                self._use(f"{path}.{name}")
                if owner[name] not in (False, None, "", [], "false"):
                    self._refuse(f"{path}.{name}", str(owner[name]), f"says that it is {name}; it is not issued")
        for name in _STATUS_DETAILS:
            if owner.get(name) not in (None, "", [], {}):
                self._use(f"{path}.{name}")
                self._refuse(f"{path}.{name}", str(owner[name]), "says that it was taken back; it is not issued")
        for name in _STATUS:
            values = owner.get(name)
            for value in values if isinstance(values, list) else [values]:
                if value not in (None, "", {}):
                    self._use(f"{path}.{name}")
                    self._status(value, f"{path}.{name}")

    def check_wrapper(self, wrapper: Values, path: str) -> None:
        """Refuse the awards where what stands around the document is revoked, and ask whether they end when it does."""
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

    def _status(self, value: Any, path: str) -> None:  # noqa: ANN401 - any JSON value
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
                self._refuse(path, word, f"says that it is {letters}; it is not issued")
            elif re.match(r"https?:|urn:|did:", word):
                self._note_once(f"{path} ({word[:80]}) was not looked up: the credential's status is unverified")
            else:
                self._refuse(
                    path, word, "is a status that is not known here to mean a completed award; it is not issued"
                )

    def _number(self, owner: Values, path: str, name: str, what: str) -> int | float | None:
        """A number with at most two decimals, given as a number or as text."""
        text = "null" if name in owner and owner[name] is None else str(owner.get(name, ""))
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
        """Return our code for an item of a controlled list, unless its label is another item's."""
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


def _without_zone(text: str) -> dt.datetime | None:
    """A time without a zone, as if it were in UTC."""
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    except ValueError:
        return None


def label_of(concept: Values) -> str:
    """A concept's label: in English, or else in the first language that it has."""
    labels = concept.get("prefLabel")
    return str(labels.get("en") or next(iter(labels.values()), "")) if isinstance(labels, dict) else ""


def _letters(text: object) -> str:
    return re.sub(r"[^a-z]", "", text.lower()) if isinstance(text, str) else ""
