"""One Kafka cluster: its brokers, how clients of it are made, and what their errors mean to users of the log."""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.errors import (
    AuthorizationError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    UnknownTopicOrPartitionError,
)

from registry.log.errors import LogError, LogUnavailable, NoSuchStream, RecordTooLarge
from registry.log.kafka_client import connect
from registry.log.kafka_topics import topic_of


class KafkaCluster:
    """The brokers of one cluster."""

    def __init__(self, brokers: Sequence[str], patience: float) -> None:
        """`patience`: seconds after which a request without an answer is given up."""
        # Errors reach the caller as ours. The client's own messages do not, unless somebody has set a level.
        logger = logging.getLogger("kafka")
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)
        self.patience = patience
        self._brokers = list(brokers)

    def __str__(self) -> str:
        return f"Kafka at {','.join(self._brokers)}"

    @property
    def patience_ms(self) -> int:
        """The same in milliseconds, as the client wants it."""
        return int(self.patience * 1000)

    def connect(self, kind: Callable[..., Any], **settings: Any) -> Any:  # noqa: ANN401 - the client has no types
        """Return a connected client of some kind."""
        return connect(kind, self._brokers, self.patience, **settings)

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
            raise NoSuchStream(f"there is no topic {topic_of(stream)} at {self}") from error
        except MessageSizeTooLargeError as error:
            raise RecordTooLarge(
                f"{self} takes no record of this size for {stream}; look at the topic's settings"
            ) from error
        except AuthorizationError as error:
            raise LogError(f"{self} does not let us {action} {stream}; look at the topic's access list") from error
        except (KafkaConnectionError, KafkaTimeoutError) as error:
            raise LogUnavailable(f"cannot {action} {stream}: no answer from {self}; is the broker running?") from error
        except KafkaError as error:
            raise LogUnavailable(f"cannot {action} {stream} at {self}: {error}") from error
