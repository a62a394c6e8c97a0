"""The add-checkpoint request of C2SP tlog-witness, and its answer."""

import msgspec

from registry.wire.checkpoint import SignedNote
from registry.wire.errors import MalformedNote
from registry.wire.proof import hashes


class Answer(msgspec.Struct, frozen=True):
    """An answer over HTTP."""

    status: int
    body: str
    kind: str = "text/plain; charset=utf-8"


def parse_request(body: str) -> tuple[int, list[bytes], SignedNote]:
    """Parse a request: the old size, the consistency path, the head. Raises `MalformedNote` or `InvalidProof`."""
    first, blank, rest = body.partition("\n\n")
    lines = first.split("\n")
    digits = lines[0].removeprefix("old ")
    if not blank or lines[0] == digits or not digits.isdigit() or not digits.isascii() or len(digits) > 19:
        raise MalformedNote("the first line is not 'old' and a size")
    if str(int(digits)) != digits or len(lines) > 64:
        raise MalformedNote("the size has leading zeroes, or the proof is too long")
    head, gap, signatures = rest.partition("\n\n")
    if not gap:
        raise MalformedNote("there is no checkpoint with signatures")
    return int(digits), hashes(lines[1:]), SignedNote.parse(head + "\n", signatures)
