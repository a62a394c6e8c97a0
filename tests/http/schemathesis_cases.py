"""Which of the requests that Schemathesis makes up systematically it sends: it loads this file (SCHEMATHESIS_HOOKS).

For each operation it makes up a request for each wrong type of each field, at every depth: nearly nine thousand
in all, most of which the node refuses by the same lines. So only the first of each kind is sent in every run, and
a share of the others, which changes whenever the description does. `make test THOROUGH=1` sends all.
"""

import os
import zlib
from typing import Any

import schemathesis

SHARE = 24
"""Of what is like an earlier request one in this many is sent."""

_seen: dict[tuple[str, ...], int] = {}


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Tell whether a request is sent: each that is not systematic, and of systematic ones the first of a kind.

    A kind is the operation, whether the request is good, and what is the matter with which part of it.
    """
    phase = case.meta.phase
    if phase.name.value != "coverage":
        return True
    kind = tuple(
        str(part)
        for part in (
            context.operation.label,
            case.meta.generation.mode,
            phase.data.scenario,
            phase.data.parameter_location,
        )
    )
    place = _seen[kind] = _seen.get(kind, -1) + 1
    text = f"{os.environ['DESCRIPTION_DIGEST']} {kind} {place}"
    return place == 0 or zlib.crc32(text.encode()) % SHARE == 0
