"""The id of a proposal, short enough to be read aloud and different for every proposal."""

import hashlib
from typing import Final

import msgspec

from registry.domain.case_events import Proposed

_DIGITS: Final = 8


def proposal_id(case: str, number: int, data: Proposed) -> str:
    """Return the id of a case's proposal: hexadecimal digits of a hash over all that it says.

    `number` counts the case's proposals up to this one: the same grants proposed again are another proposal.
    The id covers what the proposal overrides, and the reason by the id of its encrypted text.
    """
    return hashlib.sha256(msgspec.json.encode([case, number, data])).hexdigest()[:_DIGITS]
