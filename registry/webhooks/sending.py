"""One attempt: a POST to a checked address, with a time limit, without redirects, reading little of the answer."""

import asyncio
import email.utils
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Self

import httpx
import msgspec

from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.errors import WebhookError

ANSWER_BYTES: Final = 4096
CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
_GONE: Final = 410


class Answer(msgspec.Struct, frozen=True):
    """The result of an attempt."""

    delivered: bool
    why: str = ""
    """The reason for a failure, without the answer's body."""
    is_gone: bool = False
    """True for a 410: the endpoint wants no more messages."""
    wait: timedelta | None = None
    """The pause that the endpoint asks for (Retry-After)."""


class Sender:
    """Posts over persistent connections. Belongs to one event loop."""

    def __init__(self, addresses: AddressPolicy, tls: ssl.SSLContext, seconds: float = 15.0) -> None:
        """`seconds` limits a whole attempt, from looking up the host to the end of the answer."""
        self._addresses = addresses
        self._seconds = seconds
        # No proxy from the environment: it would look hosts up again, after the check.
        self._client = httpx.AsyncClient(
            verify=tls, follow_redirects=False, trust_env=False, timeout=httpx.Timeout(seconds, connect=seconds / 2)
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once. Network errors and refused addresses become an answer, not an exception."""
        try:
            async with asyncio.timeout(self._seconds):
                checked = self._addresses.check(url)
                return await self._post(checked, await self._addresses.resolve(checked), headers, body)
        except TimeoutError:
            return Answer(delivered=False, why=f"no answer within {self._seconds:g} s")
        except WebhookError as error:
            return Answer(delivered=False, why=str(error))
        except httpx.HTTPError as error:
            return Answer(delivered=False, why=f"{type(error).__name__}: {error}"[:300])

    async def _post(self, url: httpx.URL, addresses: list[str], headers: Mapping[str, str], body: bytes) -> Answer:
        for address in addresses[:-1]:
            try:
                return await self._post_to(url, address, headers, body)
            except httpx.ConnectError:
                continue  # the host has further addresses
        return await self._post_to(url, addresses[-1], headers, body)

    async def _post_to(self, url: httpx.URL, address: str, headers: Mapping[str, str], body: bytes) -> Answer:
        all_headers = {
            **headers,
            "host": url.netloc.decode("ascii"),
            "content-type": CONTENT_TYPE,
            "user-agent": "credential-registry",
        }
        async with self._client.stream(
            "POST",
            url.copy_with(host=address),
            headers=all_headers,
            content=body,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        ) as response:
            read = 0
            async for part in response.aiter_raw():
                read += len(part)
                if read > ANSWER_BYTES:
                    break
            return _answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _answer(response: httpx.Response) -> Answer:
    if response.is_success:
        return Answer(delivered=True)
    why = f"answered {response.status_code}"
    if response.is_redirect:
        why += "; redirects are not followed: enter the final address"
    wait = _retry_after(response.headers.get("retry-after"))
    return Answer(delivered=False, why=why, is_gone=response.status_code == _GONE, wait=wait)


def _retry_after(value: str | None) -> timedelta | None:
    """Parse seconds or a date (RFC 9110, section 10.2.3); None for anything else."""
    if value is None:
        return None
    if value.isascii() and value.isdigit() and len(value) < 10:
        return timedelta(seconds=int(value))
    try:
        until = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(timedelta(0), until - datetime.now(UTC))
