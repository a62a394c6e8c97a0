"""The findings of `registry doctor`, and the checks that make them."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

if TYPE_CHECKING:
    from registry.node.doctor.examination import Examination

Severity = Literal["ok", "note", "warning", "error", "unchecked"]
"""`note`: worth knowing. `warning`: will be a fault, or weakens the node. `error`: a fault. `unchecked`: unknown."""

SEVERITIES: Final[tuple[Severity, ...]] = ("ok", "note", "warning", "unchecked", "error")
"""All severities, the least first."""


class Finding(msgspec.Struct, frozen=True):
    """One result of a check. It names no person and contains no secret."""

    severity: Severity
    sentence: str
    advice: str | None = None
    """Instructions to the operator."""
    check: str = ""
    """The name of the check, for example `database.connections`."""


class CannotCheck(Exception):
    """A check lacks something that it needs. The message is the reason."""


class Check(NamedTuple):
    """One check: its name, what it asks, and the function that answers."""

    name: str
    """Subject and matter, for example `database.connections`."""
    question: str
    """The question, as `docs/doctor.md` lists it."""
    run: "Callable[[Examination], Iterable[Finding]]"
    """Yields findings. Raises `CannotCheck`; any other error counts as that, too."""


class DoctorReport(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about one node, as `registry doctor --json` prints them."""

    severity: Severity
    """The worst severity of all findings."""
    member: str | None
    """None if the settings cannot be read."""
    version: str
    """The program's version."""
    time: str
    """When the examination began (RFC 3339)."""
    seconds: float
    counts: dict[str, int]
    """The number of findings of each severity."""
    findings: list[Finding]
    """The worst first."""


def ok(sentence: str) -> Finding:
    """Return a finding that nothing is wrong."""
    return Finding("ok", sentence)


def note(sentence: str, advice: str | None = None) -> Finding:
    """Return a finding that is worth knowing."""
    return Finding("note", sentence, advice)


def warning(sentence: str, advice: str) -> Finding:
    """Return a finding that will become a fault, or that weakens the node."""
    return Finding("warning", sentence, advice)


def error(sentence: str, advice: str) -> Finding:
    """Return a finding of a fault."""
    return Finding("error", sentence, advice)


def report_unchecked(reason: str) -> Finding:
    """Return a finding that a check could not be made."""
    return Finding("unchecked", f"could not be checked: {reason}")


def worst(findings: Iterable[Finding]) -> Severity:
    """Return the worst severity of findings; `ok` without any."""
    return max((finding.severity for finding in findings), key=SEVERITIES.index, default="ok")


def sort_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings with the worst first; among equals, in the order of the checks."""
    return sorted(findings, key=lambda finding: -SEVERITIES.index(finding.severity))
