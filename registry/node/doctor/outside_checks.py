"""Checks from outside: the node as its proxy lets the public see it. Made only with the node's public address."""

from collections.abc import Iterator
from importlib import metadata
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

from registry.http.problems import MEDIA_TYPE
from registry.http.responses import POSITION
from registry.node.doctor.asking import Answer, Unreachable, ask
from registry.node.doctor.clock_checks import judge_clock
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, warning
from registry.node.doctor.key_checks import judge_certificate

_GUIDE: Final = "See the proxy's configuration (docs/behind-a-proxy.md)."
_KEPT: Final = ("x-content-type-options", "content-security-policy", "x-request-id")
"""Headers of every answer of a node."""
_PERSONAL: Final = ("/account", "/desk", "/office")
"""Pages that differ from person to person."""


def check_reachable(examination: Examination) -> Iterator[Finding]:
    """Ask the node at its public address: who answers, with which certificate, and by which clock."""
    url = _require_url(examination)
    try:
        answer = ask(f"{url}/health")
    except Unreachable as reason:
        yield error(
            f"{url} cannot be reached: {reason}.", "Look at the name, the firewall, the proxy and its certificate."
        )
        return
    version = answer.json().get("version")
    if answer.status != 200 or version is None:
        yield error(f"{url}/health answers {answer.status}, and not as a node does.", _GUIDE)
    elif version != (own := metadata.version("credential-registry")):
        yield warning(f"{url} is served by version {version}; this command has {own}.", "Examine each node by its own.")
    else:
        yield ok(f"{url} answers, version {version}.")
    if answer.certificate_until is not None:
        advice = "Renew the proxy's certificate, and reload the proxy."
        yield judge_certificate(f"The certificate of {url}", answer.certificate_until, examination.now(), advice)
    if answer.date is not None:
        yield judge_clock(answer.moment, answer.date, f"that of {url}")


def check_headers(examination: Examination) -> Iterator[Finding]:
    """Check that the proxy passes on the request's id and the headers of answers."""
    url = _require_url(examination)
    request_id = f"doctor-{uuid4()}"
    yield from judge_headers(url, request_id, _ask(f"{url}/v1/members", {"X-Request-Id": request_id}))


def judge_headers(url: str, request_id: str, answer: Answer) -> Iterator[Finding]:
    """Yield what the headers of an answer through the proxy mean."""
    if missing := [name for name in (*_KEPT, POSITION.lower()) if name not in answer.headers]:
        yield error(f"The proxy strips headers of answers: {', '.join(missing)}.", f"Let it pass them on. {_GUIDE}")
    elif answer.headers["x-request-id"] != request_id:
        yield warning(
            "The proxy does not pass X-Request-Id on: its log and the node's cannot be matched.",
            f"Pass it on. {_GUIDE}",
        )
    else:
        yield ok("The proxy passes the headers of requests and answers on.")
    if url.startswith("https:") and "strict-transport-security" not in answer.headers:
        yield note("Strict-Transport-Security is missing.", f"Let the proxy set it. {_GUIDE}")


def check_problems(examination: Examination) -> Iterator[Finding]:
    """Check that errors reach clients as the node's problem documents, with the public base path in them."""
    url = _require_url(examination)
    yield from judge_problem(url, _ask(f"{url}/v1/no-such-route"))


def judge_problem(url: str, answer: Answer) -> Iterator[Finding]:
    """Yield what the answer to a request for a missing route means."""
    if answer.status != 404 or not answer.headers.get("content-type", "").startswith(MEDIA_TYPE):
        yield error(
            f"The proxy replaces the node's errors: a missing route is answered {answer.status} without a problem"
            " document.",
            "Turn its own error pages off for the node (nginx: proxy_intercept_errors off).",
        )
        return
    expected = f"{urlsplit(url).path}/problems/"
    kind = str(answer.json().get("type", ""))
    if kind.startswith(expected):
        yield ok("Errors reach clients as the node's problem documents, with the public path.")
    else:
        yield error(
            f"The node takes itself to be at {kind.partition('/problems/')[0] or '/'}, and the public reaches it at"
            f" {urlsplit(url).path or '/'}: links and redirects lead elsewhere.",
            "Set http.base_path to the public path, or let a trusted proxy send X-Forwarded-Prefix.",
        )


