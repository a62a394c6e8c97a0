"""Identifiers of a person, and the choice of the university's own number among them."""

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
    identifiers: Sequence[Identifier], ask: Callable[[str, str, str], None], note: Callable[[str], None]
) -> str | None:
    """Return the student number, or None; call `ask` with path, value and reason where it is not certain.

    Its scheme decides: it is the only identifier whose scheme is a student number, or the only one without a scheme.
    Call `note` where other identifiers were passed over.
    """
    stated = [each for each in identifiers if each.value]
    if any(each.is_student_number for each in stated):
        likely = [each for each in stated if each.is_student_number or each.may_be_student_number]
    else:
        likely = [each for each in stated if not each.is_other and not each.scheme]
        if likely:
            likely += [each for each in stated if not each.is_other and each.scheme]
    different = {normalise_identifier(each.value): each for each in reversed(likely)}
    if len(different) == 1:
        [chosen] = different.values()
        others = [each for each in stated if each not in likely and not each.is_other]
        if others:
            passed_over = ", ".join(f"{each.path} ({each.scheme or 'no scheme'})" for each in others)
            note(f"the student number was taken from {chosen.path} ({chosen.scheme}); not from {passed_over}")
        return chosen.value
    if different:
        schemes = ", ".join(each.scheme or "no scheme" for each in reversed(different.values()))
        detail = f"there are {len(different)} identifiers that may be it ({schemes}); say which is the student number"
        ask(likely[0].path, "", detail)
    elif stated:
        schemes = ", ".join(sorted({each.scheme or "no scheme" for each in stated}))
        ask(stated[0].path, "", f"no identifier is a student number by its scheme ({schemes}); say what it is")
    return None


def _words(scheme: str) -> str:
    """Return a scheme's name in words, which are the same for `studentIdentifier` and `student_id`."""
    return re.sub(r"[_\-/:]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", scheme))
