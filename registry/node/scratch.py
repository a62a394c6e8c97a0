"""A database for one command, which is removed however the command ends."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from consumers.streams.processes import hold_signals
from registry.postgres.embedded import start_embedded

_log = structlog.get_logger(__name__)
_REMOVE_SECONDS = 5.0


@contextlib.contextmanager
def scratch_database(name: str) -> Iterator[str]:
    """Start a PostgreSQL in a temporary folder, yield the DSN of its database `name`, and remove both at the end.

    Ctrl-C and SIGTERM wait while the server starts and while it is removed, so that neither it nor its folder remains.
    """
    stack = contextlib.ExitStack()
    try:
        with hold_signals():
            folder = Path(tempfile.mkdtemp(prefix=f"registry-{name}-"))
            stack.callback(_remove, folder)
            server = stack.enter_context(start_embedded(folder))
        yield server.dsn(name)
    finally:
        with hold_signals():
            stack.close()


def _remove(folder: Path) -> None:
    """Remove the folder, with retries: the ending server may still write into it."""
    until = time.monotonic() + _REMOVE_SECONDS
    shutil.rmtree(folder, ignore_errors=True)
    while folder.exists():
        if time.monotonic() > until:
            _log.warning("scratch.not_removed", folder=str(folder), advice="remove it yourself")
            return
        time.sleep(0.05)
        shutil.rmtree(folder, ignore_errors=True)
