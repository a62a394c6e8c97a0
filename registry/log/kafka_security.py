"""The security of connections to Kafka: TLS, with a client's certificate or a password (SCRAM-SHA-512).

Kafka's client makes a context of TLS for each connection, with TLS 1.2 or later, and reads the files again for it, so
that a new certificate takes effect without a restart. A context of our own (`ssl_context`) would keep the old one.
"""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from registry.log.errors import LogError

PASSPHRASE_VARIABLE: Final = "REGISTRY_KAFKA_KEY_PASSPHRASE"  # noqa: S105 - the variable's name
PASSWORD_VARIABLE: Final = "REGISTRY_KAFKA_PASSWORD"  # noqa: S105 - the variable's name
PATHS: Final = ("ca_file", "certificate_file", "key_file", "key_passphrase_file", "password_file")
"""The names of what is a file."""
WARNING_DAYS: Final = 30
"""Days before its end from which a certificate is named."""
_MAX_BYTES: Final = 1024 * 1024
"""The size up to which a file of certificates is read."""


class KafkaSecurityError(LogError):
    """A file by which connections to Kafka are secured is missing, wrong or too old. The message says what to do."""


class CertificateTerm(NamedTuple):
    """One certificate in a file, and when it is valid."""

    setting: str
    """The setting that names the file: `ca_file` or `certificate_file`."""
    file: Path
    subject: str
    """The subject as Kafka writes it in a principal (RFC 2253)."""
    begins: datetime
    ends: datetime
    """The moment after which nobody accepts it (`notAfter`)."""

    def days_left(self, now: datetime) -> float:
        """Return the days until its end; negative after it."""
        return (self.ends - now) / timedelta(days=1)

    def describe(self, now: datetime) -> str:
        """Return a sentence about its end."""
        day = self.ends.strftime("%Y-%m-%d %H:%M UTC")
        if now > self.ends:
            return f"{self.setting}: the certificate of {self.subject} in {self.file} ended on {day}"
        if now < self.begins:
            begin = self.begins.strftime("%Y-%m-%d %H:%M UTC")
            return f"{self.setting}: the certificate of {self.subject} in {self.file} is valid only from {begin} on"
        days = int(self.days_left(now))
        return f"{self.setting}: the certificate of {self.subject} in {self.file} ends in {days} days, on {day}"


