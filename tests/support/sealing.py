"""Seals for tests: an authority, its certificates, and JAdES signatures over a document."""

import base64
import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
YEAR = timedelta(days=365)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def name(organisation, country="EE"):
    oid = x509.NameOID
    return x509.Name(
        [x509.NameAttribute(oid.COUNTRY_NAME, country), x509.NameAttribute(oid.ORGANIZATION_NAME, organisation)]
    )


class Authority:
    """An authority that issues certificates for seals."""

    def __init__(self, organisation="Trust Services", kind="ec"):
        self.key = make_key(kind)
        self.name = name(organisation)
        self.certificate = self._certificate(self.name, self.key.public_key(), NOW - YEAR, NOW + 10 * YEAR, ca=True)

    def _certificate(self, subject, public_key, start, end, *, ca):
        usage = x509.KeyUsage(
            digital_signature=not ca, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if not ca:
            names = x509.SubjectAlternativeName([x509.DNSName("university.example")])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def revoke(self, *certificates, day=NOW, next_update=NOW + timedelta(days=7), scope=None, name=None, key=None):
        """Return a list of revoked certificates of this day; `scope` is an IssuingDistributionPoint."""
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(name or self.name)
            .last_update(day - timedelta(days=1))
            .next_update(next_update)
        )
        for certificate in certificates:
            revoked = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
            builder = builder.add_revoked_certificate(revoked.revocation_date(day - timedelta(days=3)).build())
        if scope is not None:
            builder = builder.add_extension(scope, critical=True)
        return builder.sign(key or self.key, hashes.SHA256())

    def seal(self, organisation="University of Zed", kind="ec", end=NOW + YEAR):
        """Return a sealer with a certificate of this authority."""
        key = make_key(kind)
        certificate = self._certificate(name(organisation), key.public_key(), NOW - YEAR, end, ca=False)
        return Sealer(key, certificate)


class Sealer:
    """Makes JAdES signatures with one key."""

    def __init__(self, key, certificate):
        self.key = key
        self.certificate = certificate

    def header(self, **changes):
        der = self.certificate.public_bytes(Encoding.DER)
        digest = hashes.Hash(hashes.SHA256())
        digest.update(der)
        values = {
            "alg": "ES256" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "RS256",
            "typ": "jose+json",
            "sigT": "2026-11-30T10:00:00Z",
            "x5t#S256": encode(digest.finalize()),
            "x5c": [base64.b64encode(der).decode()],
            "crit": ["b64", "sigT"],
            "b64": False,
        } | changes
        return {key: value for key, value in values.items() if value is not None}

    def sign(self, content):
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def signature(self, payload, **changes):
        """Return one signature over these bytes, as JSON has it."""
        header = self.header(**changes)
        protected = encode(json.dumps(header).encode())
        content = payload if header.get("b64") is False else encode(payload).encode()
        return {"protected": protected, "signature": encode(self.sign(protected.encode() + b"." + content))}

    def general(self, payload, *, beside=(), **changes):
        """Return a signed document with a list of signatures and its content as text; `beside` is not signed."""
        signature = self.signature(payload, **changes) | ({"header": {"etsiU": list(beside)}} if beside else {})
        return json.dumps({"payload": payload.decode(), "signatures": [signature]}).encode()

    def flattened(self, payload):
        """Return a signed document with one signature and its content as base64url."""
        own = self.signature(payload, b64=None, crit=["sigT"])
        return json.dumps({"payload": encode(payload), **own}).encode()

    def compact(self, payload):
        own = self.signature(payload, b64=None, crit=["sigT"])
        return f"{own['protected']}.{encode(payload)}.{own['signature']}".encode()


def make_key(kind):
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
