"""A proof that an event is on a log, as one text file (C2SP tlog-proof): event, index, path, signed head."""

import base64
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from registry.wire.checkpoint import SignedNote
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.keys import decode_base64
from registry.wire.merkle import HASH_SIZE, MAX_SIZE, leaf_hash, verify_inclusion

FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
MAX_PROOF: Final = 256 * 1024
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_MAX_PATH: Final = 63


class TlogProof(msgspec.Struct, frozen=True):
    """An event (its line, without LF), its index, the inclusion path, and the checkpoint with its signatures."""

    event: bytes
    index: int
    path: tuple[bytes, ...]
    note: SignedNote

    def __str__(self) -> str:
        lines = [FIRST_LINE, f"extra {_encode(self.event)}", f"index {self.index}", *map(_encode, self.path)]
        return "\n".join(lines) + "\n\n" + str(self.note)

    @classmethod
    def parse(cls, text: str) -> "TlogProof":
        """Read a file's text; the extra line is the event. Raises `InvalidProof`."""
        if len(text) > MAX_PROOF:
            raise InvalidProof("the file is too large to be a receipt")
        paragraphs = text.split("\n\n")
        if len(paragraphs) != 3:
            raise InvalidProof("a proof is three paragraphs: the proof, the checkpoint, its signatures")
        lines = paragraphs[0].split("\n")
        if lines[0] != FIRST_LINE:
            raise InvalidProof(f"the first line is not {FIRST_LINE}")
        if len(lines) < 3 or not lines[1].startswith("extra "):
            raise InvalidProof("there is no extra line, which holds the event")
        index = _INDEX.fullmatch(lines[2])
        if index is None or int(index[1]) >= MAX_SIZE:
            raise InvalidProof("the line after the event is not 'index' and a number")
        if len(lines) - 3 > _MAX_PATH:
            raise InvalidProof(f"a path of {len(lines) - 3} hashes")
        try:
            event = decode_base64(lines[1].removeprefix("extra "), what="the event")
            path = tuple(decode_base64(line, what="a hash of the path") for line in lines[3:])
            note = SignedNote.parse(paragraphs[1] + "\n", paragraphs[2])
        except MalformedNote as error:
            raise InvalidProof(str(error)) from error
        if any(len(step) != HASH_SIZE for step in path):
            raise InvalidProof(f"a hash of the path does not have {HASH_SIZE} bytes")
        return cls(event, int(index[1]), path, note)

    def verify_inclusion(self) -> None:
        """Check that the event is at its index under the checkpoint's root. Raises `InvalidProof`.

        It does not check the signatures.
        """
        head = self.note.checkpoint
        verify_inclusion(leaf_hash(self.event), self.index, head.size, self.path, head.root)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def hashes(texts: Sequence[str]) -> list[bytes]:
    """Decode hashes from base64, each of 32 bytes. Raises `InvalidProof`."""
    try:
        decoded = [decode_base64(text, what="a hash") for text in texts]
    except MalformedNote as error:
        raise InvalidProof(str(error)) from error
    if any(len(each) != HASH_SIZE for each in decoded):
        raise InvalidProof(f"a hash does not have {HASH_SIZE} bytes")
    return decoded
