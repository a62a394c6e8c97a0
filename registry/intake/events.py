"""Events of a university's own systems: CloudEvents 1.0 in JSON, one a record, as intake reads them."""

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

import msgspec

from registry.application.requests import IssueRequest
from registry.application.status_changes import StatusChange
from registry.intake.rows.columns import NAMES
from registry.intake.rows.json_numbers import WrittenNumber, column_fault, text_of
from registry.intake.rows.not_json import no_constant, unique, why_not_json
from registry.intake.rows.report import Problem
from registry.intake.rows.row_checker import RowChecker
from registry.intake.rows.row_texts import MAX_FIELD
from registry.intake.rows.status_note import status_note_fault
from registry.values.uuids import canonical_uuid
from registry.wire.credentials import StatusReason
from registry.wire.forms import check_uuid

ISSUE: Final = "credential.issue.v1"
SUSPEND: Final = "credential.suspend.v1"
REINSTATE: Final = "credential.reinstate.v1"
REVOKE: Final = "credential.revoke.v1"
TYPES: Final = (ISSUE, SUSPEND, REINSTATE, REVOKE)
_CHANGES: Final = {SUSPEND: "suspend", REINSTATE: "reinstate", REVOKE: "revoke"}
REASONS: Final[tuple[StatusReason, ...]] = get_args(StatusReason)
KEEP_TEXT: Final = "keep_text"
"""Field of an event beside a row's columns: true if its texts are right although they look wrong."""
MAX_BYTES: Final = 256 * 1024
_MAX_NAME: Final = 500


class EventId(msgspec.Struct, frozen=True):
    """Identity of an event; empty where the event does not state it."""

    source: str = ""
    id: str = ""


class IntakeEvent(msgspec.Struct, frozen=True):
    """An event whose request can be carried out."""

    event_id: EventId
    content: bytes
    """Type and data in one form: another event with the same id has other content."""
    request: IssueRequest | StatusChange


class FaultyEvent(msgspec.Struct, frozen=True):
    """An event with problems."""

    event_id: EventId
    problems: tuple[Problem, ...]
    """All that is wrong with it."""
    code: str = "invalid"


def parse(value: bytes | None, checker: RowChecker) -> IntakeEvent | FaultyEvent:
    """Read one event, or return it with all its problems. Raises nothing."""
    event_id = EventId()
    if not value:
        return _faulty(event_id, "$", "", "is empty; send one CloudEvent in JSON a record")
    if len(value) > MAX_BYTES:
        return _faulty(event_id, "$", "", f"is longer than {MAX_BYTES:,} bytes")
    try:
        event = json.loads(
            value.decode(), object_pairs_hook=unique, parse_constant=no_constant, parse_float=WrittenNumber
        )
    except (ValueError, RecursionError) as error:
        return _faulty(event_id, "$", "", f"is not JSON in UTF-8: {why_not_json(error)}")
    if not isinstance(event, dict):
        return _faulty(event_id, "$", "", "is not a JSON object; send one CloudEvent a record")
    for name in ("source", "id", "type"):
        text = event.get(name)
        if not isinstance(text, str) or not text or len(text) > _MAX_NAME or not text.isprintable():
            return _faulty(event_id, f"$.{name}", name, f"is not a text of 1 to {_MAX_NAME} characters")
        event_id = EventId(event["source"], event["id"] if name != "source" else "")
    if event.get("specversion") != "1.0":
        return _faulty(event_id, "$.specversion", "specversion", 'is not "1.0"')
    if event["type"] not in TYPES:
        return _faulty(event_id, "$.type", "type", f"is not one of {', '.join(TYPES)}")
    data = event.get("data")
    if not isinstance(data, dict):
        return _faulty(event_id, "$.data", "data", "is not a JSON object")
    request = _issue(event_id, data, checker) if event["type"] == ISSUE else _change(event["type"], data)
    if not isinstance(request, IssueRequest | StatusChange):
        return FaultyEvent(event_id, request)
    content = json.dumps([event["type"], data], sort_keys=True, ensure_ascii=True).encode()
    return IntakeEvent(event_id, content, request)


def _issue(event_id: EventId, data: Mapping[str, Any], checker: RowChecker) -> IssueRequest | tuple[Problem, ...]:
    row: dict[str, str] = {}
    problems: list[Problem] = []
    keep_text = data.get(KEEP_TEXT, False)
    if not isinstance(keep_text, bool):
        problems.append(_problem(f"$.data.{KEEP_TEXT}", KEEP_TEXT, "is neither true nor false"))
    for name, value in data.items():
        if name == KEEP_TEXT:
            continue
        if name not in NAMES:
            problems.append(_problem("$.data", name[:80], f"is not a field; they are {', '.join((*NAMES, KEEP_TEXT))}"))
        elif (fault := column_fault(name, value)) is not None:
            problems.append(_problem(f"$.data.{name}", name, fault))
        elif value is not None:
            row[name] = value if isinstance(value, str) else text_of(value)
    # An event has a name of its own: a system that keeps no id of an award may leave `record` out.
    row.setdefault("record", f"event {event_id.source} {event_id.id}")
    checked = checker.check(1, row, keep_columns=NAMES if keep_text is True else ())
    result = None if checked is None else checked.result
    if result is None:
        problems.append(_problem("$.data.record", "record", "is the template's example"))
    elif isinstance(result, tuple):
        faulty = {problem.field for problem in problems}
        problems += [
            msgspec.structs.replace(problem, where=f"$.data.{problem.field}")
            for problem in result
            if problem.field not in faulty
        ]
    if problems or not isinstance(result, IssueRequest):
        return tuple(problems)
    return result


def _change(kind: str, data: Mapping[str, Any]) -> StatusChange | tuple[Problem, ...]:
    names = {"credential", "record", "note"} | ({"reason"} if kind != REINSTATE else set())
    problems = [
        _problem("$.data", name[:80], f"is not a field; they are {', '.join(sorted(names))}")
        for name in sorted(data.keys() - names)
    ]
    credential, record, reason = data.get("credential", ""), data.get("record", ""), data.get("reason", "")
    credential = canonical_uuid(credential) if isinstance(credential, str) else credential
    if "record" in data and (not isinstance(record, str) or not record or len(record) > MAX_FIELD):
        problems.append(_problem("$.data.record", "record", f"is not a text of 1 to {MAX_FIELD} characters"))
    if ("credential" in data or "record" not in data) and (
        not isinstance(credential, str) or check_uuid(credential) is not None
    ):
        detail = "is not an id of a credential (a UUID)"
        problems.append(_problem("$.data.credential", "credential", detail))
    if kind != REINSTATE and reason not in REASONS:
        problems.append(_problem("$.data.reason", "reason", f"is not one of {', '.join(REASONS)}"))
    note = data.get("note") or ""
    if (fault := status_note_fault(note) if isinstance(note, str) else "is not a text") is not None:
        problems.append(_problem("$.data.note", "note", fault))
    if problems:
        return tuple(problems)
    return StatusChange(credential, record, _CHANGES[kind], "" if kind == REINSTATE else reason, note.strip())


def _problem(where: str, field: str, detail: str) -> Problem:
    return Problem(where, field, "", detail)


def _faulty(event_id: EventId, where: str, field: str, detail: str) -> FaultyEvent:
    return FaultyEvent(event_id, (_problem(where, field, detail),))
