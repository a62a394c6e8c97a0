"""pgbench on the statements that our code sends: the floor of what an answer costs.

The statements are written out with their values, so that pgbench prepares each once a connection and plans it for
these very values: a lower floor than parameters would give.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import ClientCursor

from projections.core import views
from registry.postgres.programs import programs

MOST_SCRIPTS = 128  # pgbench's own limit


def recorded(dsn: str, asks: Sequence[Callable[[Any], Any]]) -> list[list[str]]:
    """The statements that each of these functions of a connection sends."""
    found: list[list[str]] = []

    class Recording(ClientCursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            text = self.mogrify(query, params) if params is not None else query
            found[-1].append(text.decode() if isinstance(text, bytes) else text)
            return super().execute(query, params, **more)

    with psycopg.connect(dsn, autocommit=True) as connection:
        views.use(connection, views.SERVED)
        connection.cursor_factory = Recording
        for ask in asks:
            found.append([])
            ask(connection)
    return found


def run(dsn: str, scripts: Sequence[Sequence[str]], clients: int, seconds: int, rate: float = 0) -> list[float]:
    """Milliseconds of each transaction: a script, one of these at random. `rate` as `http_load` has it."""
    with tempfile.TemporaryDirectory(prefix="registry-bench-") as name:
        folder = Path(name)
        files: list[str] = []
        for number, statements in enumerate(scripts[:MOST_SCRIPTS]):
            file = folder / f"{number}.sql"
            file.write_text("".join(f"{_one_line(each)};\n" for each in statements))
            files += ["--file", str(file)]
        command = [
            str(programs() / "pgbench"), "--no-vacuum", "--protocol", "prepared", "--client", str(clients),
            "--jobs", "1", "--time", str(seconds), "--log", "--log-prefix", str(folder / "took"),
            *(["--rate", str(rate)] if rate else []), *files, dsn,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, check=False,
            env={**os.environ, "PGOPTIONS": f"-c search_path={views.SERVED}"},
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        lines = [line.split() for file in folder.glob("took*") for line in file.read_text().splitlines()]
    # The third column is the time since it was due, in microseconds; the seventh, with a rate, how late it began.
    return [int(columns[2]) / 1000 for columns in lines]


def _one_line(statement: str) -> str:
    text = re.sub(r"^ *--.*$|--[^\n']*$", "", statement, flags=re.MULTILINE)
    if "--" in re.sub(r"'[^']*'", "", text):
        raise RuntimeError(f"a comment would take what follows it along: {text}")
    # pgbench takes a colon before a name for a variable of its own; casts have two, times have digits.
    return re.sub(r"\s+", " ", text).strip()
