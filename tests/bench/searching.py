"""Searches over many decisions: how long they take at the median and at the 99th percentile.

The floor is the same SQL sent again with the same parameters, without our code around it.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from psycopg import Connection

from projections.precedents import precedents
from projections.precedents.query import PrecedentQuery
from tests.bench.recognition_data import MEMBERS, decided_views
from tests.bench.result import Result

ACHIEVEMENTS = 10_000
DECISIONS = 1_000_000
TRIES = 400
TARGET = 50.0


def precedents_bench() -> list[Result]:
    """A million decisions, one achievement with a tenth of them: each kind of search by itself, and all mixed."""
    with decided_views(ACHIEVEMENTS, DECISIONS) as (connection, _):
        known = connection.execute("SELECT member, achievement::text FROM achievements ORDER BY achievement").fetchall()
        chance = random.Random(3)

        def any_office() -> str:
            return f"uni-{chance.randrange(MEMBERS)}"

        def one(place: int, **more: Any) -> PrecedentQuery:
            return PrecedentQuery(member=known[place][0], achievement=known[place][1], **more)

        words = ["machine learning", "klimaat", "segurança", '"water climate"', "robotics -law", "data OR energy"]
        kinds: dict[str, Callable[[], PrecedentQuery]] = {
            "any": lambda: one(int(len(known) * chance.random() ** 3)),
            "most-decided": lambda: one(0, purpose=chance.choice(["admission", "creditTransfer", None])),
            "refused": lambda: one(0, outcome="refused", office=any_office()),
            "period": lambda: one(0, begin=date(2023, 2, chance.randint(1, 28)), end=date(2024, 6, 15)),
            "field-level": lambda: PrecedentQuery(member=any_office(), field="06", eqf_level=chance.choice([6, 7])),
            "text": lambda: PrecedentQuery(text=chance.choice(words)),
            "towards": lambda: PrecedentQuery(towards=f"programme {chance.randrange(400)}"),
            "office": lambda: PrecedentQuery(office=any_office(), effect="advisory"),
            "country": lambda: PrecedentQuery(country="SE", purpose="stacking"),
            "issuer": lambda: PrecedentQuery(member=any_office()),
        }
        results, mixed, floors = [], [], []
        for name, query in kinds.items():
            spent, floor = _timed(connection, [query() for _ in range(max(40, TRIES // len(kinds)))])
            mixed += spent
            floors += floor
            results.append(_result(f"precedents-{name}", spent, floor))
        return [_result("precedents", mixed, floors), *results]


def _result(name: str, spent: Sequence[float], floor: Sequence[float]) -> Result:
    slow, direct = percentile(spent), percentile(floor)
    print(f"{name}: median {statistics.median(spent):.1f} ms, 99th percentile {slow:.1f} ms")
    return Result(f"{name}-p99", "ms", slow, f"< {TARGET:.0f}", slow < TARGET, direct, slow / direct)


def percentile(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[98]


def _timed(connection: Connection, queries: list[PrecedentQuery]) -> tuple[list[float], list[float]]:
    """Milliseconds of each search, and of its SQL alone."""
    spent, floor = [], []
    for query in queries[:8]:
        precedents.search(connection, query)
    for query in queries:
        began = time.perf_counter()
        precedents.search(connection, query)
        spent.append(1000 * (time.perf_counter() - began))
        statements = _recorded(connection, query)
        began = time.perf_counter()
        for statement, parameters in statements:
            connection.execute(statement, parameters, prepare=False).fetchall()
        floor.append(1000 * (time.perf_counter() - began))
    return spent, floor


class Recorder:
    """A connection that keeps what it is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.asked: list[tuple[Any, Any]] = []

    def execute(self, statement: Any, parameters: Any = None, *, prepare: bool | None = None) -> Any:
        self.asked.append((statement, parameters))
        return self._connection.execute(statement, parameters, prepare=prepare)


def _recorded(connection: Connection, query: PrecedentQuery) -> list[tuple[Any, Any]]:
    recorder = Recorder(connection)
    precedents.search(recorder, query)
    return recorder.asked
