"""The keys that members announce on their logs, and whether a proof by one of them counts (docs/issuing-keys.md).

A proof counts if its key was announced and has not ended. By a key that was rotated or lost it counts if the document
says that it was made before the end, which is the member's own claim, or if a receipt shows that its credential was on
the log before. By a compromised key it counts with such a receipt only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Literal

import msgspec

EndReason = Literal["rotated", "lost", "compromised"]


class AnnouncedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key as a member's log announces it."""

    member: str
    """The member's short name."""
    thumbprint: str
    jwk: Mapping[str, str]
    profiles: Sequence[str]
    x5c: Sequence[str] = ()
    leaf: int
    """The leaf of the announcement."""
    announced: datetime
    ended: int | None = None
    """The leaf of the end; None while the key is in force."""
    ended_at: datetime | None = None
    """When the member ended it, by its own clock."""
    reason: EndReason | None = None


class KeyStanding(msgspec.Struct, frozen=True):
    """The answer to whether a proof by a key counts."""

    counts: bool
    sentence: str
    """The reason, for a person."""
    rests_on_claim: bool = False
    """True if it counts because the document itself says when it was made."""


def judge_proof(key: AnnouncedKey, made_on: date | datetime | None, credential_leaf: int | None = None) -> KeyStanding:
    """Return whether a proof by a member's key counts.

    `made_on` is the day or time at which the document says that it was made; None where it says nothing.
    `credential_leaf` is the leaf of the member's log that issued the document's credential, proven by a receipt; None
    without a receipt.
    """
    if key.ended is None or key.reason is None:
        return KeyStanding(counts=True, sentence="The key is announced on the issuer's log and in force.")
    if credential_leaf is not None and credential_leaf < key.ended:
        return KeyStanding(
            counts=True,
            sentence=f"The key has ended ({key.reason}); the receipt shows that the credential was on the log before.",
        )
    if key.reason == "compromised":
        return KeyStanding(
            counts=False,
            sentence="Others had this key (compromised). A document that it signed counts only with a receipt that"
            " shows that its credential was on the log before.",
        )
    if made_on is None or key.ended_at is None:
        return KeyStanding(
            counts=False, sentence=f"The key has ended ({key.reason}), and the document does not say when it was made."
        )
    if not _is_before(made_on, key.ended_at):
        return KeyStanding(
            counts=False,
            sentence=f"The key has ended on {key.ended_at:%Y-%m-%d} ({key.reason}), before the document was made.",
        )
    return KeyStanding(
        counts=True,
        sentence=f"The key has ended since ({key.reason}); the document says that it was made before.",
        rests_on_claim=True,
    )


def _is_before(made_on: date | datetime, ended_at: datetime) -> bool:
    """Return whether a document was made before a key ended; on the same day, where it says the day alone."""
    if isinstance(made_on, datetime):
        return (made_on if made_on.tzinfo is not None else made_on.replace(tzinfo=UTC)) < ended_at
    return made_on <= ended_at.astimezone(UTC).date()
