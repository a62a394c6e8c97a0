"""A drill: a node's machine is lost, and the node comes back from its backup and an archive; the times are printed.

Run it with the program's own Python: `python -m deploy.drills.lost_node FOLDER [--credentials N]`. It makes a
consortium of one member in a new folder, with databases on the embedded PostgreSQL, touches nothing else, and
exits with 1 where what came back differs from what was lost.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import typer

from registry.postgres.embedded import start_embedded

_PASSPHRASE = {"REGISTRY_BACKUP_PASSPHRASE": "correct horse battery staple"}
"""Of a backup of made-up persons, which is deleted with the drill's folder."""


class DrillFailed(Exception):
    """The restored node differs from the lost one."""


def run(home: Path | None, *words: str | Path) -> str:
    """Run a command; return what it printed. Raises `DrillFailed` where it exits with another code than 0."""
    where = [] if home is None else ["--home", str(home)]
    done = subprocess.run(  # noqa: S603 - this program itself
        [sys.executable, "-m", "registry.cli", *where, *map(str, words)],
        capture_output=True, text=True, check=False, env={**os.environ, **_PASSPHRASE},
    )  # fmt: skip
    if done.returncode:
        raise DrillFailed(f"registry {' '.join(map(str, words))}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def measure(what: str, act: Callable[[], str]) -> str:
    """Do a step, and print how long it took."""
    began = time.perf_counter()
    result = act()
    typer.echo(f"{what}: {time.perf_counter() - began:.1f} s")
    return result


def make_node(folder: Path, dsn: Callable[[str], str], credentials: int) -> Path:
    """Make a consortium of one member with credentials; return the member's folder."""
    office, member = folder / "consortium", folder / "twente"
    log = ("--log", f"file:{folder / 'log'}")
    founded = run(None, "consortium", "create", office, "--consortium", "drill.example", "--keys", "1",
                  "--threshold", "1", *log, "--database", dsn("drill_consortium")).split()[-1]  # fmt: skip
    key = run(None, "node", "init", member, "--member", "twente", "--consortium", "drill.example", "--founded", founded,
              *log, "--database", dsn("drill_lost")).split()[-1]  # fmt: skip
    run(office, "member", "admit", "twente", "--key", key, "--legal-name", "Twente", "--country", "NL")
    offer = folder / "achievement.json"
    offer.write_text(run(None, "import", "template", "achievement"))
    achievement = run(member, "achievement", "publish", offer).split()[1].rstrip(",")
    header = run(None, "import", "template", "csv").splitlines()[0]
    more = "," * (header.count(",") - 7)
    rows = [f"r{n},{achievement},,s{n},Jansen,Ada,2001-02-03,2026-06-30{more}" for n in range(credentials)]
    (folder / "rows.csv").write_text("\n".join([header, *rows, ""]))
    run(member, "import", "file", folder / "rows.csv")
    run(member, "views", "update")
    return member


def read_digest(home: Path) -> str:
    """Return the digest of a node's views, with every stream's head."""
    return json.dumps(json.loads(run(home, "views", "digest", "--json")))


def drill(folder: Path, credentials: int) -> None:
    """Make a node, lose its machine, restore it, and compare. Raises `DrillFailed`."""
    with start_embedded(folder / "server") as server:
        home = make_node(folder, server.dsn, credentials)
        before = read_digest(home)
        backup, archive = folder / "twente.backup", folder / "archive"
        measure("backup", lambda: run(home, "node", "backup", backup))
        measure("archive", lambda: run(home, "log", "archive", archive, "--all"))
        for lost in (home, folder / "log"):
            shutil.rmtree(lost)
        with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
            connection.execute("DROP DATABASE drill_lost WITH (FORCE)")
        typer.echo("lost: the node's folder, its database, its log")
        restored = folder / "twente-restored"
        words = ("node", "restore", backup, "--home", restored, "--to-database", server.dsn("drill_restored"))
        measure("restore, log and views", lambda: run(None, *words, "--log", f"archive:{archive}"))
        if read_digest(restored) != before:
            raise DrillFailed("the restored views have another digest than the lost ones")
        run(restored, "achievement", "publish", folder / "achievement.json", "--again")
        measure("publish", lambda: run(restored, "publish"))
        run(restored, "views", "update")
        measure("audit", lambda: run(restored, "audit"))
        if "Nothing is wrong." not in run(restored, "status"):
            raise DrillFailed("something is wrong with the restored node: `registry status` says what")
        typer.echo("the digest is the same, a further event was published, and the audit found no fork")


def main() -> int:
    """Run the drill; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a new folder, which stays for a look")
    parser.add_argument("--credentials", type=int, default=1000)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True)
    try:
        drill(chosen.folder.resolve(), chosen.credentials)
    except DrillFailed as error:
        typer.echo(error, err=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
