"""A case's file over HTTP: attachments, disclosures, assignment, changes of its credentials, and search by name.

Names are in bodies only, because proxies write addresses to their logs.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import Parameter, QueryParameter, SkipValidation
from msgspec import Meta

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.domain.case_events import Person
from registry.http import FieldError, HttpProblem, requires
from registry.office.cases.assignments import assign
from registry.office.cases.attachments import (
    Attachment,
    AttachmentKind,
    attach,
    files_opened_with,
    list_attachments,
    read_attachment,
)
from registry.office.cases.case_list import list_cases
from registry.office.cases.case_view import texts_of
from registry.office.cases.changes import CredentialChange, acknowledge
from registry.office.cases.disclosures import disclose
from registry.office.cases.evidence import DisclosureSets
from registry.office.cases.holder import HolderCheck
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.worklist import MOST, CaseLine, WorklistQuery
from registry.wire.today import utc_today

_TAG = "Cases"
_MAX_BODY = 64 * 1024**2
Office = NamedDependency[SkipValidation[RecognitionOffice]]


class NameSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The name to search for."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """Beginnings of words of the applicant's name, in any order; case and accents do not matter."""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100


class FoundCases(msgspec.Struct, frozen=True):
    """Cases that match, by due date."""

    items: list[CaseLine]
    notes: list[str]
    """A note where the search did not look through all cases."""


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The person who is to work on a case; null for nobody."""

    assignee: Person | None


class Assigned(msgspec.Struct, frozen=True):
    """The person who works on a case now."""

    case: str
    assignee: str | None


class HandedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An applicant's disclosures: all of one credential in each list, in any order."""

    disclosures: DisclosureSets


class CheckedHolders(msgspec.Struct, frozen=True):
    """For each credential of the case, the comparison of its holder with the applicant."""

    case: str
    holders: list[HolderCheck]


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An acknowledgement of what changed. It has no content."""


class Acknowledged(msgspec.Struct, frozen=True):
    """The changes that are acknowledged now."""

    case: str
    changes: list[CredentialChange]


class Attachments(msgspec.Struct, frozen=True):
    """The files of a case, the oldest first."""

    items: list[Attachment]


BODIES = (NameSearch, Assignment, HandedIn, Acknowledgement)


class _FileBody(Operation):
    """Describes the body in the API's description."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            description="The file's bytes. The type is detected from them: PDF, PNG, JPEG, TIFF, or UTF-8 text.",
            content={"application/octet-stream": file},
            required=True,
        )


@post(
    "/v1/cases/search",
    tags=[_TAG],
    operation_id="findCases",
    summary="Find cases by the applicant's name",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:read"),
)
def search(private: PrivateSide, office: Office, data: NameSearch) -> Response[FoundCases]:
    """Return the cases of applicants with a matching name. Nothing is stored."""
    today = utc_today()
    with private.reading() as registry:
        cases = list_cases(
            office.reading_from(registry), WorklistQuery(), today=today, name=data.name, limit=data.limit
        )
    return private.respond(FoundCases(cases.lines, cases.notes))


@get(
    "/v1/cases/{case:uuid}/attachments",
    tags=[_TAG],
    operation_id="listAttachments",
    summary="The files of a case",
    sync_to_thread=True,
    **requires("cases:read"),
)
def list_files(private: PrivateSide, office: Office, case: UUID) -> Response[Attachments]:
    """Return the files that the case was opened with, and those that were attached, without contents and names."""
    with private.reading() as registry:
        stored = registry.case(str(case))
        files = [
            *files_opened_with(texts_of(office.reading_from(registry), stored)),
            *list_attachments(registry.cursor(), str(case)),
        ]
    return private.respond(Attachments(files))


@post(
    "/v1/cases/{case:uuid}/attachments",
    tags=[_TAG],
    operation_id="attachFile",
    summary="Attach a file to a case",
    status_code=201,
    operation_class=_FileBody,
    request_max_body_size=_MAX_BODY,
    sync_to_thread=True,
    **requires("cases:write"),
)
def attach_file(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    body: bytes,
    key: IdempotencyKey,
    *,
    kind: Annotated[AttachmentKind, Parameter(description="The kind of file.")] = "other",
    subject: Annotated[
        int | None,
        QueryParameter(
            name="subject", description="The number of the credential that the file is about, counted from 0."
        ),
    ] = None,
) -> Response[Attachment]:
    """Attach a file. It is encrypted under the applicant's key and erased with the applicant.

    The settings limit its size and how many files a case may have.
    """
    act = attach_in(office, str(case), body, kind, request.user.actor, subject=subject)
    identity = {"file": hashlib.sha256(body).hexdigest(), "kind": kind, "subject": subject}
    return private.write_once(request, key, identity, act)


