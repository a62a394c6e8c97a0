"""Issuing one credential, and changing what it counts for."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
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
from registry.application.requests import Issued, IssueRequest, Outcome
from registry.application.status_changes import StatusChange, StatusChanger
from registry.application.status_notes import MAX_NOTE
from registry.application.transaction import Transaction
from registry.http import FieldError, HttpProblem, requires
from registry.intake.rows.report import Catalogue
from registry.intake.rows.row_checker import RowChecker
from registry.intake.rows.row_texts import MAX_FIELD
from registry.intake.rows.status_note import status_note_fault
from registry.wire.credentials import CountedBy, Part, StatusReason
from registry.wire.forms import Date, Member, check_credits

_Said = Annotated[str, Meta(min_length=1, max_length=MAX_FIELD)]


class CountedByRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The decision or agreement of a member that lets a part count."""

    member: Member
    decision: UUID | None = None
    agreement: UUID | None = None


class PartRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A credential that is a part of the one that is issued, and the credits that it counts for."""

    member: Member
    credential: UUID
    ects: Annotated[float, Meta(ge=0, le=100_000)]
    by: CountedByRow | None = None
    """`getProgress` returns it."""


Override = Literal[
    "pending", "learner-mismatch", "not-active", "impaired", "by", "ects", "not-composed", "required", "capstone",
    "choices", "minEcts", "minOwnEcts", "minEctsAtLevel", "maxCreditedEcts", "excludes", "sharing", "maxAgeMonths",
]  # fmt: skip


class CredentialRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One award, with the columns of rows in a file. Personal data is stored encrypted on this node only."""

    record: _Said
    """Your own id of this award, unique for ever. Sent again, it is the same credential."""
    student: _Said
    """Your own number of the learner."""
    date_of_birth: Date
    awarding_date: Date
    family_name: Annotated[str, Meta(max_length=MAX_FIELD)] = ""
    """Empty for a person who has a given name only."""
    given_name: Annotated[str, Meta(max_length=MAX_FIELD)] = ""
    """Empty for a person who has a family name only. One of the two is required."""
    achievement: UUID | None = None
    """The id of the achievement; or send `course`."""
    course: _Said | None = None
    """Your own course code, mapped by `setCourseCodes`."""
    version: Annotated[int, Meta(ge=1, lt=2**31)] | None = None
    """The version of the achievement; the newest by default."""
    valid_until: Date | None = None
    ects: Annotated[float, Meta(ge=0, le=100_000)] | None = None
    """Checked against the credits of the achievement."""
    grade: str | None = None
    original_grade: str | None = None
    national_id: str | None = None
    note: str | None = None
    replaces: UUID | None = None
    """The credential that this one corrects."""
    parts: Annotated[list[PartRow], Meta(max_length=200)] | None = None
    """The parts of this credential. They are checked against the achievement's composition."""
    override: Annotated[list[Override], Meta(max_length=20)] | None = None
    """Codes of breaches by its parts that you accept. The credential will have a flag for each."""

    keep_text: bool = False
    """Keep text that looks wrong (in its encoding, or as a name or a grade) as it is."""


