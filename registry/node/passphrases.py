"""Passphrases from a file, the environment, or a person at the terminal."""

import getpass
import os
import sys
from pathlib import Path
from typing import Final

from registry.settings.settings import SettingsError

_FILE_VARIABLE: Final = "REGISTRY_PASSPHRASE_FILE"


def read_passphrase(file: Path | None = None) -> bytes | None:
    """Return the passphrase for keys that belong to no node: from a file, else from the environment.

    The environment has it in REGISTRY_PASSPHRASE, or in the file that REGISTRY_PASSPHRASE_FILE names. Raises
    `SettingsError` for a file that cannot be read or is empty.
    """
    if file is not None:
        return _read_file(file, "--passphrase-file")
    if text := os.environ.get("REGISTRY_PASSPHRASE"):
        return text.encode()
    named = os.environ.get(_FILE_VARIABLE)
    return _read_file(Path(named), _FILE_VARIABLE) if named else None


def _read_file(file: Path, named_by: str) -> bytes:
    try:
        passphrase = file.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"{named_by}: cannot read {file}: {error.strerror}") from error
    if not passphrase:
        raise SettingsError(f"{named_by}: {file} is empty")
    return passphrase


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
