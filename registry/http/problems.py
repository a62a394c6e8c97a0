"""Problem documents (RFC 9457): the types that a client may rely on, and how errors become them.

A type is a stable URI reference, `/problems/<name>`; the node serves a page there that says what it means and what
to do. A problem never repeats a person's data: values that a client sent are masked by whoever found them wrong.
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
        "The request is not as it should be",
        "A parameter, a header or the body cannot be read, or says what cannot be.",
        "Each entry of `errors` names a place and what would be right there.",
    ),
    "unauthenticated": ProblemType(
        401,
        "Who you are is not known",
        "The request has no API key or access token, or one that is unknown, expired, or not meant for this node.",
        "Send `X-API-Key`, or `Authorization: Bearer` with a token for this node. Its administrator makes keys.",
    ),
    "scope-missing": ProblemType(
        403,
        "You may not do this",
        "Your key or token is good, and does not carry the scope that this needs.",
        "Ask your node's administrator for a key with the scope that `detail` names.",
    ),
    "other-member": ProblemType(
        403,
        "This node speaks for another member",
        "Your token was made for a system of another member of the consortium.",
        "Use the node of your own university; nobody can act for another member.",
    ),
    "second-person": ProblemType(
        403,
        "Another person must do this",
        "What one person prepared, a second one must release or approve.",
        "Let a colleague do it with a key or token of their own.",
    ),
    "not-found": ProblemType(
        404,
        "There is no such thing here",
        "No member has said anything of it, as far as this node has read the log.",
        "Check the id. If it was published just now, send `Registry-Wait-For` with the position of its publication.",
    ),
    "method-not-allowed": ProblemType(
        405, "This cannot be done here", "The path is right, its method is not.", "See `Allow`."
    ),
    "too-slow": ProblemType(
        408,
        "The body came too slowly",
        "Nothing arrived for a while in the middle of the request.",
        "Send it again with the same Idempotency-Key; nothing of it was taken in.",
    ),
    "refused": ProblemType(
        409,
        "The rules refuse this",
        "The request can be read, and the consortium's rules do not allow it as things are. `code` names the rule.",
        "Read `detail`; the codes are those of the registry's list of refusals.",
    ),
    "not-accepted": ProblemType(
        409,
        "The consortium would not accept this",
        "The request is right. Consumers would refuse what it leads to: this member is not admitted, is suspended, has"
        " not the role that this needs, or its node signs with a key that does not count. `code` names the rule, and"
        " `detail` says since when. Nothing was stored.",
        "Do what `detail` says; then send the same request again, with the same Idempotency-Key if you like.",
    ),
    "in-progress": ProblemType(
        409,
        "The same request is being worked on",
        "A request with this Idempotency-Key has been received and has not been answered yet.",
        "Send it again in a moment, with the same key. Where the node was interrupted in the middle of it, it is taken"
        " up again by the next request with that key.",
    ),
    "conflict": ProblemType(
        409,
        "Conflict with the current state",
        "What the request is about was changed by another request just now, or is in a state in which this cannot be"
        " done. `detail` says which.",
        "Read it again, and decide again.",
    ),
    "too-large": ProblemType(
        413,
        "The body is too large",
        "Single requests are small; what is long goes in as a batch.",
        "Send rows to `/v1/batches`, which takes streams of any length up to the node's limit.",
    ),
    "unsupported-media-type": ProblemType(
        415,
        "The body is of a kind that is not taken here",
        "Its `Content-Type`, or a `Content-Encoding` such as gzip, is not taken. `detail` says what is.",
        "Set `Content-Type`, and send the body uncompressed.",
    ),
    "idempotency-key-reused": ProblemType(
        422,
        "The Idempotency-Key was used for another request",
        "A key stands for one request: this one has another body, path or method.",
        "Use a fresh key for a new request.",
    ),
    "unprocessable": ProblemType(
        422,
        "The content cannot be taken in",
        "The request can be read, and something in it is wrong or does not fit together.",
        "Each entry of `errors` names a place and what would be right there.",
    ),
    "gone": ProblemType(
        410, "It is kept no more", "It was there, and was dropped when its time was over.", "Send it anew."
    ),
    "too-many-requests": ProblemType(
        429, "Too many requests", "You have sent more than this node allows.", "Wait as long as `Retry-After` says."
    ),
    "too-many-connections": ProblemType(
        429,
        "Too many connections from your address",
        "One address may have some hundred connections open at a time.",
        "Use a connection for several requests, one after the other, and close those that you do not need.",
    ),
    "headers-too-large": ProblemType(
        431,
        "The headers are too large",
        "A request's first line and headers may have 64 KiB together.",
        "Send less in headers and query.",
    ),
    "busy": ProblemType(
        503,
        "The node has too many connections",
        "It takes no further connection just now.",
        "Try again after the time in `Retry-After`.",
    ),
    "storage-full": ProblemType(
        507,
        "The node has no room for this",
        "The disk that it would be written to is full. Nothing that the request brought was kept; a batch stays in the"
        " list of batches as `incomplete`.",
        "Send it again after the time in `Retry-After`, with the same Idempotency-Key; a smaller one may pass before."
        " Tell the node's administrator.",
    ),
    "internal": ProblemType(
        500,
        "The node failed",
        "Something went wrong that is not your doing. It is in the node's own log under `instance`.",
        "Try again; with the same Idempotency-Key that is safe. If it stays so, tell the node's administrator.",
    ),
    "unavailable": ProblemType(
        503,
        "The node cannot answer just now",
        "Its database or the shared log cannot be reached.",
        "Try again after the time in `Retry-After`. Nothing was lost; nothing of this request was stored.",
    ),
    "too-costly": ProblemType(
        503,
        "The answer would take too much work",
        "Members published too much of what it rests on, or too many such answers are asked for at once.",
        "Ask for less: a smaller page, one credential alone. With `Retry-After`, try again after that time.",
    ),
    "not-there-yet": ProblemType(
        412,
        "The views have not come that far",
        "The position that you asked to wait for was not reached in time.",
        "Try again after `Retry-After`.",
    ),
}


class FieldError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request."""

    where: str
    """A JSON path, `query x`, `header x`, or `line 7`."""
    detail: str
    """What is wrong, and what would be right."""
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
        """Return the document's members. `base_path` is where the client reaches the node, as /registry."""
        found: dict[str, Any] = {
            "type": f"{base_path}/problems/{self.kind}",
            "title": PROBLEM_TYPES[self.kind].title,
            "status": self.status,
        }
        if self.detail:
            found["detail"] = self.detail
        if instance:
            found["instance"] = instance
        if self.errors:
            found["errors"] = self.errors
        return found | self.more


