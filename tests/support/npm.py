"""Pytest fixture: checks by software from npm (`tests/node`). Without Node.js they are skipped, in CI they fail."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "node"
CHECKS = Path(__file__).parents[2] / "build" / "node"
LOCK_FILE = SOURCE / "package-lock.json"


@pytest.fixture(scope="session")
def npm_checks():
    """A folder with the scripts and what the lock file names, installed once in build/node."""
    if shutil.which("npm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the checks by npm's packages must run in CI, and there is no npm")
        pytest.skip("needs Node.js 20 or later with npm: https://nodejs.org")
    CHECKS.mkdir(parents=True, exist_ok=True)
    with (CHECKS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be installing: then they are here afterwards
        shutil.copytree(SOURCE, CHECKS, ignore=shutil.ignore_patterns("node_modules"), dirs_exist_ok=True)
        if not _is_installed():
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(command, cwd=CHECKS, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            shutil.copyfile(LOCK_FILE, CHECKS / ".complete")
    return CHECKS


def _is_installed():
    complete = CHECKS / ".complete"
    return complete.exists() and complete.read_bytes() == LOCK_FILE.read_bytes()