class Credential(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that was issued."""

    member: str
    credential: str
    learner: str
    """The learner's random id. Store it with your own number: the learner's record is read by it."""
    record: str
    unchanged: bool
    """True if this record was issued before with the same content."""
    notes: list[str] = []
    """Details to check: an awarding date in the future, a validity that has ended, a replaced credential of another
    achievement."""


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The reason, as a code that stays on the log for ever. Use `withheld` for a sensitive reason."""

    reason: StatusReason
    note: Annotated[str, Meta(max_length=MAX_NOTE)] = ""
    """Your own words about it. They are stored encrypted, on this node only, and erased with the learner."""


class Status(msgspec.Struct, frozen=True):
    """The status of a credential."""

    member: str
    credential: str
    status: str
    unchanged: bool = False
    """True if this change was made before, for the same reason."""


@post(
    "/v1/credentials",
    tags=["Publishing"],
    operation_id="issueCredential",
    summary="Issue a credential",
    status_code=201,
    responses={200: ResponseSpec(Credential, description="The record was issued before with the same content.")},
    sync_to_thread=True,
    **requires("credentials:write"),
)
def issue(
    private: PrivateSide, offered: Offers, request: Request[Any, Any, Any], data: CredentialRow, key: IdempotencyKey
) -> Response[Credential]:
    """Issue one credential: 201, or 200 where its record was issued before.

    Its `parts`, if it has any, must satisfy the achievement's composition. Breaches are listed, each with its code as
    `field`, and refused unless `override` names them.
    """
    return private.write_once(request, key, data, make_issue(data, offered, request.user.scopes))


def make_issue(data: CredentialRow, offered: Catalogue, scopes: AbstractSet[str]) -> Callable[[Write], Answer]:
    """Return the act that issues one credential. `scopes` are those of who asks for it."""

    def act(write: Write) -> Answer:
        checker = RowChecker(offered, keep_text=data.keep_text)
        request = read_request(data, checker)

        def add_answer(transaction: Transaction, outcomes: Sequence[Outcome]) -> None:
            if isinstance(outcomes[0], Issued):
                write.add_answer(transaction, _answer(write.registry.member, outcomes[0], checker.list_notes()))

        [outcome] = write.issuer.issue(
            [request],
            add_rows=add_answer,
            override=data.override or (),
        )
        return _answer(write.registry.member, require_issued(outcome, scopes), checker.list_notes())

    return act


def read_request(data: CredentialRow, checker: RowChecker) -> IssueRequest:
    """Return the request that a row makes. Raises `HttpProblem` with all that is wrong with it."""
    parts, wrong = _parts(data.parts)
    checked = checker.check(0, _row(data))
    if checked is None:
        raise HttpProblem(
            "unprocessable", errors=[FieldError("$.record", "EXAMPLE is the template's id; send your own")]
        )
    result = checked.result
    problems = result if isinstance(result, tuple) else ()
    errors = [FieldError(f"$.{problem.field}", problem.detail, problem.field, problem.value) for problem in problems]
    if isinstance(result, tuple) or wrong:
        raise HttpProblem("unprocessable", errors=[*errors, *wrong])
    return msgspec.structs.replace(result, parts=parts)


def require_issued(outcome: Outcome, scopes: AbstractSet[str]) -> Issued:
    """Return the outcome of a request that was issued, or would be. Raises `HttpProblem` for any other.

    `scopes` are those of who asks for it.
    """
    if isinstance(outcome, Issued):
        return outcome
    kind = "not-found" if outcome.code.startswith("unknown-") else "refused"
    if not outcome.accepted:
        kind = "not-accepted"
    errors = [FieldError(f"$.{breach.path}", breach.detail, breach.code) for breach in outcome.breaches]
    # The persons behind a number are for people who may decide on held rows, not for every system that issues.
    detail = outcome.explanation if "learners:decide" in scopes else outcome.detail
    raise HttpProblem(kind, detail, errors=errors, code=outcome.code, path=outcome.field)


def _answer(member: str, issued: Issued, notes: list[str]) -> Answer:
    notes = notes if issued.replacement is None else [*notes, str(issued.replacement)]
    credential = Credential(member, issued.credential, issued.learner, issued.record, issued.unchanged, notes)
    return Answer(200 if issued.unchanged else 201, credential, f"/v1/credentials/{member}/{issued.credential}")


def _parts(rows: list[PartRow] | None) -> tuple[list[Part] | None, list[FieldError]]:
    """Return the parts, and their faults."""
    parts, wrong = [], []
    for place, row in enumerate(rows or ()):
        if (fault := check_credits(row.ects)) is not None:
            wrong.append(FieldError(f"$.parts[{place}].ects", fault))
        by = None
        if row.by is not None:
            decision, agreement = (
                None if by_id is None else str(by_id) for by_id in (row.by.decision, row.by.agreement)
            )
            if (decision is None) == (agreement is None):
                wrong.append(FieldError(f"$.parts[{place}].by", "must name either a decision or an agreement"))
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
    """Return a route that changes a credential's status for a reason."""

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
        """Change the status of one of the university's credentials.

        A change that was made before, for the same reason, changes nothing (`unchanged`). Another reason is refused.
        """
        note = data.note.strip()
        if (fault := status_note_fault(note)) is not None:
            raise HttpProblem("unprocessable", errors=[FieldError("$.note", fault, "note")])

        def act(write: Write) -> Answer:
            return make_change(write, StatusChange(str(credential), "", change, data.reason, note), status)

        return private.write_once(request, key, data, act)

    return changing


def make_change(write: Write, change: StatusChange, status: str) -> Answer:
    """Make a change, and return the credential's status after it."""
    changer = StatusChanger(write.registry, write.issuer)
    with write.registry.transaction() as transaction:
        unchanged = changer.make(change.credential, change, transaction) == "unchanged"
        answer = Answer(200, Status(write.registry.member, change.credential, status, unchanged))
        return write.commit(transaction, answer)


suspend = _changing("suspend", "suspended", "Suspend a credential")
revoke = _changing("revoke", "revoked", "Revoke a credential")


@post(
    "/v1/credentials/{credential:uuid}/reinstate",
    tags=["Publishing"],
    operation_id="reinstateCredential",
    summary="Reinstate a suspended credential",
    status_code=200,
    sync_to_thread=True,
    **requires("credentials:write"),
)
def reinstate(
    private: PrivateSide, request: Request[Any, Any, Any], credential: UUID, key: IdempotencyKey
) -> Response[Status]:
    """End the suspension of one of the university's credentials. One that was ended before is `unchanged`."""

    def act(write: Write) -> Answer:
        return make_change(write, StatusChange(str(credential), "", "reinstate", ""), "active")

    return private.write_once(request, key, None, act)


ROUTES: list[HTTPRouteHandler] = [issue, suspend, revoke, reinstate]
