"""The heads of governance that a root key has signed: one key never signs two that contradict each other."""

import json
from pathlib import Path
from typing import NamedTuple

from registry.keys.keystore import KeystoreError
from registry.log.durable_files import PRIVATE, replace_file


class SignedHead(NamedTuple):
    """A head that a key has signed, and the place of its proposal in governance."""

    after: int
    """The entries that the proposal follows."""
    size: int
    """The number of entries with it."""
    root: str
    """The head's root, as the checkpoint has it."""

    def contradicts(self, other: "SignedHead") -> bool:
        """True if both can never be on one log: they overlap, and differ."""
        same = (self.size, self.root) == (other.size, other.root)
        return not same and self.after < other.size and other.after < self.size


class SignedHeads:
    """The file next to a root key with the heads that the key has signed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> list[SignedHead]:
        """Read the heads that the key has signed. Raises `KeystoreError` if the file cannot be read."""
        try:
            heads = json.loads(self._file.read_text())
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise KeystoreError(f"{self._file} cannot be read; it lists what was signed") from error
        if isinstance(heads, dict):  # the form before places were kept: the root by size
            heads = [{"after": 0, "size": size, "root": root} for size, root in heads.items()]
        try:
            return [SignedHead(int(head["after"]), int(head["size"]), str(head["root"])) for head in heads]
        except (KeyError, TypeError, ValueError) as error:
            raise KeystoreError(f"{self._file} is damaged: it does not list what was signed") from error

    def add(self, head: SignedHead) -> None:
        """Write a head that is about to be signed to the disk. Raises `KeystoreError`."""
        heads = self.read()
        if head in heads:
            return
        content = json.dumps([each._asdict() for each in (*heads, head)])
        try:
            replace_file(self._file, content.encode(), mode=PRIVATE)
        except OSError as error:
            raise KeystoreError(
                f"cannot write to {self._file.parent} what is about to be signed: {error.strerror}; nothing was signed"
            ) from error
