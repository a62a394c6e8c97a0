"""Batches: files of rows that systems send in, kept encrypted until they are worked through, and what became of them.

A batch is a row in `intake.batches`, its content a file in the node's folder, encrypted with a key of its own that
the vault's master key wraps. Where it has come to stands in the same transaction as what it issued, so that a batch
goes on from there, wherever a process dies.
"""

from registry.batches.batch import Batch
from registry.batches.batch_file import BatchFile, BatchFileWriter
from registry.batches.book import Book
from registry.batches.row_problem import RowProblem
from registry.batches.worker import Worker

__all__ = ["Batch", "BatchFile", "BatchFileWriter", "Book", "RowProblem", "Worker"]
