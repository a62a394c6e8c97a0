"""Achievements that documents brought and Annex I wants more of, and the credentials that wait for them."""

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
from registry.intake.drafts import Draft, Drafts
from registry.intake.importing import Importer

_MOST: Final = 500
_NAME: Final = 40
_Values = Annotated[dict[Annotated[str, Meta(max_length=_NAME)], Any], Meta(max_length=60)]


class WaitingRecord(msgspec.Struct, frozen=True):
    """A credential that waits. What it says of its learner is not shown."""

    record: str | None
    """The university's own id of the award, where the document names one."""
    missing: list[str]
    """What issuing still wants."""


class DraftView(msgspec.Struct, frozen=True, rename="camel"):
    """An achievement as far as it is known."""

    draft: str
    title: str
    format: str
    """Of the document that brought it."""
    codes: list[str]
    content: dict[str, Any]
    """The fields of `achievement.published.v1` that are known."""
    given: list[str]
    """Those among them that were given beside the document."""
    notes: list[str]
    """What was read and has no certain meaning."""
    missing: list[str]
    """What Annex I still wants."""
    achievement: str | None
    """As what it was published."""
    waiting: list[WaitingRecord]


class DraftList(msgspec.Struct, frozen=True):
    """The drafts that are not published, or that credentials wait for."""

    items: list[DraftView]


class Completing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the document did not say. It counts before what the document says."""

    achievement: _Values = {}
    """Fields of `achievement.published.v1`."""
    credentials: Annotated[dict[Annotated[str, Meta(max_length=300)], _Values], Meta(max_length=_MOST)] = {}
    """Columns of a credential's row, by the record that waits."""


class DraftPublished(msgspec.Struct, frozen=True):
    """What publishing came to."""

    achievement: str
    issued: int
    waiting: int
    """How many credentials go on waiting; the draft says for what."""
    notes: list[str] = []
    """What is doubtful in the achievement, for example its workload, and how its texts were respelled."""


@get(
    "/v1/drafts",
    tags=["Publishing"],
    operation_id="listDrafts",
    summary="Achievements that are not published yet",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def listed(private: PrivateSide) -> Response[DraftList]:
    """Made of documents whose achievement nobody has published and which lack what Annex I wants."""
    with private.reading() as registry:
        drafts = Drafts(registry)
        found = DraftList([_view(drafts, one) for one in drafts.all()])
    return private.respond(found)


@get(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="getDraft",
    summary="One draft",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def one(private: PrivateSide, draft: UUID) -> Response[DraftView]:
    """What it says, what is missing, and which records wait for it."""
    with private.reading() as registry:
        drafts = Drafts(registry)
        found = _view(drafts, drafts.one(str(draft)))
    return private.respond(found)


@patch(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="completeDraft",
    summary="Give what a draft lacks",
    sync_to_thread=True,
    **requires("achievements:write"),
)
def complete(
    private: PrivateSide, request: Request[Any, Any, Any], draft: UUID, data: Completing, key: IdempotencyKey
) -> Response[DraftView]:
    """Give what is missing. It can be given again."""

    def act(write: Write) -> Answer:
        drafts = Drafts(write.registry)
        given: dict[str, Any] = {"achievement": data.achievement}
        if data.credentials:
            given["credentials"] = data.credentials
        return Answer(200, _view(drafts, drafts.complete(str(draft), given)))

    return private.write_once(request, key, data, act)


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
    """Publish it as version 1 of an achievement and issue the credentials that wait for it; those that lack something
    go on waiting, to be completed and issued by publishing once more.
    """

    def act(write: Write) -> Answer:
        kept = ALL_FIELDS if keep_text else ()
        taken, notes = Importer(write.registry, write.issuer, offered).publish(str(draft), kept)
        after = Drafts(write.registry).one(str(draft))
        notes += [note for one in taken for note in one.notes]
        issued = sum(one.credential is not None for one in taken)
        return Answer(200, DraftPublished(str(after.achievement), issued, after.waiting, notes))

    return private.write_once(request, key, None, act)


@delete(
    "/v1/drafts/{draft:uuid}",
    tags=["Publishing"],
    operation_id="dropDraft",
    summary="Forget a draft",
    status_code=200,
    sync_to_thread=True,
    **requires("achievements:write"),
)
def drop(private: PrivateSide, request: Request[Any, Any, Any], draft: UUID, key: IdempotencyKey) -> Response[None]:
    """And the credentials that wait for it. What was published stays."""

    def act(write: Write) -> Answer:
        with write.registry.transaction() as transaction:
            Drafts(write.registry).drop(str(draft), transaction)
            return write.commit(transaction, Answer(200, None))

    return private.write_once(request, key, None, act)


def _view(drafts: Drafts, draft: Draft) -> DraftView:
    waiting = [
        WaitingRecord(None if (record := one.values.get("record")) is None else str(record), one.missing)
        for one in drafts.waiting(draft.draft)
    ]
    return DraftView(
        draft.draft,
        draft.title,
        draft.format,
        draft.codes,
        draft.values,
        sorted(draft.given),
        draft.odd,
        drafts.missing(draft) if draft.achievement is None else [],
        draft.achievement,
        waiting,
    )


ROUTES: list[HTTPRouteHandler] = [listed, one, complete, publish, drop]
"""For the node's application."""
