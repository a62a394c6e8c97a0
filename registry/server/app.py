"""A node over HTTP: the routes of the views and of the private side as one application. Composition only."""

import mimetypes
import threading
from collections.abc import Callable
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from anyio.to_thread import run_sync
from litestar import Litestar, MediaType, Request, Response, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler
from litestar.serialization import encode_json
from litestar.types import ASGIApp
from psycopg import Connection

from projections.api import ROUTES as READING
from projections.api.feed import Streams, Whose
from projections.api.members import OwnFacts, OwnStream
from projections.api.reading import Views
from projections.api.receipts import Receipts
from registry.access import ApiKeys, Tokens
from registry.api import ROUTES as WRITING
from registry.api import PrivateSide
from registry.api.receiving import Receiving
from registry.http import Authentication, Credentials, HttpProblem
from registry.http.constant_response import ConstantResponse
from registry.http.forwarded import Forwarded, base_path_of
from registry.http.openapi import (
    DOCS_FILES,
    DOCS_SCRIPT,
    DOCS_SCRIPT_NAME,
    DecimalAsNumber,
    docs_page,
)
from registry.http.problem_middleware import ProblemMiddleware
from registry.http.problems import index, page
from registry.http.rate_limit import RateLimit
from registry.http.request_checks import check_request
from registry.http.responses import ResponseMiddleware
from registry.http.routing import join_shared_paths
from registry.http.stale_if_error import StaleIfError
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.eraser import Eraser
from registry.node.adapters.history import history, verify_receipt
from registry.node.adapters.letters_served import ServedLetters
from registry.node.adapters.office import served_lookup
from registry.node.digests import FILE as SIGNED_DIGEST
from registry.node.health.health import own_stream
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.node.services.pool_use import follow_pool
from registry.node.services.watching import READINESS, HealthWatch
from registry.observability import guarded
from registry.office.cases.service import Office
from registry.office.reasons.country_notes import country_note
from registry.office.reasons.reasons import folder_of
from registry.server import asyncapi
from registry.server.openapi import VERSION, description_of, description_without_node, openapi_config
from registry.server.problems import HANDLERS
from registry.settings.settings import Settings

if TYPE_CHECKING:
    from registry.metrics.instruments import Instruments

_BODY = 2 * 1024 * 1024
_BEGIN = 2.0
"""Seconds that governance may take to be read, and an issuer's keys to be fetched, before the first request."""


