"""Erasing one learner among many: the seconds of the whole act, with its keys replaced. ERASURE_LEARNERS sets how many.

Each learner has a key that opens, and one credential. The floor is what the same act takes among a thousand.
"""

import os
import random
import statistics
import tempfile
import time
from pathlib import Path

import psycopg

from registry.application.requests import Issued
from registry.batches import BatchStore
from registry.learners.erasure import erase
from registry.postgres.embedded import start_embedded
from registry.vault.vault import random_id
from tests.bench.result import Result
from tests.support.memory_log import MemoryLog
from tests.support.node import TestNode, request

LEARNERS = int(os.environ.get("ERASURE_LEARNERS", "1000000"))
FEW = 1_000
TRIES = 5
SECONDS = 1.0


def erasure_bench() -> list[Result]:
    """Erase some learners among all, one after another; the slowest counts."""
    with tempfile.TemporaryDirectory() as folder, start_embedded(Path(folder) / "postgres") as server:
        node = TestNode(server.dsn("erasure"), MemoryLog())
        try:
            achievement = node.offer()
            outcomes = node.issuer.issue([request(number, achievement) for number in range(FEW)])
            people = [outcome.learner for outcome in outcomes if isinstance(outcome, Issued)]
            batch_store = BatchStore(node.dsn, node.registry.vault, Path(folder) / "spool")
            chosen = random.Random(1).sample(people, 2 * TRIES)
            floor = [_erase(node, batch_store, learner) for learner in chosen[:TRIES]]
            _add_learners(node, LEARNERS - FEW)
            spent = [_erase(node, batch_store, learner) for learner in chosen[TRIES:]]
        finally:
            node.close()
    slowest, median_of_few = max(spent), statistics.median(floor)
    name = f"erasing one learner among {LEARNERS:,}, the slowest of {TRIES}"
    return [Result(name, "s", slowest, f"under {SECONDS:g}", slowest < SECONDS, median_of_few, slowest / median_of_few)]


def _erase(node: TestNode, batch_store: BatchStore, learner: str) -> float:
    began = time.perf_counter()
    erase(node.registry, batch_store, learner)
    return time.perf_counter() - began


def _add_learners(node: TestNode, number: int) -> None:
    """Add learners with keys that open, one credential each, by COPY."""
    vault = node.registry.vault
    with psycopg.connect(node.dsn) as connection:
        people = [(random_id(), random_id()) for _ in range(number)]
        with connection.cursor().copy("COPY vault.learners (learner, student, key, person) FROM STDIN") as rows:
            for learner, _ in people:
                known = vault.new_learner_with_id(learner)
                person = vault.seal(known, "person", {"familyName": "Jansen", "givenName": "Ada"})
                rows.write_row((learner, os.urandom(32), vault.wrap(known), person))
        with connection.cursor().copy(
            "COPY vault.records (record, content, credential, learner, sealed) FROM STDIN"
        ) as rows:
            for learner, credential in people:
                rows.write_row((os.urandom(32), os.urandom(32), credential, learner, os.urandom(400)))
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")
