"""The `registry` command."""

import sys


def main() -> None:
    """Run the command. An interrupt while its modules are loaded ends it as quietly as one at work."""
    try:
        from registry.cli.app import main as run  # noqa: PLC0415 - loading takes half a second, and may be interrupted
    except KeyboardInterrupt:
        sys.exit(130)
    run()


__all__ = ["main"]
