"""Which of a person's identifiers is the university's own number of the learner."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from registry.values.persons import normalise_identifier

_EUROPEAN: Final = re.compile(r"urn:schac:personaluniquecode:", re.IGNORECASE)
_NO_STUDENT_NUMBER: Final = re.compile(
    r"\besi\b|european student|national|passport|orcid|eduperson|e-?mail|tax|social security|citizen|uuid|schac",
    re.IGNORECASE,
)
_STUDENT_NUMBER: Final = re.compile(
    r"student|matri[ck]|enrol|immatri|registration|sis ?sourced ?id|learner ?(?:id|number)|\blocal\b|institutional",
    re.IGNORECASE,
)
_ANY_NUMBER: Final = re.compile(r"(?:ext |extension )?(?:identifier|id|number|other|unknown)?", re.IGNORECASE)
NAME: Final = "name"
"""The scheme of Open Badges for an identifier that is the person's name."""


class Identifier(NamedTuple):
    """One identifier of a person."""

    scheme: str
    """Kind of identifier, in the document's words; empty where it does not say."""
    value: str
    path: str

    @property
    def is_student_number(self) -> bool:
        """True if its scheme says that it is a university's own number."""
        return not self.is_other and _STUDENT_NUMBER.search(_words(self.scheme)) is not None

    @property
    def may_be_student_number(self) -> bool:
        """True if its scheme neither says nor excludes that it is a university's own number."""
        return not self.is_other and _ANY_NUMBER.fullmatch(_words(self.scheme).strip()) is not None

    @property
    def is_other(self) -> bool:
        """True if it is certainly something else: the European Student Identifier, a national number, an address."""
        if _EUROPEAN.match(self.value) is not None:
            return True
        return self.scheme == NAME or _NO_STUDENT_NUMBER.search(_words(self.scheme)) is not None


def student_number(
    identifiers: Sequence[Identifier], odd: Callable[[str, str, str], None], note: Callable[[str], None]
) -> str | None:
    """Return the one student number, or None; `odd` receives path, value and reason where it is not certain.

    It is chosen by its scheme: the only number that its scheme calls so, or the only identifier that names no scheme.
    Another value that could be it as well is asked about. `note` receives what was taken where others were not.
    """
    stated = [one for one in identifiers if one.value]
    if any(one.is_student_number for one in stated):
        likely = [one for one in stated if one.is_student_number or one.may_be_student_number]
    else:
        likely = [one for one in stated if not one.is_other and not one.scheme]
        if likely:
            likely += [one for one in stated if not one.is_other and one.scheme]
    different = {normalise_identifier(one.value): one for one in reversed(likely)}
    if len(different) == 1:
        [chosen] = different.values()
        others = [one for one in stated if one not in likely and not one.is_other]
        if others:
            passed_over = ", ".join(f"{one.path} ({one.scheme or 'no scheme'})" for one in others)
            note(f"the student number was taken from {chosen.path} ({chosen.scheme}); not from {passed_over}")
        return chosen.value
    if different:
        schemes = ", ".join(one.scheme or "no scheme" for one in reversed(different.values()))
        detail = f"there are {len(different)} identifiers that may be it ({schemes}); say which is the student number"
        odd(likely[0].path, "", detail)
    elif stated:
        schemes = ", ".join(sorted({one.scheme or "no scheme" for one in stated}))
        odd(stated[0].path, "", f"no identifier is a student number by its scheme ({schemes}); say what it is")
    return None


def _words(scheme: str) -> str:
    """A scheme's name in words: `studentIdentifier` and `student_id` alike."""
    return re.sub(r"[_\-/:]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", scheme))
