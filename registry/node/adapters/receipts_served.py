"""Receipts that a serving node makes for everybody."""

import threading
from typing import Final

from registry.http import HttpProblem
from registry.node.node import Node, open_node
from registry.node.proofs import create_proof

_WAIT_SECONDS: Final = 5.0


class ServedReceipts:
    """Makes receipts, one at a time in a process: that may have to read a stream's log."""

    def __init__(self, node: Node) -> None:
        self._home = node.settings.home
        self._one_at_a_time = threading.Lock()

    def create(self, stream: str, leaf: int) -> bytes:
        """Return the receipt of a leaf. Raises `NoReceipt`, `PolicyUnmet` and the log's errors."""
        if not self._one_at_a_time.acquire(timeout=_WAIT_SECONDS):
            detail = "other receipts are being made; try again"
            raise HttpProblem("unavailable", detail, headers={"Retry-After": "5"})
        try:
            with open_node(self._home) as node:
                proof = create_proof(node, stream, node.tiles(stream, node.governance()), leaf)
        finally:
            self._one_at_a_time.release()
        return str(proof).encode()
