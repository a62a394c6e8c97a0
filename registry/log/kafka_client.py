"""Connecting to Kafka: a client that reached no broker leaves nothing behind."""

from collections.abc import Callable, Sequence
from typing import Any

from kafka.errors import KafkaError, SaslAuthenticationFailedError
from kafka.net.compat import KafkaNetClient

from registry.log.kafka_security import KafkaSecurity


def connect(
    kind: Callable[..., Any],
    brokers: Sequence[str],
    patience: float,
    security: KafkaSecurity | None = None,
    **settings: Any,  # noqa: ANN401 - the client has no types
) -> Any:  # noqa: ANN401 - likewise
    """Return a client of some kind that reached a broker within `patience` seconds. Raises what the client raises.

    A client that reached none would leave its thread and sockets behind: this ends them. Raises `KafkaSecurityError`
    where a file of `security` is missing or wrong.
    """
    secured = {} if security is None else security.build_client_settings()
    clients: list[KafkaNetClient] = []

    def remember(**client_settings: Any) -> KafkaNetClient:  # noqa: ANN401 - the client has no types
        clients.append(KafkaNetClient(**client_settings))
        return clients[-1]

    try:
        return kind(
            bootstrap_servers=list(brokers),
            bootstrap_timeout_ms=int(patience * 1000),
            reconnect_backoff_max_ms=1000,
            kafka_client=remember,
            **secured,
            **settings,
        )
    except BaseException as error:  # no socket stays open, whatever went wrong
        refusal = _find_login_refusal(clients)
        for client in clients:
            client.close()
        if isinstance(error, KafkaError) and refusal is not None:
            # The client tries again until time runs out, and then says only that.
            raise refusal from error
        raise


def _find_login_refusal(clients: Sequence[KafkaNetClient]) -> KafkaError | None:
    for client in clients:
        for failure in client._manager._auth_failures.values():  # noqa: SLF001 - the client shows it nowhere else
            if isinstance(failure, SaslAuthenticationFailedError):
                return failure
    return None
