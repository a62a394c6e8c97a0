"""All that is wrong with a request at once, instead of the first thing only."""

from collections.abc import Callable
from typing import TypeVar

from registry.domain.case_errors import CaseProblem, NotOpened
from registry.domain.errors import Refusal
from registry.wire.errors import WireError

T = TypeVar("T")


class Problems:
    """Collects what is wrong."""

    def __init__(self) -> None:
        self._errors: list[tuple[str, Refusal | WireError]] = []

    def add(self, error: Refusal | WireError, path: str = "$") -> None:
        """Keep an error. `path` is where it is wrong, unless the error itself says it."""
        self._errors.append((getattr(error, "path", path), error))

    def catch(self, act: Callable[[], T], path: str) -> T | None:
        """Return what `act` returns; where it refuses, keep the refusal and return None."""
        try:
            return act()
        except (Refusal, WireError) as error:
            self.add(error, path)
            return None

    def raise_any(self) -> None:
        """Raise the one error that there is, or `NotOpened` with all of them."""
        if len(self._errors) == 1:
            raise self._errors[0][1]
        if self._errors:
            raise NotOpened([CaseProblem(path, getattr(error, "detail", str(error))) for path, error in self._errors])
