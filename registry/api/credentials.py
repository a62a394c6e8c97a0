"""Issuing one credential, and changing what it counts for."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from msgspec import Meta

from registry.api.bodies import Offers
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.application.requests import Issued, Outcome
from registry.application.status_notes import MAX_NOTE
from registry.application.transaction import Transaction
from registry.http import FieldError, HttpProblem, requires
from registry.intake.rows.row_checker import RowChecker
from registry.intake.rows.row_texts import MAX_FIELD
from registry.intake.rows.status_note import status_note_fault
from registry.wire.credentials import CountedBy, Part, StatusReason
from registry.wire.forms import Date, Member, check_credits

_Said = Annotated[str, Meta(min_length=1, max_length=MAX_FIELD)]


class CountedByRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What lets a part count: a decision or an agreement of a member."""

    member: Member
    decision: UUID | None = None
    agreement: UUID | None = None


class PartRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A credential that is stacked into the one that is issued, and the credits that it brings."""

    member: Member
    credential: UUID
    ects: Annotated[float, Meta(ge=0, le=100_000)]
    by: CountedByRow | None = None
    """`getProgress` says by what it counts."""


Override = Literal[
    "pending", "learner-mismatch", "not-active", "impaired", "by", "ects", "not-composed", "required", "capstone",
    "choices", "minEcts", "minOwnEcts", "minEctsAtLevel", "maxCreditedEcts", "excludes", "sharing", "maxAgeMonths",
]  # fmt: skip


class CredentialRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One award, with the columns that rows of a file have. What is about the person goes to the vault only."""

    record: _Said
    """Your own id of this award, unique for ever: given again it is the same credential."""
    student: _Said
    """Your own number of the learner."""
    date_of_birth: Date
    awarding_date: Date
    family_name: Annotated[str, Meta(max_length=MAX_FIELD)] = ""
    """Left out, or empty, for a person who has a given name only."""
    given_name: Annotated[str, Meta(max_length=MAX_FIELD)] = ""
    """Likewise; a person has one of the two at least."""
    achievement: UUID | None = None
    """Its id; or give `course`."""
    course: _Said | None = None
    """Your own course code, as `setCourseCodes` mapped it."""
    version: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    """Of the achievement; the newest where it is left out."""
    valid_until: Date | None = None
    ects: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    """To be checked against the achievement's."""
    grade: str | None = None
    original_grade: str | None = None
    national_id: str | None = None
    note: str | None = None
    replaces: UUID | None = None
    """The credential that this one corrects."""
    parts: Annotated[list[PartRow], Meta(max_length=200)] | None = None
    """What is stacked into it. They are held against the achievement's composition."""
    override: Annotated[list[Override], Meta(max_length=20)] | None = None
    """What speaks against its parts and is gone on with knowingly; the credential will be flagged for it."""

    keep_text: bool = False
    """A text that looks wrong (by its encoding, or as a name or a grade) is meant as it is."""


