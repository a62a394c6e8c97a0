"""A proof that one head of a log begins with another, as one text file (SPEC.md, section 12)."""

import base64
from typing import Final

import msgspec

from registry.wire.checkpoint import SignedNote
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.merkle import verify_consistency
from registry.wire.proof import MAX_PROOF, hashes

FIRST_LINE: Final = "registry consistency proof 1"
_MAX_PATH: Final = 64


class ConsistencyProof(msgspec.Struct, frozen=True):
    """Two checkpoints of one log with their signatures, the older first, and the path between them."""

    path: tuple[bytes, ...]
    old: SignedNote
    new: SignedNote

    def __str__(self) -> str:
        lines = [FIRST_LINE, *(base64.b64encode(step).decode() for step in self.path)]
        return "\n".join(lines) + f"\n\n{self.old}\n{self.new}"

    @classmethod
    def parse(cls, text: str) -> "ConsistencyProof":
        """Read a file's text. Raises `InvalidProof`."""
        if len(text) > MAX_PROOF:
            raise InvalidProof("the file is too large to be a consistency proof")
        paragraphs = text.split("\n\n")
        if len(paragraphs) != 5:
            raise InvalidProof("five paragraphs: the path, the older checkpoint, its signatures, the newer, its own")
        lines = paragraphs[0].split("\n")
        if lines[0] != FIRST_LINE:
            raise InvalidProof(f"the first line is not {FIRST_LINE}")
        if len(lines) - 1 > _MAX_PATH:
            raise InvalidProof(f"a path of {len(lines) - 1} hashes")
        try:
            old = SignedNote.parse(paragraphs[1] + "\n", paragraphs[2] + "\n")
            new = SignedNote.parse(paragraphs[3] + "\n", paragraphs[4])
        except MalformedNote as error:
            raise InvalidProof(str(error)) from error
        return cls(tuple(hashes(lines[1:])), old, new)

    def verify(self) -> None:
        """Check that the newer tree begins with the older one of the same log. Raises `InvalidProof`.

        It does not check the signatures.
        """
        old, new = self.old.checkpoint, self.new.checkpoint
        if old.origin != new.origin:
            raise InvalidProof(f"the checkpoints are of two logs: {old.origin[:80]!r} and {new.origin[:80]!r}")
        verify_consistency(old.size, old.root, new.size, new.root, self.path)
