"""Allowed destinations: public addresses over https, and further ones that the node's settings allow.

A node runs inside a university's network, so a URL that somebody enters must not give access to hosts that only the
inside can reach. Every attempt looks the host up, checks its addresses, and connects to an address that was checked: a
name that resolves differently a moment later changes nothing.
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
"""Lower ports belong to well-known services, which accept no webhooks."""
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
"""Addresses of the machine's own platform. Refused whatever the settings say: the platform hands out credentials."""
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 addresses in use on the internet."""
_NOT_PUBLIC: Final = tuple(
    map(
        ipaddress.ip_network,
        (
            "192.0.0.0/24",  # protocols between neighbours (RFC 6890)
            "192.88.99.0/24",  # former relays from 6to4 to IPv6 (RFC 7526)
            "3fff::/20",  # for documentation (RFC 9637)
        ),
    )
)
"""Addresses that Python counts as public, although IANA's registries of special addresses do not."""


class AddressPolicy(msgspec.Struct, frozen=True):
    """The destinations that the settings allow."""

    http_localhost: bool = False
    """Plain http to this machine itself, for trying things out."""
    networks: tuple[Network, ...] = ()
    """Private networks that are allowed."""

    def check(self, text: str) -> httpx.URL:
        """Return the parsed URL if it is allowed, before its host is looked up. Raises `UnusableAddress`."""
        if len(text) > MAX_URL:
            raise UnusableAddress(f"the URL has {len(text):,} characters; {MAX_URL:,} at most")
        try:
            url = httpx.URL(text)
            host = _host(url) if url.host else ""  # raises for a name that is not an IDNA name
        except (httpx.InvalidURL, ValueError) as error:
            raise UnusableAddress(f"{text[:100]!r} is not a URL: {error}") from error
        if not _is_host(host):
            raise UnusableAddress(f"{text[:100]!r} has no valid host; write https://HOST/PATH")
        if url.userinfo or url.fragment:
            raise UnusableAddress(
                f"{url.host}: leave password and fragment out of the URL; messages are signed instead"
            )
        if url.scheme == "http" and url.host in _LOCAL:
            if not self.http_localhost:
                raise UnusableAddress(
                    f"{text!r}: plain http, even to this machine, needs webhook_http_localhost = true in the settings"
                )
        elif url.scheme != "https":
            raise UnusableAddress(f"{text!r}: only https is allowed")
        port = _port(url)
        if port != _default_port(url) and not _FIRST_FREE_PORT <= port < 65536:
            raise UnusableAddress(
                f"{text[:100]!r}: port {port} is not allowed; use {_HTTPS_PORT}, or a port from {_FIRST_FREE_PORT} on"
            )
        return url

    def check_now(self, text: str) -> httpx.URL:
        """Check the URL and, if its host can be looked up now, that an address is allowed. Raises `UnusableAddress`.

        This only reports a useless URL early: every attempt looks the host up again.
        """
        url = self.check(text)
        try:
            answers = socket.getaddrinfo(_host(url), _port(url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return url
        try:
            self.select_allowed(url, _addresses(answers))
        except AddressRefused as error:
            raise UnusableAddress(str(error)) from error
        return url

    async def resolve(self, url: httpx.URL) -> list[str]:
        """Look up a URL's host and return its allowed addresses. Raises `AddressRefused`."""
        try:
            answers = await asyncio.get_running_loop().getaddrinfo(_host(url), _port(url), type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise AddressRefused(f"{url.host} is not found: {error}") from error
        return self.select_allowed(url, _addresses(answers))

    def select_allowed(self, url: httpx.URL, addresses: Sequence[Address]) -> list[str]:
        """Return the allowed ones of a host's addresses. Raises `AddressRefused` if there is none."""
        local = self.http_localhost and url.host in _LOCAL
        usable = [str(address) for address in addresses if self._is_allowed(address, local=local)]
        if not usable and any(_is_platform(address) for address in addresses):
            raise AddressRefused(
                f"{url.host} leads to {', '.join(map(str, addresses))}, which is not public: a machine's platform"
                " answers there, and it is never posted to"
            )
        if not usable:
            raise AddressRefused(
                f"{url.host} leads to {', '.join(map(str, addresses)) or 'nowhere'}, which is not public; to allow it,"
                " name its network in the settings as webhook_networks"
            )
        return usable

    def _is_allowed(self, address: Address, *, local: bool) -> bool:
        if (inner := _inner(address)) is not None:
            return self._is_allowed(inner, local=local)
        if _is_platform(address):
            return False
        if any(address in network for network in self.networks):
            return True
        if local and address.is_loopback:
            return True
        return _is_public(address)


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside an IPv6 address; None if there is none."""
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


def _addresses(answers: Iterable[tuple[Any, ...]]) -> list[Address]:
    """Return the addresses of a look-up's answers, each once."""
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in answers))


def _port(url: httpx.URL) -> int:
    return _default_port(url) if url.port is None else url.port


def _default_port(url: httpx.URL) -> int:
    return 80 if url.scheme == "http" else _HTTPS_PORT


def _host(url: httpx.URL) -> str:
    """Return the host in the form that the DNS uses."""
    return url.raw_host.decode("ascii")