@get(
    "/v1/cases/{case:uuid}/attachments/{attachment:uuid}",
    tags=[_TAG],
    operation_id="getAttachment",
    summary="One file of a case",
    sync_to_thread=True,
    media_type="application/octet-stream",
    **requires("cases:read"),
)
def get_attachment(private: PrivateSide, case: UUID, attachment: UUID) -> Response[bytes]:
    """Return the file's bytes, for a browser to save and not to show. The file name says nothing about the person."""
    with private.reading() as registry:
        file = read_attachment(registry, registry.case(str(case)), str(attachment))
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{file.attachment.file_name}"',
    }
    return Response(file.content, media_type="application/octet-stream", headers=headers)


@post(
    "/v1/cases/{case:uuid}/disclosures",
    tags=[_TAG],
    operation_id="handInDisclosures",
    summary="Hand in an applicant's disclosures",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def hand_in_disclosures(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    data: HandedIn,
    key: IdempotencyKey,
) -> Response[CheckedHolders]:
    """Store disclosures after checking them against the digests on the log. They say whose the credentials are."""
    return private.write_once(request, key, data, disclose_in(office, str(case), data, request.user.actor))


@post(
    "/v1/cases/{case:uuid}/assign",
    tags=[_TAG],
    operation_id="assignCase",
    summary="Assign a case",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def assign_case(
    private: PrivateSide, request: Request[Any, Any, Any], case: UUID, data: Assignment, key: IdempotencyKey
) -> Response[Assigned]:
    """Assign the case to a person, by the name of an account or a key; null for nobody."""
    return private.write_once(request, key, data, assign_to(str(case), data.assignee, request.user.actor))


@post(
    "/v1/cases/{case:uuid}/acknowledge",
    tags=[_TAG],
    operation_id="acknowledgeChanges",
    summary="Acknowledge changes",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def acknowledge_changes(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    data: Acknowledgement,
    key: IdempotencyKey,
) -> Response[Acknowledged]:
    """Acknowledge what changed. The case is not listed as changed until another change happens to a credential."""
    return private.write_once(request, key, data, acknowledge_in(office, str(case), request.user.actor))


def attach_in(
    office: RecognitionOffice,
    case: str,
    content: bytes,
    kind: AttachmentKind,
    by: str,
    *,
    subject: int | None = None,
    name: str | None = None,
) -> Callable[[Write], Answer]:
    """Return the write that attaches a file to a case."""

    def act(write: Write) -> Answer:
        stored = write.registry.case(case)
        with write.registry.transaction() as transaction:
            attachment = attach(
                write.registry, office.setting, stored, content, kind, by,
                subject=subject, name=name, transaction=transaction,
            )  # fmt: skip
            location = f"/v1/cases/{case}/attachments/{attachment.attachment}"
            return write.commit(transaction, Answer(201, attachment, location))

    return act


def disclose_in(office: RecognitionOffice, case: str, data: HandedIn, by: str) -> Callable[[Write], Answer]:
    """Return the write that stores an applicant's disclosures."""

    def act(write: Write) -> Answer:
        # The checks read what is stored, so the answer follows in a transaction of its own.
        checks = disclose(office, write.registry.case(case), data.disclosures, by)
        return Answer(200, CheckedHolders(case, checks))

    return act


def acknowledge_in(office: RecognitionOffice, case: str, by: str) -> Callable[[Write], Answer]:
    """Return the write that acknowledges what changed since the decision."""

    def act(write: Write) -> Answer:
        stored = write.registry.case(case)
        with write.registry.transaction() as transaction:
            changes = acknowledge(write.registry, office.lookup, stored, by, transaction)
            return write.commit(transaction, Answer(200, Acknowledged(case, changes)))

    return act


def assign_to(case: str, assignee: str | None, by: str) -> Callable[[Write], Answer]:
    """Return the write that assigns a case to a person, or to nobody."""

    def act(write: Write) -> Answer:
        if assignee is not None and not assignee.strip():
            raise HttpProblem(
                "unprocessable", errors=[FieldError("$.assignee", "is empty; null lets nobody work on it")]
            )
        with write.registry.transaction() as transaction:
            assign(write.registry, write.registry.case(case), assignee, by, transaction)
            return write.commit(transaction, Answer(200, Assigned(case, assignee)))

    return act


ROUTES: list[HTTPRouteHandler] = [
    search,
    list_files,
    attach_file,
    get_attachment,
    hand_in_disclosures,
    assign_case,
    acknowledge_changes,
]
