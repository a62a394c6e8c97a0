"""Bytes on the log, as Kafka stores them: commits of 256, zstd."""

import zstandard

from registry.log import open_log
from tests.bench.data import CONSORTIUM, made
from tests.bench.result import Result


def log_bytes() -> list[Result]:
    """Compressed bytes a credential event, each commit by itself."""
    url, _ = made(1_000_000, 256)
    log = open_log(url, CONSORTIUM, read_only=True)
    records = log.read("uni-0", log.read("uni-0", 0, 1)[0].next, 8 << 20)
    packed = sum(len(zstandard.compress(record.data)) for record in records)
    measured = packed / (256 * len(records))
    return [Result("log-bytes", "bytes/event", measured, "≤ 200", measured <= 200)]
