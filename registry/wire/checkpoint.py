"""Checkpoints (C2SP tlog-checkpoint) and signed notes (C2SP signed-note)."""

import base64
import re
from collections.abc import Sequence

import msgspec

from registry.wire.errors import MalformedNote
from registry.wire.keys import Signer, VerifierKey, check_name, decode_base64
from registry.wire.merkle import HASH_SIZE, MAX_SIZE

MAX_SIGNATURES = 64
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """A log's head: origin, tree size, root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read three lines, each ended by LF, without extension lines. Raises `MalformedNote`."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3]:
            raise MalformedNote("a checkpoint is three lines: origin, size, root")
        origin, size, root = lines[:3]
        if not origin:
            raise MalformedNote("the origin is empty")
        if not _SIZE.fullmatch(size) or int(size) >= MAX_SIZE:
            raise MalformedNote(f"{size[:40]!r} is not a tree size")
        decoded = decode_base64(root, what="the root")
        if len(decoded) != HASH_SIZE:
            raise MalformedNote(f"the root has {len(decoded)} bytes, not {HASH_SIZE}")
        return cls(origin, int(size), decoded)


class Signature(msgspec.Struct, frozen=True, gc=False):
    """One line of a note: the signer's name, its key id (4 bytes) and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"— {self.name} {base64.b64encode(self.key_id + self.signature).decode()}"

    @classmethod
    def parse(cls, line: str) -> "Signature":
        """Read `— name base64`. Raises `MalformedNote`."""
        dash, space, rest = line.partition(" ")
        name, gap, encoded = rest.partition(" ")
        if dash != "—" or not space or not gap:
            raise MalformedNote("a signature line is '— name base64'")
        check_name(name)
        data = decode_base64(encoded, what="a signature")
        if len(data) < 5:
            raise MalformedNote("a signature has at least 5 bytes")
        return cls(name, data[:4], data[4:])


class SignedNote(msgspec.Struct, frozen=True, gc=False):
    """A checkpoint's text with the signatures over it. `text` is what was signed, byte for byte."""

    checkpoint: Checkpoint
    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, text: str, signature_lines: str) -> "SignedNote":
        """Read the two paragraphs, each line ended by LF. Raises `MalformedNote`."""
        if _CONTROL.search(text) or _CONTROL.search(signature_lines):
            raise MalformedNote("a control character in the checkpoint or its signatures")
        lines = signature_lines.split("\n")
        if len(lines) < 2 or lines.pop():
            raise MalformedNote("there is no signature line")
        if len(lines) > MAX_SIGNATURES:
            raise MalformedNote(f"{len(lines)} signature lines, {MAX_SIGNATURES} at most")
        checkpoint = Checkpoint.parse(text)
        signatures = tuple(Signature.parse(line) for line in lines)
        if len({(s.name, s.key_id) for s in signatures}) != len(signatures):
            raise MalformedNote("two signature lines by the same key")
        return cls(checkpoint, text, signatures)

    @classmethod
    def sign(cls, checkpoint: Checkpoint, signers: Sequence[Signer]) -> "SignedNote":
        """Sign a checkpoint, one line per signer."""
        text = str(checkpoint)
        message = text.encode()
        lines = tuple(Signature(s.vkey.name, s.vkey.key_id, s.sign(message)) for s in signers)
        return cls(checkpoint, text, lines)

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{s}\n" for s in self.signatures)

    def by(self, keys: Sequence[VerifierKey]) -> list[tuple[VerifierKey, Signature]]:
        """Return the lines that name one of these keys by name and key id, each with its key; the caller verifies them.

        Where several keys share a name and an id, a line is paired with the key by which it verifies, if there is one,
        so that the order of the keys does not matter.
        """
        named: dict[tuple[str, bytes], list[VerifierKey]] = {}
        for key in keys:
            named.setdefault((key.name, key.key_id), []).append(key)
        return [
            (self._key_of(line, named[line.name, line.key_id]), line)
            for line in self.signatures
            if (line.name, line.key_id) in named
        ]

    def _key_of(self, line: Signature, keys: list[VerifierKey]) -> VerifierKey:
        if len(keys) == 1:
            return keys[0]
        message = self.text.encode()
        return next((key for key in keys if key.verifies(line.signature, message)), keys[0])
