"""The limits on a process's connections, and which connection is closed when a limit is reached.

| limit | number | when one more arrives |
|---|---|---|
| connections of one address | `max_connections_per_address` | the one that has waited longest is closed, or 429 |
| connections without a whole request | half of all | the one that has waited longest is closed |
| all connections | `max_connections`, half of the descriptors | the one with the oldest unread answer is closed |

If all connections are in use and every client reads, the one that has waited longest is closed; if none waits, the new
one gets a 503.

So one address cannot fill the process, and neither can silent connections, or clients that ask and do not read, from
many addresses.
"""

import contextlib
import resource
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, NamedTuple, Protocol

from registry.http.clients import network_of

_WANTED_DESCRIPTORS: Final = 4096
_MAX_REFUSED: Final = 16
"""Refused connections that may wait for their requests at a time. They count in no other limit."""
Networks = Sequence[IPv4Network | IPv6Network]


class ConnectionLimits(NamedTuple):
    """The limits of one process."""

    total: int
    per_address: int
    waiting: int
    """For connections without a whole request."""


def limits_for(total: int, per_address: int) -> ConnectionLimits:
    """Fit the settings to the descriptors that this process may have. Half of them stay for files, log and database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _WANTED_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < target:
        with contextlib.suppress(ValueError, OSError):  # some systems let nobody raise it: then the lower limit counts
            resource.setrlimit(resource.RLIMIT_NOFILE, (target, hard))
            soft = target
    if soft != resource.RLIM_INFINITY:
        total = min(total, max(4, soft // 2))
    return ConnectionLimits(total, max(1, min(per_address, total // 2)), max(1, total // 2))


class Connection(Protocol):
    """The part of a connection that this module needs."""

    def give_way(self) -> None:
        """Close at once: the connection waits or its client does not read, and other clients need the place."""
        ...


class Connections:
    """The connections of one process. Belongs to its event loop."""

    def __init__(self, limits: ConnectionLimits, trusted_proxies: Networks = ()) -> None:
        """Connections from `trusted_proxies` belong to many clients: the limit for one address does not apply there."""
        self._limits = limits
        self._trusted = trusted_proxies
        self._networks: dict[Any, str] = {}
        """The open connections, each with its client's name for limits."""
        self._by_network: dict[str, dict[Any, None]] = {}
        """The same by client, the oldest first."""
        self._waiting: dict[Any, None] = {}
        """Connections without a whole request, in the order in which they began to wait."""
        self._unread: dict[Any, None] = {}
        """Connections whose clients do not read, in the order in which they stopped reading."""
        self._refused: set[Any] = set()

    def open(self, connection: Connection, address: str) -> str | None:
        """Register a new connection, which then waits; or return the problem type with which it is refused."""
        network = network_of(address)
        own = self._by_network.get(network, {})
        if len(own) >= self._limits.per_address and not is_within(address, self._trusted):
            oldest = next((other for other in own if other in self._waiting), None)
            if oldest is None:
                return "too-many-connections"
            self._dismiss(oldest)
        if len(self._networks) >= self._limits.total:
            idle = next(iter(self._unread), None) or next(iter(self._waiting), None)
            if idle is None:
                return "busy"
            self._dismiss(idle)
        self._networks[connection] = network
        self._by_network.setdefault(network, {})[connection] = None
        self.wait(connection)
        return None

    def _dismiss(self, connection: Connection) -> None:
        self.close(connection)
        connection.give_way()

    def linger(self, connection: Connection) -> bool:
        """Return True if a refused connection may wait for its request, which then gets the refusal as its answer."""
        if len(self._refused) >= _MAX_REFUSED:
            return False
        self._refused.add(connection)
        return True

    def close(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._refused.discard(connection)
        self._waiting.pop(connection, None)
        self._unread.pop(connection, None)
        network = self._networks.pop(connection, None)
        if network is None:
            return
        own = self._by_network[network]
        del own[connection]
        if not own:
            del self._by_network[network]

    def wait(self, connection: Connection) -> None:
        """Note that a connection has no whole request. This may close the one that has waited longest."""
        self._waiting[connection] = None
        if len(self._waiting) > self._limits.waiting:
            self._dismiss(next(iter(self._waiting)))

    def serve(self, connection: Connection) -> None:
        """Note that a connection's request is being answered."""
        self._waiting.pop(connection, None)

    def stop_reading(self, connection: Connection) -> None:
        """Note that a client does not read its answer: its connection is the first to be closed."""
        if connection in self._networks:
            self._unread[connection] = None

    def read_on(self, connection: Connection) -> None:
        """Note that a client has read its answer."""
        self._unread.pop(connection, None)


def is_within(address: str, networks: Networks) -> bool:
    """Return True if an address is in one of these networks."""
    if not networks:
        return False
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in networks)
