"""Settings of how connections to Kafka are secured: of the shared log, and of the node's own."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from registry.log.addresses import KafkaAddress, parse_kafka, resolve_address
from registry.log.errors import BadAddress
from registry.log.kafka_security import KafkaSecurity, KafkaSecurityError


class KafkaSecuritySetting(BaseModel):
    """The files by which connections to brokers are secured by TLS, and by which brokers know this node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ca_file: Path
    """A file of certificates (PEM) of the authorities that may certify brokers. A broker's certificate must name the
    host by which it is addressed."""
    certificate_file: Path | None = None
    """A file (PEM) with this node's certificate, by which brokers know it (mutual TLS)."""
    key_file: Path | None = None
    """A file (PEM) with the private key of that certificate."""
    key_passphrase_file: Path | None = None
    """A file with the passphrase of that key, if it has one; without it, `REGISTRY_KAFKA_KEY_PASSPHRASE` of the
    environment."""
    username: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """The user as which this node logs in (SASL with SCRAM-SHA-512), where brokers know it by a password."""
    password_file: Path | None = None
    """A file with that user's password; without it, `REGISTRY_KAFKA_PASSWORD` of the environment."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            self.security()
        except KafkaSecurityError as error:
            raise ValueError(str(error)) from error
        return self

    def security(self) -> KafkaSecurity:
        """Return what the log's clients take."""
        return KafkaSecurity(**dict(self))


def secure_address(name: str, url: str, setting: KafkaSecuritySetting | None, folder: Path) -> str:
    """Return the address of a log with the files of its security in it, absolute: paths are relative to `folder`.

    Raises `BadAddress` where the address names none, or cannot have the security; `name` is the setting's.
    """
    if setting is None:
        return resolve_address(url, folder)
    if not url.startswith("kafka:"):
        raise BadAddress(f"{name}_security is only for a log in Kafka; {url!r} is none")
    address = parse_kafka(url)
    if address.security is not None:
        raise BadAddress(f"{name}_security is set, and the address names files, too; leave one of them out")
    return resolve_address(str(KafkaAddress(address.brokers, setting.security())), folder)
