"""Handling of a system's events: each takes effect once, however often it comes, and gets a result."""

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
    """One thing that is wrong with an event."""

    where: str
    """A JSON path."""
    detail: str
    """Explanation: what is wrong, and what would be right."""


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """The result of one event."""

    named: EventId
    accepted: bool
    unchanged: bool = False
    """True if it took effect before."""
    credential: str = ""
    code: str = ""
    """The rule that refused it, or `invalid`."""
    where: str = ""
    detail: str = ""
    """Explanation: what is wrong, and what would be right."""
    more: list[ResultProblem] = []
    """Further problems."""
    notes: list[str] = []
    """Notes on what it did, for example that it replaced a credential of another achievement."""


class EventHandler:
    """Takes events in for one node. For one thread."""

    def __init__(self, registry: Registry, issuer: Issuer, catalogue: Catalogue) -> None:
        self._registry = registry
        self._issuer = issuer
        self._checker = RowChecker(catalogue)
        self._changer = StatusChanger(registry, issuer)

    def take(self, values: Sequence[bytes | None]) -> list[Result]:
        """Let events have their effect, in their order; their results when all of it is stored."""
        results: dict[int, Result] = {}
        asked: list[tuple[int, IntakeEvent]] = []
        for place, value in enumerate(values):
            try:
                found = parse(value, self._checker)
            except FAULTS as error:
                results[place] = _internal_error(EventId(), error)
                continue
            if isinstance(found, FaultyEvent):
                first, *more = (ResultProblem(one.where, one.detail) for one in found.problems)
                results[place] = Result(
                    found.named, accepted=False, code=found.code, where=first.where, detail=first.detail, more=more
                )
            else:
                asked.append((place, found))
        for run in _runs(asked):
            results |= self._take_safely(run)
        return [results[place] for place in range(len(values))]

    def _take_safely(self, run: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        """Take a run in; an event that cannot be stored is answered, and keeps no other one."""
        try:
            return self._take(run)
        except (Refusal, InvalidEvent, *FAULTS) as error:
            if len(run) > 1:  # nothing of it is stored: find the one
                results: dict[int, Result] = {}
                for one in run:
                    results |= self._take_safely([one])
                return results
            [(place, event)] = run
            if isinstance(error, Refusal | InvalidEvent):
                return {place: _refused(event.named, error)}
            return {place: _internal_error(event.named, error)}

    def _take(self, run: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        """A run of events that are taken in together: issuings, or one change."""
        results: dict[int, Result] = {}
        fresh: list[tuple[int, IntakeEvent]] = []
        known = self._known([one for _, one in run])
        for place, one in run:
            key, content = self._hashed(one)
            before = known.get(key)
            if before is None:
                fresh.append((place, one))
                known[key] = content, ""
            elif before[0] == content:
                results[place] = Result(one.named, accepted=True, unchanged=True, credential=before[1])
            else:
                results[place] = Result(one.named, accepted=False, code="id-used-again", where="$.id", detail=_SAME_ID)
        if fresh and isinstance(what := fresh[0][1].what, StatusChange):
            [(place, one)] = fresh
            results[place] = self._change(one, what)
        elif fresh:
            results |= self._issue(fresh)
        for place, one in run:  # the same event twice in one run gets the result of the first
            if results.get(place) == Result(one.named, accepted=True, unchanged=True):
                [first] = [p for p, other in fresh if other.named == one.named]
                results[place] = msgspec.structs.replace(results[first], unchanged=results[first].accepted)
        return results

    def _issue(self, fresh: Sequence[tuple[int, IntakeEvent]]) -> dict[int, Result]:
        requests = [one.what for _, one in fresh if isinstance(one.what, IssueRequest)]

        def add_events(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            kept = [
                (*self._hashed(one), outcome.credential)
                for (_, one), outcome in zip(fresh, outcomes, strict=True)
                if isinstance(outcome, Issued)
            ]
            transaction.add(_Events(kept))

        outcomes = self._issuer.issue(requests, add_rows=add_events)
        return {
            place: (
                Result(
                    one.named,
                    accepted=True,
                    unchanged=outcome.unchanged,
                    credential=outcome.credential,
                    notes=[] if outcome.replacement is None else [str(outcome.replacement)],
                )
                if isinstance(outcome, Issued)
                else Result(
                    one.named,
                    accepted=False,
                    code=outcome.code,
                    where=f"$.data.{outcome.field}" if outcome.field else "$.data",
                    detail=outcome.detail,
                )
            )
            for (place, one), outcome in zip(fresh, outcomes, strict=True)
        }

    def _change(self, event: IntakeEvent, change: StatusChange) -> Result:
        credential = self._changer.find(change)
        kept = _Events([(*self._hashed(event), credential)])
        with self._registry.transaction() as transaction:
            unchanged = self._changer.make(credential, change, transaction) == "unchanged"
            transaction.add(kept)
            transaction.commit()
        return Result(event.named, accepted=True, unchanged=unchanged, credential=credential)

    def _known(self, asked: Sequence[IntakeEvent]) -> dict[bytes, tuple[bytes, str]]:
        rows = (
            self._registry.cursor()
            .execute(
                "SELECT event, content, credential::text AS credential FROM intake.events WHERE event = ANY(%s)",
                ([self._hashed(one)[0] for one in asked],),
            )
            .fetchall()
        )
        return {bytes(row["event"]): (bytes(row["content"]), row["credential"]) for row in rows}

    def _hashed(self, one: IntakeEvent) -> tuple[bytes, bytes]:
        vault = self._registry.vault
        return vault.hash_for_lookup("event", f"{one.named.source}\n{one.named.id}"), vault.digest(one.content)


def _refused(named: EventId, refusal: Refusal | InvalidEvent) -> Result:
    field = refusal.path.removeprefix("$").removeprefix(".")
    where = f"$.data.{field}" if field else "$.data"
    detail = refusal.explanation if isinstance(refusal, Refusal) else refusal.detail
    return Result(named, accepted=False, code=refusal.code, where=where, detail=detail)


def _internal_error(named: EventId, error: BaseException) -> Result:
    """The result of an event that nobody thought of. The error's own words may quote a person: they are not logged."""
    at = [f"{Path(one.filename).name}:{one.lineno}" for one in traceback.extract_tb(error.__traceback__)]
    _log.error("intake.met_a_fault", fault=type(error).__name__, at=at)
    return Result(
        named,
        accepted=False,
        code="internal-error",
        where="$",
        detail=f"Internal error ({type(error).__name__}); see the node's log. Nothing was stored.",
    )


def _runs(asked: Sequence[tuple[int, IntakeEvent]]) -> Iterator[list[tuple[int, IntakeEvent]]]:
    """Issuings that follow each other together, every change by itself: order is kept."""
    run: list[tuple[int, IntakeEvent]] = []
    for place, one in asked:
        if isinstance(one.what, StatusChange):
            if run:
                yield run
            run = []
            yield [(place, one)]
        else:
            run.append((place, one))
    if run:
        yield run


class _Events:
    """Events that had an effect, kept with it."""

    def __init__(self, kept: Sequence[tuple[bytes, bytes, str]]) -> None:
        self._kept = kept

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        values: list[Any] = list(self._kept)
        if values:
            cursor.executemany(
                "INSERT INTO intake.events (event, content, credential) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                values,
            )
