"""The verdict on a checked receipt: an outcome, and one sentence that an employer can act on."""

from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

import msgspec

from consumers.proofs.receipts import VerifiedReceipt, VerifiedStatus
from consumers.witness.policy import CLOCK_SKEW

Outcome = Literal["genuine", "not-in-force", "inconclusive", "no-effect"]
"""`genuine`: everything that was asked for was checked and is in order. `not-in-force`: genuine, and revoked,
suspended, replaced or expired. `inconclusive`: the files leave something open that matters. `no-effect`: it was
published, and has no effect under governance."""

_CAN_CHANGE: Final = {
    "credential.issued.v1": "it was revoked",
    "credential.suspended.v1": "it was reinstated",
    "credential.reinstated.v1": "it was suspended or revoked again",
    "recognition.decided.v1": "the decision was withdrawn or superseded",
    "recognition.assessed.v1": "the assessment was withdrawn",
    "agreement.declared.v1": "the agreement was withdrawn",
    "achievement.published.v1": "the achievement was revised or retired",
    "achievement.revised.v1": "the achievement was revised again or retired",
}
"""The change that a later event can have made to the subject of a receipt."""


_PERMANENT: Final = ("revoked", "replaced")
"""Statuses that no later event undoes, so that an old seal proves them as well as a new one."""


class ReceiptVerdict(msgspec.Struct, frozen=True):
    """The outcome, and a sentence for people."""

    outcome: Outcome
    summary: str


def verdict(
    receipt: VerifiedReceipt,
    status: VerifiedStatus | None,
    *,
    cosigned: bool,
    seal_cosigned: bool = False,
    seal_missing: str | None = None,
    max_seal_age: timedelta | None = None,
    now: datetime | None = None,
) -> ReceiptVerdict:
    """Return the verdict on a receipt that was verified.

    `status` is what its seal proves. `cosigned` and `seal_cosigned` are true if a witness on whom the reader relies
    cosigned the receipt's head and the seal's. `seal_missing` names the seal's file if the reader asked for it and it
    is absent. `max_seal_age` is the greatest age of a seal; None: any age.
    """
    now = now or datetime.now(UTC)
    if receipt.refused is not None:
        return ReceiptVerdict("no-effect", f"Published, and without effect: {receipt.refused}.")
    if receipt.rests_on_retired_keys and not cosigned:
        return ReceiptVerdict(
            "inconclusive",
            "Signed by a key that was retired since. This file cannot show whether the member itself signed it:"
            " ask for a newer receipt, or for one that a witness cosigned.",
        )
    doubt = "" if status is None else _doubt_of_seal(status, now, max_seal_age, cosigned=seal_cosigned)
    if status is not None and status.status is not None and not doubt:
        return ReceiptVerdict(
            "not-in-force", f"Genuine, and {status.status}: the issuer sealed that on {day(status.sealed)}."
        )
    if (expired := _expiry_of(receipt, now.date())) is not None:
        return ReceiptVerdict("not-in-force", f"Genuine, and expired: it was valid until {day(expired)}.")
    if seal_missing is not None:
        return ReceiptVerdict(
            "inconclusive", f"Genuine. What its seal says was not checked: there is no {seal_missing}."
        )
    if doubt:
        return ReceiptVerdict("inconclusive", f"Genuine. What its seal says does not count: {doubt}")
    if status is not None:
        return ReceiptVerdict(
            "genuine",
            f"Genuine. Neither suspended, revoked nor replaced when the issuer sealed that on {day(status.sealed)};"
            " this file cannot show what came after.",
        )
    change = _CAN_CHANGE.get(receipt.type)
    if change is not None:
        return ReceiptVerdict("inconclusive", f"Genuine. This file cannot show whether {change} since.")
    if max_seal_age is not None:
        return ReceiptVerdict("inconclusive", "Genuine. The age of its seal was not checked: there is no seal.")
    return ReceiptVerdict("genuine", "Genuine.")


def _doubt_of_seal(status: VerifiedStatus, now: datetime, max_age: timedelta | None, *, cosigned: bool) -> str:
    """Return why a seal cannot be relied on, and what to do; empty if it can."""
    if status.rests_on_retired_keys and not cosigned:
        return (
            "a key that was retired since signed it, so it cannot show whether the issuer itself sealed. Ask for a"
            " newer seal, or for one that a witness cosigned."
        )
    if max_age is None:
        return ""
    age = now - datetime.fromisoformat(status.sealed)
    if age < -CLOCK_SKEW:
        return f"its time, {status.sealed}, is in the future, so its age is unknown. Ask for a newer seal."
    if age <= max_age or status.status in _PERMANENT:
        return ""
    hours, allowed = (each.total_seconds() / 3600 for each in (age, max_age))
    then = f"{status.status} then" if status.status else "neither suspended, revoked nor replaced then"
    return (
        f"the issuer sealed it ({then}) on {day(status.sealed)}, {hours:,.0f} hours ago, and at most {allowed:,.0f} are"
        " allowed. Ask for a newer seal."
    )


def day(time: str) -> str:
    """Format the date of an RFC 3339 time or date for people: `2 May 2026`."""
    parsed = date.fromisoformat(time[:10])
    return f"{parsed.day} {parsed:%B %Y}"


class _Data(msgspec.Struct, rename="camel"):
    valid_until: str | None = None


class _Issued(msgspec.Struct):
    data: _Data


def _expiry_of(receipt: VerifiedReceipt, today: date) -> str | None:
    """Return the last day of validity of a credential that has expired; None otherwise."""
    if receipt.type != "credential.issued.v1":
        return None
    last = msgspec.json.decode(receipt.event, type=_Issued).data.valid_until
    return last if last is not None and date.fromisoformat(last) < today else None
