"""Certificates whose end stops a node: those of its connections to Kafka, and the chains of its issuing keys."""

from datetime import UTC, datetime

from psycopg import Connection

from projections.issuing_keys.issuing_keys import IssuingKey, list_of_member
from registry.keys.certificate_chain import Chain, ChainError
from registry.log.addresses import parse_kafka
from registry.log.kafka_security import KafkaSecurity, KafkaSecurityError
from registry.settings.settings import Settings


def list_kafka_securities(settings: Settings) -> list[KafkaSecurity]:
    """Return how the connections to the log's Kafka and to the node's own are secured, without those in the clear.

    The files may be named by `log_security` and `intake_security`, or by the addresses. Raises `BadAddress`.
    """
    urls = (settings.log_url, settings.intake_url)
    addresses = [parse_kafka(url) for url in urls if url is not None and url.startswith("kafka:")]
    return [address.security for address in addresses if address.security is not None]


def find_kafka_end(settings: Settings) -> datetime | None:
    """Return when the first certificate of connections to Kafka ends; now if one cannot be read, None without any."""
    try:
        terms = [term for security in list_kafka_securities(settings) for term in security.read_terms()]
    except KafkaSecurityError:
        return datetime.now(UTC)
    return min((term.ends for term in terms), default=None)


def list_keys_in_force(connection: Connection, member: str) -> list[IssuingKey]:
    """Return a member's issuing keys that have not ended."""
    return [key for key in list_of_member(connection, member) if key.ended is None]


def find_chain_end(key: IssuingKey) -> datetime | None:
    """Return when the first certificate of a key's chain ends (UTC); None if one cannot be read."""
    try:
        return Chain.of(key.x5c).valid_until
    except ChainError:
        return None
