"""Checks of keys: a change of the signing key that is not finished, and certificates of issuing keys."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from registry.keys.issuing_keys import IssuingKeyFiles
from registry.keys.keystore import FORMER, NEXT
from registry.log import GOVERNANCE
from registry.log.errors import BadAddress
from registry.log.kafka_security import KafkaSecurityError
from registry.node.doctor.examination import Examination
from registry.node.doctor.findings import CannotCheck, Check, Finding, error, note, ok, warning
from registry.node.health.certificates import find_chain_end, list_kafka_securities, list_keys_in_force
from registry.values.plural import plural

SOON: Final = timedelta(days=30)
"""Time before its end from which a certificate is to be replaced."""
_SHOWN: Final = 8
"""Characters of a key's thumbprint that are shown."""


def check_rotation(examination: Examination) -> Iterator[Finding]:
    """Check that no change of the signing key has been begun and left."""
    names = examination.node.keystore.names()
    if NEXT in names:
        yield warning(
            "A change of the signing key was begun and not finished: keys/signing-next.pem.",
            "Run `registry key rotate` again; it says what is missing.",
        )
    former = [name for name in names if name.startswith(FORMER) and name != NEXT]
    if former:
        yield note(
            f"{len(former)} former signing keys are here and not retired, as far as this node has seen.",
            "Ask the consortium to retire them (docs/rotate-a-key.md).",
        )
    if NEXT not in names and not former:
        yield ok("No change of the signing key is under way.")


def check_certificates(examination: Examination) -> Iterator[Finding]:
    """Check that the certificates of issuing keys in force are valid, and their private halves here."""
    if examination.settings.member == GOVERNANCE:
        return
    keys = list_keys_in_force(examination.views(), examination.settings.member)
    own_files = set(IssuingKeyFiles(examination.node.keystore).thumbprints())
    for key in keys:
        if key.key not in own_files:
            yield warning(
                f"The private half of the issuing key {key.key[:_SHOWN]} is not in the folder of keys.",
                f"Restore it from a backup, or end the key: registry issuing-key end {key.key[:_SHOWN]} --reason lost.",
            )
        if key.x5c:
            yield judge_certificate(
                f"The certificate of the issuing key {key.key[:_SHOWN]}", find_chain_end(key), examination.now()
            )
    yield ok(f"{plural(len(keys), 'issuing key')} in force.")


def judge_certificate(what: str, end: datetime | None, now: datetime, advice: str | None = None) -> Finding:
    """Return what the end of a certificate means; None for one that cannot be read."""
    advice = advice or (
        "Ask for a new one: registry issuing-key request, then registry issuing-key create --chain FILE"
        " (docs/issuing-keys.md)."
    )
    if end is None:
        return error(f"{what} cannot be read.", advice)
    if end <= now:
        return error(f"{what} ended on {end:%Y-%m-%d}: what it signs now is refused.", advice)
    if end - now <= SOON:
        return warning(f"{what} ends in {(end - now).days} days, on {end:%Y-%m-%d}.", advice)
    return ok(f"{what} is valid until {end:%Y-%m-%d}.")


def check_kafka_certificates(examination: Examination) -> Iterator[Finding]:
    """Check that the certificates of connections to Kafka are valid for a while."""
    count = 0
    try:
        securities = list_kafka_securities(examination.settings)
    except BadAddress as fault:
        raise CannotCheck(str(fault)) from fault
    for security in securities:
        try:
            terms = security.read_terms()
        except KafkaSecurityError as fault:
            yield error(f"{fault}.", "Put the file where the setting names it.")
            continue
        for term in terms:
            count += 1
            yield judge_certificate(
                f"{term.setting}: the certificate of {term.subject}",
                term.ends,
                examination.now(),
                f"Put a new certificate into {term.file}; no restart is needed.",
            )
    if not count:
        yield ok("No certificate secures connections to Kafka.")


CHECKS: Final = (
    Check("keys.rotation", "Has a change of the signing key been left unfinished?", check_rotation),
    Check("keys.kafka-certificates", "Are the certificates for Kafka valid for a while?", check_kafka_certificates),
    Check("keys.certificates", "Are the certificates of issuing keys valid for a while?", check_certificates),
)
