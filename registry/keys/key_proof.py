"""A public key together with a proof that its holder has the private half.

Written as one word: `<vkey>:<proof>`. The proof is the key's own signature (base64url without padding) over

    registry key proof 1
    <vkey>

each line ended by LF. A vkey names the origin that it signs for, so a proof is valid for one member of one consortium
(or its root keys) only. Proofs are checked where a key is proposed and where it is signed; they are not on the log.
"""

from typing import Final, NamedTuple

from registry.wire import base64url
from registry.wire.errors import MalformedNote
from registry.wire.keys import Signer, VerifierKey

_CONTEXT: Final = "registry key proof 1\n"


class OfferedKey(NamedTuple):
    """A public key, and its proof if there is one."""

    vkey: VerifierKey
    proof: str | None

    def __str__(self) -> str:
        return str(self.vkey) if self.proof is None else f"{self.vkey}:{self.proof}"


def prove(signer: Signer) -> OfferedKey:
    """Return a signer's public key with the proof."""
    signature = signer.sign(_message(signer.vkey))
    return OfferedKey(signer.vkey, base64url.encode(signature))


def parse(text: str) -> OfferedKey:
    """Read a key, with or without a proof. Raises `MalformedNote` if it is neither, or the proof is another key's."""
    words, colon, proof = text.strip().partition(":")
    vkey = VerifierKey.parse(words)
    if not colon:
        return OfferedKey(vkey, None)
    if not proves(proof, vkey):
        raise MalformedNote(
            f"the proof of the key {vkey.label} is wrong: was it copied whole? Its holder prints it again with"
            " `registry key show`"
        )
    return OfferedKey(vkey, proof)


def proves(proof: str, vkey: VerifierKey) -> bool:
    """True if this key's private half made a proof."""
    try:
        signature = base64url.decode(proof)
    except ValueError:
        return False
    return vkey.verifies(signature, _message(vkey))


def _message(vkey: VerifierKey) -> bytes:
    return f"{_CONTEXT}{vkey}\n".encode()
