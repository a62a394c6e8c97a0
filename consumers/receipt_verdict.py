"""What a checked receipt comes to, in one sentence that an employer can act on, and whether it is conclusive."""

from datetime import UTC, date, datetime
from typing import Final, Literal

import msgspec

from consumers.receipts import VerifiedReceipt, VerifiedStatus

Outcome = Literal["genuine", "not-in-force", "inconclusive", "no-effect"]
"""`genuine`: everything that was asked for was checked and is well. `not-in-force`: genuine, and revoked, suspended,
replaced or expired. `inconclusive`: something that matters cannot be told from the files. `no-effect`: it was
published, and governance lets it have no effect."""

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
"""What a later event can have done to what a receipt is about."""


class Verdict(msgspec.Struct, frozen=True):
    """The outcome, and the sentence that says it."""

    outcome: Outcome
    summary: str


def verdict(
    receipt: VerifiedReceipt,
    status: VerifiedStatus | None,
    *,
    cosigned: bool,
    seal_missing: str | None = None,
    today: date | None = None,
) -> Verdict:
    """Say what a receipt that proves what it says comes to.

    `status` is what the seal beside it says, `cosigned` whether a witness that the reader relies on cosigned the head;
    `seal_missing` names the seal's file where it was asked for and is not there.
    """
    if receipt.refused is not None:
        return Verdict("no-effect", f"Published, and without effect: {receipt.refused}.")
    if receipt.rests_on_retired_keys and not cosigned:
        return Verdict(
            "inconclusive",
            "Signed by a key that was retired since. Whether the member itself signed it cannot be told from this file:"
            " ask for a newer receipt, or for one that a witness cosigned.",
        )
    expired = _expired(receipt, today or datetime.now(UTC).date())
    if status is not None and status.status is not None:
        return Verdict("not-in-force", f"Genuine, and {status.status}: the issuer sealed that on {day(status.sealed)}.")
    if expired is not None:
        return Verdict("not-in-force", f"Genuine, and expired: it was valid until {day(expired)}.")
    if seal_missing is not None:
        return Verdict("inconclusive", f"Genuine. What its seal says was not checked: there is no {seal_missing}.")
    if status is not None:
        return Verdict(
            "genuine",
            f"Genuine. Neither suspended, revoked nor replaced when the issuer sealed that on {day(status.sealed)};"
            " what came after cannot be told from this file.",
        )
    change = _CAN_CHANGE.get(receipt.type)
    if change is not None:
        return Verdict("inconclusive", f"Genuine. Whether {change} since cannot be told from this file.")
    return Verdict("genuine", "Genuine.")


def day(time: str) -> str:
    """A date for people, from an RFC 3339 time or date: `2 May 2026`."""
    found = date.fromisoformat(time[:10])
    return f"{found.day} {found:%B %Y}"


class _Data(msgspec.Struct, rename="camel"):
    valid_until: str | None = None


class _Issued(msgspec.Struct):
    data: _Data


def _expired(receipt: VerifiedReceipt, today: date) -> str | None:
    """The last day of validity of a credential that has expired."""
    if receipt.type != "credential.issued.v1":
        return None
    last = msgspec.json.decode(receipt.event, type=_Issued).data.valid_until
    return last if last is not None and date.fromisoformat(last) < today else None
