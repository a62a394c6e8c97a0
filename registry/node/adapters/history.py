"""Answers of a serving node that need the log: earlier moments, and receipts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec

from consumers.proofs import receipts
from projections.api.history import History
from projections.api.receipts import ReceiptCheck
from registry.http import HttpProblem
from registry.node.adapters import moments
from registry.node.governance_follower import GovernanceFollower
from registry.node.node import Node
from registry.wire.proof import TlogProof

_WAIT_SECONDS: Final = 5.0


def history(node: Node, standings: GovernanceFollower) -> History:
    """Return the reader of earlier moments.

    One request at a time per process: where governance voided events since, a stream is replayed.
    """
    one_at_a_time = threading.Lock()

    @contextmanager
    def exclusive() -> Iterator[None]:
        if not one_at_a_time.acquire(timeout=_WAIT_SECONDS):
            raise HttpProblem(
                "unavailable",
                "other requests about earlier moments are being answered; try again",
                headers={"Retry-After": "5"},
            )
        try:
            yield
        finally:
            one_at_a_time.release()

    return History(
        lambda connection, sizes: moments.at_sizes(node, connection, sizes),
        lambda connection, time: moments.at_time(node, connection, time),
        lambda connection, then: moments.past(node, then, connection, standings.fold()),
        exclusive,
    )


def verify_receipt(node: Node, standings: GovernanceFollower, text: str) -> ReceiptCheck:
    """Return what a receipt proves. Raises `InvalidProof`, `InvalidEvent`, `PolicyUnmet`."""
    proof = TlogProof.parse(text)
    proven = receipts.verify(proof, standings.fold())
    policy = msgspec.structs.replace(node.policy(), max_age=None)
    cosigned = policy.check(proof.note, datetime.now(UTC))
    return msgspec.convert(msgspec.to_builtins(proven) | {"cosigned": msgspec.to_builtins(cosigned)}, ReceiptCheck)
