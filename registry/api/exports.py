"""Credentials and portfolios as documents that other software accepts. They are personal data: nothing caches them."""

from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Protocol
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures.headers import Accept
from litestar.di import NamedDependency
from litestar.handlers import HTTPRouteHandler
from litestar.params import Parameter, SkipValidation
from msgspec import Meta

from registry.api.idempotency import Answer
from registry.api.private_side import IdempotencyKey, PrivateSide, Write
from registry.export.document import Omission, Profile, Tie
from registry.export.exporter import Document, ExportRequest
from registry.export.formats import LANGUAGES, Content, Format, FormatTable, Language
from registry.export.ports import TermQuery
from registry.export.previews import Preview
from registry.http import HttpProblem, requires

_TAG = "Documents"
_MAX_ACCEPT = 2_000
"""Characters of an `Accept` header."""
FormatParameter = Annotated[
    str, Parameter(max_length=40, description="The name of a format, if several have one media type.")
]
LanguageParameter = Annotated[
    Language | None, Parameter(description=f"Of a PDF or a badge: one of {', '.join(LANGUAGES)}; else English.")
]
TieParameter = Annotated[
    Tie | None,
    Parameter(description="How the document is tied to the log: `open`, `disclosable` or `none`; else as is usual."),
]
Member = Annotated[str, Parameter(description="This node's member.", max_length=40)]
Coordinate = Annotated[str, Meta(max_length=64)]


