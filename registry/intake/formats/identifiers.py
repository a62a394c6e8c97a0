"""Which of a person's identifiers is the university's own number of the learner."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

_EUROPEAN: Final = re.compile(r"urn:schac:personaluniquecode:", re.IGNORECASE)
_NO_STUDENT_NUMBER: Final = re.compile(
    r"\besi\b|european student|national|passport|orcid|eduperson|e-?mail|tax|social security|citizen|uuid|schac",
    re.IGNORECASE,
)
_STUDENT_NUMBER: Final = re.compile(
    r"student|matri[ck]|enrol|immatri|registration|sissourcedid|learner ?(?:id|number)|\blocal\b|institutional",
    re.IGNORECASE,
)


class Identifier(NamedTuple):
    """One identifier of a person."""

    scheme: str
    """What kind it is, in the document's words; empty where it does not say."""
    value: str
    path: str
    surely: bool = False
    """Whether the format itself says that it is the number of the university's student system."""

    @property
    def is_student_number(self) -> bool:
        """Whether its scheme says that it is a university's own number."""
        if self.is_other:
            return False
        return self.surely or _STUDENT_NUMBER.search(_words(self.scheme)) is not None

    @property
    def is_other(self) -> bool:
        """Whether it is certainly something else: the European Student Identifier, a national number, an address."""
        return _EUROPEAN.match(self.value) is not None or _NO_STUDENT_NUMBER.search(_words(self.scheme)) is not None


def student_number(identifiers: Sequence[Identifier], odd: Callable[[str, str, str], None]) -> str | None:
    """Return the one student number, or None; `odd` receives path, value and reason where it is not certain.

    It is chosen by its scheme: the only number that its scheme calls so, or the only identifier that names no scheme.
    """
    stated = [one for one in identifiers if one.value]
    named = {one.value: one for one in stated if one.is_student_number}
    if len(named) > 1:
        sure = {one.value: one for one in named.values() if one.surely}
        named = sure or named
    if not named:
        named = {one.value: one for one in stated if not one.is_other and not one.scheme}
        if named and any(one.scheme and not one.is_other for one in stated):
            named |= {one.value: one for one in stated if one.scheme and not one.is_other}
    if len(named) == 1:
        return next(iter(named))
    if named:
        schemes = ", ".join(one.scheme or "no scheme" for one in named.values())
        path = next(iter(named.values())).path
        odd(path, "", f"there are {len(named)} identifiers that may be it ({schemes}); say which is the student number")
    elif stated:
        schemes = ", ".join(sorted({one.scheme or "no scheme" for one in stated}))
        odd(stated[0].path, "", f"no identifier is a student number by its scheme ({schemes}); say what it is")
    return None


def _words(scheme: str) -> str:
    """A scheme's name in words: `studentIdentifier` and `student_id` alike."""
    return re.sub(r"[_\-/:]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", scheme))
