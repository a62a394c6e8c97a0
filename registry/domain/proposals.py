"""The id of a proposal: short enough to be read out, and another one for every proposal."""

import hashlib
from typing import Final

import msgspec

from registry.domain.case_events import Proposed

_DIGITS: Final = 8


def proposal_id(case: str, number: int, data: Proposed) -> str:
    """Return the id of a case's proposal: hexadecimal digits, made from all that it says.

    `number` is how many proposals the case has had with this one: the same grants proposed again are another proposal.
    What it overrides, and the reason for that, are in it by the id of the sealed text.
    """
    return hashlib.sha256(msgspec.json.encode([case, number, data])).hexdigest()[:_DIGITS]
