"""The service that posts the feed to the university's own systems."""

import threading
from functools import partial
from pathlib import Path

from registry.node.health import last_error
from registry.supervision import supervise
from registry.webhooks import Dispatcher


def run_webhooks(dispatcher: Dispatcher, home: Path, stop: threading.Event) -> None:
    """Post to all endpoints until `stop` is set."""
    note_error = partial(last_error.note, home, "posting webhooks")
    supervise("posting webhooks", lambda: dispatcher.run(stop), stop, on_error=note_error)