class DocumentExporter(Protocol):
    """Makes documents, for several threads. Raises `ExportError`."""

    @property
    def formats(self) -> FormatTable:
        """The formats that there are."""
        ...

    def of_credential(self, credential: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of one of the university's credentials. The journal has who asked for it."""
        ...

    def preview_credential(self, credential: str) -> list[Preview]:
        """Return the size of each document of a credential and what it lacks."""
        ...

    def of_portfolio(self, learner: str, request: ExportRequest, actor: str) -> Document:
        """Return a document of a learner's credentials here. The journal has who asked for it."""
        ...

    def of_term(self, query: TermQuery, request: ExportRequest, actor: str) -> Iterator[bytes]:
        """Yield a ZIP archive of a term's documents. The journal has who asked for it."""
        ...


Exports = NamedDependency[SkipValidation[DocumentExporter]]


class HolderKey(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A holder's public key as a JWK, of EC P-256 or OKP Ed25519. Other members are ignored, but no private part."""

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    x: Coordinate
    y: Coordinate | None = None
    d: Coordinate | None = None
    """The private part: a key that has it is refused."""


class CopyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """A copy of a credential for the holder's wallet, or for publishing."""

    format: Annotated[str, Meta(max_length=40)]
    """The name of a signed format, for example `sd-jwt-vc`."""
    profile: Profile | None = None
    """The issuing key that signs: `open` (did:web) or `eudi` (certificate). By default the format's usual one."""
    holder: HolderKey | None = None
    """The key to which the copy is bound. Without it anybody can present the copy."""
    tie: Tie | None = None
    """The tie to the log: for all to see, as a claim that the holder may disclose, or none; else the usual one."""


class CredentialCopy(msgspec.Struct, frozen=True, rename="camel"):
    """A signed copy of a credential. Pass it to its learner only."""

    copy: str
    """The copy's random id."""
    learner: str
    format: str
    media_type: str
    encoding: Literal["utf-8", "base64"]
    """The encoding of `content`."""
    content: str
    omitted: list[Omission]
    """The facts of this credential that the format cannot carry."""

    def __repr__(self) -> str:
        return f"CredentialCopy({self.copy})"  # a person is never shown by accident


BODIES = (CopyRequest,)


def choose_format(table: FormatTable, content: Content, accept: str, name: str = "") -> Format:
    """Return the format that a request names, or else the one that its `Accept` prefers.

    Formats that need a holder's key are not among them. Raises `HttpProblem`, which lists those that there are.
    """
    formats = [each for each in table.list_formats(content) if not each.needs_holder]
    if name:
        named = next((each for each in formats if each.name == name), None)
        if named is not None:
            return named
    elif len(accept) <= _MAX_ACCEPT:
        match = Accept(accept or "*/*").best_match([each.media_type for each in formats])
        if match is not None:
            return next(each for each in formats if each.media_type == match)
    raise HttpProblem("not-acceptable", f"available: {_describe(formats) or 'nothing'}")


def _describe(formats: Iterable[Format]) -> str:
    return ", ".join(f"{each.media_type} (format={each.name})" for each in formats)


def respond_document(document: Document, name: str) -> Response[bytes]:
    """Return a document as a file that no cache stores. `name` is the file's, without its ending."""
    exported = document.exported
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{name}.{exported.extension}"',
        "Document-Copy": document.copy,
        "Vary": "Accept",
    }
    if exported.omitted:
        headers["Document-Omits"] = ", ".join(dict.fromkeys(each.path for each in exported.omitted))
    return Response(exported.content, media_type=exported.media_type, headers=headers)


@get(
    "/v1/credentials/{member:str}/{credential:uuid}/document",
    tags=[_TAG],
    operation_id="getCredentialDocument",
    summary="One of the university's credentials as a document",
    media_type="application/octet-stream",
    sync_to_thread=True,
    **requires("documents:export"),
)
def get_credential_document(
    private: PrivateSide,
    exports: Exports,
    request: Request[Any, Any, Any],
    member: Member,
    credential: UUID,
    format: FormatParameter = "",  # noqa: A002 - the parameter's name in the query
    tie: TieParameter = None,
    language: LanguageParameter = None,
) -> Response[bytes]:
    """Return the credential in the format that `Accept` or `format` names; 406 lists the formats.

    Each answer is a fresh copy with an id of its own in `Document-Copy`, and `Document-Omits` names the facts that the
    format cannot carry. The journal has who asked for it. A suspended, revoked or replaced credential is refused.
    """
    require_own(private, member)
    chosen = choose_format(exports.formats, "credential", request.headers.get("accept", ""), format)
    choice = ExportRequest(format=chosen.name, tie=tie, language=language)
    return respond_document(exports.of_credential(str(credential), choice, request.user.actor), "credential")


@post(
    "/v1/credentials/{member:str}/{credential:uuid}/copies",
    tags=[_TAG],
    operation_id="copyCredential",
    summary="Make a signed copy of one of the university's credentials",
    status_code=201,
    sync_to_thread=True,
    **requires("documents:export"),
)
def copy_credential(
    private: PrivateSide,
    exports: Exports,
    request: Request[Any, Any, Any],
    member: Member,
    credential: UUID,
    data: CopyRequest,
    key: IdempotencyKey,
) -> Response[CredentialCopy]:
    """Make a copy that is bound to the holder's key, with fresh salts, a place of its own in the status lists and no
    time of day: two copies cannot be linked. Sent again with the same key, it is the same copy.
    """
    require_own(private, member)
    holder = None if data.holder is None else _members_of(data.holder)
    choice = ExportRequest(format=data.format, profile=data.profile, holder=holder, tie=data.tie)

    def act(write: Write) -> Answer:
        del write  # the copy is recorded in a transaction of its own, before it leaves
        return Answer(201, copy_of(exports.of_credential(str(credential), choice, request.user.actor)))

    response: Response[CredentialCopy] = private.write_once(request, key, data, act)
    response.headers["Cache-Control"] = "no-store"
    return response


def copy_of(document: Document) -> CredentialCopy:
    """Return a document as JSON. It names the learner, so that their erasure finds stored answers."""
    exported = document.exported
    try:
        encoding, content = "utf-8", exported.content.decode()
    except UnicodeDecodeError:
        encoding, content = "base64", b64encode(exported.content).decode()
    return CredentialCopy(
        document.copy, document.learner, document.format.name, exported.media_type,
        "utf-8" if encoding == "utf-8" else "base64", content, list(exported.omitted),
    )  # fmt: skip


@get(
    "/v1/learners/{learner:uuid}/portfolio",
    tags=[_TAG],
    operation_id="getPortfolio",
    summary="A learner's credentials at this university as one document",
    media_type="application/octet-stream",
    sync_to_thread=True,
    **requires("documents:export"),
)
def get_portfolio(
    exports: Exports,
    request: Request[Any, Any, Any],
    learner: UUID,
    format: FormatParameter = "",  # noqa: A002 - the parameter's name in the query
    tie: TieParameter = None,
    language: LanguageParameter = None,
) -> Response[bytes]:
    """Return the learner's active credentials here, and decisions about them, in the format that `Accept` or `format`
    names; 406 lists the formats. `Document-Omits` names credentials that are not in it. The journal has who asked for
    it.
    """
    chosen = choose_format(exports.formats, "portfolio", request.headers.get("accept", ""), format)
    choice = ExportRequest(format=chosen.name, tie=tie, language=language)
    return respond_document(exports.of_portfolio(str(learner), choice, request.user.actor), "portfolio")


def require_own(private: PrivateSide, member: str) -> None:
    """Raise `HttpProblem` for a credential of another member."""
    with private.reading() as registry:
        if member != registry.member:
            raise HttpProblem("not-found", "only the member that issued a credential makes documents of it")


def _members_of(holder: HolderKey) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(holder).items() if value is not None}


ROUTES: list[HTTPRouteHandler] = [get_credential_document, copy_credential, get_portfolio]
