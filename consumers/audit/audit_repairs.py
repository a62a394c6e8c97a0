"""Refused events that their member published again: what they said has taken effect since."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from psycopg import Connection

from consumers.audit.audit_report import Fault, event_id
from consumers.governance.governance import GovernanceFold
from consumers.projecting.rebuild import Source
from consumers.streams.stream import batches
from consumers.streams.verifier import MemberTrust
from projections.fold.fold import VerifiedCommit
from registry.log import LogError, open_log
from registry.wire.events import Event
from registry.wire.merkle import Tree

Statement = tuple[str, str]
"""An event's type and subject."""


class _Line(msgspec.Struct):
    type: str
    subject: str


class _Refusal(NamedTuple):
    fault: Fault
    leaf: int
    statement: Statement | None
    """None where the line is not an event at all."""


def judge_refusals(own: Connection, source: Source, fold: GovernanceFold) -> tuple[list[Fault], list[Fault]]:
    """Return the faults of events without effect, and the warnings of those that were published again with effect.

    `own` are the views that the log led to.
    """
    by_member: dict[str, list[_Refusal]] = {}
    for member, leaf, code, path, detail, line in own.execute(
        "SELECT member, leaf, code, path, detail, line FROM refusals ORDER BY member, leaf"
    ):
        fault = Fault("event", member, code, f"{path}: {detail}", leaf=leaf, event=event_id(bytes(line)))
        by_member.setdefault(member, []).append(_Refusal(fault, leaf, _statement(bytes(line))))
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for member, refusals in by_member.items():
        again = _published_again(source, fold, member, refusals)
        for refusal in refusals:
            if (leaf := again.get(refusal.leaf)) is None:
                faults.append(refusal.fault)
                continue
            detail = f"an event was refused ({refusal.fault.code}), and published again at entry {leaf + 1:,}"
            warnings.append(msgspec.structs.replace(refusal.fault, code="published-again", detail=detail))
    return faults, warnings


def _statement(line: bytes) -> Statement | None:
    try:
        event = msgspec.json.decode(line, type=_Line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    return event.type, event.subject


def _published_again(
    source: Source, fold: GovernanceFold, member: str, refusals: Sequence[_Refusal]
) -> Mapping[int, int]:
    """Return, for leaves of refused events, the first later leaf that says the same and was not refused."""
    record = fold.state.members.get(member)
    if record is None:
        return {}
    refused = {refusal.leaf for refusal in refusals}
    waiting: dict[Statement, list[int]] = {}
    for refusal in refusals:
        if refusal.statement is not None:
            waiting.setdefault(refusal.statement, []).append(refusal.leaf)
    again: dict[int, int] = {}
    trust = MemberTrust(source.consortium, record)
    # A log that goes away meanwhile leaves them faults; the audit has read it before and says what became of it.
    with (
        contextlib.suppress(LogError),
        contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log,
    ):
        for batch in batches(log, member, trust, Tree(), 0):
            for leaf, statement in _statements(batch.commits):
                if leaf not in refused and statement in waiting:
                    earlier = [each for each in waiting[statement] if each < leaf]
                    again |= dict.fromkeys(earlier, leaf)
                    waiting[statement] = [each for each in waiting[statement] if each > leaf]
    return again


def _statements(commits: Sequence[VerifiedCommit]) -> Iterator[tuple[int, Statement]]:
    for commit in commits:
        for place, event in enumerate(commit.events):
            if isinstance(event, Event):
                yield commit.base + place, (event.type, event.subject)