def problem_response(request: Request[Any, Any, Any], error: HttpProblem) -> Response[Any]:
    """Answer a request with a problem that our own code raised."""
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
"""What the framework raises, as a failure of its own, where a client goes away while its body is read."""


def framework_error_response(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """For what the framework raised before a handler was reached, or in place of one."""
    kind = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "invalid")
    if kind == "internal":
        if error.detail == _GONE:
            return problem_response(
                request, HttpProblem("too-slow", "the connection was closed in the middle of the body")
            )
        return internal_error_response(request, error)
    extra = error.extra if isinstance(error, ValidationException) and isinstance(error.extra, list) else []
    errors = [_trouble(request, one) for one in extra]
    if (missing := _MISSING.match(error.detail)) is not None:
        errors = [FieldError(f"{missing[1]} {missing[2]}", "is needed", missing[2])]
    detail = "" if errors or error.detail == HTTPStatus(error.status_code).phrase else error.detail
    problem = HttpProblem(kind, detail.split("\n")[0][:300], errors=errors, headers=error.headers)
    return problem_response(request, problem)


def internal_error_response(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """For what nobody foresaw: the client learns that it happened, the node's own log what it was."""
    _log.error("http.failed", route=request.scope.get("path_template"), instance=_instance(request), exc_info=error)
    return problem_response(request, HttpProblem("internal"))


def _trouble(request: Request[Any, Any, Any], one: Mapping[str, Any]) -> FieldError:
    """What is wrong and where, by the name that clients know it by."""
    key, source = str(one.get("key", "")), str(getattr(one.get("source"), "value", one.get("source", "body")))
    message = str(one.get("message", ""))
    known = request.route_handler.parsed_fn_signature.parameters.get(key)
    if source == "body" or known is None:
        where = (f"$.{key}" if key else "$") if source == "body" else f"{source} {key}".strip()
        return FieldError(where, humanize(message, []), key)
    said = known.kwarg_definition
    name = getattr(said, "name", None) or key
    given = {"query": request.query_params, "header": request.headers, "path": request.path_params}.get(source, {})
    types = [said, *types_of(known.annotation)]
    return FieldError(f"{source} {name}", humanize(message, types, str(given.get(name, "")) or "-"), name)


def _instance(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


def index(base_path: str) -> Response[str]:
    """List the types of problems, each with a link to its page below the path where the client reaches the node."""
    entries = "".join(
        f'<li><a href="{base_path}/problems/{name}"><code>{name}</code></a>, status {kind.status}: {kind.title}'
        for name, kind in sorted(PROBLEM_TYPES.items(), key=lambda entry: (entry[1].status, entry[0]))
    )
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Types of problems</title><body><h1>Types of problems</h1><p>Errors are problem documents (RFC 9457)."
        f" Their <code>type</code> leads to one of these pages.<ul>{entries}</ul></body></html>\n"
    )
    return Response(text, media_type=MediaType.HTML)


def page(name: str) -> Response[str]:
    """The page that a problem's type leads to."""
    kind = PROBLEM_TYPES.get(name)
    if kind is None:
        raise HttpProblem("not-found", f"there is no type of problem {name[:60]!r}")
    text = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{kind.title}</title><body><h1>{kind.title}</h1><p><code>/problems/{name}</code>, status {kind.status}"
        f"<h2>What it means</h2><p>{kind.meaning}<h2>What to do</h2><p>{kind.remedy}</body></html>\n"
    )
    return Response(text, media_type=MediaType.HTML)
