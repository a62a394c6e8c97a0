"""Verifies any document: tells its format, opens it, and asks check by check. Pure; its ports do the asking.

Nothing is claimed after a broken signature, and the verdict is never more than what was checked.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec

from registry.verification.checks import Check, CheckName, OpenedDocument
from registry.verification.dates_check import check_dates
from registry.verification.format_detection import NAMES, Detected, UnknownFormat, detect_format
from registry.verification.issuer_check import IssuerFindings, NameSource, check_issuer, find_member
from registry.verification.log_check import check_log
from registry.verification.openers import CONTAINERS, OPENERS
from registry.verification.ports import CannotAsk, Ports
from registry.verification.status_check import check_status

Verdict = Literal["valid", "validWithWarning", "invalid", "cannotTell"]
ORDER: Final[tuple[CheckName, ...]] = (
    "parsed",
    "schema",
    "signature",
    "certificate",
    "issuer",
    "onLog",
    "status",
    "dates",
    "holder",
)
_ESSENTIAL: Final[tuple[CheckName, ...]] = ("parsed", "signature", "issuer", "status", "dates")
"""Checks without which nobody can say that a document is valid."""
_ONLY_WITH_CERTIFICATES: Final = "certificate"
"""The check that most documents do not have. Where it could not be made, the document is valid with a warning."""
MAX_CONTAINED: Final = 100
MAX_LEVELS: Final = 3
"""Envelopes within envelopes."""
_BROKEN: Final = "Nothing is claimed of a document that cannot be read, or whose signature is broken."
_HOLDER: Final = (
    "A file does not show who presents it. Compare the name with an identity document, or ask for a presentation."
)
_SUMMARIES: Final[Mapping[Verdict, str]] = {
    "valid": "Valid: every check that matters passed.",
    "validWithWarning": "Valid, with a warning: read it before you rely on the document.",
    "invalid": "Not valid. Do not rely on this document.",
    "cannotTell": "We cannot tell: something that matters could not be checked. That is neither good nor bad news.",
}


class VerificationReport(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """The findings about a document."""

    verdict: Verdict
    summary: str
    """The verdict in a sentence."""
    format: str | None
    """None where it is unknown."""
    format_name: str | None
    issuer_name: str | None = None
    issuer_name_source: NameSource | None = None
    """The source of the name: `governance`, the `certificate` of a seal, the `trustFile`; never the document."""
    checks: Sequence[Check] = ()
    claims: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """The content of the document. Empty where it is broken."""
    credential: str | None = None
    """The id of the credential that it is about; None where it does not say."""
    contained: Sequence["VerificationReport"] = ()
    """The documents inside of it."""

    def __repr__(self) -> str:
        return f"VerificationReport({self.verdict})"  # a person is never shown by accident


def verify_document(content: bytes, ports: Ports, disclosures: Sequence[str] = ()) -> VerificationReport:
    """Verify a document of any format. `disclosures` are those that came beside a receipt."""
    return _Verification(ports).verify(content, MAX_LEVELS, disclosures)


def is_known(content: bytes) -> bool:
    """Return whether a file is of a format that is verified here."""
    try:
        detected = detect_format(content)
    except UnknownFormat:
        return False
    return detected.format in OPENERS or detected.format in CONTAINERS


def judge_opened(opened: OpenedDocument, ports: Ports) -> VerificationReport:
    """Ask what the format alone cannot tell: issuer, log, status, dates, holder."""
    if any(check.result == "failed" for check in opened.checks):
        return _report(opened.format, opened.checks, broken=True)
    try:
        member, unknown = find_member(opened, ports), ""
    except CannotAsk as error:
        member, unknown = None, str(error)
    signature = next((check for check in opened.checks if check.name == "signature"), None)
    signed = signature is not None and signature.result in ("passed", "warning")
    findings = check_log(opened, member, ports, unknown)
    issuer = check_issuer(opened, member, findings, ports, signed=signed)
    if unknown and signed and issuer.check.result == "notChecked" and issuer.name is None:
        issuer = msgspec.structs.replace(issuer, check=Check("issuer", "notChecked", unknown))
    checks = [
        *_trust_log(opened.checks, issuer),
        issuer.check,
        findings.check,
        check_status(opened, member, findings, ports),
        check_dates(opened, findings, ports.at),
    ]
    if all(check.name != "holder" for check in opened.checks):
        checks.append(Check("holder", "notChecked", _HOLDER))
    is_unproven = issuer.name_source == "governance" and issuer.check.result not in ("passed", "warning")
    return _report(
        opened.format,
        checks,
        is_presentation=ports.holder is not None,
        credential=_credential_of(opened),
        claims={**opened.claims, **findings.disclosed},
        # A member's name beside a document that it did not sign would be taken for the issuer's.
        name=None if is_unproven else issuer.name,
        source=None if is_unproven else issuer.name_source,
    )


def _trust_log(checks: Sequence[Check], issuer: IssuerFindings) -> list[Check]:
    """Return the checks of a document without a doubt about the certificate of a key that its member's log has."""
    if issuer.name_source != "governance" or issuer.check.result != "passed":
        return list(checks)
    sentence = "The university's log has the key in force. The log, and not the certificate, says when it ends."
    settled = Check("certificate", "passed", sentence)
    return [settled if (each.name, each.result) == ("certificate", "notChecked") else each for each in checks]


