"""How many connections a process has, and which of them must go when there are too many.

| limit | how many | what happens when one more comes |
|---|---|---|
| of one address | `max_connections_per_address` | its own that has waited longest is closed; else 429 |
| that wait for a whole request | half of all | the one that has waited longest is closed |
| all | `max_connections`, half of the descriptors | the one that has left its answer unread longest is closed |

When there are too many of all, and every client reads, the one that has waited longest is closed; if none waits, the
next one gets a 503.

So one address cannot fill the process, and connections that say nothing, or ask and do not read, cannot do it from many
addresses.
"""

import contextlib
import resource
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any, Final, NamedTuple, Protocol

from registry.http.clients import network_of

_WANTED_DESCRIPTORS: Final = 4096
_MAX_REFUSED: Final = 16
"""Refused connections that may wait for their requests at a time, beside all others."""
Networks = Sequence[IPv4Network | IPv6Network]


class ConnectionLimits(NamedTuple):
    """The limits of one process."""

    total: int
    per_address: int
    waiting: int
    """Connections without a whole request."""


def limits_for(total: int, per_address: int) -> ConnectionLimits:
    """Fit what is set to the descriptors that this process may have. Half of them stay for files, log and database."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _WANTED_DESCRIPTORS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):  # a system that lets nobody raise it: the lower one counts
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    if soft != resource.RLIM_INFINITY:
        total = min(total, max(4, soft // 2))
    return ConnectionLimits(total, max(1, min(per_address, total // 2)), max(1, total // 2))


class Connection(Protocol):
    """A connection, as far as this module needs to know it."""

    def give_way(self) -> None:
        """Close at once, since it waits or does not read, and others come."""
        ...


class Connections:
    """The connections of one process. Belongs to its event loop."""

    def __init__(self, limits: ConnectionLimits, trusted_proxies: Networks = ()) -> None:
        """Connections from `trusted_proxies` are those of many clients: no limit for an address holds for them."""
        self._limits = limits
        self._trusted = trusted_proxies
        self._networks: dict[Any, str] = {}
        """The open connections, and what each counts as."""
        self._by_network: dict[str, dict[Any, None]] = {}
        """The same the other way round, the oldest first."""
        self._waiting: dict[Any, None] = {}
        """In the order in which they began to wait."""
        self._unread: dict[Any, None] = {}
        """Those that do not read what they are sent, in the order in which they stopped."""
        self._refused: set[Any] = set()

    def open(self, connection: Connection, address: str) -> str | None:
        """Take a connection in, waiting; or return the problem type that it is refused with."""
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
        """Return whether a refused connection may wait for its request, to answer that, instead of ending at once."""
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
        """Note that a connection has no whole request. The one that has waited longest may have to go."""
        self._waiting[connection] = None
        if len(self._waiting) > self._limits.waiting:
            self._dismiss(next(iter(self._waiting)))

    def serve(self, connection: Connection) -> None:
        """Note that a connection has a request that is being answered."""
        self._waiting.pop(connection, None)

    def stop_reading(self, connection: Connection) -> None:
        """Note that a client does not read what it is sent: it has to go before all others."""
        if connection in self._networks:
            self._unread[connection] = None

    def read_on(self, connection: Connection) -> None:
        """Note that a client has read what it was sent."""
        self._unread.pop(connection, None)


def is_within(address: str, networks: Networks) -> bool:
    """Return whether an address is in one of these networks."""
    if not networks:
        return False
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None) or parsed
    return any(mapped in network for network in networks)
