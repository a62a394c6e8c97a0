"""Fetches what documents name, for example the document of a did:web identifier: bounded, and from allowed hosts only.

A document that somebody brings must not make a node reach hosts that only its network can reach. So the rules of
webhooks hold (`registry.webhooks.addresses`): the host is looked up once, and the connection goes to a checked address.
Nothing is sent but the request, and redirects are not followed.
"""

import asyncio
import ssl
from typing import Final

import httpx

from registry.documents.did_resolver import MAX_DOCUMENT_BYTES, FetchFailed
from registry.node.adapters.webhooks import addresses, trusted_authorities
from registry.node.node import Node
from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.errors import WebhookError

SECONDS: Final = 5.0
"""For a whole attempt, from looking up the host to the last byte."""


def open_fetch(node: Node) -> "DocumentFetch":
    """Return what fetches documents for this node, by the rules of its webhooks. Raises `SettingsError`."""
    return DocumentFetch(addresses(node), trusted_authorities(node))


def open_public_fetch() -> "DocumentFetch":
    """Return what fetches documents where there is no node: from public addresses alone."""
    return DocumentFetch(AddressPolicy(http_localhost=False, networks=()), ssl.create_default_context())


class DocumentFetch:
    """Fetches one address at a time, in the calling thread, which must not run an event loop."""

    def __init__(
        self,
        addresses: AddressPolicy,
        tls: ssl.SSLContext,
        *,
        seconds: float = SECONDS,
        max_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self._addresses = addresses
        self._tls = tls
        self._seconds = seconds
        self._max_bytes = max_bytes

    def __call__(self, address: str) -> bytes:
        """Return what is at an address. Raises `FetchFailed`."""
        try:
            return asyncio.run(self._fetch_in_time(address))
        except TimeoutError as error:
            raise FetchFailed(f"no answer within {self._seconds:g} s") from error
        except WebhookError as error:
            raise FetchFailed(str(error)) from error
        except httpx.HTTPError as error:
            raise FetchFailed(f"{type(error).__name__}: {error}"[:300]) from error

    async def _fetch_in_time(self, address: str) -> bytes:
        async with asyncio.timeout(self._seconds):
            url = self._addresses.check(address)
            hosts = await self._addresses.resolve(url)
            # No proxy from the environment: it would look the host up again, after the check.
            async with httpx.AsyncClient(verify=self._tls, follow_redirects=False, trust_env=False) as client:
                for host in hosts[:-1]:
                    try:
                        return await self._fetch_from(client, url, host)
                    except httpx.ConnectError:
                        continue  # the host has further addresses
                return await self._fetch_from(client, url, hosts[-1])

    async def _fetch_from(self, client: httpx.AsyncClient, url: httpx.URL, host: str) -> bytes:
        async with client.stream(
            "GET",
            url.copy_with(host=host),
            # Without compression, so that few bytes cannot become many.
            headers={
                "host": url.netloc.decode("ascii"),
                "user-agent": "credential-registry",
                "accept-encoding": "identity",
            },
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
            timeout=self._seconds,
        ) as response:
            if not response.is_success:
                raise FetchFailed(f"it answered {response.status_code}")
            content = b""
            async for part in response.aiter_raw():
                content += part
                if len(content) > self._max_bytes:
                    raise FetchFailed(f"it is larger than {self._max_bytes:,} bytes")
            return content
