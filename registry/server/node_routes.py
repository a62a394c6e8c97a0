"""Routes of the node itself: health, the signed digest, problem pages, and the API's descriptions."""

import mimetypes
from importlib import resources
from typing import Any, TypedDict

from litestar import MediaType, Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.serialization import encode_json

from projections.api.reading import Views
from projections.core.errors import MissingViews
from registry.http import HttpProblem
from registry.http.constant_response import ConstantResponse
from registry.http.forwarded import base_path_of, is_forwarded
from registry.http.openapi import (
    DOCS_FILES,
    DOCS_SCRIPT,
    DOCS_SCRIPT_NAME,
    docs_page,
)
from registry.http.problems import index_page, problem_page
from registry.node.digests import FILE as SIGNED_DIGEST
from registry.node.services.health_watch import READINESS, HealthWatch
from registry.server.asyncapi import describe_topics
from registry.server.key_routes import key_routes
from registry.server.openapi import VERSION, description_of
from registry.settings.settings import Settings
from registry.supervision import DATABASE_ERRORS


def node_routes(views: Views, settings: Settings, watch: HealthWatch) -> list[Any]:
    """Return the routes of health, the signed digest, the keys of documents, problem pages and descriptions."""
    return [
        *_health_routes(views, watch),
        _connection_route(),
        _digest_route(settings),
        *key_routes(settings),
        *_page_routes(),
        *_description_routes(settings),
    ]


def _health_routes(views: Views, watch: HealthWatch) -> list[Any]:

    @get(
        "/health",
        tags=["Node"],
        operation_id="health",
        summary="Whether the process is alive",
        sync_to_thread=False,
    )
    def health() -> dict[str, str]:
        """Answers as long as this process is alive."""
        return {"status": "ok", "version": VERSION}

    @get("/ready", tags=["Node"], operation_id="ready", summary="Whether the node is ready")
    async def ready() -> Response[dict[str, str]]:
        """Answers 503 while a component has faults; `components` lists them.

        Components are `database` (away, or it lacks commits that are on this member's log), `views`, `log`,
        `own_stream` (events of this member that do not count), `publisher`, and `health` (the node has not checked
        itself, or could not).
        """
        faults = {name: sentences for name, sentences in watch.faults.items() if name in READINESS}
        if faults:
            raise HttpProblem("unavailable", "; ".join(faults), headers={"Retry-After": "5"}, components=faults)
        try:
            return await views.answer("", lambda _: {"status": "ready"})
        except MissingViews:
            faults["views"] = ["there are none, or another version of the project is rebuilding them"]
        except DATABASE_ERRORS as error:
            faults["database"] = [str(error).strip().partition("\n")[0]]
        raise HttpProblem("unavailable", "; ".join(faults), headers={"Retry-After": "5"}, components=faults)

    return [health, ready]


class Connection(TypedDict):
    """The way of a request to the node, by the node's own account."""

    address: str
    """The client's address."""
    scheme: str
    """`https` or `http`, as the client uses it."""
    host: str
    """The `Host` of the request."""
    basePath: str
    """The path under which the client reaches the node."""
    forwarded: bool
    """True if a trusted proxy named the client."""


def _connection_route() -> Any:  # noqa: ANN401 - a route handler
    @get(
        "/connection",
        tags=["Node"],
        operation_id="getConnection",
        summary="How this request reached the node",
        sync_to_thread=False,
    )
    def connection(request: Request[Any, Any, Any]) -> Response[Connection]:
        """Show how the proxy has passed this request on. Administrators compare it with the public address."""
        scope = request.scope
        way: Connection = {
            "address": request.client.host if request.client is not None else "",
            "scheme": scope["scheme"],
            "host": request.headers.get("host", ""),
            "basePath": base_path_of(scope),
            "forwarded": is_forwarded(scope),
        }
        return Response(way, headers={"Cache-Control": "no-store"})

    return connection


def _digest_route(settings: Settings) -> Any:  # noqa: ANN401 - a route handler
    @get(
        "/v1/digest",
        tags=["Node"],
        operation_id="getSignedDigest",
        summary="The signed digest of the views",
        media_type=MediaType.TEXT,
        sync_to_thread=True,
    )
    def digest() -> str:
        """Return the newest signed digest of the views: a signed note, made once a day, for auditors."""
        try:
            return (settings.home / SIGNED_DIGEST).read_text()
        except FileNotFoundError:
            raise HttpProblem("not-found", "no digest has been signed yet; the node signs one a day") from None

    return digest


def _page_routes() -> list[Any]:
    @get("/problems", include_in_schema=False, sync_to_thread=False)
    def problems(request: Request[Any, Any, Any]) -> Response[str]:
        """List the types of problems."""
        return index_page(base_path_of(request.scope))

    @get("/problems/{name:str}", include_in_schema=False, sync_to_thread=False)
    def problem(name: str) -> Response[str]:
        """Explain a type of problem."""
        return problem_page(name)

    @get("/docs", include_in_schema=False, sync_to_thread=False, media_type=MediaType.HTML)
    def docs(request: Request[Any, Any, Any]) -> str:
        """Return the interactive documentation."""
        return docs_page(base_path_of(request.scope))

    return [problems, problem, docs, _static_files()]


def _description_routes(settings: Settings) -> list[Any]:
    @get("/openapi.json", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def description(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the API's description, OpenAPI 3.1."""
        return description_of(request.app, base_path_of(request.scope)).answer(request)

    topics = ConstantResponse(
        encode_json(describe_topics(settings.member, settings.origin, settings.log_url, settings.intake_url)),
        "application/vnd.aai.asyncapi+json",
    )

    @get("/asyncapi.json", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def events(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the description of the Kafka topics, AsyncAPI 3."""
        return topics.answer(request)

    return [description, events]


def _static_files() -> HTTPRouteHandler:
    """Return the route of the interactive documentation's files."""
    folder = resources.files("swagger_ui").joinpath("static")
    # The name in a request is looked up among the page's files; it never becomes a path.
    files = {
        name: ConstantResponse(
            folder.joinpath(name).read_bytes(), mimetypes.guess_type(name)[0] or "application/octet-stream"
        )
        for name in DOCS_FILES
    }
    files[DOCS_SCRIPT_NAME] = ConstantResponse(DOCS_SCRIPT.encode(), "text/javascript")

    @get("/docs/static/{name:str}", include_in_schema=False, sync_to_thread=False, uncompressed=True)
    def static(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        """Return one of the files."""
        if name not in files:
            raise HttpProblem("not-found", "the documentation has no such file")
        return files[name].answer(request)

    return static
