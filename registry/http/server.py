"""The HTTP server of nodes and witnesses: uvicorn, with limits for slow and silent clients."""

import os
from typing import Any, Final

import uvicorn

from registry.http.connections import Connections, Networks, limits_for
from registry.http.slow_clients import timeout_protocol

END_SECONDS: Final = 10
"""Time that running requests may still take when the server ends."""
_KEEP_ALIVE_SECONDS: Final = 30
_BACKLOG: Final = 1024


def server_for(
    app: object,
    *,
    patience_seconds: float,
    max_connections: int,
    max_connections_per_address: int,
    trusted_proxies: Networks = (),
    base_path: str = "",
    **more: Any,  # noqa: ANN401 - uvicorn's own, for example where to listen
) -> uvicorn.Server:
    """Create a server for one process. Raises the process's limit of file descriptors as far as allowed."""
    limits = limits_for(max_connections, max_connections_per_address)
    config = uvicorn.Config(
        app,  # type: ignore[arg-type] # the two libraries spell ASGI's types differently
        loop="uvloop" if os.name == "posix" else "asyncio",
        http=timeout_protocol(patience_seconds, Connections(limits, trusted_proxies), base_path),
        ws="none",
        log_config=None,
        log_level="error",  # malformed requests are not logged: strangers could fill the log
        access_log=False,
        server_header=False,
        # Forwarded headers count only from proxies that the settings name: see forwarded.py.
        proxy_headers=False,
        # The kernel takes in a burst first: no more at once than there are descriptors for.
        backlog=min(_BACKLOG, limits.total),
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=END_SECONDS,
        lifespan="on",
        **more,
    )
    return uvicorn.Server(config)
