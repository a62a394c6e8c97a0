"""Checks of the views: their version, and what they have refused."""

from collections.abc import Iterator
from typing import Final

from projections.core import stream_counts, views
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import Check, Finding, error, note, ok, warning
from registry.values.plural import plural


def check_version(examination: Examination) -> Iterator[Finding]:
    """Check that there are views, of the version of this program."""
    reason = views.unavailable_reason(examination.private_side())
    if reason is None:
        yield ok("The views are of this program's version.")
    else:
        yield error(f"Nothing can be read: {reason.partition(';')[0]}.", f"{reason.rpartition(';')[2].strip()}.")


def check_disputed_heads(examination: Examination) -> Iterator[Finding]:
    """Check for heads that contradict the accepted tree of any member: proof of two histories."""
    counts = stream_counts.disputed_heads(examination.views())
    for count in counts:
        heads = plural(count.number, "head")
        if count.of == "contradicts":
            yield error(
                f"{count.member} signed {heads} that contradict its own log: it has shown two histories.",
                "Keep the evidence, and report it to the consortium (registry audit).",
            )
        else:
            yield warning(
                f"{heads} of {count.member} cannot be compared with its log yet.",
                "If this stays so: registry log quarantine list.",
            )
    if not counts:
        yield ok("No member's head is disputed.")


def check_quarantine(examination: Examination) -> Iterator[Finding]:
    """Report records on other members' streams that are no commits of theirs. Anybody can append some."""
    counts = stream_counts.quarantined_records(examination.views())
    members = sorted({count.member for count in counts} - {examination.settings.member})
    records = sum(count.number for count in counts if count.member in members)
    if records:
        yield note(
            f"{plural(records, 'record')} on the streams of {', '.join(members[:5])} do not count.",
            "registry log quarantine list says why. Nothing has to be done here.",
        )
    else:
        yield ok("Every record on other members' streams counts.")


CHECKS: Final = (
    Check("views.version", "Are there views, of this program's version?", check_version),
    Check("views.disputed-heads", "Has a member signed heads that contradict its own log?", check_disputed_heads),
    Check("views.quarantine", "Are there records that do not count on other members' streams?", check_quarantine),
)
