"""Rebuild of all views, beside bare COPY of the same rows into the same indexed tables."""

import multiprocessing
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from psycopg import Connection

from consumers.projecting.rebuild import Source, fill
from projections.core import views
from projections.core.tables import VIEWS
from registry.postgres.embedded import start_embedded
from tests.bench.data import CONSORTIUM, made
from tests.bench.result import Result, rate

EVENTS = 1_000_000


def rebuilt(url: str, founded: str, *, floor: bool = True) -> dict[str, float]:
    """Rebuild a log's views; gives rates, bytes and peak memory, and with `floor` the rate of bare COPY."""
    source = Source(url, CONSORTIUM, bytes.fromhex(founded))
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        dsn = server.dsn("bench")
        with views.connect(dsn, "bench") as connection:
            views.create(connection, "bench")
            began = time.perf_counter()
            events = fill(dsn, "bench", source).events
            spent = time.perf_counter() - began
            peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
            views.use(connection, "bench")
            size = connection.execute(
                "SELECT sum(pg_total_relation_size(oid))::float FROM pg_class"
                " WHERE relnamespace = 'bench'::regnamespace AND relkind = 'r'"
            ).fetchone()[0]
            return {
                "rate": events / spent,
                "peak": peak / 1024,
                "bytes": size / events,
                "copy": events / _bare_copy(connection) if floor else 0.0,
            }


def _bare_copy(connection: Connection) -> float:
    """Seconds for COPY of the same rows into the same tables with their keys and indexes."""
    spent = 0.0
    names = [table.name for table in VIEWS] + ["waypoints", "refusals"]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with (
                connection.cursor().copy(f"COPY {name} TO STDOUT") as rows,
                (Path(folder) / name).open("wb") as file,
            ):
                for block in rows:
                    file.write(block)
        connection.execute(f"TRUNCATE {', '.join(names)}")
        for name in names:
            with (Path(folder) / name).open("rb") as file:
                began = time.perf_counter()
                with connection.cursor().copy(f"COPY {name} FROM STDIN") as rows:
                    while block := file.read(1 << 20):
                        rows.write(block)
                spent += time.perf_counter() - began
    return spent


def rebuild() -> list[Result]:
    """A million events of two members, two cores; and what the views take."""
    found = in_daemonless_process(rebuilt, *made(EVENTS // 2, 256, members=2))
    return [
        rate("rebuild", found["rate"], at_least=60_000, floor=found["copy"], of_floor=0.6),
        Result("view-bytes", "bytes/credential", found["bytes"], "≤ 700", found["bytes"] <= 700),
    ]


def rebuild_memory() -> list[Result]:
    """Peak memory of a rebuild at 1 and at 4 million events."""
    peak = partial(rebuilt, floor=False)
    small, large = (in_daemonless_process(peak, *made(n // 2, 256, members=2))["peak"] for n in (EVENTS, 4 * EVENTS))
    met = max(small, large) <= 300 and abs(large - small) <= 0.1 * small
    return [Result("rebuild-memory", "MB", large, "≤ 300, within a tenth of 1 million's", met, small, large / small)]


def in_daemonless_process(function: object, *arguments: object) -> dict[str, float]:
    """As `in_process`, for what starts processes of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()
