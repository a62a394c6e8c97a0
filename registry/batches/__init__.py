"""Batches: files of rows that systems send, stored encrypted until they are worked through, and their outcomes.

A batch is a row in `intake.batches`. Its content is a file in the node's folder, encrypted with a key of its own, which
the vault's master key encrypts. A batch's progress is stored in the transaction of what it issued, so that a batch
continues at the right row, whenever a process dies.
"""

from registry.batches.batch import Batch
from registry.batches.batch_file import BatchFile, BatchFileWriter
from registry.batches.row_problem import RowProblem
from registry.batches.store import BatchStore
from registry.batches.worker import Worker

__all__ = ["Batch", "BatchFile", "BatchFileWriter", "BatchStore", "RowProblem", "Worker"]
