"""Pytest fixture: checks by software from npm (`tests/node`). Without Node.js they are skipped, in CI they fail."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "node"


@pytest.fixture(scope="session")
def npm_checks(tmp_path_factory):
    """A folder with the scripts and what the lock file names, installed."""
    if shutil.which("npm") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the checks by npm's packages must run in CI, and there is no npm")
        pytest.skip("needs Node.js 20 or later with npm: https://nodejs.org")
    folder = tmp_path_factory.mktemp("npm") / "checks"
    shutil.copytree(SOURCE, folder, ignore=shutil.ignore_patterns("node_modules"))
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder
