"""Rows in: CSV to saved aggregates with the vault, beside `eventsourcing`'s bare save."""

import csv
import os
import tempfile
import time
import uuid
from pathlib import Path

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from psycopg.conninfo import conninfo_to_dict

from registry.application.issuing import BATCH, Issuer
from registry.application.registry import Registry
from registry.intake.rows.columns import NAMES
from registry.intake.rows.table_rows import TableRows
from registry.postgres.embedded import start_embedded
from registry.vault.keys import MemoryKeys
from registry.vault.vault import Vault
from tests.bench.data import achievement
from tests.bench.result import Result, in_process, rate

ROWS = 30_000
RUNS = 3


class Offers:
    """The achievements that the rows name."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def ects(self, identifier: str) -> tuple[int | float | None, ...]:
        return self._registry.achievements.get(identifier).state.ects

    def is_retired(self, identifier: str) -> bool:
        return self._registry.achievements.get(identifier).state.retired


class Bare(Aggregate):
    """The same facts in the library's own form."""

    def __init__(
        self, achievement: str, version: int, learner: str, awarding_date: str, ects: int, claims: str
    ) -> None:
        self.values = (achievement, version, learner, awarding_date, ects, claims)


def _write(file: Path, offered: list[str]) -> None:
    with file.open("w", newline="") as out:
        rows = csv.DictWriter(out, NAMES)
        rows.writeheader()
        for number in range(ROWS):
            rows.writerow(
                {
                    "record": f"r{number}",
                    "achievement": offered[number % len(offered)],
                    "student": f"s{number}",
                    "family_name": "Jansen",
                    "given_name": "Ada",
                    "date_of_birth": "2001-02-03",
                    "awarding_date": f"2026-06-{number % 28 + 1:02}",
                    "ects": "5",
                    "grade": "8.5",
                }
            )


def measured() -> tuple[float, float]:
    """Rows a second, ours and the library's bare save, on one server."""
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as folder, start_embedded(Path(folder)) as server:
        registry = Registry(server.dsn("ours"), "bench.example/uni-0", Vault(MemoryKeys(os.urandom)))
        offered = [str(uuid.uuid4()) for _ in range(40)]
        for identifier in offered:
            registry.achievements.publish(achievement("uni-0", identifier))
        file = Path(folder) / "rows.csv"
        _write(file, offered)
        began = time.perf_counter()
        outcomes = sum(1 for _ in Issuer(registry).issue_all(row.result for row in TableRows(file, Offers(registry))))
        ours = outcomes / (time.perf_counter() - began)
        registry.close()
        parts = conninfo_to_dict(server.dsn("bare"))
        bare: Application[uuid.UUID] = Application(
            {
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": str(parts["dbname"]),
                "POSTGRES_HOST": str(parts["host"]),
                "POSTGRES_PORT": str(parts.get("port", 5432)),
                "POSTGRES_USER": str(parts["user"]),
                "POSTGRES_PASSWORD": "",
            }
        )
        made = [
            Bare(offered[n % 40], 1, str(uuid.uuid4()), "2026-06-30", 5, "x" * 43)  # what is made is not timed
            for n in range(ROWS)
        ]
        began = time.perf_counter()
        for start in range(0, ROWS, BATCH):
            bare.save(*made[start : start + BATCH])
        floor = ROWS / (time.perf_counter() - began)
        bare.close()
        return ours, floor


def rows_in() -> list[Result]:
    """CSV to saved aggregates."""
    runs = sorted((in_process(measured) for _ in range(RUNS)), key=lambda pair: pair[0] / pair[1])
    ours, floor = runs[RUNS // 2]
    return [rate("rows-in", ours, at_least=0, floor=floor, of_floor=0.7)]
