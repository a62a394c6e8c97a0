"""Addresses of shared logs: `file:PATH`, `archive:PATH`, and `kafka://HOST:PORT[,HOST:PORT]`.

The address of a Kafka may name files by which its connections are secured, as PostgreSQL's does:
`kafka://HOST:PORT?ca_file=PATH&certificate_file=PATH&key_file=PATH`. It never holds a secret itself.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote

from registry.log.errors import BadAddress
from registry.log.kafka_security import PATHS, KafkaSecurity, KafkaSecurityError

_FORMS: Final = "write file:PATH, kafka://HOST:PORT[,HOST:PORT] or archive:PATH"
_MAX_BROKERS: Final = 100
_NAMES: Final = tuple(KafkaSecurity.__dataclass_fields__)


@dataclass(frozen=True)
class KafkaAddress:
    """The brokers of a cluster, and how connections to them are secured; None for connections in the clear."""

    brokers: tuple[str, ...]
    security: KafkaSecurity | None = None

    def __str__(self) -> str:
        address = f"kafka://{','.join(self.brokers)}"
        if self.security is None:
            return address
        given = {name: value for name, value in asdict(self.security).items() if value is not None}
        return address + "?" + "&".join(f"{name}={quote(str(value), safe='/')}" for name, value in given.items())


def check_address(url: str) -> tuple[str, str]:
    """Split a log's address into its scheme and the rest. Raises `BadAddress`."""
    scheme, _, rest = url.partition(":")
    if scheme == "kafka":
        parse_kafka(url)
    elif scheme not in ("archive", "file") or not rest:
        raise BadAddress(f"{url!r} is not a log; {_FORMS}")
    return scheme, rest


def parse_kafka(url: str) -> KafkaAddress:
    """Return the brokers and the security that an address of a Kafka names. Raises `BadAddress`."""
    scheme, _, rest = url.partition("://")
    hosts, question, query = rest.partition("?")
    brokers = tuple(hosts.rstrip("/").split(","))
    if scheme != "kafka" or not all(brokers) or len(brokers) > _MAX_BROKERS:
        raise BadAddress(f"{url!r} is not a log; {_FORMS}")
    if not question:
        return KafkaAddress(brokers)
    try:
        return KafkaAddress(brokers, _parse_security(query))
    except (ValueError, KafkaSecurityError) as error:
        raise BadAddress(f"the address of Kafka at {hosts}: {error}") from error


def _parse_security(query: str) -> KafkaSecurity:
    """Return what the part of an address after `?` names. Raises `ValueError` and `KafkaSecurityError`."""
    pairs = parse_qsl(query, strict_parsing=True, max_num_fields=len(_NAMES))
    given = dict(pairs)
    if len(given) < len(pairs):
        raise ValueError("a name is given twice")
    if unknown := given.keys() - set(_NAMES):
        raise ValueError(f"{', '.join(sorted(unknown))} is not one of {', '.join(_NAMES)}")
    if "ca_file" not in given:
        raise ValueError("ca_file is missing: the file of the authorities that may certify brokers")
    files = {name: Path(value) for name, value in given.items() if name in PATHS}
    return KafkaSecurity(**files, username=given.get("username"))


def resolve_address(url: str, folder: Path) -> str:
    """Return an address with its relative paths made absolute: they are relative to `folder`."""
    scheme, colon, path = url.partition(":")
    if scheme in ("file", "archive") and colon:
        return f"{scheme}:{folder / path}"
    if scheme == "kafka" and "?" in path:
        address = parse_kafka(url)
        if address.security is not None:
            return str(KafkaAddress(address.brokers, address.security.resolve(folder)))
    return url
