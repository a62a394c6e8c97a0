"""Fetches what documents name, for example the document of a did:web identifier: bounded, and from allowed hosts only.

A document that anybody brings must not make a node reach hosts that only its network can reach. So only public
addresses are asked, whatever the settings allow for webhooks: the host is looked up once, and the connection goes to a
checked address (`registry.webhooks.addresses`). Nothing is sent but the request, and redirects are not followed.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

import httpx

from registry.documents.did_resolver import MAX_DOCUMENT_BYTES, FetchFailed
from registry.node.adapters.document_fetch_limits import SECONDS
from registry.webhooks.addresses import AddressPolicy
from registry.webhooks.errors import AddressRefused, WebhookError


def open_public_fetch() -> "DocumentFetch":
    """Return what fetches documents: from public addresses alone, with the authorities that the machine trusts."""
    return DocumentFetch(AddressPolicy(http_localhost=False, networks=()), ssl.create_default_context())


class DocumentFetch:
    """Fetches one address at a time, in the calling thread, which must not run an event loop."""

    def __init__(
        self,
        addresses: AddressPolicy,
        tls: ssl.SSLContext,
        *,
        max_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> None:
        self._addresses = addresses
        self._tls = tls
        self._max_bytes = max_bytes

    def __call__(self, address: str, seconds: float = SECONDS) -> bytes:
        """Return what is at an address. `seconds`: from looking up the host to the last byte. Raises `FetchFailed`."""
        try:
            return _run(self._fetch_in_time(address, seconds))
        except TimeoutError as error:
            raise FetchFailed(f"no answer within {seconds:.3g} s") from error
        except AddressRefused as error:
            # Without the addresses: anybody could look up names of the inside here.
            raise FetchFailed("its host is not found at a public address, and no other is asked") from error
        except WebhookError as error:
            raise FetchFailed(str(error)) from error
        except httpx.HTTPError as error:
            raise FetchFailed(f"{type(error).__name__}: {error}"[:300]) from error

    async def _fetch_in_time(self, address: str, seconds: float) -> bytes:
        async with asyncio.timeout(seconds):
            url = self._addresses.check(address)
            hosts = await self._addresses.resolve(url)
            # No proxy from the environment: it would look the host up again, after the check.
            async with httpx.AsyncClient(verify=self._tls, follow_redirects=False, trust_env=False) as client:
                for host in hosts[:-1]:
                    try:
                        return await self._fetch_from(client, url, host, seconds)
                    except httpx.ConnectError:
                        continue  # the host has further addresses
                return await self._fetch_from(client, url, hosts[-1], seconds)

    async def _fetch_from(self, client: httpx.AsyncClient, url: httpx.URL, host: str, seconds: float) -> bytes:
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
            timeout=seconds,
        ) as response:
            if not response.is_success:
                raise FetchFailed(f"it answered {response.status_code}")
            content = b""
            async for part in response.aiter_raw():
                content += part
                if len(content) > self._max_bytes:
                    raise FetchFailed(f"it is larger than {self._max_bytes:,} bytes")
            return content


def _run(fetch: Coroutine[Any, Any, bytes]) -> bytes:
    """Run a fetch to its end. A look-up of a host that still runs then is not waited for, as `asyncio.run` would."""
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(fetch)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
