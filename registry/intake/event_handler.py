"""Handling of events of a university's systems. Each event has its effect once and gets a result each time it comes."""

import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import structlog
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.issuing import Issuer
from registry.application.registry import Registry
from registry.application.requests import Issued, IssueRequest, Outcome
from registry.application.status_changes import StatusChange, StatusChanger
from registry.application.transaction import Transaction
from registry.domain.errors import InvalidEvent, Refusal
from registry.intake.events import EventId, FaultyEvent, IntakeEvent, parse
from registry.intake.rows.report import FAULTS, Catalogue
from registry.intake.rows.row_checker import RowChecker

_log = structlog.get_logger(__name__)
_SAME_ID: Final = "another event had this source and id; give each event an id of its own"


class ResultProblem(msgspec.Struct, frozen=True):
    """One problem of an event."""

    where: str
    """A JSON path."""
    detail: str
    """Explanation of the problem and its correction."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of an event."""

    event_id: EventId
    accepted: bool
    unchanged: bool = False
    """True if it took effect before."""
    credential: str = ""
    code: str = ""
    """The rule that refused it, or `invalid`."""
    where: str = ""
    detail: str = ""
    """Explanation of the problem and its correction."""
    more: list[ResultProblem] = []
    """Further problems."""
    notes: list[str] = []
    """Notes on what it did, for example that it replaced a credential of another achievement."""


