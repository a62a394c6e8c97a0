"""A case's file over HTTP: attachments, disclosures, who works on it, what changed, and search by name.

Names stand in bodies only: addresses are written to logs on the way.
"""

import hashlib
from collections.abc import Callable
from datetime import date
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
from registry.office.cases import listing
from registry.office.cases.assigning import assign
from registry.office.cases.attachments import (
    Attachment,
    AttachmentKind,
    attach,
    files_opened_with,
    list_attachments,
    read_attachment,
)
from registry.office.cases.changes import CredentialChange, acknowledge
from registry.office.cases.disclosing import disclose
from registry.office.cases.evidence import DisclosureSets
from registry.office.cases.holder import HolderCheck
from registry.office.cases.service import Office as RecognitionOffice
from registry.office.cases.showing import texts_of
from registry.office.cases.worklist import MOST, CaseLine, WorklistQuery

_TAG = "Cases"
_MAX_BODY = 64 * 1024**2
Office = NamedDependency[SkipValidation[RecognitionOffice]]


class NameSearch(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whose cases to look for."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    """Words with which the words of the applicant's name begin; case, accents and order do not count."""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100


class FoundCases(msgspec.Struct, frozen=True):
    """The cases that were found, by due date."""

    items: list[CaseLine]
    notes: list[str]
    """Says it where not all cases were looked through."""


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is to work on a case; null: nobody."""

    assignee: Person | None


class Assigned(msgspec.Struct, frozen=True):
    """Who works on a case now."""

    case: str
    assignee: str | None


class HandedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An applicant's disclosures: all of one credential in each list, in any order."""

    disclosures: DisclosureSets


class CheckedHolders(msgspec.Struct, frozen=True):
    """Of each credential of the case, whether its holder is the applicant."""

    case: str
    holders: list[HolderCheck]


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody has seen what changed. It has no content."""


class Acknowledged(msgspec.Struct, frozen=True):
    """What was seen."""

    case: str
    changes: list[CredentialChange]


class Attachments(msgspec.Struct, frozen=True):
    """The files of a case, the oldest first."""

    items: list[Attachment]


BODIES = (NameSearch, Assignment, HandedIn, Acknowledgement)


class _FileBody(Operation):
    """Says in the API's description what is posted."""

    def __post_init__(self) -> None:
        file = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))
        self.request_body = RequestBody(
            description="The file's bytes. What it is, is found out from them: PDF, PNG, JPEG, TIFF, or UTF-8 text.",
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
    """Cases of applicants whose name has words that begin so. Nothing is stored."""
    today = date.today()  # noqa: DTZ011 - a day on the office's calendar
    with private.reading() as registry:
        found = listing.list_cases(
            office.reading_from(registry), WorklistQuery(), today=today, name=data.name, limit=data.limit
        )
    return private.respond(FoundCases(found.lines, found.notes))


@get(
    "/v1/cases/{case:uuid}/attachments",
    tags=[_TAG],
    operation_id="listAttachments",
    summary="The files of a case",
    sync_to_thread=True,
    **requires("cases:read"),
)
def listed(private: PrivateSide, office: Office, case: UUID) -> Response[Attachments]:
    """What it was opened with, and what was attached; without contents and without the files' own names."""
    with private.reading() as registry:
        found = registry.case(str(case))
        files = [
            *files_opened_with(texts_of(office.reading_from(registry), found)),
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
def attached(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    body: bytes,
    key: IdempotencyKey,
    *,
    kind: Annotated[AttachmentKind, Parameter(description="What the file is.")] = "other",
    subject: Annotated[
        int | None,
        QueryParameter(name="subject", description="Which credential of the case it is about, from 0 on."),
    ] = None,
) -> Response[Attachment]:
    """Encrypted under the applicant's key, and erased with the applicant. How large it may be, the settings say."""

    def act(write: Write) -> Answer:
        found = write.registry.case(str(case))
        by = request.user.actor
        with write.registry.transaction() as transaction:
            attachment = attach(
                write.registry, office.setting, found, body, kind, by, subject=subject, transaction=transaction
            )
            location = f"/v1/cases/{case}/attachments/{attachment.attachment}"
            return write.commit(transaction, Answer(201, attachment, location))

    asked = {"file": hashlib.sha256(body).hexdigest(), "kind": kind, "subject": subject}
    return private.write_once(request, key, asked, act)


@get(
    "/v1/cases/{case:uuid}/attachments/{attachment:uuid}",
    tags=[_TAG],
    operation_id="getAttachment",
    summary="One file of a case",
    sync_to_thread=True,
    media_type="application/octet-stream",
    **requires("cases:read"),
)
def one(private: PrivateSide, case: UUID, attachment: UUID) -> Response[bytes]:
    """Its bytes, to be saved and not to be shown by a browser. Its name says nothing of the person."""
    with private.reading() as registry:
        found = read_attachment(registry, registry.case(str(case)), str(attachment))
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{found.attachment.file_name}"',
    }
    return Response(found.content, media_type="application/octet-stream", headers=headers)


@post(
    "/v1/cases/{case:uuid}/disclosures",
    tags=[_TAG],
    operation_id="handInDisclosures",
    summary="Hand in an applicant's disclosures",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def disclosed(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    data: HandedIn,
    key: IdempotencyKey,
) -> Response[CheckedHolders]:
    """Checked against the digests on the log: they say whose the credentials are."""

    def act(write: Write) -> Answer:
        # The checks read what is stored: so the answer follows in a transaction of its own.
        checks = disclose(office, write.registry.case(str(case)), data.disclosures, request.user.actor)
        return Answer(200, CheckedHolders(str(case), checks))

    return private.write_once(request, key, data, act)


@post(
    "/v1/cases/{case:uuid}/assign",
    tags=[_TAG],
    operation_id="assignCase",
    summary="Let somebody work on a case",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def assigned(
    private: PrivateSide, request: Request[Any, Any, Any], case: UUID, data: Assignment, key: IdempotencyKey
) -> Response[Assigned]:
    """An account's name or a key's; null lets nobody work on it."""
    return private.write_once(request, key, data, _assign(str(case), data.assignee, request.user.actor))


@post(
    "/v1/cases/{case:uuid}/acknowledge",
    tags=[_TAG],
    operation_id="acknowledgeChanges",
    summary="Note that what changed was seen",
    status_code=200,
    sync_to_thread=True,
    **requires("cases:write"),
)
def acknowledged(
    private: PrivateSide,
    office: Office,
    request: Request[Any, Any, Any],
    case: UUID,
    data: Acknowledgement,
    key: IdempotencyKey,
) -> Response[Acknowledged]:
    """It is not listed as changed again until something else happens to the credential."""

    def act(write: Write) -> Answer:
        found = write.registry.case(str(case))
        with write.registry.transaction() as transaction:
            changes = acknowledge(write.registry, office.lookup, found, request.user.actor, transaction)
            return write.commit(transaction, Answer(200, Acknowledged(str(case), changes)))

    return private.write_once(request, key, data, act)


def _assign(case: str, assignee: str | None, by: str) -> Callable[[Write], Answer]:
    def act(write: Write) -> Answer:
        if assignee is not None and not assignee.strip():
            raise HttpProblem(
                "unprocessable", errors=[FieldError("$.assignee", "is empty; null lets nobody work on it")]
            )
        with write.registry.transaction() as transaction:
            assign(write.registry, write.registry.case(case), assignee, by, transaction)
            return write.commit(transaction, Answer(200, Assigned(case, assignee)))

    return act


ROUTES: list[HTTPRouteHandler] = [search, listed, attached, one, disclosed, assigned, acknowledged]