def create_routes(node: Node, ending: Callable[[], bool], instruments: "Instruments | None") -> ASGIApp:
    """The whole application of one node. Connections are opened when it starts.

    `ending` says whether the process that serves it is ending. Who asks and how often is counted around all routes, so
    that each process has one count of a client, whatever it asks for.
    """
    settings = node.settings
    standings, stop = node.standings, threading.Event()
    views = Views(node.dsn(), standings.of, settings.http.connections, settings.http.wait_seconds)
    private = PrivateSide(node.registry, node.issuer)
    receiving = Receiving(
        open_batch_store(node), settings.http.batch_bytes, settings.http.release_above, settings.http.patience_seconds
    )
    looking_back = history(node, standings)
    eraser = Eraser(node)
    lookup = served_lookup(node, views)
    watch = HealthWatch(node)
    own = OwnStream(settings.member, partial(_own_facts, settings.member, watch))
    whose = Whose(settings.member, settings.origin)
    streams = Streams(ending)
    tokens = None if settings.oauth is None else Tokens(settings.oauth)
    credentials: list[Credentials] = [ApiKeys(node.registry.dsn, settings.member)]
    if tokens is not None:
        credentials.append(tokens)
    office = Office(node.registry, settings.office, lookup)
    letters = ServedLetters(node, private)

    async def started(app: Litestar) -> None:
        del app
        views.open()
        standings.follow(stop)
        watch.follow(stop)
        if instruments is not None:
            follow_pool(views, instruments, stop)
        if tokens is not None:
            tokens.follow(stop)
            await run_sync(tokens.wait, _BEGIN)
        await run_sync(standings.begun, _BEGIN)  # with a log that is away it begins all the same

    async def stopped(app: Litestar) -> None:
        del app
        stop.set()
        views.close()
        private.close()

    routes = Litestar(
        [*join_shared_paths([*READING, *WRITING, *_own(views, settings, watch)]), _static()],
        state=State({"member": settings.member}),
        dependencies={
            "views": Provide(lambda: views, sync_to_thread=False),
            "own": Provide(lambda: own, sync_to_thread=False),
            "whose": Provide(lambda: whose, sync_to_thread=False),
            "streams": Provide(lambda: streams, sync_to_thread=False),
            "private": Provide(lambda: private, sync_to_thread=False),
            "offered": Provide(lambda: OwnCatalogue(node.registry), sync_to_thread=False),
            "letters": Provide(lambda: letters, sync_to_thread=False),
            "office": Provide(lambda: office, sync_to_thread=False),
            "receiving": Provide(lambda: receiving, sync_to_thread=False),
            "history": Provide(lambda: looking_back, sync_to_thread=False),
            "receipts": Provide(
                lambda: Receipts(lambda text: verify_receipt(node, standings, text)), sync_to_thread=False
            ),
            "eraser": Provide(lambda: eraser, sync_to_thread=False),
            "lookup": Provide(lambda: lookup, sync_to_thread=False),
            "noted": Provide(lambda: partial(country_note, folder=folder_of(settings.home)), sync_to_thread=False),
        },
        before_request=check_request,
        plugins=[DecimalAsNumber()],
        exception_handlers=HANDLERS,
        openapi_config=openapi_config(settings.oauth),
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=2048, gzip_compress_level=4, exclude_opt_key="uncompressed"
        ),
        request_max_body_size=_BODY,
        on_startup=[started],
        on_shutdown=[stopped],
        debug=False,
        logging_config=None,
    )
    http = settings.http
    counted = RateLimit(routes, http.per_minute, http.per_minute_anybody)
    return ProblemMiddleware(Authentication(counted, credentials, http.failures_per_minute), HANDLERS)


def create_app(
    node: Node, ending: Callable[[], bool] = lambda: False, instruments: "Instruments | None" = None
) -> ASGIApp:
    """The application as it is served: what is the same about every answer stands around all the rest.

    `instruments` count what it answers; None where nothing is measured.
    """
    http = node.settings.http
    kept = StaleIfError(create_routes(node, ending, instruments))
    answers = (
        ResponseMiddleware(kept)
        if instruments is None
        else ResponseMiddleware(kept, guarded(instruments.count_request))
    )
    return Forwarded(answers, http.trusted_proxies, http.base_path)


def api_description() -> dict[str, Any]:
    """Return the API's description. The routes are made without a node, and none of them is called."""
    nothing: Any = None
    settings = Settings(
        home=Path(),
        consortium="eciu.example",
        member="delft",
        founded="0" * 64,
        log="file:log",
        database="embedded:postgres#registry",
    )
    return description_without_node(_own(nothing, settings, nothing))


def _own_facts(member: str, watch: HealthWatch, connection: Connection) -> OwnFacts:
    """What became of the own stream, for the member resource of the API."""
    found, seen = own_stream(connection, member), watch.health
    return OwnFacts(
        found.refused_events,
        found.quarantined_commits,
        found.disputed_heads,
        "not-checked" if seen is None else seen.key_standing,
        [*watch.faults.get("database", ()), *found.faults],
    )


