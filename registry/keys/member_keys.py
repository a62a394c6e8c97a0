"""A member's own signing keys: the files of its node, and the state of each in governance."""

from typing import Final, Literal, NamedTuple

from registry.keys import key_proof
from registry.keys.key_proof import OfferedKey
from registry.keys.keystore import FORMER, NEXT, RETIRED, SIGNING, Keystore
from registry.rules.governance import KeyWindow, MemberRecord

Use = Literal["in use", "next", "former", "retired", "not here"]

_USES: Final[dict[str, Use]] = {SIGNING: "in use", NEXT: "next"}


class NodeKey(NamedTuple):
    """One key: its file, its use, and the tree sizes between which it signs."""

    file: str | None
    """The file's name without `.pem`; None if the node does not have the private half."""
    use: Use
    offered: OfferedKey
    """The public key, with a proof if the node has the private half."""
    window: KeyWindow | None
    """The key's window in governance; None if governance does not know the key."""

    @property
    def id(self) -> str:
        """The key id, eight hexadecimal digits."""
        return self.offered.vkey.key_id.hex()

    @property
    def counts(self) -> bool:
        """True if the key may sign the next commit."""
        return self.window is not None and self.window.end is None


def list_node_keys(keystore: Keystore, origin: str, record: MemberRecord | None) -> list[NodeKey]:
    """Return the node's keys, the one in use first, and then valid keys whose private half is elsewhere.

    Raises `KeystoreError` if a key cannot be opened.
    """
    windows = {window.key.key_id.hex(): window for window in (record.keys if record is not None else ())}
    keys = []
    for name in sorted(keystore.names(), key=lambda name: (name not in _USES, name != SIGNING, name)):
        use = _use(name)
        if use in ("former", "retired") and (window := windows.pop(name.rpartition("-")[2], None)) is not None:
            # Identified by its file's name, so that no passphrase is needed for a key that no longer signs.
            keys.append(NodeKey(name, use, OfferedKey(window.key, None), window))
        elif use is not None:
            offered = key_proof.prove(keystore.signer(name, origin))
            window = windows.pop(offered.vkey.key_id.hex(), None)
            keys.append(NodeKey(name, use, offered, window if window and window.key == offered.vkey else None))
    absent = [NodeKey(None, "not here", OfferedKey(w.key, None), w) for w in windows.values() if w.end is None]
    return keys + absent


def _use(name: str) -> Use | None:
    if name in _USES:
        return _USES[name]
    if name.startswith(FORMER):
        return "former"
    return "retired" if name.startswith(RETIRED) else None
