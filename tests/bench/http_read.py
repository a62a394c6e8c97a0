"""Readers at a node that serves: verification, learners, precedents, the catalogue; server and load on one machine.

Two loads, and of both the floor is the same SQL by pgbench, in the same mix and under the same load:

- *So many clients* (`http-read`), each of which asks again as soon as it was answered: what the machine answers at
  most, and how long that takes.
- *Arrivals at random moments* (`http-read-random`), as from many who know nothing of each other, at half of the highest
  rate (above, a queue is measured, not an answer). The time counts from the moment when a request was due.

Requests and their SQL take turns, so that both meet the machine as it is just then; figures are medians of the rounds.
Sizes by the environment: REGISTRY_BENCH_CREDENTIALS, REGISTRY_BENCH_SECONDS.
"""

import math
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from psycopg import Connection

from projections.catalogue import search
from projections.catalogue.search import CatalogueQuery
from projections.core import views
from projections.credentials import credentials
from projections.precedents import precedents
from projections.precedents.query import PrecedentQuery
from projections.records import learners
from registry.postgres.embedded import start_embedded
from tests.bench import http_load, pgbench
from tests.bench.credential_data import award
from tests.bench.recognition_data import MEMBERS, decide, offer
from tests.bench.result import Result
from tests.support.served import Served

CREDENTIALS = int(os.environ.get("REGISTRY_BENCH_CREDENTIALS", "1000000"))
SECONDS = int(os.environ.get("REGISTRY_BENCH_SECONDS", "20"))
ACHIEVEMENTS = 2_000
DECISIONS = 100_000
SHARE_OF_PGBENCH = 0.2
TIMES_PGBENCH = 4.5
P99_MS = 20
CLIENTS = 8
"""Requests under way, as few as keep two cores busy; of those at random as many, the others wait."""
ROUNDS = 5
MIX = {"verify": 40, "learner": 25, "precedents": 15, "catalogue": 20}
_SAMPLE = 20_000
_WORDS = ("machine learning", "climate", "robotics energy", "water", "statistics", "klimaat", "genetics OR law")


class Request(NamedTuple):
    """A request, and what it asks of the views."""

    kind: str
    path: str
    ask: Callable[[Any], Any]