def _credential_of(opened: OpenedDocument) -> str | None:
    ids = ((opened.tie or {}).get("credential"), opened.claims.get("credential"))
    return next((str(each).removeprefix("urn:uuid:") for each in ids if each), None)


class _Verification:
    """The verification of one file, and of all documents inside of it together."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._room = MAX_CONTAINED

    def verify(self, content: bytes, levels: int, disclosures: Sequence[str] = ()) -> VerificationReport:
        """Verify a document, and those inside of it on up to a number of levels."""
        try:
            detected = detect_format(content)
        except UnknownFormat as error:
            return _report(None, [Check("parsed", "notChecked", str(error))])
        if detected.format in CONTAINERS:
            return self._verify_container(detected, levels)
        opener = OPENERS.get(detected.format)
        if opener is None:
            sentence = f"This is a {NAMES[detected.format]}, which this version of the program does not verify."
            return _report(detected.format, [Check("parsed", "notChecked", sentence)])
        opened = opener(detected.content, self._ports)
        if disclosures and opened.tie is not None:
            opened = msgspec.structs.replace(opened, tie={**opened.tie, "disclosures": list(disclosures)})
        if not opened.members:
            return judge_opened(opened, self._ports)
        fault = self._take_room(opened.members, levels)
        if fault is not None:
            return _report(opened.format, [fault])
        whole = judge_opened(opened, self._ports)
        if whole.verdict == "invalid":
            return whole
        contained = [self.verify(member, levels - 1) for member in opened.members]
        return _combine(whole, contained, [whole.verdict, *(report.verdict for report in contained)])

    def _verify_container(self, detected: Detected, levels: int) -> VerificationReport:
        """Verify what is inside of a document, and the document as a whole."""
        container = CONTAINERS[detected.format](detected.content)
        fault = self._take_room(container.contents, levels)
        if fault is not None:
            return _report(detected.format, [fault])
        contained = [self.verify(content, levels - 1, container.disclosures) for content in container.contents]
        checks = container.check(contained)
        whole = _report(detected.format, checks)
        if whole.verdict == "invalid":
            return msgspec.structs.replace(whole, contained=contained)
        verdict = worst_of([report.verdict for report in contained])
        if verdict == "valid" and any(check.result == "warning" for check in checks):
            verdict = "validWithWarning"
        return _combine(whole, contained, [verdict])

    def _take_room(self, contents: Sequence[bytes], levels: int) -> Check | None:
        """Return why the documents inside of one are not verified: too deep, or too many in the whole file."""
        if levels == 0:
            sentence = f"The documents are inside of each other more than {MAX_LEVELS} times. Take them out."
            return Check("parsed", "failed", sentence)
        self._room -= len(contents)
        if self._room < 0:
            sentence = f"There are over {MAX_CONTAINED} documents inside. Verify them one by one."
            return Check("parsed", "failed", sentence)
        return None


def _combine(
    whole: VerificationReport, contained: Sequence[VerificationReport], verdicts: Sequence[Verdict]
) -> VerificationReport:
    """Return the report on a document with others inside: it is as good as the worst of them."""
    verdict = worst_of(verdicts)
    return msgspec.structs.replace(whole, verdict=verdict, summary=_SUMMARIES[verdict], contained=contained)


def worst_of(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the verdict on several documents together: that of the worst. *Cannot tell* without any."""
    order: tuple[Verdict, ...] = ("invalid", "cannotTell", "validWithWarning", "valid")
    return next((verdict for verdict in order if verdict in verdicts), "cannotTell")


def decide(checks: Sequence[Check], *, is_presentation: bool = False) -> Verdict:
    """Return the verdict that checks allow. Of a presentation that was asked for, the holder matters, too."""
    results = {name: [check.result for check in checks if check.name == name] for name in ORDER}
    if any("failed" in each for each in results.values()):
        return "invalid"
    for name in (*_ESSENTIAL, "holder") if is_presentation else _ESSENTIAL:
        if not results[name] or "notChecked" in results[name]:
            return "cannotTell"
    has_doubt = any("warning" in each for each in results.values()) or "notChecked" in results[_ONLY_WITH_CERTIFICATES]
    return "validWithWarning" if has_doubt else "valid"


def _report(
    format_: str | None,
    checks: Sequence[Check],
    *,
    claims: Mapping[str, Any] | None = None,
    credential: str | None = None,
    name: str | None = None,
    source: NameSource | None = None,
    broken: bool = False,
    is_presentation: bool = False,
) -> VerificationReport:
    """Return a report with all checks in their order: one that nobody made is *not checked*."""
    names_made = {check.name for check in checks}
    every = list(checks)
    if broken or format_ is None or any(check.result == "failed" for check in checks):
        names_made.add(_ONLY_WITH_CERTIFICATES)
        every += [Check(each, "notChecked", _BROKEN) for each in ORDER if each not in names_made]
    every.sort(key=lambda check: ORDER.index(check.name))
    verdict = decide(every, is_presentation=is_presentation)
    names: Mapping[str, str] = {str(key): value for key, value in NAMES.items()}
    return VerificationReport(
        verdict=verdict,
        summary=_SUMMARIES[verdict],
        format=format_,
        format_name=names.get(format_) if format_ is not None else None,
        issuer_name=name,
        issuer_name_source=source,
        checks=every,
        claims=claims or {},
        credential=credential,
    )
