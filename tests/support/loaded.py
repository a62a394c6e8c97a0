"""Loads all that the command can need."""

from importlib import import_module

import registry.cli.exits  # noqa: F401 - what a command that fails loads
from registry.cli.app import COMMANDS

for name in {name for names in COMMANDS.values() for name in names}:
    import_module(f"registry.cli.{name}")
