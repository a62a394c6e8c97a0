"""The form that changes the status of credentials: what was chosen, what was typed, and what it would do."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, get_args

import msgspec

from registry.application.status_changes import STATUS_AFTER, Change, StatusChange
from registry.http import FieldError, HttpProblem
from registry.intake.rows.status_note import status_note_fault
from registry.values.uuids import canonical_uuid
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

MAX_CHOSEN: Final = 100
"""Credentials that can be chosen one by one."""
MAX_OF_FILTER: Final = 500
"""Credentials that one form changes: the first of a filter; more go by a file."""
CHANGES: Final = get_args(Change)
REASONS: Final[dict[str, tuple[str, ...]]] = {
    "suspend": ("underReview", "administrative", "requirementsNotMet", "issuedInError", "withheld"),
    "revoke": ("issuedInError", "requirementsNotMet", "administrative", "withheld"),
    "reinstate": (),
}
"""The reasons that a person can choose for each change. `underReview` says that nothing is decided yet."""
POSSIBLE: Final = {"suspend": ("active",), "reinstate": ("suspended",), "revoke": ("active", "suspended")}
"""The statuses in which a credential can be changed."""
Effect = Literal["changes", "unchanged", "impossible"]


class Chosen(NamedTuple):
    """The change, and the credentials that it is for."""

    change: str
    credentials: list[str]


class ChangeOrder(NamedTuple):
    """A form that was checked: the change that it asks for."""

    chosen: Chosen
    reason: str
    note: str

    def change_of(self, credential: str) -> StatusChange:
        """Return the change of one credential."""
        return StatusChange(credential, "", self.chosen.change, self.reason, self.note)

    def rows(self) -> bytes:
        """Return the changes as the lines of a batch."""
        rows = []
        for credential in self.chosen.credentials:
            row = {"credential": credential, "change": self.chosen.change}
            row |= {name: value for name, value in (("reason", self.reason), ("note", self.note)) if value}
            rows.append(msgspec.json.encode(row) + b"\n")
        return b"".join(rows)


def read_chosen(change: str, credentials: Iterable[str], most: int = MAX_CHOSEN) -> Chosen:
    """Return what was chosen, each credential once. Raises `HttpProblem` for ids that are none, and for too many."""
    if change not in CHANGES:
        raise HttpProblem("unprocessable", errors=[FieldError("do", f"is one of {', '.join(CHANGES)}", "do")])
    ids = list(dict.fromkeys(canonical_uuid(each.strip()) for each in credentials if each.strip()))
    if len(ids) > most:
        detail = f"at most {most} credentials at once; for more, import a file of status changes"
        raise HttpProblem("unprocessable", errors=[FieldError("credential", detail, "credential")])
    if any(check_uuid(each) is not None for each in ids):
        raise HttpProblem("unprocessable", errors=[FieldError("credential", "is not an id", "credential")])
    return Chosen(change, ids)


def read_typed(typed: Mapping[str, str]) -> Chosen:
    """Return the credentials that a form was made for. Raises `HttpProblem` as `read_chosen` does."""
    return read_chosen(typed.get("do", ""), typed.get("credentials", "").split(","), MAX_OF_FILTER)


def read_order(typed: Mapping[str, str]) -> ChangeOrder:
    """Return what a form asks for. Raises `HttpProblem` with all that is wrong with it."""
    chosen = read_typed(typed)
    reason, note = typed.get("reason", ""), typed.get("note", "").replace("\r\n", "\n").strip()
    errors = []
    if not chosen.credentials:
        errors.append(FieldError("credential", "choose at least one credential", "credential"))
    if chosen.change == "reinstate":
        reason = ""
    elif reason not in get_args(StatusReason) or reason not in REASONS[chosen.change]:
        errors.append(FieldError("reason", "choose a reason", "reason"))
    if (fault := status_note_fault(note)) is not None:
        errors.append(FieldError("note", fault, "note"))
    if errors:
        raise HttpProblem("unprocessable", errors=errors)
    return ChangeOrder(chosen, reason, note)


def effect_of(change: str, status: str) -> Effect:
    """Return what a change would do to a credential with this status, whatever its reason."""
    if status == STATUS_AFTER[change]:
        return "unchanged"
    return "changes" if status in POSSIBLE[change] else "impossible"


def states_text(versions: Sequence[int]) -> str:
    """Return the versions of credentials as the form carries them."""
    return ",".join(map(str, versions))
