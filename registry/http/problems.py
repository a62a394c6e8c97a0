"""Problem documents (RFC 9457): the types that a client may rely on, and how errors become them.

A type is a stable URI reference, `/problems/<name>`; the node serves a page there that says what it means and what
to do. A problem never repeats a person's data: the check that refuses a value also masks it.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException

from registry.http.forwarded import base_path_of
from registry.wire.validation_messages import humanize, types_of

_log = structlog.get_logger(__name__)
MEDIA_TYPE: Final = "application/problem+json"


class ProblemType(NamedTuple):
    """A type of problem."""

    status: int
    title: str
    meaning: str
    remedy: str


PROBLEM_TYPES: Final[Mapping[str, ProblemType]] = {
    "invalid": ProblemType(
        400,
        "Invalid request",
        "A parameter, a header or the body cannot be parsed, or has an impossible value.",
        "Each entry of `errors` names a place and says what is expected there.",
    ),
    "unauthenticated": ProblemType(
        401,
        "Authentication required",
        "The request has no API key or access token, or one that is unknown, expired, or not meant for this node.",
        "Send `X-API-Key`, or `Authorization: Bearer` with a token for this node. Its administrator creates keys.",
    ),
    "scope-missing": ProblemType(
        403,
        "Missing scope",
        "Your key or token is valid, but does not carry the scope that this operation needs.",
        "Ask your node's administrator for a key with the scope that `detail` names.",
    ),
    "other-member": ProblemType(
        403,
        "Node of another member",
        "Your token was issued to a system of another member of the consortium.",
        "Use the node of your own university. Nobody can act for another member.",
    ),
    "second-person": ProblemType(
        403,
        "A second person is required",
        "A second person must release or approve what one person has prepared.",
        "Ask a colleague to do it with a key or token of their own.",
    ),
    "stale-form": ProblemType(
        403,
        "This form cannot be sent any more",
        "It was not made for this browser, or you have signed in or out since. Nothing of it was stored.",
        "Open the page again, sign in if it asks you to, and send the form again.",
    ),
    "not-found": ProblemType(
        404,
        "Not found",
        "No member has published it, as far as this node has read the log.",
        "Check the id. If it was published just now, send `Registry-Wait-For` with the position of its publication.",
    ),
    "not-acceptable": ProblemType(
        406,
        "No such format",
        "The document does not exist in a media type that `Accept` allows, or in the format that the request names.",
        "`detail` lists the media types and the names of the formats that there are.",
    ),
    "method-not-allowed": ProblemType(
        405,
        "Method not allowed",
        "The path exists, but does not support this method.",
        "Use one of the methods in `Allow`.",
    ),
    "too-slow": ProblemType(
        408,
        "Request too slow",
        "The node waited too long for the rest of the request.",
        "Send it again with the same Idempotency-Key. Nothing of it was stored.",
    ),
    "refused": ProblemType(
        409,
        "Refused by a rule",
        "The request is well formed, but a rule of the consortium does not allow it in the current state. `code` names"
        " the rule.",
        "Read `detail`. The event catalogue lists all codes.",
    ),
    "not-accepted": ProblemType(
        409,
        "The consortium would not accept this",
        "The request is correct, but other members would refuse the resulting event: this member is not admitted, is"
        " suspended, lacks the role that this needs, or its node signs with a key that does not count. `code` names the"
        " rule, and `detail` says since when. Nothing was stored.",
        "Do what `detail` says. Then send the same request again, with the same Idempotency-Key if you like.",
    ),
    "in-progress": ProblemType(
        409,
        "The same request is being processed",
        "A request with this Idempotency-Key has been received and has not been answered yet.",
        "Send it again in a moment, with the same key. If the node was interrupted while it processed the first"
        " request, the next request with that key resumes it.",
    ),
    "conflict": ProblemType(
        409,
        "Conflict with the current state",
        "Another request has just changed the same resource, or its state does not allow this operation. `detail` says"
        " which.",
        "Read the resource again, and decide again.",
    ),
    "too-large": ProblemType(
        413,
        "Body too large",
        "The body is larger than this operation accepts.",
        "Send many rows to `/v1/batches`, which accepts streams up to the node's limit.",
    ),
    "unsupported-media-type": ProblemType(
        415,
        "Unsupported media type",
        "This operation does not accept the body's `Content-Type`, or a `Content-Encoding` such as gzip. `detail` says"
        " what it accepts.",
        "Set `Content-Type`, and send the body uncompressed.",
    ),
    "idempotency-key-reused": ProblemType(
        422,
        "Idempotency-Key used for another request",
        "A key belongs to one request. This request has another body, path or method than the first one with this key,"
        " or, for a batch, other parameters.",
        "Use a new key for a new request.",
    ),
    "unprocessable": ProblemType(
        422,
        "Invalid content",
        "The request is well formed, but some of its values are wrong or contradict each other.",
        "Each entry of `errors` names a place and says what is expected there.",
    ),
    "gone": ProblemType(410, "No longer available", "It was deleted after its retention period.", "Submit it again."),
    "too-many-requests": ProblemType(
        429, "Too many requests", "You have sent more requests than this node allows.", "Wait for `Retry-After`."
    ),
    "too-many-connections": ProblemType(
        429,
        "Too many connections from your address",
        "One address may have a limited number of connections open at a time, usually some hundred.",
        "Use a connection for several requests, one after the other, and close the connections that you do not need.",
    ),
    "headers-too-large": ProblemType(
        431,
        "Headers too large",
        "A request's first line and headers may together have 64 KiB.",
        "Send less in headers and query.",
    ),
    "busy": ProblemType(
        503,
        "Too many connections",
        "The node accepts no further connection at the moment.",
        "Try again after the time in `Retry-After`.",
    ),
    "storage-full": ProblemType(
        507,
        "Storage full",
        "The node's disk is full. Nothing of the request was stored; a batch stays in the list of batches as"
        " `incomplete`.",
        "Send it again after the time in `Retry-After`, with the same Idempotency-Key. A smaller request may succeed"
        " earlier. Tell the node's administrator.",
    ),
    "internal": ProblemType(
        500,
        "Internal error",
        "The node failed; your request is not the cause. The node's log has the error under `instance`.",
        "Try again; with the same Idempotency-Key that is safe. If it fails again, tell the node's administrator.",
    ),
    "unavailable": ProblemType(
        503,
        "Temporarily unavailable",
        "The node cannot reach its database or the shared log.",
        "Try again after the time in `Retry-After`. Nothing was lost, and nothing of this request was stored.",
    ),
    "too-costly": ProblemType(
        503,
        "Answer too costly",
        "The answer would be computed from too much data, or too many such requests arrive at once.",
        "Ask for less: a smaller page, or a single credential. If there is a `Retry-After`, try again after that time.",
    ),
    "not-there-yet": ProblemType(
        412,
        "Position not reached yet",
        "The node's views did not reach the position in `Registry-Wait-For` in time.",
        "Try again after the time in `Retry-After`.",
    ),
}


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One fault of a request, and where it is."""

    where: str
    """A JSON path, `query x`, `header x`, or `line 7`."""
    detail: str
    """The fault, and what is expected."""
    field: str = ""
    value: str = ""


