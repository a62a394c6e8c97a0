"""Audits: of the log alone, or with its views rebuilt and compared with those of a node."""

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import psycopg

from consumers.audit.audit_digests import with_digests
from consumers.audit.audit_report import AuditReport, Fault, Unchecked
from consumers.audit.audit_since import without_earlier
from consumers.audit.audit_verdict import conclude
from consumers.audit.audit_witness import with_witnesses, without_witnesses
from consumers.audit.auditor import RootsOfLog, audit, audit_log
from consumers.audit.stream_audit import OnStream
from consumers.governance.governance import GovernanceFold
from consumers.projecting.projector import OnBatch
from consumers.projecting.rebuild import Source
from consumers.streams.stream import claimed_size
from consumers.witness.cosignatures import Cosignatures
from consumers.witness.policy import Policy
from registry.log import GOVERNANCE, LogError, open_log
from registry.node.node import Node
from registry.node.scratch import scratch_database
from registry.postgres.embedded import DatabaseUnavailable, database
from registry.publishing.self_check import Difference, check
from registry.wire.errors import MalformedNote
from registry.wire.views_note import ViewsNote


class AuditRequest(NamedTuple):
    """The scope of an audit."""

    source: Source
    node: Node | None
    own_log: bool
    """True if the log is the node's own, so that its views and stored events can be compared with it."""
    views: bool | None
    """True insists on a comparison with the node's views, False leaves it out; None compares where there are any."""
    only: Sequence[str]
    workers: int | None
    database: str | None
    """The database in which the views are rebuilt; None starts one for this audit."""


class Witnesses(NamedTuple):
    """The witnesses that the auditor relies on, and the heads that they cosigned, as far as they are available."""

    policy: Policy
    cosignatures: Cosignatures


def audit_streams(request: AuditRequest, earlier: AuditReport | None, on_stream: OnStream) -> AuditReport:
    """Audit the log alone, from the beginning or from an earlier report on."""
    return audit_log(request.source, only=request.only, since=earlier, workers=request.workers, on_stream=on_stream)


def audit_with_views(request: AuditRequest, on_stream: OnStream, on_batch: OnBatch) -> AuditReport:
    """Audit the log, rebuild its views, and compare them with those of the node."""
    served, problem = None, ""
    if request.node is not None and request.own_log and request.views is not False:
        try:
            served = request.node.dsn()
        except DatabaseUnavailable as error:
            problem = str(error)
    with _rebuilding_database(request) as scratch:
        report = audit(
            request.source, scratch, served=served, require_views=bool(request.views), only=request.only,
            workers=request.workers, on_batch=on_batch, on_stream=on_stream,
        )  # fmt: skip
    return conclude(report, unchecked=[Unchecked("the node's views", problem, "views")]) if problem else report


@contextlib.contextmanager
def _rebuilding_database(request: AuditRequest) -> Iterator[str]:
    """Yield a database apart from the node's own: an audit changes nothing of the node."""
    if request.database is not None:
        yield database(request.database)
        return
    with scratch_database("audit") as dsn:
        yield dsn


def events_to_audit(source: Source, only: Sequence[str]) -> int:
    """Return about how many events there are, for a progress bar."""
    total = 0
    with contextlib.closing(open_log(source.url, source.consortium, read_only=True)) as log:
        for stream in log.streams():
            if stream != GOVERNANCE and (not only or stream in only):
                with contextlib.suppress(LogError):  # the audit itself reports what cannot be read
                    total += claimed_size(log, stream)
    return total


def compare_digests(report: AuditReport, files: Sequence[Path]) -> AuditReport:
    """Compare signed digests with the rebuilt views. A file that cannot be read is reported as not checked."""
    notes: list[ViewsNote] = []
    unchecked: list[Unchecked] = []
    for file in files:
        try:
            notes.append(ViewsNote.parse(file.read_bytes()))
        except OSError as error:
            unchecked.append(Unchecked(f"the signed digest {file}", f"cannot read it: {error.strerror}", "views"))
        except MalformedNote as error:
            unchecked.append(Unchecked(f"the signed digest {file}", f"it is not a signed digest: {error}", "views"))
    return conclude(with_digests(report, notes), unchecked=unchecked)


def check_witnesses(
    request: AuditRequest, report: AuditReport, witnesses: Witnesses | None, *, require: bool
) -> AuditReport:
    """Check that witnesses cosigned the newest heads. `require` insists on it."""
    if witnesses is None:
        return without_witnesses(report, report.streams, require=require)
    with contextlib.closing(open_log(request.source.url, request.source.consortium, read_only=True)) as log:
        fold = GovernanceFold(request.source.consortium, request.source.founded).read(log)
    roots = RootsOfLog(request.source, fold)
    return with_witnesses(report, witnesses.policy, witnesses.cosignatures, roots, datetime.now(UTC), require=require)


def check_stored_events(request: AuditRequest, report: AuditReport) -> AuditReport:
    """Compare a member's stored events with what it published, if the log is its node's own."""
    node = request.node
    if node is None or not request.own_log or node.settings.member == GOVERNANCE:
        return report
    member = node.settings.member
    try:
        with psycopg.connect(node.dsn(), autocommit=True) as connection:
            tampered = check(connection, node.log(), member, node.settings.origin, node.counts())
            faults = [_describe_tampered(member, event) for event in tampered]
    except (psycopg.OperationalError, DatabaseUnavailable) as error:
        why = f"the database cannot be reached: {str(error).strip().splitlines()[0]}"
        return conclude(report, unchecked=[Unchecked("this node's stored events", why, "stored", member)])
    report = without_earlier(
        report,
        faults=lambda fault: (fault.kind, fault.member) == ("stored", member),
        unchecked=lambda item: (item.kind, item.member) == ("stored", member),
    )
    return conclude(report, faults=faults)


def _describe_tampered(member: str, tampered: Difference) -> Fault:
    detail = f"a stored event of this node was {tampered.what}: it is not what was published"
    if tampered.notification is not None:
        detail += f" (notification {tampered.notification})"
    return Fault("stored", member, tampered.what, detail, leaf=tampered.leaf, event=tampered.event)
