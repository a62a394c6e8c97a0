"""The `registry` command as people run it: a process of its own."""

import atexit
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from tests.support.forked import Forked, begun, forked

ROOT = Path(__file__).parents[2]
FOLDER_LOG = "file:../log"


def registry(*arguments, home=None, check=True, environment=None, timeout=120):
    """Run a command to its end; return what it printed. Fail if it exits with another code than `check`."""
    done = forked(words(arguments, home), {**os.environ, **(environment or {})}, ROOT, timeout)
    wanted = 0 if check is True else check
    assert wanted is False or done.returncode == wanted, f"{done.returncode}: {done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done


@contextlib.contextmanager
def started(*arguments, home=None, says=None, seconds=60.0, before=(), execute=False):
    """Start a command that goes on, and wait until it has said something; killed at the end if it still runs.

    `before` are the words of a program that runs it, as `bash -c` with a limit. The process has its `output`, a path.
    """
    with tempfile.NamedTemporaryFile("w+") as output:
        process = start(*arguments, home=home, output=Path(output.name), before=before, execute=execute)
        try:
            if says:
                until(
                    lambda: says in Path(output.name).read_text(), seconds, says=lambda: Path(output.name).read_text()
                )
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def start(*arguments, home, output, before=(), execute=False, new_session=False):
    """Start a command that goes on and prints to a file, forked or, to `execute` it, from nothing as people do."""
    if before or execute:
        with output.open("a") as file:
            process: Any = subprocess.Popen(
                [*before, *command(*arguments, home=home)], stdout=file, stderr=file, cwd=ROOT,
                start_new_session=new_session,
            )  # fmt: skip
        process.output = output
        return process
    return Forked(begun(words(arguments, home), os.environ, ROOT, [output, output], new_session=new_session), output)


def command(*arguments, home=None):
    return [sys.executable, "-m", "registry.cli", *words(arguments, home)]


def words(arguments, home):
    return [*(["--home", str(home)] if home else []), *map(str, arguments)]


def printed_json(done):
    return json.loads(done.stdout)


def until(true, seconds=60.0, pause=0.05, says=lambda: "it did not happen in time"):
    """Wait for something to become true; `says` is what to say where it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, says()
        time.sleep(pause)


@functools.cache
def _prepared(server):
    """Return the consortium on this server that others are copies of; the first call founds it."""
    folder = tempfile.mkdtemp(prefix="registry-tests-consortium-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Consortium(folder, server, copied=False)


class Consortium:
    """A consortium of one member, each node with its own database; the log is a folder unless one is named.

    Fixtures set what their tests use again.
    """

    achievement: Any
    ids: Any
    all: Any
    backup: Any
    nodes: Any

    def __init__(self, folder, server, log=FOLDER_LOG, *, copied=True):
        self.folder = Path(folder)
        self.server = server
        self.log = log
        self.home = self.folder / "twente"
        if copied and log == FOLDER_LOG:
            self._copy(_prepared(server))
        else:
            self._found()

    def _found(self):
        founding = registry(
            "consortium", "create", self.folder / "consortium", "--consortium", "test.example", "--keys", 3,
            "--threshold", 2, "--log", self.log, "--database", self.server.dsn(self.name("consortium")),
        )  # fmt: skip
        self.founded = founding.stdout.split()[-1]
        made = registry(
            "node", "init", self.home, "--member", "twente", "--consortium", "test.example", "--founded", self.founded,
            "--log", self.log, "--database", self.server.dsn(self.name("twente")),
        )  # fmt: skip
        self.key = made.stdout.split()[-1]
        registry(
            "member", "admit", "twente", "--key", self.key, "--legal-name", "Twente", "--country", "NL",
            home=self.folder / "consortium",
        )  # fmt: skip

    def _copy(self, original):
        """Copy the folders and databases of another consortium: founding one takes seconds, copying it does not."""
        self.founded, self.key = original.founded, original.key
        shutil.copytree(original.folder, self.folder, dirs_exist_ok=True)
        with psycopg.connect(self.server.dsn("postgres"), autocommit=True) as connection:
            for node in ("consortium", "twente"):
                there, here = original.name(node), self.name(node)
                connection.execute(f"CREATE DATABASE {here} TEMPLATE {there} STRATEGY file_copy")
                settings = self.folder / node / "registry.toml"
                settings.write_text(settings.read_text().replace(there, here))

    def name(self, node):
        return f"e2e_{abs(hash(str(self.folder))):x}_{node}"

    def join(self, member, country="SE"):
        """Found another member, with a node of its own; gives its folder."""
        home = self.folder / member
        made = registry(
            "node", "init", home, "--member", member, "--consortium", "test.example", "--founded", self.founded,
            "--log", self.log, "--database", self.server.dsn(self.name(member)),
        )  # fmt: skip
        registry(
            "member", "admit", member, "--key", made.stdout.split()[-1], "--legal-name", member.title(),
            "--country", country, home=self.folder / "consortium",
        )  # fmt: skip
        return home

    def run(self, *arguments, **more):
        return registry(*arguments, home=self.home, **more)

    def offer(self, title="Data literacy"):
        file = self.folder / "achievement.json"
        file.write_text(registry("import", "template", "achievement").stdout.replace("Data literacy", title))
        said = self.run("achievement", "publish", file, "--again").stdout
        return said.split()[1].rstrip(",")

    def rows(self, achievement, count, name="rows.csv"):
        file = self.folder / name
        header = registry("import", "template", "csv").stdout.splitlines()[0]
        lines = [header]
        for number in range(count):
            row = [f"r{number}", achievement, "", f"s{number}", "Jansen", "Ada", "2001-02-03", "2026-06-30"]
            lines.append(",".join(row + [""] * (header.count(",") + 1 - len(row))))
        file.write_text("\n".join(lines) + "\n")
        return file