class HttpProblem(Exception):
    """An answer that is a problem document."""

    def __init__(
        self,
        kind: str,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - members that a type adds (RFC 9457, section 3.2)
    ) -> None:
        super().__init__(detail or PROBLEM_TYPES[kind].title)
        self.kind = kind
        self.detail = detail
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.more = more

    @property
    def status(self) -> int:
        """The HTTP status."""
        return PROBLEM_TYPES[self.kind].status

    def document(self, instance: str = "", base_path: str = "") -> dict[str, Any]:
        """Return the document's members. `base_path` is where the client reaches the node, for example /registry."""
        document: dict[str, Any] = {
            "type": f"{base_path}/problems/{self.kind}",
            "title": PROBLEM_TYPES[self.kind].title,
            "status": self.status,
        }
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = self.errors
        return document | self.more


def problem_response(request: Request[Any, Any, Any], error: HttpProblem) -> Response[Any]:
    """Return the answer for a problem that the project's own code raised."""
    document = error.document(_instance(request), base_path_of(request.scope))
    return Response(document, status_code=error.status, media_type=MEDIA_TYPE, headers=error.headers)


_BY_STATUS: Final = {
    400: "invalid",
    401: "unauthenticated",
    403: "scope-missing",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    429: "too-many-requests",
    503: "unavailable",
}


