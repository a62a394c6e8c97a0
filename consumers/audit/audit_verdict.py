"""The verdict of an audit, and the sentences that a board reads first."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from consumers.audit.audit_report import AuditReport, Fault, Unchecked
from registry.log import GOVERNANCE

WELL: Final = "well"
NOT_WELL: Final = "not well"
INCONCLUSIVE: Final = "inconclusive"
AS_BEFORE: Final = "so says the earlier report; it was not checked again"

_CAUSES: Final = ("record", "stream", "history", "fork", "witness", "event", "seal", "stored", "views")
"""Kinds of faults, those that explain others first."""


_REFUSED: Final = {
    "bad-signature": "altered, or signed by somebody else",
    "key-not-valid": "signed by no key that counts there",
}
"""Codes of refused records, in words for readers who do not know them."""


def conclude(
    report: AuditReport,
    *,
    faults: Sequence[Fault] = (),
    warnings: Sequence[Fault] = (),
    unchecked: Sequence[Unchecked] = (),
) -> AuditReport:
    """Return the report with further findings, and with the verdict and the summary that follow from all of them."""
    report = msgspec.structs.replace(
        report,
        faults=[*report.faults, *faults],
        warnings=[*report.warnings, *warnings],
        unchecked=[*report.unchecked, *unchecked],
    )
    verdict = verdict_of(report)
    report = msgspec.structs.replace(report, ok=verdict == WELL, verdict=verdict)
    return msgspec.structs.replace(report, summary=_summary(report))


def verdict_of(report: AuditReport) -> str:
    """Return the verdict that follows from what a report found and could not check."""
    return NOT_WELL if report.faults else INCONCLUSIVE if report.unchecked else WELL


def first_cause(faults: Sequence[Fault]) -> Fault:
    """Return the fault that explains most of the others."""
    return min(faults, key=lambda fault: _CAUSES.index(fault.kind) if fault.kind in _CAUSES else len(_CAUSES))


def _summary(report: AuditReport) -> str:
    sentences = [_opening(report), *_coverage(report), _vouching(report)]
    if report.views:
        sentences.append(report.views)
    if report.warnings:
        number = _count_of(len(report.warnings), "warning")
        sentences.append(f"{number}; the first: {_place(report.warnings[0])}.")
    return " ".join(sentence for sentence in sentences if sentence)


def _opening(report: AuditReport) -> str:
    what = "Verified" if not report.since else "Verified what came after the earlier report,"
    verified = f"{what} up to {_coverage_of(report)}."
    if report.verdict == NOT_WELL:
        number = len(report.faults)
        cause = _place(first_cause(report.faults))
        text = f"1 fault: {cause}" if number == 1 else f"{number:,} faults; the first cause is {cause}"
        return f"Not well: {text}. {verified}{_also_unchecked(report)}"
    if report.verdict == INCONCLUSIVE:
        first = report.unchecked[0]
        more = "" if len(report.unchecked) == 1 else f", and {len(report.unchecked) - 1:,} more"
        before = f" ({AS_BEFORE})" if first.earlier else ""
        what = f"{first.what} could not be checked{more}: {first.why}{before}"
        return f"We cannot tell: {what}. {verified} No fault was found."
    return verified


def _also_unchecked(report: AuditReport) -> str:
    if not report.unchecked:
        return ""
    return " Not checked: " + "; ".join(f"{item.what} ({item.why})" for item in report.unchecked[:3]) + "."


def _coverage_of(report: AuditReport) -> str:
    # A report keeps the states of streams that were not read this time; this audit has not verified those.
    sizes = [member.size for member in report.members]
    total, streams = sum(sizes), sum(size > 0 for size in sizes)
    return f"{_count_of(total, 'event')} in {_count_of(streams, 'log')}"


def _count_of(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _coverage(report: AuditReport) -> list[str]:
    """Return sentences about what was left out, so that nobody takes a part for the whole."""
    sentences = []
    if report.only:
        sentences.append(f"Only {', '.join(report.only)} and governance were read.")
    if report.since is not None:
        governance = sum(state.size for state in report.streams if state.member == GOVERNANCE)
        new = _count_of(max(0, report.events - governance), "new event")
        if report.since:
            covered = _count_of(report.since, "event")
            sentences.append(
                f"Only what is new was verified: {new}, and governance; of the {covered} that the earlier report"
                " covers, only the hash of their records was compared."
            )
        if report.retry_read:
            sentences.append(
                f"Read whole, because the records are not those that the earlier report verified, or governance has"
                f" changed what counts of them: {', '.join(report.retry_read)}."
            )
    if lost := sum(report.unknown_streams.values()):
        names = ", ".join(report.unknown_streams)
        sentences.append(f"{_count_of(lost, 'event')} could not be judged: governance knows no member {names}.")
    return sentences


def _vouching(report: AuditReport) -> str:
    """Return a sentence about who vouches that these are the newest heads."""
    if not report.cosigned_heads:
        return "Nobody but the members vouches that these are the newest heads."
    sizes = {state.member: state.size for state in report.streams}
    vouched = [item for item in report.cosigned_heads if item.size and item.size >= sizes.get(item.member, 0)]
    if not vouched:
        return "No witness vouches that these are the newest heads."
    least = min(item.witnesses for item in vouched)
    oldest = min(item.time for item in vouched)
    text = f"{least} of {report.witnesses} witnesses cosigned"
    missing = [item.member for item in report.cosigned_heads if item not in vouched]
    if missing:
        return (
            f"{text} the newest heads of {len(vouched)} of {_count_of(len(report.cosigned_heads), 'log')}, the oldest"
            f" on {_day(oldest)}; nobody but the members vouches for {', '.join(missing)}."
        )
    return f"{text} these heads, the oldest on {_day(oldest)}."


def _day(time: str) -> str:
    moment = datetime.fromisoformat(time)
    return f"{moment.day} {moment:%B %Y}"


def _place(fault: Fault) -> str:
    detail = fault.detail.rstrip(".")
    if fault.earlier:
        return f"{_place(msgspec.structs.replace(fault, earlier=False))} ({AS_BEFORE})"
    if fault.kind == "record" and fault.size is not None and fault.code in _REFUSED:
        text = f"the record of its log that ends at {fault.size:,} events is {_REFUSED[fault.code]}"
        return f"{fault.member}: {text}: {detail}"
    return detail if detail.startswith(fault.member) else f"{fault.member}: {detail}"
