"""Achievements that documents brought and Annex I wants more of, and the credentials that wait for them."""

from collections.abc import Callable, Collection
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta

from registry.api.achievements import KeepText
from registry.api.bodies import Offers
from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.application.achievement_texts import ALL_FIELDS
from registry.http import requires
from registry.intake.draft_publishing import DraftPublisher
from registry.intake.drafts import Draft, Drafts
from registry.intake.rows.report import Catalogue

_MOST: Final = 500
_NAME: Final = 40
_Values = Annotated[dict[Annotated[str, Meta(max_length=_NAME)], Any], Meta(max_length=60)]


class WaitingRecord(msgspec.Struct, frozen=True):
    """A credential that waits for a draft. Its personal data is not shown."""

    record: str | None
    """The university's own id of the award, where the document names one."""
    missing: list[str]
    """Fields that are required before it can be issued."""


class DraftView(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement that a document describes, and that is not published yet."""

    draft: str
    title: str
    format: str
    """The format of the document that it comes from."""
    codes: list[str]
    content: dict[str, Any]
    """The fields of `achievement.published.v1` that are known."""
    supplements: list[str] = msgspec.field(name="given")
    """The fields among them that were sent in addition to the document."""
    notes: list[str]
    """Values of the document without a certain meaning."""
    missing: list[str]
    """Fields that Annex I requires and that are missing."""
    achievement: str | None
    """The id of the achievement as which it was published."""
    waiting: list[WaitingRecord]


class DraftList(msgspec.Struct, frozen=True):
    """Drafts that are not published, or that credentials wait for."""

    items: list[DraftView]


class Completing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Values that the document lacks. They take precedence over those of the document."""

    achievement: _Values = {}
    """Fields of `achievement.published.v1`."""
    credentials: Annotated[dict[Annotated[str, Meta(max_length=300)], _Values], Meta(max_length=_MOST)] = {}
    """Columns of a credential's row, by the record that waits."""


class DraftPublished(msgspec.Struct, frozen=True):
    """The result of publishing a draft."""

    achievement: str
    issued: int
    waiting: int
    """The number of credentials that still wait; the draft says what for."""
    notes: list[str] = []
    """Doubts about the achievement, for example its workload, and changes in the spelling of its texts."""


@get(
    "/v1/drafts",
    tags=["Publishing"],
    operation_id="listDrafts",
    summary="Achievements that are not published yet",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def list_drafts(private: PrivateSide) -> Response[DraftList]:
    """Return the drafts: achievements of documents that lack fields which Annex I requires."""
    with private.reading() as registry:
        drafts = Drafts(registry)
        views = DraftList([describe_draft(drafts, draft) for draft in drafts.list_all()])
    return private.respond(views)


@get(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="getDraft",
    summary="One draft",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def get_draft(private: PrivateSide, draft: UUID) -> Response[DraftView]:
    """Return a draft with its fields, the missing ones, and the records that wait for it."""
    with private.reading() as registry:
        drafts = Drafts(registry)
        view = describe_draft(drafts, drafts.get(str(draft)))
    return private.respond(view)


@patch(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="completeDraft",
    summary="Complete a draft",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def complete(
    private: PrivateSide, request: Request[Any, Any, Any], draft: UUID, data: Completing, key: IdempotencyKey
) -> Response[DraftView]:
    """Add missing fields to a draft. They can be sent again."""
    return private.write_once(request, key, data, make_completion(str(draft), data))


@post(
    "/v1/drafts/{draft:uuid}/publish",
    tags=["Publishing"],
    operation_id="publishDraft",
    summary="Publish a draft, and issue what waits for it",
    status_code=200,
    sync_to_thread=True,
    **requires("achievements:write", "credentials:write"),
)
def publish(
    private: PrivateSide,
    offered: Offers,
    request: Request[Any, Any, Any],
    draft: UUID,
    key: IdempotencyKey,
    *,
    keep_text: KeepText = False,
) -> Response[DraftPublished]:
    """Publish a draft as version 1 of an achievement, and issue the credentials that wait for it.

    Those that lack fields still wait: complete them, and publish the draft once more.
    """
    act = make_draft_publication(str(draft), offered, ALL_FIELDS if keep_text else ())
    return private.write_once(request, key, None, act)


@delete(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="dropDraft",
    summary="Delete a draft",
    status_code=200,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def drop(private: PrivateSide, request: Request[Any, Any, Any], draft: UUID, key: IdempotencyKey) -> Response[None]:
    """Delete a draft and the credentials that wait for it. What was published stays."""
    return private.write_once(request, key, None, make_drop(str(draft)))


def make_completion(draft: str, data: Completing) -> Callable[[Write], Answer]:
    """Return the act that adds values to a draft."""

    def act(write: Write) -> Answer:
        drafts = Drafts(write.registry)
        values: dict[str, Any] = {"achievement": data.achievement}
        if data.credentials:
            values["credentials"] = data.credentials
        return Answer(200, describe_draft(drafts, drafts.complete(draft, values)))

    return act


def make_draft_publication(
    draft: str, offered: Catalogue, keep_fields: Collection[str], data: Completing | None = None
) -> Callable[[Write], Answer]:
    """Return the act that publishes a draft, after it is completed by `data`, and issues what waits for it."""

    def act(write: Write) -> Answer:
        if data is not None:
            make_completion(draft, data)(write)
        awards, notes = DraftPublisher(write.registry, write.issuer, offered).publish(draft, keep_fields)
        after = Drafts(write.registry).get(draft)
        notes += [note for award in awards for note in award.notes]
        issued = sum(award.credential is not None for award in awards)
        return Answer(200, DraftPublished(str(after.achievement), issued, after.waiting, notes))

    return act


def make_drop(draft: str) -> Callable[[Write], Answer]:
    """Return the act that deletes a draft and what waits for it."""

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            Drafts(write.registry).drop(draft, transaction)
            return write.commit(transaction, Answer(200, None))

    return act


def describe_draft(drafts: Drafts, draft: Draft) -> DraftView:
    """Return a draft as the API shows it."""
    waiting = [
        WaitingRecord(None if (record := credential.values.get("record")) is None else str(record), credential.missing)
        for credential in drafts.list_waiting(draft.draft)
    ]
    return DraftView(
        draft.draft,
        draft.title,
        draft.format,
        draft.codes,
        draft.values,
        sorted(draft.given),
        draft.odd,
        drafts.list_missing(draft) if draft.achievement is None else [],
        draft.achievement,
        waiting,
    )


ROUTES: list[HTTPRouteHandler] = [list_drafts, get_draft, complete, publish, drop]
"""For the node's application."""
