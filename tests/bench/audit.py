"""Audits: from zero with the views, the log alone, and on from an earlier report; 4 million events in 8 members."""

import shutil
import tempfile
import time
from pathlib import Path

import msgspec

from consumers.audit.auditor import audit, audit_log
from consumers.projecting.rebuild import Source, fill
from projections.core import views
from registry.log import open_log
from registry.postgres.embedded import start_embedded
from registry.wire import commit
from registry.wire.merkle import Tree
from tests.bench.data import CONSORTIUM, credential, made, member_key
from tests.bench.result import Result, rate

MEMBERS, EACH = 8, 500_000
NEW = 1000


def _source() -> Source:
    url, founded = made(EACH, 1024, members=MEMBERS)
    return Source(url, CONSORTIUM, bytes.fromhex(founded))


def audit_bench() -> list[Result]:
    """Verify, rebuild, and compare with the served views; and the log alone."""
    source = _source()
    began = time.perf_counter()
    alone = audit_log(source)
    log_rate = alone.events / (time.perf_counter() - began)
    assert alone.ok
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        served, scratch = server.dsn("served"), server.dsn("scratch")
        with views.connect(served) as connection:
            views.create(connection)
        fill(served, views.SERVED, source)
        began = time.perf_counter()
        report = audit(source, scratch, served=served)
        whole_rate = report.events / (time.perf_counter() - began)
        assert report.ok
        assert {member.served for member in report.members} == {"equal"}
    return [
        rate("audit-log-alone", log_rate, at_least=600_000),
        rate("audit-from-zero", whole_rate, at_least=50_000),
    ]


def incremental_bench() -> list[Result]:
    """A thousand new events after 4 million that an earlier report verified."""
    source = _source()
    began = time.perf_counter()
    before = audit_log(source)
    whole = time.perf_counter() - began
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder:
        for file in Path(source.url.removeprefix("file:")).iterdir():
            if file.name == "uni-0.log":
                shutil.copyfile(file, Path(folder) / file.name)
            else:
                (Path(folder) / file.name).symlink_to(file)
        url = f"file:{folder}"
        state = next(state for state in before.streams if state.member == "uni-0")
        tree = Tree(state.size, [bytes.fromhex(text) for text in state.hashes])
        origin = f"{CONSORTIUM}/uni-0"
        log = open_log(url, CONSORTIUM)
        achievement = "00000000-0000-4000-8000-000000000000"
        records = []
        for _ in range(NEW // 10):
            lines = [credential(origin, [achievement]) for _ in range(10)]
            record, tree = commit.sign_commit(origin, tree, lines, [member_key(source.url, "uni-0")])
            records.append(record)
        with log.writer("uni-0"):
            log.append("uni-0", records)
        log.close()
        moved = Source(url, source.consortium, source.founded)
        began = time.perf_counter()
        report = audit_log(moved, since=msgspec.structs.replace(before, log=url))
        spent = time.perf_counter() - began
        assert report.ok
        assert report.since == MEMBERS * EACH + MEMBERS * 40
    # The records that the report covers are hashed: a small part of what verifying them costs.
    return [Result("audit-incremental", "of a whole audit", spent / whole, "< 0.4", spent / whole < 0.4)]