def check_caching(examination: Examination) -> Iterator[Finding]:
    """Check that no cache keeps pages that differ from person to person."""
    url = _require_url(examination)
    for path in _PERSONAL:
        yield from judge_caching(path, [_ask(f"{url}{path}", {"Accept": "text/html"}) for _ in range(2)])


def judge_caching(path: str, answers: list[Answer]) -> Iterator[Finding]:
    """Yield what several answers for a personal page mean."""
    for answer in answers:
        control = answer.headers.get("cache-control", "")
        if "no-store" not in control and "private" not in control:
            yield error(
                f"The page {path} may be cached: its Cache-Control is {control or 'missing'}.",
                f"Let the proxy pass Cache-Control on unchanged. {_GUIDE}",
            )
            return
        hit = any(
            "hit" in answer.headers.get(name, "").lower() for name in ("x-cache", "x-cache-status", "cf-cache-status")
        )
        if hit or "age" in answer.headers:
            yield error(
                f"The page {path} came from a cache: people may see each other's pages.",
                f"Let the proxy obey Cache-Control: no-store, now. {_GUIDE}",
            )
            return
    yield ok(f"The page {path} is not cached.")


def check_client(examination: Examination) -> Iterator[Finding]:
    """Check that the node knows the client's address and scheme from the proxy, as it says itself."""
    url = _require_url(examination)
    answer = _ask(f"{url}/connection")
    if answer.status != 200:
        raise CannotCheck(f"{url}/connection answers {answer.status}")
    yield from judge_client(url, answer)


def judge_client(url: str, answer: Answer) -> Iterator[Finding]:
    """Yield what the node says of the connection through the proxy."""
    connection = answer.json()
    parts = urlsplit(url)
    if connection.get("scheme") != parts.scheme:
        yield error(
            f"The node takes its clients to use {connection.get('scheme')}, and they use {parts.scheme}.",
            "Let the proxy send X-Forwarded-Proto, and name its network in trusted_proxies in [http].",
        )
    if connection.get("host") != parts.netloc:
        yield warning(
            f"The proxy does not keep Host: the node receives {connection.get('host')}.",
            "Send the client's own Host to the node.",
        )
    if not connection.get("forwarded"):
        yield warning(
            "The node does not trust the proxy, or the proxy does not name its clients: all of them count as one.",
            "Let it add the client to X-Forwarded-For, and name its network in trusted_proxies in [http].",
        )
    if (
        connection.get("scheme") == parts.scheme
        and connection.get("host") == parts.netloc
        and connection.get("forwarded")
    ):
        yield ok("The node knows its clients' addresses, the scheme and the host from the proxy.")


def _require_url(examination: Examination) -> str:
    if examination.url is None:
        raise CannotCheck("no public address was given (--url)")
    return examination.url


def _ask(address: str, headers: dict[str, str] | None = None) -> Answer:
    try:
        return ask(address, headers)
    except Unreachable as reason:
        raise CannotCheck(f"{address} cannot be reached: {reason}") from reason


CHECKS: Final = (
    Check(
        "outside.reachable", "Does the node answer at its public address, with a valid certificate?", check_reachable
    ),
    Check("outside.headers", "Does the proxy pass headers on?", check_headers),
    Check("outside.problems", "Do errors and paths reach clients as the node sends them?", check_problems),
    Check("outside.caching", "Are pages that differ from person to person kept out of caches?", check_caching),
    Check("outside.client", "Does the node know its clients' addresses, scheme and host?", check_client),
)
"""These need `--url`; without it they are left out."""