class Credential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that was issued."""

    member: str
    credential: str
    learner: str
    """The learner's random id; keep it with your own number, it is how their record is read."""
    record: str
    unchanged: bool
    """Whether this record was issued before, and says the same."""
    notes: list[str] = []
    """What to look at again: an awarding date to come, a last day of validity that has passed, another achievement than
    that of the credential which is replaced."""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Why; a code that stands on the log for ever. What is delicate is `withheld`."""

    reason: StatusReason
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""
    """Your own words about it. They are kept encrypted on this node, never on the log, and go with the learner."""


class Status(msgspec.Struct, frozen=True):
    """What a credential counts for now."""

    member: str
    credential: str
    status: str


@post(
    "/v1/credentials",
    tags=["Publishing"],
    operation_id="issueCredential",
    summary="Issue a credential",
    status_code=201,
    responses={200: ResponseSpec(Credential, description="The record was issued before, and says the same.")},
    sync_to_thread=True,
    **requires("credentials:write"),
)
def issue(
    private: PrivateSide, offered: Offers, request: Request[Any, Any, Any], data: CredentialRow, key: IdempotencyKey
) -> Response[Credential]:
    """Issue one credential: 201, or 200 where its record was issued before.

    Its `parts`, if it has any, must satisfy the achievement's composition; what speaks against them is listed, each
    with its code as `field`, and refused unless `override` names it.
    """
    parts, wrong = _parts(data.parts)

    def act(write: Write) -> Answer:
        checker = RowChecker(offered, keep_text=data.keep_text)
        checked = checker.check(0, _row(data))
        if checked is None:
            raise HttpProblem(
                "unprocessable", errors=[FieldError("$.record", "EXAMPLE is the template's own; use your own id")]
            )
        asked = checked.result
        problems = asked if isinstance(asked, tuple) else ()
        errors = [FieldError(f"$.{one.field}", one.detail, one.field, one.value) for one in problems]
        if isinstance(asked, tuple) or wrong:
            raise HttpProblem("unprocessable", errors=[*errors, *wrong])

        def add_answer(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            if isinstance(outcomes[0], Issued):
                write.add_answer(transaction, _answer(write.registry.member, outcomes[0], checker.notes()))

        [outcome] = write.issuer.issue(
            [msgspec.structs.replace(asked, parts=parts)], add_rows=add_answer, override=data.override or ()
        )
        if not isinstance(outcome, Issued):
            kind = "not-found" if outcome.code.startswith("unknown-") else "refused"
            if not outcome.accepted:
                kind = "not-accepted"
            errors = [FieldError(f"$.{one.path}", one.detail, one.code) for one in outcome.breaches]
            # Who is behind a number is for those who may decide it, not for every system that issues.
            detail = outcome.explanation if "learners:decide" in request.user.scopes else outcome.detail
            raise HttpProblem(kind, detail, errors=errors, code=outcome.code, path=outcome.field)
        return _answer(write.registry.member, outcome, checker.notes())

    return private.write_once(request, key, data, act)


def _answer(member: str, issued: Issued, notes: list[str]) -> Answer:
    notes = notes if issued.replacement is None else [*notes, str(issued.replacement)]
    credential = Credential(member, issued.credential, issued.learner, issued.record, issued.unchanged, notes)
    return Answer(200 if issued.unchanged else 201, credential, f"/v1/credentials/{member}/{issued.credential}")


def _parts(rows: list[PartRow] | None) -> tuple[list[Part] | None, list[FieldError]]:
    """The parts, and what is wrong with them."""
    parts, wrong = [], []
    for place, row in enumerate(rows or ()):
        if (fault := check_credits(row.ects)) is not None:
            wrong.append(FieldError(f"$.parts[{place}].ects", fault))
        by = None
        if row.by is not None:
            decision, agreement = (None if one is None else str(one) for one in (row.by.decision, row.by.agreement))
            if (decision is None) == (agreement is None):
                wrong.append(FieldError(f"$.parts[{place}].by", "names a decision or an agreement, one of the two"))
            by = CountedBy(row.by.member, decision, agreement)
        ects = int(row.ects) if row.ects == int(row.ects) else row.ects
        parts.append(Part(row.member, str(row.credential), ects, by))
    return parts or None, wrong


def _row(data: CredentialRow) -> dict[str, str]:
    row: dict[str, str] = {}
    for name, value in msgspec.structs.asdict(data).items():
        if name in ("parts", "override", "keep_text"):
            continue
        if isinstance(value, float):
            row[name] = f"{value:f}".rstrip("0").rstrip(".")
        elif value is not None:
            row[name] = str(value)
    return row


def _changing(change: str, status: str, summary: str) -> HTTPRouteHandler:
    """A route that changes a credential's status for a reason."""

    @post(
        f"/v1/credentials/{{credential:uuid}}/{change}",
        tags=["Publishing"],
        operation_id=f"{change}Credential",
        summary=summary,
        status_code=200,
        sync_to_thread=True,
        **requires("credentials:write"),
    )
    def changing(
        private: PrivateSide, request: Request[Any, Any, Any], credential: UUID, data: Reason, key: IdempotencyKey
    ) -> Response[Status]:
        """An own credential's status, from now on."""
        note = data.note.strip()
        if (fault := status_note_fault(note)) is not None:
            raise HttpProblem("unprocessable", errors=[FieldError("$.note", fault, "note")])

        def act(write: Write) -> Answer:
            with write.registry.transaction() as transaction:
                getattr(write.registry.credentials, change)(str(credential), data.reason, note, transaction=transaction)
                return write.commit(transaction, Answer(200, Status(write.registry.member, str(credential), status)))

        return private.write_once(request, key, data, act)

    return changing


suspend = _changing("suspend", "suspended", "Let a credential not count for now")
revoke = _changing("revoke", "revoked", "Take a credential back for good")


@post(
    "/v1/credentials/{credential:uuid}/reinstate",
    tags=["Publishing"],
    operation_id="reinstateCredential",
    summary="Let a suspended credential count again",
    status_code=200,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def reinstate(
    private: PrivateSide, request: Request[Any, Any, Any], credential: UUID, key: IdempotencyKey
) -> Response[Status]:
    """An own credential's suspension ends."""

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            write.registry.credentials.reinstate(str(credential), transaction=transaction)
            return write.commit(transaction, Answer(200, Status(write.registry.member, str(credential), "active")))

    return private.write_once(request, key, None, act)


ROUTES: list[HTTPRouteHandler] = [issue, suspend, revoke, reinstate]
