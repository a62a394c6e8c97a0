"""The name by which limits count a client: its address or network."""

from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final

_HOST_BITS: Final = 64
"""Bits of an IPv6 address that one client chooses freely: a client with one address has 2^64 of them."""


@lru_cache(4096)
def network_of(address: str) -> str:
    """Return the name by which limits count a client: its IPv4 address, or the /64 network of its IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket that is not TCP
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(IPv6Network((int(parsed) >> _HOST_BITS << _HOST_BITS, _HOST_BITS)))
    return str(parsed)


def client_of(scope: Any) -> str:  # noqa: ANN401 - an ASGI scope
    """Return the name by which limits count the client of a request."""
    client = scope.get("client")
    return network_of(client[0]) if client else "unknown"
