"""A university's system that sends batches, and the worker that works them off on any day."""

from datetime import UTC, datetime

from registry.batches import BatchStore, Worker
from registry.node.adapters.catalogue import OwnCatalogue
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode

TODAY = datetime.now(UTC).date()


class BatchSender:
    """It, with a node of its own."""

    def __init__(self, dsn, folder):
        self.node = TestNode(dsn, MemoryLog())
        self.day = TODAY
        self.registry = self.node.registry
        self.batch_store = BatchStore(self.registry.dsn, self.registry.vault, folder, self.now)
        self.worker = Worker(self.registry, self.node.issuer, self.batch_store, OwnCatalogue(self.registry))

    def now(self):
        return datetime(self.day.year, self.day.month, self.day.day, 0, 30, tzinfo=UTC)

    def send_as(self, media, text, *, dry_run=False):
        key = f"{text}{dry_run}"
        begun = self.batch_store.begin("june", "credentials", media, "sis", key, dry_run)
        begun.file.write(text.encode())
        return self.batch_store.complete(begun.batch, begun.file, None).batch

    def works(self, batch):
        """Let the worker do what there is to do today: the batch's state and counts after it."""
        while self.worker.step():
            pass
        found = self.batch_store.get(batch)
        return found.state, found.issued, found.refused, found.held
