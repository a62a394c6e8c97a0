"""The filter of the inbox, as its address has it. Pure."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from registry.http import FieldError, HttpProblem
from registry.office.cases.choices import STATES
from registry.office.cases.open_cases import OPEN_STATES
from registry.server.pages.forms import read_search
from registry.values.countries import COUNTRIES

EVERY_STATE: Final = "all"
_MAX_FIELDS: Final = 20


class InboxFilter(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The filter of the inbox. Without a state it is about open cases."""

    state: str | None = None
    mine: bool = False
    unassigned: bool = False
    assignee: str | None = None
    overdue: bool = False
    changed: bool = False
    country: str | None = None
    agreement: str | None = None
    file_number: str | None = None
    cursor: str | None = None

    @property
    def states(self) -> tuple[str, ...] | None:
        """The states of the cases that it selects; None for all."""
        if self.state == EVERY_STATE or self.changed or self.file_number is not None:
            return None
        return OPEN_STATES if self.state is None else (self.state,)

    @property
    def tab(self) -> str:
        """The saved filter that is chosen; empty where the filter is another one."""
        chosen = {name for name in self.conditions if name != "cursor"}
        if not chosen:
            return "open"
        if len(chosen) > 1:
            return ""
        [name] = chosen
        return self.state or "" if name == "state" else name

    @property
    def conditions(self) -> dict[str, Any]:
        """The conditions that are set, by their names in the address."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        return {name: "true" if value is True else value for name, value in values.items()}

    @property
    def address(self) -> str:
        """The conditions as a form carries them, to come back to."""
        return urlencode({name: value for name, value in self.conditions.items() if name != "cursor"})


def read_filter(typed: Mapping[str, Any]) -> InboxFilter:
    """Return the filter that an address has. Raises `HttpProblem` for a value that is not possible."""
    chosen = read_search(typed, InboxFilter)
    if chosen.state is not None and chosen.state not in (*STATES, EVERY_STATE):
        raise _fault("state", f"is one of {', '.join((*STATES, EVERY_STATE))}")
    if chosen.country is not None and chosen.country not in COUNTRIES:
        raise _fault("country", "is not a code of ISO 3166-1 alpha-2")
    return chosen


def read_address(text: str) -> InboxFilter:
    """Return the filter that a form carries; the plain inbox where it carries none that is possible."""
    try:
        return read_filter(dict(parse_qsl(text, max_num_fields=_MAX_FIELDS)))
    except (HttpProblem, ValueError):
        return InboxFilter()


def _fault(name: str, detail: str) -> HttpProblem:
    return HttpProblem("unprocessable", errors=[FieldError(f"query {name}", detail, name)])
