"""Loading of documents in JSON, with the faults that no document may have."""

import json
import re
from typing import Any, Final

from registry.intake.formats.completions import Values
from registry.intake.rows.json_numbers import FRACTION, WrittenNumber
from registry.intake.rows.not_json import no_constant, why_not_json
from registry.intake.rows.report import IntakeError

_DEPTH: Final = 100
_IDENTIFIER: Final = re.compile(
    r"(student|learner|person|personal|national|tax|vat|socialsecurity|matriculation|enrolment|enrollment|registration"
    r"|record|credential|certificate|diploma|document|achievement|course|programme|program|module|human|alternate)"
    r"(id|identifier|number|code)"
    r"|id|identifier|identifierhash|identityhash|notation|record|code|ssn|esi|(sis)?sourcedid"
)
"""Names of identifiers in documents, in small letters and without `-` or `_`."""


def load(content: bytes, name: str) -> Values:
    """Return a JSON object. Raises `IntakeError` for other content, and for content that cannot be stored."""
    try:
        text = content.removeprefix(b"\xef\xbb\xbf").decode()  # as bytes, `json` would read UTF-16, too
        document = json.loads(
            text, object_pairs_hook=_AmbiguousObject.of, parse_constant=no_constant, parse_float=WrittenNumber
        )
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise IntakeError(f"{name} is not JSON in UTF-8: {why_not_json(error)}") from error
    if not isinstance(document, dict):
        raise IntakeError(f"{name} is not one JSON object")
    if (fault := _find_fault(document, _DEPTH, "$")) is not None:
        raise IntakeError(f"{name} {fault}")
    return document


class _AmbiguousObject(dict[str, Any]):
    """A JSON object that has a name twice."""

    twice: str | None = None
    """The first such name."""

    @classmethod
    def of(cls, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return an object of these pairs; a plain one if each name occurs once."""
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        read, names = cls(plain), set[str]()
        read.twice = next(name for name, _ in pairs if name in names or names.add(name))  # type: ignore[func-returns-value] # `add` is for its effect
        return read


def _find_fault(value: Any, left: int, at: str) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a fault that no document may have: deep nesting, a name twice, a character that cannot be stored."""
    if isinstance(value, str):
        return "holds the character NUL; remove it" if "\0" in value else None
    if left == 0:
        return f"nests deeper than {_DEPTH} levels"
    if isinstance(value, _AmbiguousObject):
        return f"says {value.twice!r:.80} twice in {at}; nobody can tell which is meant: remove one"
    if isinstance(value, dict):
        for name, inner_value in value.items():
            if isinstance(inner_value, WrittenNumber) and _is_identifier(name):
                return f"has in {at}.{name[:80]} what {FRACTION}"
        inner = [
            *((name, at) for name in value),
            *((inner_value, f"{at}.{name}"[:400]) for name, inner_value in value.items()),
        ]
    else:
        inner = [(inner_value, f"{at}[{i}]") for i, inner_value in enumerate(value)] if isinstance(value, list) else []
    return next(
        (fault for inner_value, place in inner if (fault := _find_fault(inner_value, left - 1, place)) is not None),
        None,
    )


def _is_identifier(name: str) -> bool:
    """Return True if a name, with or without a prefix like `ext:`, is the name of an identifier."""
    bare = name.rpartition(":")[2].replace("_", "").replace("-", "")
    return _IDENTIFIER.fullmatch(bare.lower()) is not None