_MISSING: Final = re.compile(r"Missing required (\w+) parameter '([^']+)' for path ")
_GONE: Final = "client disconnected prematurely"
"""The framework's message where a client disconnects while its body is read; it counts that as its own failure."""


def framework_error_response(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Return the answer for an error that the framework raised before a handler was reached, or in place of one."""
    kind = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid")
    if kind == "internal":
        if error.detail == _GONE:
            return problem_response(
                request, HttpProblem("too-slow", "the connection was closed in the middle of the body")
            )
        return internal_error_response(request, error)
    extra = error.extra if isinstance(error, ValidationException) and isinstance(error.extra, list) else []
    errors = [_field_error(request, entry) for entry in extra]
    if (missing := _MISSING.match(error.detail)) is not None:
        errors = [FieldError(f"{missing[1]} {missing[2]}", "is required", missing[2])]
    detail = "" if errors or error.detail == HTTPStatus(error.status_code).phrase else error.detail
    problem = HttpProblem(kind, detail.split("\n")[0][:300], errors=errors, headers=error.headers)
    return problem_response(request, problem)


def internal_error_response(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Return the answer for an unforeseen error, and log it: the client learns only that there was one."""
    _log.error("http.failed", route=request.scope.get("path_template"), instance=_instance(request), exc_info=error)
    return problem_response(request, HttpProblem("internal"))


def _field_error(request: Request[Any, Any, Any], entry: Mapping[str, Any]) -> FieldError:
    """Translate one entry of the framework's, with the name under which clients know the parameter."""
    key, source = str(entry.get("key", "")), str(getattr(entry.get("source"), "value", entry.get("source", "body")))
    message = str(entry.get("message", ""))
    parameter = request.route_handler.parsed_fn_signature.parameters.get(key)
    if source == "body" or parameter is None:
        where = (f"$.{key}" if key else "$") if source == "body" else f"{source} {key}".strip()
        return FieldError(where, humanize(message, []), key)
    definition = parameter.kwarg_definition
    name = getattr(definition, "name", None) or key
    values = {"query": request.query_params, "header": request.headers, "path": request.path_params}.get(source, {})
    types = [definition, *types_of(parameter.annotation)]
    return FieldError(f"{source} {name}", humanize(message, types, str(values.get(name, "")) or "-"), name)


def _instance(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def index_page(base_path: str) -> Response[str]:
    """List the types of problems, each with a link to its page below the path where the client reaches the node."""
    entries = "".join(
        f'<li><a href="{base_path}/problems/{name}"><code>{name}</code></a>, status {kind.status}: {kind.title}'
        for name, kind in sorted(PROBLEM_TYPES.items(), key=lambda entry: (entry[1].status, entry[0]))
    )
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Types of problems</title><body><h1>Types of problems</h1><p>Errors are problem documents (RFC 9457)."
        f" Their <code>type</code> links to one of these pages.<ul>{entries}</ul></body></html>\n"
    )
    return Response(text, media_type=MediaType.HTML)


def problem_page(name: str) -> Response[str]:
    """Return the page that a problem's type leads to."""
    kind = PROBLEM_TYPES.get(name)
    if kind is None:
        raise HttpProblem("not-found", f"there is no type of problem {name[:60]!r}")
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{kind.title}</title><body><h1>{kind.title}</h1><p><code>/problems/{name}</code>, status {kind.status}"
        f"<h2>What it means</h2><p>{kind.meaning}<h2>What to do</h2><p>{kind.remedy}</body></html>\n"
    )
    return Response(text, media_type=MediaType.HTML)
