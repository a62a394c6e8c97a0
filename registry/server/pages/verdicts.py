"""The verdict on one credential in one word, and the checks that it rests on. Pure.

A verdict never claims more than was checked: what the log does not tell is a check of its own that says so.
`verify_result.html` has the words.
"""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from projections.api.receipts import ReceiptCheck
from projections.api.verification import Verification
from registry.verification.accreditation import Accredited, judge_accreditation

Verdict = Literal["valid", "warning", "unclear", "suspended", "revoked", "replaced", "expired"]
Tone = Literal["ok", "warn", "bad", "info", "quiet"]
TONES: Final[Mapping[Verdict, Tone]] = {
    "valid": "ok",
    "warning": "warn",
    "unclear": "quiet",
    "suspended": "warn",
    "revoked": "bad",
    "replaced": "info",
    "expired": "bad",
}

_ACCREDITED: Final[Mapping[Accredited, Tone]] = {"on-record": "ok", "not-then": "warn", "not-on-record": "quiet"}


class Facts(NamedTuple):
    """A credential, its other awarding bodies (each `confirmed` or `claimed`), and whether its log was read lately."""

    credential: Verification
    joint: Mapping[str, str]
    is_current: bool


class Check(NamedTuple):
    """One stage of a verification: what was looked at, and the result."""

    name: str
    result: str
    tone: Tone

    @property
    def glyph(self) -> str | None:
        """The mark of a stage that could not be checked."""
        return "unknown" if self.tone == "quiet" else None


def verdict_of(facts: Facts) -> Verdict:
    """Return the verdict. What ends a credential comes first, then its end date, then what is not known, then warnings.

    Nothing that came later undoes a revocation or a replacement, so that a log which was not read lately proves them.
    """
    credential = facts.credential
    if credential.status in ("revoked", "replaced"):
        return _verdict_of_status(credential.status)
    if credential.expired:
        return "expired"
    if not facts.is_current:
        return "unclear"
    if credential.status == "suspended":
        return "suspended"
    doubts = any(check.tone == "warn" for check in checks_of(facts))
    return "warning" if doubts or credential.flags else "valid"


def checks_of(facts: Facts) -> list[Check]:
    """Return the checks in their order. There is one about joint awarding only where others award it too.

    The views have nothing of which form or signature were wrong, so these two stages have one result.
    """
    credential = facts.credential
    return [
        Check("form", "complete", "ok"),
        Check("signature", "by-admitted-key", "ok"),
        _issuer(credential),
        _accreditation(credential),
        *_joint_awarding(facts.joint),
        Check("log", "included", "ok"),
        _status(facts),
        _dates(credential),
        Check("person", "not-checked", "quiet"),
    ]


ReceiptVerdict = Literal["credential", "no-effect", "retired-key", "unknown-credential", "genuine"]


def verdict_of_receipt(proven: ReceiptCheck, credential: Verification | None) -> ReceiptVerdict:
    """Return the verdict on a receipt whose proof is in order; `credential`: its credential's own verdict decides."""
    if proven.refused is not None:
        return "no-effect"
    if proven.rests_on_retired_keys and not proven.cosigned:
        return "retired-key"
    if proven.type != "credential.issued.v1":
        return "genuine"
    return "unknown-credential" if credential is None else "credential"


def _verdict_of_status(status: str) -> Verdict:
    """Return the verdict that a status alone leads to."""
    match status:
        case "revoked" | "suspended" | "replaced":
            return status
    return "valid"


def _status(facts: Facts) -> Check:
    status = facts.credential.status
    if not facts.is_current and status not in ("revoked", "replaced"):
        return Check("status", "unknown", "quiet")
    return Check("status", status, TONES[_verdict_of_status(status)])


def _issuer(credential: Verification) -> Check:
    if credential.issuer_when_issued != "active":
        return Check("issuer", "not-then", "warn")
    return Check("issuer", "both", "ok") if credential.issuer_now == "active" else Check("issuer", "not-now", "warn")


def _accreditation(credential: Verification) -> Check:
    """Judge the accreditations that cover the level and the field, or name none, by the day of the award."""
    accreditations = credential.issuer.content.get("accreditations", [])
    result = judge_accreditation(accreditations, credential.achievement, credential.awarding_date)
    return Check("accreditation", result, _ACCREDITED[result])


def _joint_awarding(joint: Mapping[str, str]) -> list[Check]:
    if not joint:
        return []
    return [Check("joint", "claimed", "warn") if "claimed" in joint.values() else Check("joint", "confirmed", "ok")]


def _dates(credential: Verification) -> Check:
    if credential.expired:
        return Check("dates", "expired", "bad")
    return Check("dates", "no-end" if credential.valid_until is None else "before-end", "ok")
