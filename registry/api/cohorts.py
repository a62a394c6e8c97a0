"""Decisions about a cohort: one for each credential of a list, as an assessment says."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from registry.api.bodies import InjectedLookup
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.http import requires
from registry.office.cohorts.cohort import Cohort, CohortOutcome
from registry.office.cohorts.cohort_file import LONGEST, CohortRow
from registry.office.ports import CredentialLookup
from registry.wire.forms import Member
from registry.wire.recognition import Condition
from registry.wire.today import utc_today

_MOST: Final = 500


class CohortItem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One credential of the cohort."""

    member: Member
    credential: UUID
    record: Annotated[str, Meta(max_length=LONGEST)] = ""
    """Your own id of the row, which makes it idempotent for ever; by default the credential."""


class CohortBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The credentials to decide about."""

    items: Annotated[list[CohortItem], Meta(min_length=1, max_length=_MOST)]
    conditions: Annotated[list[Condition], Meta(max_length=20)] = []
    """The conditions, where the assessment is conditional."""
    dry_run: bool = False
    """Check only; nothing is decided."""


class CohortDecided(msgspec.Struct, frozen=True, rename="camel"):
    """The outcomes of the rows, in their order."""

    items: list[CohortOutcome]
    decided: int
    unchanged: int
    not_decided: int


@post(
    "/v1/assessments/{assessment:uuid}/decisions",
    tags=["Recognition"],
    operation_id="decideCohort",
    summary="Decide a cohort by an assessment",
    status_code=200,
    sync_to_thread=True,
    **requires("recognition:write"),
)
def decide_cohort(
    private: PrivateSide,
    lookup: InjectedLookup,
    request: Request[Any, Any, Any],
    assessment: UUID,
    data: CohortBody,
    key: IdempotencyKey,
) -> Response[CohortDecided]:
    """Decide about each credential as one of the office's assessments says. A row that cannot be decided has a
    `problem` and delays no other row. Correct and send the list again: what was decided stays as it is.

    A decision that names its credential by digest only comes with its `disclosure`: pass it to the learner.
    """
    rows = [
        CohortRow(
            f"item {number}", item.record or f"{item.member}/{item.credential}", item.member, str(item.credential)
        )
        for number, item in enumerate(data.items, 1)
    ]
    act = decide_in(lookup, str(assessment), rows, data.conditions, dry_run=data.dry_run)
    return private.write_once(request, key, data, act)


def decide_in(
    lookup: CredentialLookup,
    assessment: str,
    rows: Sequence[CohortRow],
    conditions: Sequence[Condition] = (),
    *,
    dry_run: bool = False,
) -> Callable[[Write], Answer]:
    """Return the write that decides a cohort row after row, or only checks it."""

    def act(write: Write) -> Answer:
        cohort = Cohort(write.registry, lookup, assessment, utc_today(), conditions)
        outcomes = list(cohort.decide(rows, dry_run=dry_run))
        unchanged = sum(outcome.unchanged for outcome in outcomes)
        bad = sum(bool(outcome.problem) for outcome in outcomes)
        return Answer(200, CohortDecided(outcomes, len(outcomes) - unchanged - bad, unchanged, bad))

    return act


ROUTES: list[HTTPRouteHandler] = [decide_cohort]
"""The routes of cohorts."""
