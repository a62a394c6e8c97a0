"""Archives: bytes a credential event, writing, and restoring a log and its views from one."""

import shutil
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from consumers.archive.archiver import archive
from consumers.archive.restorer import restore
from consumers.projecting.rebuild import Source, fill
from projections.core import views
from registry.log import open_log
from registry.postgres.embedded import start_embedded
from tests.bench.data import CONSORTIUM, FOLDER, made
from tests.bench.result import Result, in_process, peak_megabytes, rate

EVENTS = 1_000_000
BYTES = 160
PER_SECOND = 50_000


def archived(url: str, founded: str, folder: str) -> tuple[float, float, float]:
    """Archive a log from its beginning; return bytes an event, events a second and peak RSS in MB."""
    shutil.rmtree(folder, ignore_errors=True)
    log = open_log(url, CONSORTIUM, read_only=True)
    began = time.perf_counter()
    done = archive(log, CONSORTIUM, bytes.fromhex(founded), Path(folder))
    spent = time.perf_counter() - began
    events = sum(stream.size for stream in done)
    peak = peak_megabytes()
    return sum(stream.bytes for stream in done) / events, events / spent, peak


def restored(url: str, founded: str) -> tuple[float, float]:
    """Restore from an archive; gives events a second of the log alone, and with the views."""
    source = open_log(url, CONSORTIUM, read_only=True)
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder) / "pg") as server:
        to = f"file:{folder}/log"
        dsn = server.dsn("bench")
        with views.connect(dsn, "bench") as connection:
            views.create(connection, "bench")
        began = time.perf_counter()
        done = restore(source, open_log(to, CONSORTIUM), CONSORTIUM, bytes.fromhex(founded))
        copied = time.perf_counter() - began
        fill(dsn, "bench", Source(to, CONSORTIUM, bytes.fromhex(founded)))
        whole = time.perf_counter() - began
    events = sum(stream.events for stream in done)
    return events / copied, events / whole


def archive_bytes() -> list[Result]:
    """Bytes an event; writing; memory at this size and at a quarter of it."""
    folder = FOLDER / "archive"
    small = in_process(archived, *made(EVENTS // 4, 256), str(folder))[2]
    size, speed, peak = in_process(archived, *made(EVENTS, 256), str(folder))
    return [
        Result("archive-bytes", "bytes/event", size, f"≤ {BYTES}", size <= BYTES),
        rate("archive-write", speed, at_least=PER_SECOND),
        Result("archive-memory", "MB", peak, "within a tenth of a quarter's", peak <= 1.1 * small, small, peak / small),
    ]


def archive_restore() -> list[Result]:
    """A log and its views, from an archive of two members."""
    url, founded = made(EVENTS // 2, 256, members=2)
    folder = FOLDER / "archive-two"
    in_process(archived, url, founded, str(folder))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:  # its process may have children of its own
        log, whole = pool.submit(restored, f"archive:{folder}", founded).result()
    return [
        rate("restore-log", log, at_least=PER_SECOND),
        rate("restore", whole, at_least=PER_SECOND),
    ]
