"""A node over HTTP: the routes of the views and of the private side as one application. Composition only."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.types import ASGIApp

from projections.api import ROUTES as READING
from projections.api.feed import Streams, Whose
from projections.api.members import OwnStream
from projections.api.reading import Views
from projections.api.receipts import Receipts
from registry.access import ApiKeys, Tokens
from registry.accounts import AccountServices
from registry.accounts.identity_provider import IdentityProvider, open_provider
from registry.accounts.site import site_of
from registry.api import ROUTES as WRITING
from registry.api import PrivateSide
from registry.api.document_verification import Documents, limit_documents
from registry.api.receiving import Receiving
from registry.batches.imports.import_store import ImportStore
from registry.http import Authentication, Credentials
from registry.http.forwarded import Forwarded
from registry.http.openapi import (
    DecimalAsNumber,
)
from registry.http.problem_middleware import ProblemMiddleware
from registry.http.rate_limit import RateLimit
from registry.http.request_checks import check_request
from registry.http.responses import ResponseMiddleware
from registry.http.routing import join_shared_paths
from registry.http.stale_if_error import StaleIfError
from registry.node.adapters.access_exporter import AccessExporter
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.documents_served import ServedDocuments
from registry.node.adapters.eraser import Eraser
from registry.node.adapters.explorer import Explorer
from registry.node.adapters.history import history, verify_receipt
from registry.node.adapters.letters_served import ServedLetters
from registry.node.adapters.office import served_lookup
from registry.node.adapters.own_facts import own_facts
from registry.node.adapters.receipts_served import ServedReceipts
from registry.node.adapters.status_lists import read_status_list
from registry.node.adapters.verification_served import verify_served
from registry.node.node import Node
from registry.node.services.batches import open_batch_store
from registry.node.services.health_watch import HealthWatch
from registry.node.services.pool_use import follow_pool
from registry.observability import log_failures
from registry.office.cases.service import Office
from registry.office.reasons.country_notes import country_note
from registry.office.reasons.reasons import folder_of
from registry.privacy.access_journal import AccessJournal
from registry.server.node_routes import node_routes
from registry.server.openapi import DEPENDENCIES, description_without_node, openapi_config
from registry.server.pages.browser_session import SessionMiddleware
from registry.server.pages.frame import Pages
from registry.server.pages.member_names import learn_names
from registry.server.pages.problem_pages import ProblemPages
from registry.server.pages.routes import page_routes
from registry.server.pages.stale_pages import StalePages
from registry.server.pages.statistics_tables import SharedTables
from registry.server.pages.verify_files import ReceiptMaker
from registry.server.pages.verifying import Freshness
from registry.server.problems import HANDLERS
from registry.server.read_journal import ReadJournal
from registry.server.status_routes import status_routes
from registry.settings.settings import Settings

if TYPE_CHECKING:
    from registry.metrics.instruments import Instruments

_MAX_BODY_BYTES = 2 * 1024 * 1024
_START_SECONDS = 2.0
"""Time to read governance and to fetch a token issuer's keys before the first request."""


def create_routes(node: Node, ending: Callable[[], bool], instruments: "Instruments | None") -> ASGIApp:
    """Create the application of one node. It opens its connections when it starts.

    `ending` returns True once the serving process is ending. Callers are identified and counted around all routes, so
    that each process has one count for each client.
    """
    settings, http = node.settings, node.settings.http
    site = site_of(settings.public_url, http.base_path, http.port)
    accounts = AccountServices(node.registry.dsn, settings.accounts, site, provider=_provider_of(settings))
    api_keys = ApiKeys(node.registry.dsn, settings.member)
    pages = Pages(settings.consortium, settings.member, site, settings.colour, http.shared_cache_seconds)
    explorer = Explorer(node)
    shared_tables, receipt_maker = SharedTables(), ReceiptMaker(ServedReceipts(node).create)
    views = Views(node.dsn(), node.governance_follower.standings_at, http.connections, http.wait_seconds)
    private, watch = PrivateSide(node.registry, node.issuer), HealthWatch(node)
    tokens = None if settings.oauth is None else Tokens(settings.oauth)

    async def read_ahead() -> None:
        await learn_names(views, pages)
        shared_tables.begin(views)

    start, end = _create_hooks(node, views, private, accounts, watch, api_keys, tokens, instruments, read_ahead)
    providers = _create_providers(node, views, private, watch, ending)
    imports = ImportStore(node.registry.dsn, node.registry.vault, open_batch_store(node))
    lists = status_routes(settings, lambda number, form: read_status_list(node, number, form))
    routes = Litestar(
        [
            *join_shared_paths([*READING, *WRITING, *node_routes(views, settings, watch), *lists]),
            page_routes(),
        ],
        state=State({"member": settings.member, "site": site, "pages": pages, "kept_basis": settings.retention_basis}),
        dependencies={
            **{name: Provide(providers[name], sync_to_thread=False) for name in DEPENDENCIES},
            "pages": Provide(lambda: pages, sync_to_thread=False),
            "shared_tables": Provide(lambda: shared_tables, sync_to_thread=False),
            "freshness": Provide(lambda: Freshness(watch.last_read), sync_to_thread=False),
            "receipt_maker": Provide(lambda: receipt_maker, sync_to_thread=False),
            "imports": Provide(lambda: imports, sync_to_thread=False),
            "explorer": Provide(lambda: explorer, sync_to_thread=False),
            "services": Provide(lambda: accounts, sync_to_thread=False),
            "api_keys": Provide(lambda: api_keys, sync_to_thread=False),
        },
        before_request=check_request,
        plugins=[DecimalAsNumber()],
        exception_handlers=HANDLERS,
        openapi_config=openapi_config(settings.oauth),
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=2048, gzip_compress_level=1, exclude_opt_key="uncompressed"
        ),
        request_max_body_size=_MAX_BODY_BYTES,
        on_startup=[start],
        on_shutdown=[end],
        debug=False,
        logging_config=None,
    )
    credentials: list[Credentials] = [api_keys] if tokens is None else [api_keys, tokens]
    return StalePages(
        ProblemPages(_guard(routes, settings, accounts, credentials), pages), site, http.shared_cache_seconds
    )


