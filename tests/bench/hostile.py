"""Reads over what a hostile member published: how long each takes, and how long lookups beside it wait.

Everything runs in one process, as one worker of a node does. Each read is made by four clients at once, again and
again, while lookups of one plain credential go on; what counts is the slowest of each.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

from psycopg import Connection

from projections.api.reading import Cost, Views
from projections.core import views
from projections.credentials import credentials
from projections.feed import worklist
from projections.records import learners, universities
from projections.stacking import progress
from registry.http import HttpProblem
from registry.postgres.embedded import start_embedded
from registry.wire.achievements import Choice
from registry.wire.forms import Ref
from tests.bench.result import Result
from tests.support.hostile import Hostile, ids_of
from tests.support.stacks import Members
from tests.support.streams import new_id

READ_MS = 1_000.0
WAIT_MS = 200.0
CLIENTS = 4
ROUNDS = 3
Read = tuple[Callable[[Any], Any], Cost]


def hostile_bench() -> list[Result]:
    """The slowest of each kind of read, and of the lookups beside it."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-"))
        server = stack.enter_context(start_embedded(Path(folder)))
        connection = stack.enter_context(views.connect(server.dsn("bench")))
        views.create(connection)
        plain, reads = _published(connection)
        connection.execute("ANALYZE")
        return asyncio.run(_measured(server.dsn("bench"), plain, reads))


def _published(connection: Connection) -> tuple[str, dict[str, Read]]:
    members = Members(connection)
    module = members.offer(members.twente)
    plain = members.award(members.twente, module)
    other = members.offer(members.aveiro)
    choice = Choice([Ref("aveiro", other)], min_ects=5)
    groups = [[Ref("aveiro", new_id()), Ref("aveiro", other)] for _ in range(7)]
    whole = members.compose(members.twente, choices=[choice], min_ects=5_000, excludes=groups)
    members.see()
    hostile = Hostile(connection, other)
    dense, chained, many = new_id(), new_id(), new_id()
    layers = hostile.layers(8, 300, dense)
    chain = hostile.chain(10_000, chained)
    hostile.award(ids_of(3_000), many, has_parts=False)
    hostile.agree(10_000, "twente", module)
    hostile.decide(10_000, "twente", plain)
    top = ("aveiro", layers[-1][0])
    year = date(2026, 1, 1), date(2026, 12, 31)
    return plain, {
        "credential, 8 layers of 300": (lambda c: credentials.read(c, [top]), "lookup"),
        "credential, chain of 10,000": (lambda c: credentials.read(c, [("aveiro", chain[-1])]), "lookup"),
        "learner, 8 layers of 300": (lambda c: learners.read(c, dense, limit=500), "lookup"),
        "learner, chain of 10,000": (lambda c: learners.read(c, chained, limit=500), "lookup"),
        "progress, 3,000 and 7 exclusions": (
            lambda c: progress.read(c, many, ("twente", whole), on=date(2026, 8, 31)),
            "search",
        ),
        "university, page of 500": (lambda c: universities.awards(c, "aveiro", *year, limit=500), "search"),
        "worklist": (lambda c: worklist.read(c, "aveiro"), "scan"),
    }


async def _measured(dsn: str, plain: str, reads: dict[str, Read]) -> list[Result]:
    served = Views(dsn, lambda *_: ("active", "active"))
    served.open()
    try:
        results = []
        for name, (read, cost) in reads.items():
            took, waited, refused = await _beside(served, plain, read, cost)
            print(f"{name}: alone and by {CLIENTS} at once {took:,.0f} ms at most, {refused} refused")
            results.append(_result(f"hostile: {name}", took, READ_MS))
            results.append(_result(f"a lookup beside hostile {name}", waited, WAIT_MS))
        return results
    finally:
        served.close()


async def _beside(served: Views, plain: str, read: Callable[[Any], Any], cost: Cost) -> tuple[float, float, int]:
    took: list[float] = []
    waited: list[float] = []
    refused = 0

    async def ask() -> None:
        nonlocal refused
        for _ in range(ROUNDS):
            began = time.perf_counter()
            try:
                await served.answer("", read, cost)
            except HttpProblem:
                refused += 1
            took.append(1000 * (time.perf_counter() - began))

    async def look_up() -> None:
        while True:
            began = time.perf_counter()
            await served.answer("", lambda c: credentials.read(c, [("twente", plain)]))
            waited.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.005)

    looking = asyncio.ensure_future(look_up())
    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    looking.cancel()
    return max(took), max(waited), refused


def _result(name: str, measured: float, target: float) -> Result:
    return Result(name, "ms", measured, f"< {target:,.0f}", measured < target)
