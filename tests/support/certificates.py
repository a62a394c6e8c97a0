"""Certificates for tests of TLS: an authority, and what it certifies, as PEM files in a folder."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.kafka.local import BrokerSecurity


class Certified(NamedTuple):
    """The files of one key with its certificate."""

    certificate_file: Path
    key_file: Path
    """PKCS #8, with a passphrase if one was given."""
    principal: str
    """The principal that Kafka makes of the certificate's subject."""


class Authority:
    """A certification authority of a test. Its certificate is the file `ca_file`."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1000))
            .not_valid_after(now + timedelta(days=1000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca_file = folder / f"{name}.pem"
        self.ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def certify(
        self,
        name: str,
        *,
        passphrase: bytes | None = None,
        ends_in: timedelta = timedelta(days=365),
        host: str | None = None,
    ) -> Certified:
        """Make a key and a certificate for 127.0.0.1 and `localhost`, of brokers and clients alike.

        `ends_in` may be negative: then the certificate has ended already. With `host` it is for that host alone.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        end = datetime.now(UTC) + ends_in
        names: list[x509.GeneralName] = [x509.DNSName(host or "localhost")]
        if host is None:
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(end - timedelta(days=700))
            .not_valid_after(end)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        encryption = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase)
        key_file, certificate_file = self._folder / f"{name}.key", self._folder / f"{name}.pem"
        key_file.touch(mode=0o600)
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
        certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
        return Certified(certificate_file, key_file, f"User:CN={name}")

    def secure_broker(self, *, scram_users: tuple[tuple[str, str], ...] = ()) -> BrokerSecurity:
        """Make the security of a broker `broker`, and of an administrator's certificate `admin`, both super users."""
        broker, admin = self.certify("broker"), self.certify("admin")
        keystore = self._folder / "broker.keystore.pem"
        keystore.touch(mode=0o600)
        keystore.write_bytes(broker.key_file.read_bytes() + broker.certificate_file.read_bytes())
        return BrokerSecurity(keystore, self.ca_file, (broker.principal, admin.principal), scram_users)