@contextmanager
def serving(
    count: int, achievements: int = ACHIEVEMENTS, members: int = MEMBERS
) -> Iterator[tuple[Served, Connection]]:
    """A node that serves views with a number of credentials; nothing is published or projected meanwhile."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="registry-bench-")))
        server = stack.enter_context(start_embedded(folder / "postgres"))
        settings = "[http]\nper_minute = 100_000_000\nper_minute_anybody = 100_000_000\n"
        node = stack.enter_context(closing(Served(folder / "node", server, settings, log_level="warning")))
        connection = stack.enter_context(views.connect(node.dsn))
        views.create(connection)
        offer(connection, achievements, members)
        decide(connection, DECISIONS, members)
        award(connection, count)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        yield node, connection


def requests(connection: Connection, count: int) -> list[Request]:
    """So many requests of the mix."""
    chance = random.Random(5)
    [there] = connection.execute("SELECT count(*) FROM credentials").fetchone() or (0,)
    held = connection.execute(
        "SELECT member, credential::text, learner::text FROM credentials TABLESAMPLE BERNOULLI (%s)",
        (min(100.0, 100 * _SAMPLE / there),),
    ).fetchall()
    offered = connection.execute("SELECT member, achievement::text FROM achievements ORDER BY achievement").fetchall()

    def verify() -> Request:
        member, credential, _ = chance.choice(held)

        path = f"/v1/credentials/{member}/{credential}"
        return Request("verify", path, lambda c: credentials.read_awarded(c, (member, credential)))

    def learner() -> Request:
        of = chance.choice(held)[2]
        return Request("learner", f"/v1/learners/{of}", lambda c: learners.read(c, of))

    def precedent() -> Request:
        member, achievement = offered[int(len(offered) * chance.random() ** 3)]
        query = PrecedentQuery(member=member, achievement=achievement)
        path = f"/v1/precedents?member={member}&achievement={achievement}&limit=20"
        return Request("precedents", path, lambda c: precedents.search(c, query, limit=20))

    def search_catalogue() -> Request:
        words, member = chance.choice(_WORDS), f"uni-{chance.randrange(MEMBERS)}"
        query = CatalogueQuery(text=words, member=member, eqf_level=6)
        path = f"/v1/catalogue?text={words.replace(' ', '+')}&member={member}&eqfLevel=6&limit=20"
        return Request("catalogue", path, lambda c: search.search(c, query, limit=20))

    makers = {"verify": verify, "learner": learner, "precedents": precedent, "catalogue": search_catalogue}
    return [makers[kind]() for kind in chance.choices(list(MIX), list(MIX.values()), k=count)]


def check(node: Served, asked: list[Request], key: str) -> None:
    """Every kind of request is answered with what it asks for, and not nothing."""
    with httpx.Client(base_url=node.url, headers={"X-API-Key": key}) as client:
        for kind in MIX:
            one = next(each for each in asked if each.kind == kind)
            answer = client.get(one.path)
            if answer.status_code != httpx.codes.OK or len(answer.content) < 100:
                sys.exit(f"{kind}: {answer.status_code} {answer.text[:300]}")
            print(f"{kind}: {len(answer.content):,} bytes, {answer.elapsed.total_seconds() * 1000:.1f} ms alone")


def http_read() -> list[Result]:
    """A mix of reads."""
    with serving(CREDENTIALS) as (node, connection):
        node.start(run=False, workers=2)
        asked = requests(connection, 5_000)
        key = node.key("learners:read", "recognition:read")
        check(node, asked, key)
        host, _, port = node.url.removeprefix("http://").partition(":")
        sent = [http_load.get(one.path, key) for one in asked]
        scripts = pgbench.recorded(node.dsn, [one.ask for one in asked[: pgbench.MOST_SCRIPTS]])
        for _ in range(2):  # what is warm in production
            http_load.load(host, int(port), sent, CLIENTS, 3)
            pgbench.run(node.dsn, scripts, CLIENTS, 3)

        def rounds(rate: float = 0) -> list[Round]:
            """Requests, and their SQL, in turn."""
            seconds = SECONDS / ROUNDS
            return [
                Round(
                    http_load.load(host, int(port), sent, CLIENTS, seconds, rate),
                    pgbench.run(node.dsn, scripts, CLIENTS, math.ceil(seconds), rate),
                )
                for _ in range(ROUNDS)
            ]

        most = rounds()
        rate = statistics.median(one.http.rate for one in most)
        at = round(rate / 2)
        at_random = rounds(at)
    bad = {status for one in (*most, *at_random) for status in one.http.statuses} - {httpx.codes.OK}
    if bad:
        sys.exit(f"answers that are none: {bad}")
    sql_rate = statistics.median(len(one.sql) / math.ceil(SECONDS / ROUNDS) for one in most)
    return [
        Result(
            "http-read",
            "requests/s",
            rate,
            f"≥ {SHARE_OF_PGBENCH} of pgbench",
            rate >= SHARE_OF_PGBENCH * sql_rate,
            sql_rate,
            rate / sql_rate,
        ),
        *_times("http-read", f"{CLIENTS} clients", most, p99_ms=math.inf),
        *_times("http-read-random", f"{at:,}/s", at_random, p99_ms=P99_MS),
    ]


class Round(NamedTuple):
    """What was measured at about the same time."""

    http: http_load.Loaded
    sql: list[float]


def _times(name: str, load: str, rounds: list[Round], *, p99_ms: float) -> list[Result]:
    """How long answers take beside the SQL alone, and how long the slowest hundredth takes, which `p99_ms` limits."""
    kinds = (statistics.median, _slow)
    median, slow = (statistics.median(kind(one.http.times) for one in rounds) for kind in kinds)
    sql, slow_sql = (statistics.median(kind(one.sql) for one in rounds) for kind in kinds)
    p99_target = "" if math.isinf(p99_ms) else f"< {p99_ms:g}"
    met, target = median <= TIMES_PGBENCH * sql, f"≤ {TIMES_PGBENCH} of pgbench"
    return [
        Result(f"{name}-p99", f"ms, {load}", slow, p99_target, slow < p99_ms, slow_sql, slow / slow_sql),
        Result(f"{name}-median", f"ms, {load}", median, target, met, sql, median / sql),
    ]


def _slow(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]
