"""`make bench`, or `make bench ONLY=name`: measured, floor, ratio and target, printed and in build/bench.json."""

import logging
import sys
from pathlib import Path

import structlog

from tests.bench import (
    archive,
    audit,
    case_page,
    erasure,
    export,
    growth,
    hostile,
    http_bulk,
    http_read,
    import_page,
    intake,
    pages,
    rebuild,
    replay,
    running,
    searching,
    stacking,
    statistics_page,
    status,
    trust,
    verify_folder,
    webhook,
    wire_bytes,
    witness,
)
from tests.bench.result import print_all

BENCHES = {
    "replay-256": replay.replay_256,
    "replay-1024": replay.replay_1024,
    "replay-two": replay.replay_two,
    "rebuild": rebuild.rebuild,
    "rows-in": intake.rows_in,
    "kafka": running.kafka,
    "latency": running.latency,
    "log-bytes": wire_bytes.log_bytes,
    "archive": archive.archive_bytes,
    "archive-restore": archive.archive_restore,
    "replay-memory": replay.replay_memory,
    "rebuild-memory": rebuild.rebuild_memory,
    "case-page": case_page.case_page_bench,
    "audit": audit.audit_bench,
    "audit-incremental": audit.incremental_bench,
    "witness": witness.witness_bench,
    "receipts": trust.receipts_bench,
    "webhook": webhook.webhook_bench,
    "precedents": searching.precedents_bench,
    "stacking": stacking.stacking_bench,
    "erasure": erasure.erasure_bench,
    "hostile": hostile.hostile_bench,
    "http-read": http_read.http_read,
    "catalogue-page": pages.catalogue_page,
    "verify-page": pages.verify_page,
    "statistics-page": statistics_page.statistics_page,
    "http-bulk": http_bulk.http_bulk,
    "import-page": import_page.import_page,
    "export": export.export_bench,
    "query-growth": growth.query_growth,
    "verify-folder": verify_folder.verify_folder_bench,
    "sd-jwt-vc": status.sd_jwt_vc,
    "status-lists": status.status_lists,
    "as-of-seal-fold": trust.views_bench,
}


def main(names: list[str]) -> int:
    """Run some benchmarks, or all; exit 1 if a target is missed."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    unknown = set(names) - set(BENCHES)
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}", file=sys.stderr)
        return 2
    results = []
    for name in names or BENCHES:
        print(f"{name} …", file=sys.stderr, flush=True)
        results += BENCHES[name]()
        print_all(results, Path("build") / "bench.json")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
