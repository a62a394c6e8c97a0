"""The kinds of restrictions, and the closed lists of reasons for them and for lifting them."""

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["restriction", "objection"]
REASONS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "restriction": ("accuracyContested", "unlawfulProcessing", "legalClaims", "objectionPending"),
    "objection": ("particularSituation", "research"),
}
"""The reasons of each kind: GDPR, Art. 18(1)(a) to (d); Art. 21(1) and (6)."""
LIFTING: Final = ("accuracyVerified", "corrected", "claimsEnded", "objectionRejected", "learnerAsked")
"""The reasons for lifting one."""