def _own(views: Views, settings: Settings, watch: HealthWatch) -> list[Any]:
    """What is the node's own: its health, and the pages that explain problems."""

    @get(
        "/health",
        tags=["Node"],
        operation_id="health",
        summary="Is the process alive?",
        sync_to_thread=False,
    )
    def health() -> dict[str, str]:
        """ResponseMiddleware as long as this process does."""
        return {"status": "ok", "version": VERSION}

    @get("/ready", tags=["Node"], operation_id="ready", summary="Is it well?")
    async def ready() -> Response[dict[str, str]]:
        """ResponseMiddleware 503 while a component is not well; `components` names it, and says what is wrong.

        `database` (away, or it does not know what this member's log holds), `views`, `log`, `own_stream` (what this
        member published and did not count), `publisher`, `health` (the node has not looked at itself, or could not).
        """
        faults = {name: found for name, found in watch.faults.items() if name in READINESS}
        if faults:
            raise HttpProblem("unavailable", "; ".join(faults), headers={"Retry-After": "5"}, components=faults)
        try:
            return await views.answer("", lambda _: {"status": "ready"})
        except psycopg.errors.UndefinedTable:
            faults["views"] = ["there are none, or another version of the project makes them again"]
        except psycopg.OperationalError as error:
            faults["database"] = [str(error).strip().partition("\n")[0]]
        raise HttpProblem("unavailable", "; ".join(faults), headers={"Retry-After": "5"}, components=faults)

    @get(
        "/v1/digest",
        tags=["Node"],
        operation_id="getSignedDigest",
        summary="What this node signed that it serves",
        media_type=MediaType.TEXT,
        sync_to_thread=True,
    )
    def digest() -> str:
        """The newest signed digest of the views (a signed note, made once a day): give it to an auditor."""
        try:
            return (settings.home / SIGNED_DIGEST).read_text()
        except FileNotFoundError:
            raise HttpProblem("not-found", "none has been signed yet; the node does it once a day") from None

    @get("/problems", include_in_schema=False, sync_to_thread=False)
    def problems(request: Request[Any, Any, Any]) -> Response[str]:
        """The types of problems."""
        return index(base_path_of(request.scope))

    @get("/problems/{name:str}", include_in_schema=False, sync_to_thread=False)
    def problem(name: str) -> Response[str]:
        """What a type of problem means."""
        return page(name)

    @get("/", include_in_schema=False, sync_to_thread=False, media_type=MediaType.TEXT)
    def root(request: Request[Any, Any, Any]) -> str:
        """Where to go."""
        base_path = base_path_of(request.scope)
        return f"A credential registry's node. Read {base_path}/docs, or {base_path}/openapi.json.\n"

    @get("/openapi.json", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def description(request: Request[Any, Any, Any]) -> Response[bytes]:
        """The API's description, OpenAPI 3.1."""
        return description_of(request.app, base_path_of(request.scope)).answer(request)

    over_kafka = ConstantResponse(
        encode_json(asyncapi.description(settings.member, settings.origin, settings.log_url, settings.intake_kafka)),
        "application/vnd.aai.asyncapi+json",
    )

    @get("/asyncapi.json", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def events(request: Request[Any, Any, Any]) -> Response[bytes]:
        """What goes over Kafka, AsyncAPI 3."""
        return over_kafka.answer(request)

    @get("/docs", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
    def docs(request: Request[Any, Any, Any]) -> str:
        """The description, to be read and tried in a browser."""
        return docs_page(base_path_of(request.scope))

    return [health, ready, digest, problems, problem, root, description, events, docs]


def _static() -> HTTPRouteHandler:
    """The files of the interactive documentation, from the node itself."""
    folder = resources.files("swagger_ui").joinpath("static")
    # A name that somebody sends is looked up among those that the page loads; it never becomes a path.
    files = {
        name: ConstantResponse(
            folder.joinpath(name).read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"
        )
        for name in DOCS_FILES
    }
    files[DOCS_SCRIPT_NAME] = ConstantResponse(DOCS_SCRIPT.encode(), "text/javascript")

    @get("/docs/static/{name:str}", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def static(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        """One of the files."""
        if name not in files:
            raise HttpProblem("not-found", "the documentation has no such file")
        return files[name].answer(request)

    return static
