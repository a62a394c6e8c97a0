"""What a serving node needs the log for when it is asked: earlier moments, and receipts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec

from consumers.proofs import receipts
from projections.api.history import History
from projections.api.receipts import Proven
from registry.http import HttpProblem
from registry.node.adapters import moments
from registry.node.node import Node
from registry.node.standings import Standings
from registry.wire.proof import TlogProof

_PATIENCE: Final = 5.0


def history(node: Node, standings: Standings) -> History:
    """Who looks back. One at a time in a process: where governance has changed its mind a stream is replayed."""
    one_at_a_time = threading.Lock()

    @contextmanager
    def turn() -> Iterator[None]:
        if not one_at_a_time.acquire(timeout=_PATIENCE):
            raise HttpProblem("unavailable", "others look back just now", headers={"Retry-After": "5"})
        try:
            yield
        finally:
            one_at_a_time.release()

    return History(
        lambda connection, sizes: moments.at_sizes(node, connection, sizes),
        lambda connection, time: moments.at_time(node, connection, time),
        lambda connection, then: moments.past(node, then, connection, standings.fold()),
        turn,
    )


def proven(node: Node, standings: Standings, text: str) -> Proven:
    """What a receipt proves. Raises `InvalidProof`, `InvalidEvent`, `PolicyUnmet`."""
    proof = TlogProof.parse(text)
    found = receipts.verify(proof, standings.fold())
    policy = msgspec.structs.replace(node.policy(), max_age=None)
    cosigned = policy.check(proof.note, datetime.now(UTC))
    return msgspec.convert(msgspec.to_builtins(found) | {"cosigned": msgspec.to_builtins(cosigned)}, Proven)
