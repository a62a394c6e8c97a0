"""Connecting to Kafka: a client that reached no broker leaves nothing behind."""

from collections.abc import Callable, Sequence
from typing import Any

from kafka.net.compat import KafkaNetClient


def connected(kind: Callable[..., Any], brokers: Sequence[str], patience: float, **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
    """Return a client of some kind that reached a broker within `patience` seconds. Raises what the client raises.

    A client that reached none would leave its thread and sockets behind: this ends them.
    """
    made: list[KafkaNetClient] = []

    def remember(**given: Any) -> KafkaNetClient:  # noqa: ANN401
        made.append(KafkaNetClient(**given))
        return made[-1]

    try:
        return kind(
            bootstrap_servers=list(brokers),
            bootstrap_timeout_ms=int(patience * 1000),
            reconnect_backoff_max_ms=1000,
            kafka_client=remember,
            **settings,
        )
    except BaseException:  # whatever it was, no socket stays open
        for client in made:
            client.close()
        raise