@dataclass(frozen=True)
class KafkaSecurity:
    """The files by which a client secures its connections. Raises `KafkaSecurityError` if they do not go together."""

    ca_file: Path
    """PEM: the authorities that may certify brokers."""
    certificate_file: Path | None = None
    """PEM: this client's certificate, and those between it and its authority."""
    key_file: Path | None = None
    """PEM: its private key."""
    key_passphrase_file: Path | None = None
    """The passphrase of that key, if it has one; without this file, that of the environment."""
    username: str | None = None
    """The user who logs in by SCRAM-SHA-512."""
    password_file: Path | None = None
    """The password of that user; without this file, that of the environment."""

    def __post_init__(self) -> None:
        """Check what was given together. Raises `KafkaSecurityError`."""
        if (self.certificate_file is None) != (self.key_file is None):
            raise KafkaSecurityError("certificate_file and key_file belong together: give both or neither")
        if self.key_passphrase_file is not None and self.key_file is None:
            raise KafkaSecurityError("key_passphrase_file is of no use without key_file")
        if self.password_file is not None and self.username is None:
            raise KafkaSecurityError("password_file is of no use without username")
        if self.username == "":
            raise KafkaSecurityError("username is empty")

    def resolve(self, folder: Path) -> "KafkaSecurity":
        """Return the same with relative paths made absolute: they are relative to `folder`."""
        paths = {name: folder / getattr(self, name) for name in PATHS if getattr(self, name) is not None}
        return replace(self, **paths)

    def build_client_settings(self) -> dict[str, Any]:
        """Return the settings of Kafka's client, with the secrets read from files. Raises `KafkaSecurityError`."""
        settings: dict[str, Any] = {
            "security_protocol": "SSL" if self.username is None else "SASL_SSL",
            "ssl_check_hostname": True,
            "ssl_cafile": str(self.ca_file),
        }
        if self.certificate_file is not None and self.key_file is not None:
            settings |= {
                "ssl_certfile": str(self.certificate_file),
                "ssl_keyfile": str(self.key_file),
                # Never None: OpenSSL would ask for it at the terminal.
                "ssl_password": self._read_passphrase(),
            }
        if self.username is not None:
            settings |= {
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.username,
                "sasl_plain_password": self._read_password(),
            }
        return settings

    def build_context(self) -> ssl.SSLContext:
        """Return a context of TLS 1.2 or later that checks the brokers' names, as Kafka's client makes its own.

        It checks the files, and asks brokers why they refuse; records do not go over it.
        Raises `KafkaSecurityError` for a file that is missing or wrong.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _read(self.ca_file, "ca_file")
        try:
            context.load_verify_locations(self.ca_file)
        except ssl.SSLError as error:
            raise KafkaSecurityError(f"ca_file: {self.ca_file} holds no certificates in PEM") from error
        if self.certificate_file is not None and self.key_file is not None:
            _read(self.certificate_file, "certificate_file")
            encrypted = b"ENCRYPTED" in _read(self.key_file, "key_file")
            passphrase = self._read_passphrase()
            if encrypted and not passphrase:
                raise KafkaSecurityError(
                    f"key_file: {self.key_file} has a passphrase; name a file with it by key_passphrase_file, or set"
                    f" {PASSPHRASE_VARIABLE} in the environment"
                )
            try:
                context.load_cert_chain(self.certificate_file, self.key_file, passphrase)
            except ssl.SSLError as error:
                raise KafkaSecurityError(self._explain_key(error, encrypted=encrypted)) from error
        return context

    def check(self, now: datetime | None = None) -> list[str]:
        """Check all files; return a sentence for each certificate that ends within `WARNING_DAYS`.

        Raises `KafkaSecurityError` for a file that is missing, unreadable or wrong, and for a certificate that ended or
        is not valid yet.
        """
        moment = now or datetime.now(UTC)
        self.build_context()
        self.build_client_settings()
        warnings = []
        for term in self.read_terms():
            if term.setting == "certificate_file" and not term.begins <= moment <= term.ends:
                raise KafkaSecurityError(f"{term.describe(moment)}. Replace it by one that is valid now.")
            if term.days_left(moment) < WARNING_DAYS:
                warnings.append(term.describe(moment))
        return warnings

    def read_terms(self) -> list[CertificateTerm]:
        """Return when each certificate in `certificate_file` and `ca_file` is valid, the client's own first.

        Raises `KafkaSecurityError`.
        """
        terms: list[CertificateTerm] = []
        for setting in ("certificate_file", "ca_file"):
            file: Path | None = getattr(self, setting)
            if file is not None:
                terms += _read_terms(file, setting)
        return terms

    @property
    def principal(self) -> str | None:
        """The name by which brokers know this client, unless they map names; None if its certificate is unreadable."""
        if self.username is not None:
            return f"User:{self.username}"
        if self.certificate_file is None:
            return "User:ANONYMOUS"
        try:
            return f"User:{_read_terms(self.certificate_file, 'certificate_file')[0].subject}"
        except KafkaSecurityError:  # `check` names the fault; here only a message is poorer for it
            return None

    def _read_passphrase(self) -> str:
        if self.key_passphrase_file is not None:
            return _read_secret(self.key_passphrase_file, "key_passphrase_file")
        return os.environ.get(PASSPHRASE_VARIABLE, "")

    def _read_password(self) -> str:
        if self.password_file is not None:
            return _read_secret(self.password_file, "password_file")
        password = os.environ.get(PASSWORD_VARIABLE, "")
        if not password:
            raise KafkaSecurityError(
                f"the password of {self.username} is missing; name a file with it by password_file, or set"
                f" {PASSWORD_VARIABLE} in the environment"
            )
        return password

    def _explain_key(self, error: ssl.SSLError, *, encrypted: bool) -> str:
        if error.reason == "KEY_VALUES_MISMATCH":
            return (
                f"key_file: {self.key_file} is not the key of the certificate in {self.certificate_file}; name the"
                " files that were made together"
            )
        if encrypted:
            return f"key_file: {self.key_file} does not open with the passphrase that was given"
        return (
            f"certificate_file, key_file: {self.certificate_file} and {self.key_file} must be a certificate and its"
            f" private key in PEM ({error.reason or error})"
        )


def _read(file: Path, setting: str) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(_MAX_BYTES)
    except OSError as error:
        raise KafkaSecurityError(
            f"{setting}: cannot read {file}: {error.strerror}; correct the path, or let this user read the file"
        ) from error


def _read_secret(file: Path, setting: str) -> str:
    try:
        secret = _read(file, setting).decode().strip()
    except UnicodeDecodeError as error:
        raise KafkaSecurityError(f"{setting}: {file} is not UTF-8 text") from error
    if not secret:
        raise KafkaSecurityError(f"{setting}: {file} is empty")
    return secret


def _read_terms(file: Path, setting: str) -> Sequence[CertificateTerm]:
    from cryptography import x509  # noqa: PLC0415 - takes a while to load, and most commands need none

    try:
        certificates = x509.load_pem_x509_certificates(_read(file, setting))
    except ValueError as error:
        raise KafkaSecurityError(f"{setting}: {file} holds no certificates in PEM") from error
    return [
        CertificateTerm(
            setting, file, each.subject.rfc4514_string(), each.not_valid_before_utc, each.not_valid_after_utc
        )
        for each in certificates
    ]
