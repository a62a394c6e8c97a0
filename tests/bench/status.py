"""Credentials for wallets and their status lists: issuing, verifying, a million entries, one change, bytes a list."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from projections.core import views
from registry.export.document import Copy, StatusPlaces
from registry.export.sd_jwt_vc import export_sd_jwt_vc
from registry.node.adapters.credential_statuses import CredentialStatuses
from registry.postgres.embedded import start_embedded
from registry.status.lists import StatusLists
from registry.status.places import DECOYS, LIST_SIZE, StatusListPlaces
from registry.store.recorder import open_store
from registry.verification.issuer_keys import IssuerKeys
from registry.verification.ports import ResolvedKey
from registry.verification.sd_jwt_vc import open_sd_jwt_vc
from tests.bench.result import Result, rate
from tests.support.document_keys import DocumentKey
from tests.support.portable import credential

CREDENTIALS = 1_000_000
REVOKED = 0.02
"""The share of entries that are revoked, which is high: each revoked entry makes a list larger."""
URL = "https://registry.twente.example"
LIST = f"{URL}/credentials/status/1"


def sd_jwt_vc() -> list[Result]:
    """Return how many credentials one core issues a second, and how long one takes to verify."""
    key = DocumentKey("open")
    places = StatusPlaces(f"{LIST}/revocation", f"{LIST}/token", 7)
    copy = Copy(identifier=uuid4().urn, issued=date(2026, 6, 8), status=places, holder=DocumentKey("eudi").jwk)
    facts, at = credential(), datetime(2026, 6, 9, tzinfo=UTC)
    keys = IssuerKeys(at=at, find_did_key=lambda _: ResolvedKey(key.jwk, "did:web"))
    content = export_sd_jwt_vc(facts, copy, key).content
    issue = _seconds(lambda: export_sd_jwt_vc(facts, copy, key))
    verify = 1000 * _seconds(lambda: open_sd_jwt_vc(content, keys, at=at))
    return [
        rate("sd-jwt-vc-issue", 1 / issue, at_least=1000),
        Result("sd-jwt-vc-verify", "ms", verify, "≤ 3", verify <= 3),
    ]


def status_lists() -> list[Result]:
    """Return the seconds for both lists of a million credentials and for one change, and the largest list."""
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder) / "pg") as server:
        dsn = server.dsn("bench")
        with psycopg.connect(dsn, autocommit=True) as connection, views.connect(dsn) as view:
            open_store(connection, dsn).close()
            views.create(view)
            _fill(connection)
            key = DocumentKey("open")
            lists = StatusLists(dsn, URL, CredentialStatuses("twente"), lambda _: key)
            began = time.perf_counter()
            lists.update()
            built = time.perf_counter() - began
            connection.execute("UPDATE views.positions SET size = size + 1")
            connection.execute(
                "WITH one AS (UPDATE views.credentials SET status = 'suspended' WHERE credential ="
                " (SELECT credential FROM status.places WHERE status = 0 AND credential IS NOT NULL LIMIT 1)"
                " RETURNING credential) INSERT INTO views.status_changes"
                " SELECT 'twente', credential, 1, 'suspended', true, true FROM one"
            )
            began = time.perf_counter()
            lists.update()
            changed = time.perf_counter() - began
            largest = max(len(entry.content) for entry in lists.read_all()) / 1000
            began = time.perf_counter()
            StatusListPlaces(dsn, URL).allocate_many([str(uuid4()) for _ in range(1000)])
            allocated = 1000 / (time.perf_counter() - began)
    return [
        Result("status-lists-build", "s", built, "≤ 5", built <= 5),
        Result("status-lists-change", "s", changed, "≤ 1", changed <= 1),
        Result("status-lists-size", "kB", largest, "≤ 150", largest <= 150),
        rate("status-places", allocated, at_least=1000),
    ]


def _fill(connection: psycopg.Connection[Any]) -> None:
    """Write places for a million credentials, as many lists as they need, and their rows in the views."""
    each = LIST_SIZE * 3 // 4 - DECOYS
    connection.execute(
        "INSERT INTO status.lists (list, size, used) SELECT n, %s, %s FROM generate_series(1, %s) AS n",
        (LIST_SIZE, each + DECOYS, -(-CREDENTIALS // each)),
    )
    connection.execute(
        "INSERT INTO status.places (list, place, credential, is_new)"
        " SELECT 1 + n / %s, n %% %s, gen_random_uuid(), false FROM generate_series(0, %s - 1) AS n",
        (each, each, CREDENTIALS),
    )
    connection.execute(
        "INSERT INTO views.credentials (member, credential, leaf, achievement, version, learner, awarding_date, status,"
        " has_parts) SELECT 'twente', credential, 0, gen_random_uuid(), 1, gen_random_uuid(), '2026-06-05',"
        " CASE WHEN random() < %s THEN 'revoked' ELSE 'active' END, false FROM status.places"
        " WHERE credential IS NOT NULL",
        (REVOKED,),
    )
    connection.execute(
        "INSERT INTO views.positions (member, size, root, hashes, governance, next) VALUES ('twente', 1, '', '', 1, 0)"
    )
    connection.execute("ANALYZE")


def _seconds(work: Callable[[], object], count: int = 500) -> float:
    """Return the processor's seconds for one run."""
    work()
    began = time.process_time()
    for _ in range(count):
        work()
    return (time.process_time() - began) / count
