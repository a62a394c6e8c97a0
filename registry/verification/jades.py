"""Opens a European Digital Credential with a seal: the signature, and whether its certificate leads to a trust anchor.

The name in a certificate is what its issuer says, and is shown as that: names of members come from governance alone.
"""

from datetime import datetime
from typing import Any, Final

import msgspec

from registry.documents.certificates import InvalidChain, read_public_key, verify_chain
from registry.documents.jades import InvalidSeal, Seal, UncheckedSeal, parse_sealed, verify_seals
from registry.documents.revocation import find_revocation
from registry.intake.formats import json_content
from registry.intake.rows.report import IntakeError
from registry.verification.award_claims import read_claims
from registry.verification.checks import Check, OpenedDocument, check_certificate
from registry.verification.elm import check_form, issuer_of, read_tie
from registry.verification.ports import Ports
from registry.verification.status_places import read_status

FORMAT: Final = "jades"
KEY_SOURCE: Final = "x5c"
_PARSED: Final = "The file is a European Digital Credential with a seal."


def open_jades(content: bytes, ports: Ports) -> OpenedDocument:
    """Open a sealed document."""
    try:
        sealed = parse_sealed(content)
        document = json_content.load(sealed.payload, "The signed content")
        inner = document.get("vc", document)
    except (InvalidSeal, IntakeError) as error:
        return _refuse(Check("parsed", "failed", f"The sealed document cannot be read: {error}."))
    except UncheckedSeal as error:
        return _refuse(Check("parsed", "passed", _PARSED), Check("signature", "notChecked", str(error)))
    checks = [Check("parsed", "passed", _PARSED), check_form(inner)]
    try:
        seals = verify_seals(sealed)
    except InvalidSeal as error:
        return _refuse(*checks, Check("signature", "failed", f"The seal is broken: {error}."))
    except UncheckedSeal as error:
        return _refuse(*checks, Check("signature", "notChecked", str(error)))
    values = [_describe(seal, ports) for seal in seals]
    checks += [_check_signature(seals, inner, values), *_check_certificates(seals, values, ports)]
    return OpenedDocument(
        format=FORMAT,
        checks=checks,
        issuer=issuer_of(inner),
        key=_key_of(seals),
        key_source=KEY_SOURCE,
        claims={} if checks[1].result == "failed" else read_claims(sealed.payload),
        status=read_status(inner),
        tie=read_tie(inner),
    )


def _key_of(seals: list[Seal]) -> dict[str, str] | None:
    """Return the key of the only seal; None where members announce no such key, or where there are several seals."""
    if len(seals) != 1:
        return None
    try:
        return read_public_key(seals[0].certificate)
    except InvalidChain:  # a key of RSA
        return None


def _check_signature(seals: list[Seal], document: dict[str, Any], values: list[dict[str, Any]]) -> Check:
    count = "The seal holds" if len(seals) == 1 else f"All {len(seals)} seals hold"
    if "proof" in document:
        sentence = f"{count} over the whole document. The document has a second proof inside, which was not checked."
        return Check("signature", "warning", sentence, {"seals": values})
    return Check("signature", "passed", f"{count} over the whole document.", {"seals": values})


def _describe(seal: Seal, ports: Ports) -> dict[str, Any]:
    """Return whose certificate made a seal, and whether it leads to a trust anchor today."""
    values: dict[str, Any] = {
        "name": seal.name,
        "algorithm": seal.algorithm,
        "claimedTime": seal.claimed_time,
        "certificateEnds": seal.certificate.not_valid_after_utc.date().isoformat(),
    }
    try:
        verify_chain(seal.x5c, ports.anchors, ports.at)
    except InvalidChain as error:
        return values | {"anchored": False, "reason": _explain(str(error), seal, ports.at)}
    return values | {"anchored": True}


def _check_certificates(seals: list[Seal], values: list[dict[str, Any]], ports: Ports) -> list[Check]:
    """Check of each seal that a trust anchor vouches for whether its certificate was revoked."""
    checks = []
    for seal, value in zip(seals, values, strict=True):
        if not value["anchored"]:
            continue
        path = verify_chain(seal.x5c, ports.anchors, ports.at)
        revocation = find_revocation(path, (*ports.revocation_lists, *seal.beside.revocation_lists), ports.at)
        if revocation.state == "unknown" and seal.beside.has_answers:
            sentence = (
                f"{revocation.sentence} The seal brings an answer of the authority (OCSP), which is not read here."
            )
            revocation = msgspec.structs.replace(revocation, sentence=sentence)
        checks.append(check_certificate(revocation))
    return checks


def _explain(reason: str, seal: Seal, at: datetime) -> str:
    """Return why a certificate counts for nothing here. After its end nobody knows whether it made the seal before."""
    if seal.certificate.not_valid_after_utc < at:
        end = seal.certificate.not_valid_after_utc.date().isoformat()
        if seal.beside.has_timestamp:
            return (
                f"the certificate ended on {end}. The seal has a timestamp, which is not read here, and nothing else"
                " proves that it was made before"
            )
        return f"the certificate ended on {end}, and that the seal was made before is not proven"
    return reason


def _refuse(*checks: Check) -> OpenedDocument:
    return OpenedDocument(format=FORMAT, checks=checks)
