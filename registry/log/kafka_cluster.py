"""One Kafka cluster: its brokers, how clients of it are made, and what their errors mean to users of the log."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import structlog
from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import (
    AuthorizationError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    SaslAuthenticationFailedError,
    UnknownTopicOrPartitionError,
)

from registry.log.errors import LogRefused, LogUnavailable, NoSuchStream, RecordTooLarge
from registry.log.kafka_client import connect
from registry.log.kafka_probe import explain_failure
from registry.log.kafka_security import KafkaSecurity
from registry.log.kafka_topics import topic_of

_log = structlog.get_logger(__name__)
_OPERATIONS: Final = {"make the topic of": "Create", "write": "Write", "append to": "Write"}
"""The operation in Kafka's access lists that each action needs, where it is not Read."""


class KafkaCluster:
    """The brokers of one cluster."""

    def __init__(self, brokers: Sequence[str], patience: float, security: KafkaSecurity | None = None) -> None:
        """`patience`: seconds after which a request without an answer is given up.

        Raises `KafkaSecurityError` where files of `security` are missing or wrong, or a certificate has ended; one that
        ends soon is warned of.
        """
        # Errors reach the caller as ours. The client's own messages do not, unless somebody has set a level.
        logger = logging.getLogger("kafka")
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
        self.patience = patience
        self._brokers = list(brokers)
        self._security = security
        for warning in security.check() if security is not None else ():
            _log.warning("log.certificate_ends_soon", certificate=warning)

    def __str__(self) -> str:
        return f"Kafka at {','.join(self._brokers)}"

    @property
    def patience_ms(self) -> int:
        """The same in milliseconds, as the client wants it."""
        return int(self.patience * 1000)

    def connect(self, kind: Callable[..., Any], **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
        """Return a connected client of some kind."""
        return connect(kind, self._brokers, self.patience, self._security, **settings)

    @contextlib.contextmanager
    def administer(self) -> Iterator[KafkaAdminClient]:
        """Connect a client that creates topics and reads their settings."""
        admin = self.connect(KafkaAdminClient, request_timeout_ms=self.patience_ms)
        try:
            yield admin
        finally:
            admin.close()

    def connect_consumer(self, **settings: int) -> KafkaConsumer:
        """Return a consumer without a group: readers keep their positions themselves."""
        return self.connect(
            KafkaConsumer,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            request_timeout_ms=max(2000, self.patience_ms),
            fetch_max_bytes=16 * 1024 * 1024,
            # Changing to another topic asks for its offset again, and the first answer is often "try again".
            retry_backoff_ms=5,
            metrics_enabled=False,
            **settings,
        )

    @contextlib.contextmanager
    def translate_errors(self, action: str, stream: str) -> Iterator[None]:
        """Raise the client's errors as errors of the log, which name the action and the stream."""
        try:
            yield
        except UnknownTopicOrPartitionError as error:
            raise self.build_missing_stream(stream) from error
        except MessageSizeTooLargeError as error:
            raise RecordTooLarge(
                f"{self} takes no record of this size for {stream}; look at the topic's settings"
            ) from error
        except AuthorizationError as error:
            raise LogRefused(self._explain_refusal(action, stream)) from error
        except SaslAuthenticationFailedError as error:
            raise LogUnavailable(
                f"cannot {action} {stream}: {self} refuses the user or the password; look at username and password_file"
            ) from error
        except (KafkaConnectionError, KafkaTimeoutError) as error:
            reason = explain_failure(self._brokers, self._security)
            raise LogUnavailable(
                f"cannot {action} {stream}: no answer from {self}; {reason or 'is the broker running?'}"
            ) from error
        except KafkaError as error:
            raise LogUnavailable(f"cannot {action} {stream} at {self}: {error}") from error

    def build_missing_stream(self, stream: str) -> NoSuchStream:
        """Return the error of a topic that is not there, or that brokers hide from who may not read it."""
        hint = ""
        if self._security is not None:
            who = self._security.principal or "this client"
            hint = f", or {who} lacks the access list's entry to Read on it (`registry topics plan` says which)"
        return NoSuchStream(f"there is no topic {topic_of(stream)} at {self}{hint}")

    def _explain_refusal(self, action: str, stream: str) -> str:
        """Return which entry of an access list is missing for what was to be done."""
        who = (self._security.principal if self._security is not None else None) or "this client"
        need = f"{_OPERATIONS.get(action, 'Read')} on the topic {topic_of(stream)}"
        return (
            f"{self} does not let us {action} {stream}: {who} needs the access list's entry to {need}. Ask the"
            " consortium, whose administrator sees it with `registry topics plan`"
        )
