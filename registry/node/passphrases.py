"""Where passphrases come from: a file, the environment, or somebody at the terminal."""

import getpass
import os
import sys
from pathlib import Path

from registry.settings.settings import SettingsError


def read_passphrase(file: Path | None = None) -> bytes | None:
    """The passphrase for keys that stand in no node's settings: from a file, else from the environment."""
    if file is not None:
        try:
            found = file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"--passphrase-file: cannot read {file}: {error.strerror}") from error
        if not found:
            raise SettingsError(f"--passphrase-file: {file} is empty")
        return found
    text = os.environ.get("REGISTRY_PASSPHRASE")
    return text.encode() if text else None


def ask_new_passphrase() -> bytes | None:
    """Ask whoever sits at the terminal for the passphrase of a new key, twice; None: nobody does, or wants none."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    first = getpass.getpass("Passphrase for the new key (empty: none): ")
    if first != getpass.getpass("The same again: "):
        raise SettingsError("the two passphrases are not the same; no key was made")
    return first.encode() or None


def ask_passphrase() -> bytes | None:
    """Ask whoever sits at the terminal, if somebody does."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass("Passphrase of the private keys: ").encode()
