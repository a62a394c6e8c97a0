"""One of the university's credentials: its whole history, and what hangs on it."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from litestar import Request, Response, get

from projections.api.reading import Views
from projections.credentials.dependents import (
    NOTHING,
    Dependents,
    LogStep,
    Part,
    read_dependents,
    read_parts,
    read_steps,
)
from projections.records.member_names import read_member_names
from registry.api.private_side import PrivateSide
from registry.api.receiving import Receiving
from registry.application.credential_history import HistoryStep, read_credential_history
from registry.http import HttpProblem, requires
from registry.server.pages.desk.credential_rows import OwnRow, read_rows, shown_status
from registry.server.pages.desk.waiting_changes import find_waiting
from registry.server.pages.frame import Pages
from registry.wire.today import utc_today


class ShownStep(NamedTuple):
    """A step of a credential's history, and the entry of the log that says it."""

    step: HistoryStep
    leaf: int | None
    """None where the log as read here does not have it yet, or where another credential's entry says it."""
    effective: bool
    """False where the entry changes nothing, as governance lets the log count."""


def join_history(stored: Sequence[HistoryStep], published: Sequence[LogStep]) -> list[ShownStep]:
    """Return the stored steps, each with its entry. Both are in the order in which the steps were made.

    An entry that governance refused may be on the log twice; then the later one is shown.
    """
    left = list(published)
    shown = []
    for step in stored:
        entries: list[LogStep] = []
        while left and left[0].status == step.status:
            entries.append(left.pop(0))
            if entries[-1].effective:
                break
        last = entries[-1] if entries else None
        shown.append(ShownStep(step, None if last is None else last.leaf, last is None or last.effective))
    return shown


def stored_status(steps: Sequence[ShownStep], published: str) -> str:
    """Return the status after the last stored step; the published one where this node stored none."""
    if not steps:
        return published
    status = steps[-1].step.status
    return "active" if status == "issued" else status


class CredentialRecord(NamedTuple):
    """One credential with all that the desk shows of it."""

    row: OwnRow
    steps: list[ShownStep]
    parts: list[Part]
    dependents: Dependents
    names: dict[str, str]
    size: int
    """The size of the university's log, as it was read."""
    position: str


def read_record(private: PrivateSide, views: Views, member: str, credential: str) -> CredentialRecord:
    """Return one of the university's credentials. Raises `HttpProblem` where the views do not know it."""
    with views.snapshot() as snapshot, private.reading() as registry:
        connection = snapshot.connection
        rows = read_rows(snapshot, registry, member, [credential])
        if not rows:
            raise HttpProblem("not-found", "this university has no such credential, as far as this node has read")
        sizes = dict(part.rpartition(":")[::2] for part in snapshot.position.split(",") if part)
        return CredentialRecord(
            rows[0],
            join_history(read_credential_history(registry, credential), read_steps(connection, member, credential)),
            read_parts(connection, member, credential),
            read_dependents(connection, member, [credential]).get(credential, NOTHING),
            read_member_names(connection),
            int(sizes.get(member, 0)),
            snapshot.position,
        )


@get("/desk/credentials/{credential:uuid}", include_in_schema=False, sync_to_thread=True, **requires("learners:read"))
def show_credential(
    request: Request[Any, Any, Any],
    private: PrivateSide,
    views: Views,
    pages: Pages,
    receiving: Receiving,
    credential: UUID,
) -> Response[str]:
    """Show one credential, its history and what hangs on it."""
    record = read_record(private, views, request.app.state.member, str(credential))
    view, today = record.row.view, utc_today()
    stored = stored_status(record.steps, view.status)
    return pages.render(
        request,
        "desk/credential.html",
        private=True,
        position=record.position,
        names=record.names,
        record=record,
        view=view,
        state=shown_status(stored, view.valid_until, today),
        stored=stored,
        waiting=find_waiting(receiving.batch_store, [str(credential)]),
        scopes=request.user.scopes,
    )


ROUTES: Final = [show_credential]
