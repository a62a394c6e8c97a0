"""Finds out why no broker can be reached: Kafka's client says only that time ran out."""

import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Final

from registry.log.kafka_security import KafkaSecurity, KafkaSecurityError

_SECONDS: Final = 3.0
"""Time for a connection and its handshake."""
_ALERT_SECONDS: Final = 1.0
"""Time for a broker's refusal of a certificate: with TLS 1.3 it comes after the handshake."""
_BROKERS: Final = 3
"""Brokers that are asked."""
_MEANINGS: Final = {
    "CERTIFICATE_EXPIRED": "the broker refuses this client's certificate, which has ended",
    "UNKNOWN_CA": "the broker refuses this client's certificate: its authority is not one that the broker trusts",
    "CERTIFICATE_UNKNOWN": (
        "the broker refuses this client's certificate: it has ended, or its authority is not one that the broker trusts"
    ),
    "BAD_CERTIFICATE": (
        "the broker refuses this client's certificate, or the client has none: set certificate_file and key_file"
    ),
    "CERTIFICATE_REQUIRED": "the broker asks for a client's certificate: set certificate_file and key_file",
    "WRONG_VERSION_NUMBER": "the broker does not speak TLS at this port",
    "HANDSHAKE_FAILURE": "the broker and this client share no version or cipher of TLS",
}
"""The meanings of TLS alerts, by the end of OpenSSL's name for each (RFC 8446, section 6.2)."""


def explain_failure(brokers: Sequence[str], security: KafkaSecurity | None) -> str | None:
    """Connect to some brokers, and return why the first of them that refuses does so; None if none says why.

    Takes a few seconds for each of three brokers at the most.
    """
    if security is None:
        return None
    try:
        warnings = security.check()
        context = security.build_context()
    except KafkaSecurityError as error:
        return str(error)
    for broker in brokers[:_BROKERS]:
        if reason := _ask(broker, context):
            return f"{broker}: {reason}" + "".join(f" ({warning})" for warning in warnings)
    return None


def _ask(broker: str, context: ssl.SSLContext) -> str | None:
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    try:
        with (
            socket.create_connection((host, int(port)), _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            secured.settimeout(_ALERT_SECONDS)
            with contextlib.suppress(TimeoutError):  # it waits for a request: nothing is wrong with the certificate
                secured.recv(1)
    except ssl.SSLCertVerificationError as error:
        return (
            f"the broker's certificate is not accepted: {error.verify_message}. ca_file must hold its authority, and"
            " the certificate the name by which the broker is addressed"
        )
    except ssl.SSLError as error:
        reason = str(error.reason or error)
        return next((text for end, text in _MEANINGS.items() if reason.endswith(end)), f"TLS fails: {reason}")
    except ValueError:
        return "the address of a broker is HOST:PORT"
    except OSError as error:
        return f"no connection: {error.strerror or error}"
    return None
