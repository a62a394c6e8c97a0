"""Revocation of certificates (RFC 5280, section 5): by lists (CRLs) that somebody names, or that a document brings.

No list is fetched. Without a current one of the right authority, nobody here knows whether a certificate was revoked,
and the answer says so.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, Literal

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

MAX_LISTS: Final = 50
_BEGIN: Final = b"-----BEGIN X509 CRL-----"
_END: Final = b"-----END X509 CRL-----"
_NO_REVOCATION: Final = x509.ObjectIdentifier("2.5.29.56")
"""Of a certificate that lives so short that its authority revokes none of its kind (`noRevAvail`, RFC 9608)."""
_UNDERSTOOD: Final = frozenset(
    {x509.CRLNumber.oid, x509.AuthorityKeyIdentifier.oid, x509.IssuingDistributionPoint.oid, x509.FreshestCRL.oid}
)


class InvalidCrl(ValueError):
    """A file that is no list of revoked certificates. The message says why."""


class Revocation(msgspec.Struct, frozen=True):
    """The revocation of the certificates of a chain, as far as it is known."""

    state: Literal["good", "revoked", "unknown"]
    sentence: str
    """The finding, for a person."""


def read_crls(content: bytes) -> list[x509.CertificateRevocationList]:
    """Return the lists in a file, PEM or DER. Raises `InvalidCrl`."""
    parts = content.split(_BEGIN)[1:]
    if len(parts) > MAX_LISTS:
        raise InvalidCrl(f"it has over {MAX_LISTS} lists")
    try:
        if not parts:
            return [x509.load_der_x509_crl(content)]
        return [x509.load_pem_x509_crl(_BEGIN + part.partition(_END)[0] + _END) for part in parts]
    except ValueError as error:
        raise InvalidCrl("it is no list of revoked certificates (CRL), in PEM or DER") from error


def find_revocation(
    path: Sequence[x509.Certificate], lists: Iterable[x509.CertificateRevocationList], at: datetime
) -> Revocation:
    """Return whether a certificate of a verified path is revoked: the signer's first, the trust anchor last.

    A list that is too old proves that a certificate was revoked, and not that it was not.
    """
    candidates = list(lists)
    links = [
        (certificate, issuer, [each for each in candidates if _is_of(each, issuer)])
        for certificate, issuer in pairwise(path)
        if not _is_never_revoked(certificate)
    ]
    # The whole path first: an authority that was revoked decides, although there is no list for what it certified.
    for certificate, _, own in links:
        for each in own:
            if (day := _find_entry(each, certificate)) is not None:
                return Revocation("revoked", f"The certificate of {_name_of(certificate)} was revoked on {day}.")
    newest: list[datetime] = []
    for certificate, issuer, own in links:
        current = [each for each in own if _is_current(each, at) and _is_whole(each, certificate)]
        if not current:
            return Revocation("unknown", _explain(issuer, own))
        newest.append(max(each.last_update_utc for each in current))
    if not newest:
        return Revocation("good", "The certificate is of a kind that its authority does not revoke.")
    day = min(newest).astimezone(UTC).date().isoformat()
    return Revocation("good", f"The certificate was not revoked, by its authority's list of {day}.")


def _explain(issuer: x509.Certificate, own: Sequence[x509.CertificateRevocationList]) -> str:
    authority = _name_of(issuer)
    if own:
        day = max(each.last_update_utc for each in own).date().isoformat()
        return (
            f"Whether the certificate was revoked could not be checked: the list of {authority} of {day} is too old, or"
            " only a part."
        )
    return f"Whether the certificate was revoked could not be checked: there is no list (CRL) of {authority} here."


def _find_entry(revoked: x509.CertificateRevocationList, certificate: x509.Certificate) -> str | None:
    """Return the day on which a list says that a certificate was revoked.

    Entries of an indirect list may be of other authorities: they say nothing here. `removeFromCRL` ends a suspension.
    """
    entry = revoked.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is None or any(
        isinstance(each.value, x509.IssuingDistributionPoint) and each.value.indirect_crl for each in revoked.extensions
    ):
        return None
    if any(
        isinstance(each.value, x509.CRLReason) and each.value.reason is x509.ReasonFlags.remove_from_crl
        for each in entry.extensions
    ):
        return None
    return entry.revocation_date_utc.date().isoformat()


def _is_of(revoked: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Return whether an authority made a list: its own key signed it, and may sign lists."""
    if revoked.issuer != issuer.subject:
        return False
    if any(isinstance(each.value, x509.KeyUsage) and not each.value.crl_sign for each in issuer.extensions):
        return False
    try:
        return revoked.is_signature_valid(issuer.public_key())  # type: ignore[arg-type] # others raise TypeError
    except (InvalidSignature, TypeError, UnsupportedAlgorithm, ValueError):
        return False


def _is_current(revoked: x509.CertificateRevocationList, at: datetime) -> bool:
    end = revoked.next_update_utc
    return revoked.last_update_utc <= at and end is not None and at <= end


def _is_whole(revoked: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    """Return whether a certificate that is not in a list is not revoked: the list is whole, and wholly understood."""
    is_authority = any(
        isinstance(each.value, x509.BasicConstraints) and each.value.ca for each in certificate.extensions
    )
    for extension in revoked.extensions:
        if extension.critical and extension.oid not in _UNDERSTOOD:
            return False
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            scope = extension.value
            if scope.only_some_reasons or scope.indirect_crl or scope.only_contains_attribute_certs:
                return False
            if scope.only_contains_user_certs if is_authority else scope.only_contains_ca_certs:
                return False
            if scope.relative_name is not None or not _is_point_of(scope, certificate):
                return False
    return True


def _is_point_of(scope: x509.IssuingDistributionPoint, certificate: x509.Certificate) -> bool:
    """Return whether a certificate names the point at which a part of an authority's lists is distributed."""
    if scope.full_name is None:
        return True
    points = [
        name
        for extension in certificate.extensions
        if isinstance(extension.value, x509.CRLDistributionPoints)
        for point in extension.value
        for name in point.full_name or ()
    ]
    return any(name in points for name in scope.full_name)


def _is_never_revoked(certificate: x509.Certificate) -> bool:
    return any(extension.oid == _NO_REVOCATION for extension in certificate.extensions)


def _name_of(certificate: x509.Certificate) -> str:
    oid = x509.NameOID
    for kind in (oid.ORGANIZATION_NAME, oid.COMMON_NAME):
        for attribute in certificate.subject.get_attributes_for_oid(kind):
            return str(attribute.value)[:200]
    return "an authority without a name"
