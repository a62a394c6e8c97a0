"""The one rule that decides whether a head's signatures count, for verifiers and publishers alike."""

from collections.abc import Sequence

from registry.wire.checkpoint import SignedNote
from registry.wire.keys import VerifierKey


def find_fault(note: SignedNote, keys: Sequence[VerifierKey], needed: int) -> tuple[str, str] | None:
    """Return the verdict of registry/wire/SPEC.md and the reason where the signatures do not count; None where they do.

    `keys` are those that count for this head, `needed` how many of them must have signed. Every line by one of them
    must verify.
    """
    lines = note.by(keys)
    if not lines:
        return "key-not-valid", "no signature by a key that counts"
    message = note.text.encode()
    for key, line in lines:
        if not key.verifies(line.signature, message):
            return "bad-signature", f"the line by {key.name}+{key.key_id.hex()} does not verify"
    if len(lines) < needed:
        return "below-threshold", f"{len(lines)} of the {needed} signatures that are needed"
    return None
