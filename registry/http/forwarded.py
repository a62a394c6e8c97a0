"""Trusted proxies between the node and its clients, and the path under which clients reach the node.

A proxy that the settings name says who the client is (`X-Forwarded-For`), whether it uses https (`X-Forwarded-Proto`),
and under which path it reaches the node (`X-Forwarded-Prefix`). From anybody else these headers are ignored. All inner
code sees paths without the base path; answers that contain paths add it again (`base_path_of`).
"""

import re
from ipaddress import ip_address
from typing import Any, Final

from litestar.types import ASGIApp, Receive, Send

from registry.http.connections import Networks, is_within

BASE_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]{1,60}){0,10}")
"""Empty, or a path without a slash at its end, for example /registry."""
_MAX_HOPS: Final = 20


class Forwarded:
    """ASGI middleware around all others."""

    def __init__(self, app: ASGIApp, trusted_proxies: Networks = (), base_path: str = "") -> None:
        self._app = app
        self._trusted = trusted_proxies
        self._base_path = base_path

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # noqa: ANN401 - of any kind, ASGI's own
        """Pass the request on as the client sent it to the first proxy."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        base_path = self._base_path
        client = scope.get("client")
        if client and is_within(client[0], self._trusted):
            headers = _read_forwarded(scope["headers"])
            scope["client"] = _client(headers.get(b"x-forwarded-for", ""), client, self._trusted)
            scope["registry.forwarded"] = b"x-forwarded-for" in headers
            if headers.get(b"x-forwarded-proto") in ("http", "https"):
                scope["scheme"] = headers[b"x-forwarded-proto"]
            prefix = headers.get(b"x-forwarded-prefix", "").rstrip("/")
            if prefix and BASE_PATH.fullmatch(prefix):
                base_path = prefix
        scope["registry.base_path"] = base_path
        # Some proxies remove the base path, others do not.
        path, encoded = scope["path"], base_path.encode()
        if base_path and (path == base_path or path.startswith(f"{base_path}/")):
            scope["path"] = path[len(base_path) :] or "/"
            if scope["raw_path"].startswith(encoded):
                scope["raw_path"] = scope["raw_path"][len(encoded) :] or b"/"
        await self._app(scope, receive, send)


def base_path_of(scope: Any) -> str:  # noqa: ANN401 - an ASGI scope
    """Return the path under which the client reaches the node: empty, or for example /registry."""
    return str(scope.get("registry.base_path", ""))


def is_forwarded(scope: Any) -> bool:  # noqa: ANN401 - an ASGI scope
    """Return whether a trusted proxy has named the client."""
    return bool(scope.get("registry.forwarded"))


def _read_forwarded(headers: list[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """Return the forwarded headers; repeated ones are joined by commas."""
    forwarded: dict[bytes, str] = {}
    for name, value in headers:
        if name.startswith(b"x-forwarded-"):
            text = value.decode("latin-1").strip()
            forwarded[name] = f"{forwarded[name]},{text}" if name in forwarded else text
    return forwarded


def _client(forwarded_for: str, peer: tuple[str, int], trusted: Networks) -> tuple[str, int]:
    """Return the nearest address that is not a trusted proxy. Anybody may have written the entries before it."""
    nearest = peer
    for entry in reversed(forwarded_for.split(",")[-_MAX_HOPS:]):
        try:
            address = str(ip_address(_without_port(entry.strip())))
        except ValueError:
            break
        nearest = (address, 0)
        if not is_within(address, trusted):
            break
    return nearest


def _without_port(entry: str) -> str:
    """Return the address of an entry: 192.0.2.1, 192.0.2.1:443, 2001:db8::1, [2001:db8::1] or [2001:db8::1]:443."""
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    return entry.partition(":")[0] if entry.count(":") == 1 else entry
