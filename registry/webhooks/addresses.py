"""Where may be posted to: public addresses over https, and what the node's settings allow beside.

A node stands inside a university's network, so a URL that somebody enters must not lead the node to what only the
inside can reach. The host is looked up and judged at every attempt, and the connection is made to the very address
that was judged: a name that leads elsewhere a moment later changes nothing.
"""

import asyncio
import ipaddress
import re
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
_HOST: Final = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_HTTPS_PORT: Final = 443
_FIRST_FREE_PORT: Final = 1024
"""Ports below are those of well-known services, which speak no webhooks."""
_PLATFORM: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "169.254.0.0/16",  # link-local: metadata of AWS, Azure, Google, OpenStack
            "168.63.129.16/32",  # the host of a machine at Azure
            "100.100.100.200/32",  # metadata of Alibaba
            "192.0.0.192/32",  # metadata of Oracle
            "fd00:ec2::/32",  # metadata of AWS
            "fd20:ce::254/128",  # metadata of Google
            "fe80::/10",
        ),
    )
)
"""Where the machine's own platform answers. Never posted to, whatever the settings say: it hands out credentials."""
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses that anybody on the internet has."""
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocols between neighbours (RFC 6890)
            "192.88.99.0/24",  # relays from 6to4 to IPv6, which are no more (RFC 7526)
            "3fff::/20",  # for documentation (RFC 9637)
        ),
    )
)
"""What Python takes for public, beside all that IANA's registries of special addresses say."""


class AddressPolicy(msgspec.Struct, frozen=True):
    """What the settings allow."""

    http_localhost: bool = False
    """Plain http to this machine itself, for trying things out."""
    networks: tuple[Network, ...] = ()
    """Networks that are not public and may be posted to all the same."""

    def check(self, text: str) -> httpx.URL:
        """A URL that may be posted to, as far as it shows by itself. Raises `UnusableAddress`."""
        if len(text) > MAX_URL:
            raise UnusableAddress(f"the URL has {len(text):,} characters; {MAX_URL:,} at most")
        try:
            url = httpx.URL(text)
            host = _host(url) if url.host else ""  # a name that is no IDNA name shows only now
        except (httpx.InvalidURL, ValueError) as error:
            raise UnusableAddress(f"{text[:100]!r} is no URL: {error}") from error
        if not _is_host(host):
            raise UnusableAddress(f"{text[:100]!r} names no host that there can be; write https://HOST/PATH")
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
        port = _port(url)
        if port != _default_port(url) and not _FIRST_FREE_PORT <= port < 65536:
            raise UnusableAddress(
                f"{text[:100]!r}: port {port} is not posted to; take {_HTTPS_PORT}, or one from {_FIRST_FREE_PORT} on"
            )
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
        if not good and any(_is_platform(address) for address in addresses):
            raise AddressRefused(
                f"{url.host} leads to {', '.join(map(str, addresses))}, which is not public: the platform of a machine"
                " answers there, and it is never posted to"
            )
        if not good:
            raise AddressRefused(
                f"{url.host} leads to {', '.join(map(str, addresses)) or 'nowhere'}, which is not public; name its"
                " network in the settings as webhook_networks if it is meant"
            )
        return good

    def _may(self, address: Address, *, local: bool) -> bool:
        if (inner := _inner(address)) is not None:
            return self._may(inner, local=local)
        if _is_platform(address):
            return False
        if any(address in network for network in self.networks):
            return True
        if local and address.is_loopback:
            return True
        return _is_public(address)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address to which an IPv6 address leads in the end, if it is such a one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


def _is_platform(address: Address) -> bool:
    address = _inner(address) or address
    return any(address in network for network in _PLATFORM)


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _UNICAST:
        return False
    if address.is_multicast or address.is_reserved or any(address in network for network in _NOT_PUBLIC):
        return False
    return address.is_global


def _is_host(name: str) -> bool:
    try:
        return getattr(ipaddress.ip_address(name), "scope_id", None) is None
    except ValueError:
        return _HOST.fullmatch(name) is not None


def _addresses(found: Iterable[tuple[Any, ...]]) -> list[Address]:
    """The addresses that a look-up gave, each once."""
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def _port(url: httpx.URL) -> int:
    return _default_port(url) if url.port is None else url.port


def _default_port(url: httpx.URL) -> int:
    return 80 if url.scheme == "http" else _HTTPS_PORT


def _host(url: httpx.URL) -> str:
    """The host as the DNS has it."""
    return url.raw_host.decode("ascii")
