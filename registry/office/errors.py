"""Errors of an office's own work, and what is in the way of an assessment.

NotReady        an assessment that cannot be proposed yet; it carries its objections
CohortRefused   an assessment that no cohort can be decided on
CohortFileError a list of credentials that cannot be read
OfficeFileError a file of the office's own reasons or country notes that is invalid

Routes and commands take the refusals of a case (`registry.domain.case_errors`) from here, too.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from registry.domain.case_errors import (
    ApplicantErased,
    AssessmentObjections,
    CaseChanged,
    CaseProblem,
    DateOrder,
    NoCredential,
    NotApplicant,
    NotAttached,
    NotOpened,
    SecondPerson,
    Stopped,
    UnknownCase,
    UnknownProfile,
    UnknownSubject,
)
from registry.domain.errors import Refusal
from registry.wire.errors import WireError

__all__ = [
    "ApplicantErased",
    "AssessmentObjections",
    "CaseChanged",
    "CaseProblem",
    "CohortFileError",
    "CohortRefused",
    "DateOrder",
    "ErrorCollector",
    "NoCredential",
    "NotApplicant",
    "NotAttached",
    "NotOpened",
    "NotReady",
    "Objection",
    "OfficeFileError",
    "SecondPerson",
    "Stopped",
    "UnknownCase",
    "UnknownProfile",
    "UnknownSubject",
]

T = TypeVar("T")


class Objection(msgspec.Struct, frozen=True, rename="camel"):
    """A reason why an assessment cannot be proposed yet: where (a JSON path into it), which rule, and what to do."""

    path: str
    code: str
    detail: str


class NotReady(Exception):
    """An assessment that cannot be proposed yet."""

    def __init__(self, objections: Sequence[Objection]) -> None:
        super().__init__("; ".join(f"{objection.path}: {objection.detail}" for objection in objections))
        self.objections = list(objections)


class CohortRefused(Exception):
    """An assessment that no cohort can be decided on: withdrawn, expired, or without what a decision needs."""


class CohortFileError(Exception):
    """A list of credentials that cannot be read. The message says what, where, and what to do."""


class OfficeFileError(Exception):
    """An invalid file of the office's own reasons or country notes. The message names the file and the place."""


class ErrorCollector:
    """Collects all errors of a request, to report them at once instead of the first only."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, Refusal | WireError]] = []

    def add(self, error: Refusal | WireError, path: str = "$") -> None:
        """Keep an error. `path` says where it is, unless the error itself does."""
        self._errors.append((getattr(error, "path", path), error))

    def catch(self, act: Callable[[], T], path: str) -> T | None:
        """Return what `act` returns; where it refuses, keep the refusal and return None."""
        try:
            return act()
        except (Refusal, WireError) as error:
            self.add(error, path)
            return None

    def raise_any(self) -> None:
        """Raise the only error as it is, or `NotOpened` with all of several."""
        if len(self._errors) == 1:
            raise self._errors[0][1]
        if self._errors:
            raise NotOpened([CaseProblem(path, getattr(error, "detail", str(error))) for path, error in self._errors])
