"""Make the secrets of the compose files: certificates, passwords and passphrases, each a file of its own.

`python3 make_secrets.py FOLDER HOST` writes into FOLDER what is missing there, and changes nothing that exists. HOST is
the name by which browsers reach the proxy. As root it gives each file to the account that reads it in its container.

The authority that it makes is for trying things out: its key lies beside what it signs. For what matters, put your own
authority's certificates there under the same names.
"""

import ipaddress
import os
import secrets
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT: Final = 0
REGISTRY: Final = 10001
KAFKA: Final = 1000
POSTGRES: Final = 999
PROXY: Final = 101
"""The accounts of the images."""
BROKERS: Final = ("kafka-1", "kafka-2", "kafka-3")
NODES: Final = ("consortium", "twente", "lund")
_DAYS: Final = 397
_PASSWORD_BYTES: Final = 24
_PRIVATE: Final = 0o400
_PUBLIC: Final = 0o444


class SecretFolder:
    """A folder of secrets. A file that exists stays as it is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def has(self, name: str) -> bool:
        """Return whether there is such a file."""
        return (self._folder / name).exists()

    def has_pair(self, key: str, certificate: str) -> bool:
        """Return whether there are a key and its certificate. Ends the program where only one of them is there."""
        if self.has(key) != self.has(certificate):
            there = key if self.has(key) else certificate
            raise SystemExit(f"{key} and {certificate} belong together, and only {there} is there: remove it first")
        return self.has(key)

    def write_derived(self, name: str, content: bytes, account: int) -> None:
        """Write a file that is made from others. Ends the program where the one that exists is made from older ones."""
        if self.has(name) and self.read(name) != content:
            raise SystemExit(f"{name} does not fit the files that it is made from: remove it, and start again")
        self.write(name, content, account)

    def read(self, name: str) -> bytes:
        """Return the content of a file."""
        return (self._folder / name).read_bytes()

    def write(self, name: str, content: bytes, account: int, mode: int = _PRIVATE) -> None:
        """Write a file for an account, unless it exists; a write that is interrupted leaves none."""
        if self.has(name):
            return
        draft = self._folder / f".{name}"
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
        if os.geteuid() == ROOT:
            os.chown(draft, account, account)
        draft.rename(self._folder / name)

    def write_password(self, name: str, account: int) -> str:
        """Write a random password, unless there is one; return it."""
        self.write(name, secrets.token_urlsafe(_PASSWORD_BYTES).encode(), account)
        return self.read(name).decode()


class Authority(NamedTuple):
    """An authority of certificates."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def open_authority(folder: SecretFolder) -> Authority:
    """Return the authority of a folder, which is made if there is none."""
    if not folder.has_pair("authority-key", "authority"):
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Authority for trying out a registry")
        certificate = (
            _begin(name, name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        folder.write("authority-key", _pem_of(key), ROOT)
        folder.write("authority", certificate.public_bytes(serialization.Encoding.PEM), ROOT, _PUBLIC)
    private = serialization.load_pem_private_key(folder.read("authority-key"), None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise SystemExit("authority-key is not a key of an elliptic curve; remove `authority` and `authority-key`")
    return Authority(x509.load_pem_x509_certificate(folder.read("authority")), private)


def issue(folder: SecretFolder, authority: Authority, name: str, account: int, hosts: Sequence[str] = ()) -> None:
    """Write NAME-key and NAME-certificate for a client, and with `hosts` for a server; leave those that exist."""
    if folder.has_pair(f"{name}-key", f"{name}-certificate"):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    purposes = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if hosts else [])]
    builder = (
        _begin(_name(name), authority.certificate.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(host) for host in hosts]), critical=False)
    certificate = builder.sign(authority.key, hashes.SHA256())
    folder.write(f"{name}-key", _pem_of(key), account)
    folder.write(f"{name}-certificate", certificate.public_bytes(serialization.Encoding.PEM), account)


def make_database_passwords(folder: SecretFolder) -> None:
    """Write the passwords of the roles, as PostgreSQL and as its clients read them."""
    folder.write_password("postgres-password", POSTGRES)
    lines = []
    for role, account in (*((node, REGISTRY) for node in NODES), ("replication", POSTGRES)):
        file = "replication-password" if role == "replication" else f"{role}-database"
        folder.write(file, f"*:*:*:{role}:{secrets.token_urlsafe(_PASSWORD_BYTES)}\n".encode(), account)
        password = folder.read(file).decode().strip().rpartition(":")[2]
        kind = "REPLICATION LOGIN" if role == "replication" else "LOGIN"
        lines.append(f"CREATE ROLE {role} {kind} PASSWORD '{password}';")
        if role != "replication":
            lines.append(f"CREATE DATABASE {role} OWNER {role};")
            lines.append(f"REVOKE ALL ON DATABASE {role} FROM PUBLIC;")
    # PostgreSQL reads it once, when its folder is empty: a password that changes later is changed there by hand.
    folder.write_derived("postgres-roles.sql", ("\n".join(lines) + "\n").encode(), POSTGRES)


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def main(folder: str, host: str) -> None:
    """Make what is missing in a folder."""
    files = SecretFolder(Path(folder))
    authority = open_authority(files)
    issue(files, authority, "proxy", PROXY, [host])
    for broker in BROKERS:
        # A broker's own health check, and nobody else, reaches it as localhost.
        issue(files, authority, broker, KAFKA, [broker, "localhost", "127.0.0.1"])
        files.write_derived(
            f"{broker}-keystore", files.read(f"{broker}-key") + files.read(f"{broker}-certificate"), KAFKA
        )
    for client in (*NODES, "witness"):
        issue(files, authority, client, REGISTRY)
    make_database_passwords(files)
    for node in NODES:
        files.write_password(f"{node}-passphrase", REGISTRY)
    files.write_password("witness-passphrase", REGISTRY)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