def _guard(
    routes: ASGIApp, settings: Settings, accounts: AccountServices, credentials: Sequence[Credentials]
) -> ASGIApp:
    """Return the routes behind what identifies and counts callers and journals whose data they read."""
    http = settings.http
    journaled = ReadJournal(routes, AccessJournal(accounts.database))
    limited = RateLimit(journaled, http.per_minute, http.per_minute_anybody)
    with_sessions = SessionMiddleware(limited, accounts, settings.member, http.failures_per_minute)
    return ProblemMiddleware(Authentication(with_sessions, list(credentials), http.failures_per_minute), HANDLERS)


def _provider_of(settings: Settings) -> IdentityProvider | None:
    secret = settings.openid_client_secret
    return open_provider(settings.openid, settings.home, None if secret is None else secret.get_secret_value())


_Hook = Callable[[Litestar], Awaitable[None]]


def _create_hooks(
    node: Node,
    views: Views,
    private: PrivateSide,
    accounts: AccountServices,
    watch: HealthWatch,
    keys: ApiKeys,
    tokens: Tokens | None,
    instruments: "Instruments | None",
    read_ahead: Callable[[], Coroutine[Any, Any, None]],
) -> tuple[_Hook, _Hook]:
    """Return what opens the node's connections when the application starts, and what closes them at its end.

    `read_ahead` reads what pages need, beside the start.
    """
    standings, stop, tasks = node.governance_follower, threading.Event(), []

    async def start(app: Litestar) -> None:
        del app
        views.open()
        tasks.append(asyncio.create_task(read_ahead()))
        standings.follow(stop)
        watch.follow(stop)
        if instruments is not None:
            follow_pool(views, instruments, stop)
        if tokens is not None:
            tokens.follow(stop)
            await run_sync(tokens.wait, _START_SECONDS)
        await run_sync(standings.wait_for_first_read, _START_SECONDS)  # starts even while the log is away

    async def end(app: Litestar) -> None:
        del app
        stop.set()
        for task in tasks:
            task.cancel()
        keys.close()
        views.close()
        private.close()
        accounts.close()

    return start, end


def _create_providers(
    node: Node, views: Views, private: PrivateSide, watch: HealthWatch, ending: Callable[[], bool]
) -> dict[str, Callable[[], Any]]:
    """Return a function for each dependency of the routes, by its name."""
    settings, standings = node.settings, node.governance_follower
    own = OwnStream(settings.member, partial(own_facts, settings.member, watch))
    whose = Whose(settings.member, settings.origin)
    streams = Streams(ending)
    letters, exports = ServedLetters(node, private), ServedDocuments(node, private)
    lookup = served_lookup(node, views)
    office = Office(node.registry, settings.office, lookup)
    receiving = Receiving(
        open_batch_store(node), settings.http.batch_bytes, settings.http.release_above, settings.http.patience_seconds,
        frozenset(settings.http.second_person),
    )  # fmt: skip
    past = history(node, standings)
    documents = Documents(partial(verify_served, node, views, watch), limit_documents())
    eraser, exporter = Eraser(node), AccessExporter(node)
    return {
        "views": lambda: views,
        "own": lambda: own,
        "whose": lambda: whose,
        "streams": lambda: streams,
        "private": lambda: private,
        "offered": lambda: OwnCatalogue(node.registry),
        "letters": lambda: letters,
        "exports": lambda: exports,
        "office": lambda: office,
        "receiving": lambda: receiving,
        "history": lambda: past,
        "receipts": lambda: Receipts(lambda text: verify_receipt(node, standings, text)),
        "eraser": lambda: eraser,
        "exporter": lambda: exporter,
        "lookup": lambda: lookup,
        "documents": lambda: documents,
        "noted": lambda: partial(country_note, folder=folder_of(settings.home)),
    }


def create_app(
    node: Node, ending: Callable[[], bool] = lambda: False, instruments: "Instruments | None" = None
) -> ASGIApp:
    """Create the application to serve: the routes within the middleware that all answers share.

    `instruments` count its answers; None if nothing is measured.
    """
    http = node.settings.http
    routes = StaleIfError(create_routes(node, ending, instruments))
    on_answer = [] if instruments is None else [log_failures(instruments.count_request)]
    return Forwarded(ResponseMiddleware(routes, *on_answer), http.trusted_proxies, http.base_path)


def api_description() -> dict[str, Any]:
    """Return the API's description, of routes that are created without a node and never called."""
    nothing: Any = None
    settings = Settings(
        home=Path(),
        consortium="eciu.example",
        member="delft",
        founded="0" * 64,
        log="file:log",
        database="embedded:postgres#registry",
    )
    own = [*node_routes(nothing, settings, nothing), *status_routes(settings, nothing)]
    return description_without_node(own)
