"""The verdict on one credential in one word, and the checks that it rests on. Pure.

A verdict never claims more than was checked: what the log does not tell is a check of its own that says so.
`verify_result.html` has the words.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from projections.api.verification import Verification

Verdict = Literal["valid", "warning", "suspended", "revoked", "replaced", "expired"]
Tone = Literal["ok", "warn", "bad", "info", "quiet"]
TONES: Final[Mapping[Verdict, Tone]] = {
    "valid": "ok",
    "warning": "warn",
    "suspended": "warn",
    "revoked": "bad",
    "replaced": "info",
    "expired": "bad",
}


class Check(NamedTuple):
    """One stage of a verification: what was looked at, and the result."""

    name: str
    result: str
    tone: Tone

    @property
    def glyph(self) -> str | None:
        """The mark of a stage that could not be checked."""
        return "unknown" if self.tone == "quiet" else None


def verdict_of(credential: Verification, joint: Mapping[str, str]) -> Verdict:
    """Return the verdict. What ends a credential comes first, then its end date, then warnings.

    `joint` has the other awarding bodies, each `confirmed` or `claimed`.
    """
    if (ended := _verdict_of_status(credential.status)) != "valid":
        return ended
    if credential.expired:
        return "expired"
    doubts = any(check.tone == "warn" for check in checks_of(credential, joint))
    return "warning" if doubts or credential.flags else "valid"


def checks_of(credential: Verification, joint: Mapping[str, str]) -> list[Check]:
    """Return the checks in their order. There is one about joint awarding only where others award it too.

    The views have nothing of which form or signature were wrong, so these two stages have one result.
    """
    return [
        Check("form", "complete", "ok"),
        Check("signature", "by-admitted-key", "ok"),
        _issuer(credential),
        _accreditation(credential),
        *_joint_awarding(joint),
        Check("log", "included", "ok"),
        Check("status", credential.status, TONES[_verdict_of_status(credential.status)]),
        _dates(credential),
        Check("person", "not-checked", "quiet"),
    ]


def _verdict_of_status(status: str) -> Verdict:
    """Return the verdict that a status alone leads to."""
    match status:
        case "revoked" | "suspended" | "replaced":
            return status
    return "valid"


def _issuer(credential: Verification) -> Check:
    if credential.issuer_when_issued != "active":
        return Check("issuer", "not-then", "warn")
    return Check("issuer", "both", "ok") if credential.issuer_now == "active" else Check("issuer", "not-now", "warn")


def _accreditation(credential: Verification) -> Check:
    """Judge the accreditations that cover the level and the field, or name none, by the day of the award."""
    covering = [
        entry for entry in credential.issuer.content.get("accreditations", []) if _covers(entry, credential.achievement)
    ]
    if not covering:
        return Check("accreditation", "not-on-record", "quiet")
    if any(_holds_on(entry, credential.awarding_date) for entry in covering):
        return Check("accreditation", "on-record", "ok")
    return Check("accreditation", "not-then", "warn")


def _joint_awarding(joint: Mapping[str, str]) -> list[Check]:
    if not joint:
        return []
    return [Check("joint", "claimed", "warn") if "claimed" in joint.values() else Check("joint", "confirmed", "ok")]


def _covers(accreditation: Mapping[str, Any], achievement: Mapping[str, Any]) -> bool:
    levels, fields = accreditation.get("eqfLevels"), accreditation.get("fieldsOfEducation")
    codes = achievement.get("fieldsOfEducation", [])
    return (not levels or achievement.get("eqfLevel") in levels) and (
        not fields or any(code.startswith(tuple(fields)) for code in codes)
    )


def _holds_on(accreditation: Mapping[str, Any], day: date) -> bool:
    begins, ends = accreditation.get("validFrom"), accreditation.get("validUntil")
    return not (begins and date.fromisoformat(begins) > day) and not (ends and date.fromisoformat(ends) < day)


def _dates(credential: Verification) -> Check:
    if credential.expired:
        return Check("dates", "expired", "bad")
    return Check("dates", "no-end" if credential.valid_until is None else "before-end", "ok")
