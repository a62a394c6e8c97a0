"""Short requests over HTTP for checks: bounded in time and size, without redirects."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple

import httpx
import msgspec

SECONDS: Final = 2.0
"""Time for a connection, and for each read of an answer."""
WHOLE_SECONDS: Final = 4.0
"""Time for a whole answer."""
_MAX_BYTES: Final = 64 * 1024


class Unreachable(Exception):
    """An address that does not answer. The message is the reason."""


class Answer(NamedTuple):
    """An answer over HTTP, with at most 64 KiB of its body as it was sent."""

    status: int
    headers: httpx.Headers
    body: bytes
    moment: datetime
    """The time in the middle of the request, by this machine's clock."""
    certificate_until: datetime | None
    """The end of the server's certificate; None without TLS."""

    @property
    def date(self) -> datetime | None:
        """The time by the other side's clock; None if it does not say."""
        try:
            date = parsedate_to_datetime(self.headers["date"])
        except (KeyError, ValueError):
            return None
        return date if date.tzinfo is not None else date.replace(tzinfo=UTC)

    def json(self) -> dict[str, Any]:
        """Return the body as a JSON object; empty if it is none."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except msgspec.DecodeError:
            return {}


def ask(address: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a GET request. Raises `Unreachable`, also where the whole answer is not there in time."""
    try:
        return asyncio.run(_ask(address, {"Accept-Encoding": "identity", **(headers or {})}))
    except TimeoutError as failure:
        raise Unreachable(f"no whole answer within {WHOLE_SECONDS:g} seconds") from failure
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as failure:
        reason = " ".join(str(failure).split()) or type(failure).__name__
        raise Unreachable(reason) from failure


async def _ask(address: str, headers: Mapping[str, str]) -> Answer:
    before = datetime.now(UTC)
    async with (
        asyncio.timeout(WHOLE_SECONDS),
        httpx.AsyncClient(timeout=SECONDS, follow_redirects=False) as client,
        client.stream("GET", address, headers=headers) as response,
    ):
        after = datetime.now(UTC)
        body = b""
        # Raw: a few bytes of a compressed body, which nobody asked for, can be gigabytes
        async for part in response.aiter_raw():
            body += part
            if len(body) >= _MAX_BYTES:
                break
        until = _certificate_until(response)
    return Answer(response.status_code, response.headers, body[:_MAX_BYTES], before + (after - before) / 2, until)


def _certificate_until(response: httpx.Response) -> datetime | None:
    stream = response.extensions.get("network_stream")
    tls = None if stream is None else stream.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert()
    if not certificate or "notAfter" not in certificate:
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(certificate["notAfter"]), UTC)
