"""Where may be posted to: public addresses over https, and what the node's settings allow beside.

A node stands inside a university's network, so a URL that somebody enters must not lead the node to what only the
inside can reach. The host is looked up and judged at every attempt, and the connection is made to the very address
that was judged: a name that leads elsewhere a moment later changes nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Final

import httpx
import msgspec

from registry.webhooks.errors import AddressRefused, UnusableAddress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

MAX_URL: Final = 2000
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


class AddressPolicy(msgspec.Struct, frozen=True):
    """What the settings allow."""

    http_localhost: bool = False
    """Plain http to this machine itself, for trying things out."""
    networks: tuple[Network, ...] = ()
    """Networks that are not public and may be posted to all the same."""

    def check(self, text: str) -> httpx.URL:
        """A URL that may be posted to, as far as it shows by itself. Raises `UnusableAddress`."""
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError) as error:
            raise UnusableAddress(f"{text[:100]!r} is no URL: {error}") from error
        if len(text) > MAX_URL:
            raise UnusableAddress(f"the URL has {len(text):,} characters; {MAX_URL:,} at most")
        if not url.host or not 0 < (url.port or 443) < 65536:
            raise UnusableAddress(f"{text!r} names no host, or no port that there is; write https://HOST/PATH")
        if url.userinfo or url.fragment:
            raise UnusableAddress(
                f"{url.host}: a URL with a password or a fragment is not posted to; messages are signed"
            )
        if url.scheme == "http" and url.host in _LOCAL:
            if not self.http_localhost:
                raise UnusableAddress(
                    f"{text!r}: plain http, even to this machine, only where the settings say"
                    " webhook_http_localhost = true"
                )
        elif url.scheme != "https":
            raise UnusableAddress(f"{text!r}: only https is posted to")
        return url

    def check_now(self, text: str) -> httpx.URL:
        """The same, of which the host leads somewhere that may be posted to, unless it cannot be found just now.

        It is only to tell at once what would come to nothing: every attempt looks anew. Raises `UnusableAddress`.
        """
        url = self.check(text)
        try:
            found = socket.getaddrinfo(_host(url), _port(url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return url
        try:
            self.allowed(url, _addresses(found))
        except AddressRefused as error:
            raise UnusableAddress(str(error)) from error
        return url

    async def resolve(self, url: httpx.URL) -> list[str]:
        """The addresses of a URL's host that may be posted to. Raises `AddressRefused`."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(_host(url), _port(url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise AddressRefused(f"{url.host} is not found: {error}") from error
        return self.allowed(url, _addresses(found))

    def allowed(self, url: httpx.URL, addresses: Sequence[Address]) -> list[str]:
        """Those of a host's addresses that may be posted to. Raises `AddressRefused` where there is none."""
        local = self.http_localhost and url.host in _LOCAL
        good = [str(address) for address in addresses if self._may(address, local=local)]
        if not good:
            raise AddressRefused(
                f"{url.host} leads to {', '.join(map(str, addresses)) or 'nowhere'}, which is not public; name its"
                " network in the settings as webhook_networks if it is meant"
            )
        return good

    def _may(self, address: Address, *, local: bool) -> bool:
        if isinstance(address, ipaddress.IPv6Address):
            inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
            if inner is None and address in _NAT64:
                inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
            if inner is not None:
                return self._may(inner, local=local)
        if any(address.version == network.version and address in network for network in self.networks):
            return True
        if local and address.is_loopback:
            return True
        return address.is_global and not address.is_multicast and not address.is_reserved


def _addresses(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    """The addresses that a look-up gave, each once."""
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _port(url: httpx.URL) -> int:
    return url.port or (80 if url.scheme == "http" else 443)


def _host(url: httpx.URL) -> str:
    """The host as the DNS has it."""
    return url.raw_host.decode("ascii")
