"""A node's signed digest: a C2SP signed note over the digest and positions of its views (SPEC.md, section 10)."""

import base64
import re

import msgspec

from registry.wire.checkpoint import MAX_SIGNATURES, Signature
from registry.wire.errors import MalformedNote
from registry.wire.keys import Signer, VerifierKey, decode_base64
from registry.wire.merkle import HASH_SIZE

_SUFFIX = "/views"
_VERSION = re.compile(r"views (0|[1-9][0-9]{0,8})")


class ViewsNote(msgspec.Struct, frozen=True, gc=False):
    """A digest of a node's views, with signatures: `positions` and `digest` are 32 bytes each.

    `origin` is that of the node, without `/views`. The second line is not a number, so that no reader of checkpoints
    takes this note for one.
    """

    origin: str
    version: int
    positions: bytes
    digest: bytes
    signatures: tuple[Signature, ...] = ()

    @property
    def text(self) -> str:
        """The text that is signed, byte for byte."""
        hashes = "".join(base64.b64encode(each).decode() + "\n" for each in (self.positions, self.digest))
        return f"{self.origin}{_SUFFIX}\nviews {self.version}\n{hashes}"

    def sign(self, signer: Signer) -> "ViewsNote":
        """Return the note with one signature."""
        vkey = signer.vkey
        line = Signature(vkey.name, vkey.key_id, signer.sign(self.text.encode()))
        return msgspec.structs.replace(self, signatures=(line,))

    def is_by(self, keys: list[VerifierKey]) -> bool:
        """Return whether one of these keys signed; each line that names one of them must verify."""
        named = {(key.name, key.key_id): key for key in keys if key.name == self.origin}
        lines = [line for line in self.signatures if (line.name, line.key_id) in named]
        message = self.text.encode()
        return bool(lines) and all(named[line.name, line.key_id].verifies(line.signature, message) for line in lines)

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    @classmethod
    def parse(cls, data: bytes) -> "ViewsNote":
        """Read a note's file. Raises `MalformedNote`."""
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise MalformedNote("a signed digest is UTF-8 text") from error
        head, gap, tail = text.partition("\n\n")
        lines, signatures = head.split("\n"), tail.split("\n")
        if not gap or len(lines) != 4 or len(signatures) < 2 or signatures.pop():
            raise MalformedNote("a signed digest is four lines, an empty one, and signature lines")
        if len(signatures) > MAX_SIGNATURES:
            raise MalformedNote(f"{len(signatures)} signature lines, {MAX_SIGNATURES} at most")
        origin, version, *hashes = lines
        if not origin.endswith(_SUFFIX) or not (number := _VERSION.fullmatch(version)):
            raise MalformedNote("a signed digest begins with `<origin>/views` and `views <version>`")
        positions, digest = (decode_base64(line, what="a hash") for line in hashes)
        if (len(positions), len(digest)) != (HASH_SIZE, HASH_SIZE):
            raise MalformedNote(f"the hashes of the positions and of the views have {HASH_SIZE} bytes each")
        note = cls(
            origin.removesuffix(_SUFFIX), int(number[1]), positions, digest, tuple(map(Signature.parse, signatures))
        )
        if len({(line.name, line.key_id) for line in note.signatures}) != len(note.signatures):
            raise MalformedNote("two signature lines by the same key")
        return note
