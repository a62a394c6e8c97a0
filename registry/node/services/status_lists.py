"""The service that keeps the signed status lists up to date with the views."""

import threading
from functools import partial
from pathlib import Path
from typing import Final

from registry.export.document import ExportError
from registry.keys.keystore import KeystoreError
from registry.node.adapters.credential_statuses import VIEWS_AWAY
from registry.node.adapters.status_lists import open_status_lists
from registry.node.health import last_error
from registry.node.node import open_node
from registry.supervision import supervise

_RETRY_SECONDS: Final = 5.0


def run_status_lists(home: Path, stop: threading.Event) -> None:
    """Sign lists that change until `stop` is set. Without a key or views it tries again: they may come."""

    def run() -> None:
        with open_node(home) as node:
            open_status_lists(node).run(stop)

    supervise(
        "signing status lists",
        run,
        stop,
        also=(ExportError, KeystoreError, *VIEWS_AWAY),
        retry_seconds=_RETRY_SECONDS,
        on_error=partial(last_error.note, home, "signing status lists"),
    )
