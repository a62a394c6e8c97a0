"""What a query costs when there is ten times as much: the same questions over a million credentials and over ten.

Each kind by itself, with our code around it, on one connection. Sizes by the environment: REGISTRY_BENCH_CREDENTIALS
(the smaller one), REGISTRY_BENCH_GROWTH (how many times as much).
"""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import Connection

from projections.core import views
from projections.records import universities
from registry.postgres.embedded import start_embedded
from tests.bench.credential_data import award
from tests.bench.http_read import ACHIEVEMENTS, CREDENTIALS, DECISIONS, requests
from tests.bench.recognition_data import MEMBERS, decide, offer
from tests.bench.result import Result

TIMES = int(os.environ.get("REGISTRY_BENCH_GROWTH", "10"))
MOST = 1.5
_TRIES = 300


def _asks(connection: Connection) -> dict[str, list[Callable[[Any], Any]]]:
    chance = random.Random(11)
    found: dict[str, list[Callable[[Any], Any]]] = {}
    for one in requests(connection, 4 * _TRIES):
        found.setdefault(one.kind, []).append(one.ask)

    def page(connection: Any) -> None:
        universities.awards(
            connection, f"uni-{chance.randrange(MEMBERS)}", date(2023, 1, 1), date(2024, 12, 31),
            achievement=None, status=None, after=None, limit=50,
        )  # fmt: skip

    def year(connection: Any) -> None:
        member = f"uni-{chance.randrange(MEMBERS)}"
        universities.read_year(connection, member, 2023)

    return {**found, "credentials-page": [page] * 100, "university-year": [year] * 20}


def _costs(credentials: int) -> dict[str, float]:
    """Milliseconds at the median, by kind."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-"))
        server = stack.enter_context(start_embedded(Path(folder)))
        connection = stack.enter_context(views.connect(server.dsn("bench")))
        views.create(connection)
        offer(connection, ACHIEVEMENTS)
        decide(connection, DECISIONS)
        award(connection, credentials)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        views.only_read(connection)
        return {kind: _median(connection, asks) for kind, asks in _asks(connection).items()}


def _median(connection: Connection, asks: list[Callable[[Any], Any]]) -> float:
    for ask in asks:  # once for what is cold
        ask(connection)
    took = []
    for ask in asks[:_TRIES]:
        began = time.perf_counter()
        ask(connection)
        took.append(1000 * (time.perf_counter() - began))
    return statistics.median(took)


def query_growth() -> list[Result]:
    """The cost at ten times as much, against that at one."""
    small, large = _costs(CREDENTIALS), _costs(TIMES * CREDENTIALS)
    results = []
    for kind, cost in large.items():
        ratio = cost / small[kind]
        results.append(
            Result(
                f"growth-{kind}", "ms, median", cost, f"≤ {MOST} of {CREDENTIALS:,}", ratio <= MOST, small[kind], ratio
            )
        )
    return results
