"""Loads all that the command can need, and the processes that it starts."""

import gc
from importlib import import_module

import registry.cli.exits  # noqa: F401 - what a command that fails loads
from registry.cli.app import COMMANDS
from registry.server.processes import LOADED

for name in {name for names in COMMANDS.values() for name in names}:
    import_module(f"registry.cli.{name}")
for name in LOADED:
    import_module(name)
gc.freeze()  # no process that is forked from this one looks through it for garbage
