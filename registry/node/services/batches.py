"""The service that works through batches, in a process of its own under `registry serve`."""

import threading
from functools import partial
from pathlib import Path

from registry.batches import BatchStore, Worker
from registry.node.adapters.catalogue import OwnCatalogue
from registry.node.adapters.reconciliation import PostgresAwardLookup
from registry.node.health import last_error
from registry.node.node import Node, open_node
from registry.node.own_content import own_content
from registry.supervision import supervise


def open_batch_store(node: Node) -> BatchStore:
    """Return the batches of a node."""
    return BatchStore(node.registry.dsn, node.registry.vault, node.settings.home / "spool")


def run_batches(home: Path, stop: threading.Event) -> None:
    """Work through batches until `stop` is set."""

    def work() -> None:
        with open_node(home) as node:
            batch_store = open_batch_store(node)
            batch_store.queue.tidy()
            own = partial(own_content, node)
            Worker(
                node.registry, node.issuer, batch_store, OwnCatalogue(node.registry), PostgresAwardLookup(node), own
            ).run(stop)

    supervise("batches", work, stop, on_error=partial(last_error.note, home, "batches"))
