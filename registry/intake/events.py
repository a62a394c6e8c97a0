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
"""Beside a row's columns: true where a text that looks wrong, or no name or grade, is meant as it is."""
MAX_BYTES: Final = 256 * 1024
_MAX_NAME: Final = 500


class EventId(msgspec.Struct, frozen=True):
    """Identity of an event; empty where it does not say."""

    source: str = ""
    id: str = ""


class IntakeEvent(msgspec.Struct, frozen=True):
    """An event that can be acted on."""

    named: EventId
    content: bytes
    """Type and data in one form, to distinguish the same event from another with its id."""
    what: IssueRequest | StatusChange


class FaultyEvent(msgspec.Struct, frozen=True):
    """An event that cannot."""

    named: EventId
    problems: tuple[Problem, ...]
    """All that is wrong with it."""
    code: str = "invalid"


def parse(value: bytes | None, checker: RowChecker) -> IntakeEvent | FaultyEvent:
    """Read one event. Return all that is wrong with it, and what would be right; raise nothing."""
    named = EventId()
    if not value:
        return _faulty(named, "$", "", "is empty; send one CloudEvent in JSON a record")
    if len(value) > MAX_BYTES:
        return _faulty(named, "$", "", f"is longer than {MAX_BYTES:,} bytes")
    try:
        event = json.loads(
            value.decode(), object_pairs_hook=unique, parse_constant=no_constant, parse_float=WrittenNumber
        )
    except (ValueError, RecursionError) as error:
        return _faulty(named, "$", "", f"is not JSON in UTF-8: {why_not_json(error)}")
    if not isinstance(event, dict):
        return _faulty(named, "$", "", "is not a JSON object; send one CloudEvent a record")
    for name in ("source", "id", "type"):
        given = event.get(name)
        if not isinstance(given, str) or not given or len(given) > _MAX_NAME or not given.isprintable():
            return _faulty(named, f"$.{name}", name, f"is not a text of 1 to {_MAX_NAME} characters")
        named = EventId(event["source"], event["id"] if name != "source" else "")
    if event.get("specversion") != "1.0":
        return _faulty(named, "$.specversion", "specversion", 'is not "1.0"')
    if event["type"] not in TYPES:
        return _faulty(named, "$.type", "type", f"is none of {', '.join(TYPES)}")
    data = event.get("data")
    if not isinstance(data, dict):
        return _faulty(named, "$.data", "data", "is not a JSON object")
    what = _issue(named, data, checker) if event["type"] == ISSUE else _change(event["type"], data)
    if not isinstance(what, IssueRequest | StatusChange):
        return FaultyEvent(named, what)
    content = json.dumps([event["type"], data], sort_keys=True, ensure_ascii=True).encode()
    return IntakeEvent(named, content, what)


def _issue(named: EventId, data: Mapping[str, Any], checker: RowChecker) -> IssueRequest | tuple[Problem, ...]:
    row: dict[str, str] = {}
    wrong: list[Problem] = []
    keep_text = data.get(KEEP_TEXT, False)
    if not isinstance(keep_text, bool):
        wrong.append(_problem(f"$.data.{KEEP_TEXT}", KEEP_TEXT, "is neither true nor false"))
    for name, given in data.items():
        if name == KEEP_TEXT:
            continue
        if name not in NAMES:
            wrong.append(_problem("$.data", name[:80], f"is no field; they are {', '.join((*NAMES, KEEP_TEXT))}"))
        elif (fault := column_fault(name, given)) is not None:
            wrong.append(_problem(f"$.data.{name}", name, fault))
        elif given is not None:
            row[name] = given if isinstance(given, str) else text_of(given)
    # An event has a name of its own: a system that keeps no id of an award may leave `record` out.
    row.setdefault("record", f"event {named.source} {named.id}")
    checked = checker.check(1, row, keep_columns=NAMES if keep_text is True else ())
    found = None if checked is None else checked.result
    if found is None:
        wrong.append(_problem("$.data.record", "record", "is the template's example"))
    elif isinstance(found, tuple):
        told = {one.field for one in wrong}
        wrong += [msgspec.structs.replace(one, where=f"$.data.{one.field}") for one in found if one.field not in told]
    if wrong or not isinstance(found, IssueRequest):
        return tuple(wrong)
    return found


def _change(kind: str, data: Mapping[str, Any]) -> StatusChange | tuple[Problem, ...]:
    known = {"credential", "record", "note"} | ({"reason"} if kind != REINSTATE else set())
    wrong = [
        _problem("$.data", name[:80], f"is no field; they are {', '.join(sorted(known))}")
        for name in sorted(data.keys() - known)
    ]
    credential, record, reason = data.get("credential", ""), data.get("record", ""), data.get("reason", "")
    credential = canonical_uuid(credential) if isinstance(credential, str) else credential
    if "record" in data and (not isinstance(record, str) or not record or len(record) > MAX_FIELD):
        wrong.append(_problem("$.data.record", "record", f"is not a text of 1 to {MAX_FIELD} characters"))
    if ("credential" in data or "record" not in data) and (
        not isinstance(credential, str) or check_uuid(credential) is not None
    ):
        detail = "is not an id of a credential (a UUID)"
        wrong.append(_problem("$.data.credential", "credential", detail))
    if kind != REINSTATE and reason not in REASONS:
        wrong.append(_problem("$.data.reason", "reason", f"is none of {', '.join(REASONS)}"))
    note = data.get("note") or ""
    if (fault := status_note_fault(note) if isinstance(note, str) else "is not a text") is not None:
        wrong.append(_problem("$.data.note", "note", fault))
    if wrong:
        return tuple(wrong)
    return StatusChange(credential, record, _CHANGES[kind], "" if kind == REINSTATE else reason, note.strip())


def _problem(where: str, field: str, detail: str) -> Problem:
    return Problem(where, field, "", detail)


def _faulty(named: EventId, where: str, field: str, detail: str) -> FaultyEvent:
    return FaultyEvent(named, (_problem(where, field, detail),))
