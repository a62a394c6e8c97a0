"""Receipts, answers as of earlier, seals and folding again, on a log of 4.1 million events and its views."""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from psycopg import Connection

from consumers.governance.governance import GovernanceFold
from consumers.history import moment
from consumers.projecting.projector import Projector
from consumers.projecting.rebuild import Source, fill
from consumers.proofs import receipts
from consumers.proofs.tiles import Tiles, follow
from consumers.streams.replay import replay
from projections.core import positions, views
from projections.credentials import credentials as credential_view
from projections.fold import seals
from projections.records.as_of import Past
from registry.ceremony.ceremony import GovernanceOnLog, propose, ready, sign
from registry.log import SharedLog, open_log
from registry.postgres.embedded import start_embedded
from registry.wire.governance import MemberKeyRetired, head
from registry.wire.proof import TlogProof
from tests.bench.data import CONSORTIUM, FOLDER, made_of, root_key
from tests.bench.result import Result

LARGE, SMALL = 4_000_000, 400_000
REFOLDED = 100_000
TRIES = 200
EXCEPTIONS = 20_000


def _governance(log: SharedLog, founded: str) -> GovernanceFold:
    fold = GovernanceFold(CONSORTIUM, bytes.fromhex(founded))
    for record in log.records("governance"):
        fold.take(record.data)
    return fold


def _timed(tries: int, function: Callable[[int], object]) -> list[float]:
    """Milliseconds of each try."""
    spent = []
    for number in range(tries):
        began = time.perf_counter()
        function(number)
        spent.append((time.perf_counter() - began) * 1000)
    return spent


def _receipts(events: int) -> tuple[float, float]:
    """Median milliseconds to make and to verify a receipt."""
    url, founded = made_of([events, REFOLDED], 256)
    log = open_log(url, CONSORTIUM, read_only=True)
    fold = _governance(log, founded)
    tiles = Tiles(FOLDER / f"tiles-{events}-{founded[:8]}")
    follow(tiles, log, "uni-0", fold)
    chance = random.Random(1)
    leaves = [chance.randrange(tiles.size) for _ in range(TRIES)]
    files: list[str] = []
    making = _timed(TRIES, lambda n: files.append(str(receipts.make(log, "uni-0", tiles, leaves[n]))))
    checking = _timed(TRIES, lambda n: receipts.verify(TlogProof.parse(files[n]), fold))
    return statistics.median(making), statistics.median(checking)


def receipts_bench() -> list[Result]:
    """A receipt made and verified, at 4 million events and at a tenth of them."""
    small, large = _receipts(SMALL), _receipts(LARGE)
    results = []
    for name, least, most, limit in zip(("receipt-made", "receipt-verified"), small, large, (10, 3), strict=True):
        met = most < limit and most <= 1.5 * least
        target = f"< {limit}, at most 1.5 of {SMALL:,} events"
        results.append(Result(name, "ms", most, target, met, least, most / least))
    return results


def views_bench() -> list[Result]:
    """Answers as of earlier, a seal, and folding one member again while somebody reads."""
    url, founded = made_of([LARGE, REFOLDED], 256)
    source = Source(url, CONSORTIUM, bytes.fromhex(founded))
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        dsn = server.dsn("bench")
        with views.connect(dsn) as connection:
            views.create(connection)
        fill(dsn, views.SERVED, source)
        log = open_log(url, CONSORTIUM, read_only=True)
        with views.connect(dsn) as connection:
            connection.execute("ANALYZE")
            return [
                *_as_of(connection, log, source, founded),
                _seal(connection),
                *_refolded(dsn, url, founded),
            ]


def _as_of(connection: Connection, log: SharedLog, source: Source, founded: str) -> list[Result]:
    rows = connection.execute(
        "SELECT credential::text, learner::text FROM credentials WHERE member = 'uni-0' AND leaf % 19997 = 0"
    ).fetchall()
    current = {name: position.tree.size for name, position in positions.all_positions(connection).items()}
    fold = _governance(log, founded)
    trusted = (log, CONSORTIUM, source.founded, current)

    def past(size: int) -> Past:
        then = moment.at_sizes(*trusted, {"uni-0": size})
        return Past(
            connection, then, fold.state, lambda m, *rest: replay(log, CONSORTIUM, fold.state.members[m], *rest)
        )

    chance = random.Random(2)
    status = _timed(TRIES, lambda n: past(chance.randrange(LARGE)).credentials([("uni-0", rows[n % len(rows)][0])]))
    record = _timed(TRIES, lambda n: past(chance.randrange(LARGE)).learner(rows[n % len(rows)][1]))
    return [
        Result(name, "ms", value, "< 50", value < 50)
        for name, value in (
            ("as-of-credential", statistics.median(status)),
            ("as-of-learner", statistics.median(record)),
        )
    ]


def _seal(connection: Connection) -> Result:
    """The root over 20,000 exceptions among 4 million credentials."""
    connection.execute(
        "INSERT INTO status_changes SELECT member, credential, leaf + %s, 'revoked', true, true FROM credentials"
        " WHERE member = 'uni-0' LIMIT %s",
        (LARGE, EXCEPTIONS),
    )
    spent = _timed(5, lambda _: seals.sealed_root(connection, "uni-0", 3 * LARGE))
    connection.execute("TRUNCATE status_changes")
    value = statistics.median(spent) / 1000
    return Result("seal", "s", value, "< 2", value < 2)


def _refolded(dsn: str, url: str, founded: str) -> list[Result]:
    """Seconds to fold a member again after its key's retirement, and how long a reader waited at most meanwhile."""
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as copied:
        for name in ("governance.log", "uni-0.log", "uni-1.log"):
            (Path(copied) / name).symlink_to(Path(url.removeprefix("file:")) / name)
        (Path(copied) / "governance.log").unlink()
        (Path(copied) / "governance.log").write_bytes((Path(url.removeprefix("file:")) / "governance.log").read_bytes())
        log = open_log(f"file:{copied}", CONSORTIUM)
        fold = _governance(log, founded)
        window = fold.state.members["uni-1"].keys[0]
        with views.connect(dsn) as connection:
            at = connection.execute(
                "SELECT size, hashes FROM waypoints WHERE member = 'uni-1' ORDER BY size"
            ).fetchall()
            credential = connection.execute("SELECT credential::text FROM credentials LIMIT 1").fetchone()[0]
        size, hashes = at[len(at) // 2]
        anchor = head(size, positions.unpack(size, hashes).root)
        known = GovernanceOnLog(fold.state, fold.tree)
        act = MemberKeyRetired("uni-1", str(window.key), anchor, "compromised")
        proposal = sign(propose(known, [act], datetime.now(UTC)), [root_key(url)], known)
        with log.writer("governance"):
            log.append("governance", [ready(proposal, known)])
        stop, waits = threading.Event(), []

        def read() -> None:
            with views.connect(dsn) as reader:
                while not stop.is_set():
                    waits.extend(_timed(1, lambda _: credential_view.read(reader, [("uni-0", credential)])))
                    time.sleep(0.005)

        reading = threading.Thread(target=read)
        reading.start()
        time.sleep(0.5)
        alone = statistics.median(waits)
        waits.clear()
        began = time.perf_counter()
        with views.connect(dsn) as connection:
            Projector(connection, log, CONSORTIUM, bytes.fromhex(founded)).step()
        spent = time.perf_counter() - began
        stop.set()
        reading.join()
    median = statistics.median(waits)
    return [
        Result("fold-again", "s", spent, "< 5", spent < 5),
        Result(
            "fold-again-reader", "ms", median, "read while folding; floor: alone", median < 50, alone, median / alone
        ),
    ]