class EventHandler:
    """Handles events for one node. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, catalogue: Catalogue) -> None:
        self._registry = registry
        self._issuer = issuer
        self._checker = RowChecker(catalogue)
        self._changer = StatusChanger(registry, issuer)

    def handle(self, values: Sequence[bytes | None]) -> list[Result]:
        """Carry out events in their order; return their results when all of them are stored."""
        results: dict[int, Result] = {}
        valid: list[tuple[int, IntakeEvent]] = []
        for place, value in enumerate(values):
            try:
                event = parse(value, self._checker)
            except FAULTS as error:
                results[place] = _internal_error(EventId(), error)
                continue
            if isinstance(event, FaultyEvent):
                first, *more = (ResultProblem(problem.where, problem.detail) for problem in event.problems)
                results[place] = Result(
                    event.event_id, accepted=False, code=event.code, where=first.where, detail=first.detail, more=more
                )
            else:
                valid.append((place, event))
        for run in _split_runs(valid):
            results |= self._handle_run_safely(run)
        return [results[place] for place in range(len(values))]

    def _handle_run_safely(self, run: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        """Carry out a run; an event that cannot be stored gets a result and does not stop the others."""
        try:
            return self._handle_run(run)
        except (Refusal, InvalidEvent, *FAULTS) as error:
            if len(run) > 1:  # nothing of it is stored: carry out each event by itself
                results: dict[int, Result] = {}
                for single in run:
                    results |= self._handle_run_safely([single])
                return results
            [(place, event)] = run
            if isinstance(error, Refusal | InvalidEvent):
                return {place: _refusal(event.event_id, error)}
            return {place: _internal_error(event.event_id, error)}

    def _handle_run(self, run: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        """Carry out a run of events in one transaction: requests to issue, or one status change."""
        results: dict[int, Result] = {}
        new: list[tuple[int, IntakeEvent]] = []
        earlier = self._find_earlier([event for _, event in run])
        for place, event in run:
            key, content = self._hash(event)
            before = earlier.get(key)
            if before is None:
                new.append((place, event))
                earlier[key] = content, ""
            elif before[0] == content:
                results[place] = Result(event.event_id, accepted=True, unchanged=True, credential=before[1])
            else:
                results[place] = Result(
                    event.event_id, accepted=False, code="id-used-again", where="$.id", detail=_SAME_ID
                )
        if new and isinstance(change := new[0][1].request, StatusChange):
            [(place, event)] = new
            results[place] = self._change(event, change)
        elif new:
            results |= self._issue(new)
        for place, event in run:  # an event that is in the run twice has the result of the first
            if results.get(place) == Result(event.event_id, accepted=True, unchanged=True):
                [first] = [earlier_place for earlier_place, other in new if other.event_id == event.event_id]
                results[place] = msgspec.structs.replace(results[first], unchanged=results[first].accepted)
        return results

    def _issue(self, events: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        requests = [event.request for _, event in events if isinstance(event.request, IssueRequest)]

        def add_events(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            rows = [
                (*self._hash(event), outcome.credential)
                for (_, event), outcome in zip(events, outcomes, strict=True)
                if isinstance(outcome, Issued)
            ]
            transaction.add(_EventRows(rows))

        outcomes = self._issuer.issue(requests, add_rows=add_events)
        return {
            place: (
                Result(
                    event.event_id,
                    accepted=True,
                    unchanged=outcome.unchanged,
                    credential=outcome.credential,
                    notes=[] if outcome.replacement is None else [str(outcome.replacement)],
                )
                if isinstance(outcome, Issued)
                else Result(
                    event.event_id,
                    accepted=False,
                    code=outcome.code,
                    where=f"$.data.{outcome.field}" if outcome.field else "$.data",
                    detail=outcome.detail,
                )
            )
            for (place, event), outcome in zip(events, outcomes, strict=True)
        }

    def _change(self, event: IntakeEvent, change: StatusChange) -> Result:
        credential = self._changer.find(change)
        rows = _EventRows([(*self._hash(event), credential)])
        with self._registry.transaction() as transaction:
            unchanged = self._changer.make(credential, change, transaction) == "unchanged"
            transaction.add(rows)
            transaction.commit()
        return Result(event.event_id, accepted=True, unchanged=unchanged, credential=credential)

    def _find_earlier(self, events: Sequence[IntakeEvent]) -> dict[bytes, tuple[bytes, str]]:
        rows = (
            self._registry.cursor()
            .execute(
                "SELECT event, content, credential::text AS credential FROM intake.events WHERE event = ANY(%s)",
                ([self._hash(event)[0] for event in events],),
            )
            .fetchall()
        )
        return {bytes(row["event"]): (bytes(row["content"]), row["credential"]) for row in rows}

    def _hash(self, event: IntakeEvent) -> tuple[bytes, bytes]:
        vault = self._registry.vault
        return vault.hash_for_lookup("event", f"{event.event_id.source}\n{event.event_id.id}"), vault.digest(
            event.content
        )


def _refusal(event_id: EventId, refusal: Refusal | InvalidEvent) -> Result:
    field = refusal.path.removeprefix("$").removeprefix(".")
    where = f"$.data.{field}" if field else "$.data"
    detail = refusal.explanation if isinstance(refusal, Refusal) else refusal.detail
    return Result(event_id, accepted=False, code=refusal.code, where=where, detail=detail)


def _internal_error(event_id: EventId, error: BaseException) -> Result:
    """Return the result of an event that raised an error. Its message may quote a person, so it is not logged."""
    frames = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    _log.error("intake.met_a_fault", fault=type(error).__name__, at=frames)
    return Result(
        event_id,
        accepted=False,
        code="internal-error",
        where="$",
        detail=f"Internal error ({type(error).__name__}); see the node's log. Nothing was stored.",
    )


def _split_runs(events: Sequence[tuple[int, IntakeEvent]]) -> Iterator[list[tuple[int, IntakeEvent]]]:
    """Yield runs of events in their order: consecutive requests to issue together, each status change by itself."""
    run: list[tuple[int, IntakeEvent]] = []
    for place, event in events:
        if isinstance(event.request, StatusChange):
            if run:
                yield run
            run = []
            yield [(place, event)]
        else:
            run.append((place, event))
    if run:
        yield run


class _EventRows:
    """Rows of events that had an effect, stored together with it."""

    def __init__(self, rows: Sequence[tuple[bytes, bytes, str]]) -> None:
        self._rows = rows

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the rows."""
        values: list[Any] = list(self._rows)
        if values:
            cursor.executemany(
                "INSERT INTO intake.events (event, content, credential) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                values,
            )
