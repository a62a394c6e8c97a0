"""Members in governance, as people name and read them: the member, its keys, and when each key signs."""

from collections.abc import Mapping

from registry.ceremony.ceremony import CeremonyRefused
from registry.keys import key_proof
from registry.rules.governance import KeyWindow, MemberRecord
from registry.wire.errors import MalformedNote
from registry.wire.keys import VerifierKey


def find_member(members: Mapping[str, MemberRecord], name: str) -> MemberRecord:
    """Return governance's record of a member. Raises `CeremonyRefused` if it was not admitted."""
    record = members.get(name)
    if record is None:
        raise CeremonyRefused(f"{name} is not a member; `registry member list` shows who is")
    return record


def find_key(record: MemberRecord, text: str) -> VerifierKey:
    """Return the key of a member that somebody named: whole, with a proof, or by its id.

    Raises `CeremonyRefused` if the member has no such key.
    """
    keys = [window.key for window in record.keys]
    candidates = [key for key in keys if text in (str(key), key.key_id.hex(), key.label)]
    if not candidates and "+" in text:
        try:
            candidates = [key for key in keys if key == key_proof.parse(text).vkey]
        except MalformedNote as error:
            raise CeremonyRefused(f"this is not a key: {error}") from error
    if not candidates:
        raise CeremonyRefused(
            f"{record.name} has no key {text[:100]}; it has {', '.join(key.key_id.hex() for key in keys)}"
        )
    return candidates[0]  # a member has no two keys of one id


def describe_window(window: KeyWindow) -> str:
    """Say from which tree size to which a key signs."""
    if window.end is None:
        return f"counts from {window.start} on"
    return f"counts from {window.start} to {window.end}; retired"
