"""Passphrases from a file, the environment, or a person at the terminal."""

import getpass
import os
import sys
from pathlib import Path

from registry.settings.settings import SettingsError


def read_passphrase(file: Path | None = None) -> bytes | None:
    """Return the passphrase for keys that belong to no node: from a file, else from the environment."""
    if file is not None:
        try:
            passphrase = file.read_bytes().strip()
        except OSError as error:
            raise SettingsError(f"--passphrase-file: cannot read {file}: {error.strerror}") from error
        if not passphrase:
            raise SettingsError(f"--passphrase-file: {file} is empty")
        return passphrase
    text = os.environ.get("REGISTRY_PASSPHRASE")
    return text.encode() if text else None


def ask_new_passphrase() -> bytes | None:
    """Ask at the terminal, twice, for the passphrase of a new key; None without a terminal, or for no passphrase."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    first = getpass.getpass("Passphrase for the new key (empty: none): ")
    if first != getpass.getpass("The same again: "):
        raise SettingsError("the two passphrases differ; no key was created")
    return first.encode() or None


def ask_passphrase() -> bytes | None:
    """Ask at the terminal for the passphrase of the private keys; None without a terminal."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass.getpass("Passphrase of the private keys: ").encode()
