"""The `registry` command."""

from registry.cli.app import main

__all__ = ["main"]
