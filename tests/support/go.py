"""Pytest fixture: the checks in Go (`tests/go`), built once. Without Go they are skipped, in CI they fail."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "go"


class GoChecks:
    """The built program."""

    def __init__(self, program):
        self.program = program

    def ask(self, requests):
        """What Go's libraries say of each request: `ok`, or what is wrong."""
        lines = "".join(json.dumps(request) + "\n" for request in requests)
        done = subprocess.run(
            [self.program, "ask"], input=lines, capture_output=True, text=True, check=True, timeout=120
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def module(self, name):
        """Where a module that it is built from has its files."""
        command = ["go", "list", "-m", "-f", "{{.Dir}}", name]
        return Path(subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, check=True).stdout.strip())


@pytest.fixture(scope="session")
def go_checks(tmp_path_factory):
    if shutil.which("go") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the checks by Go's libraries must run in CI, and there is no Go")
        pytest.skip("needs Go 1.26 or later: https://go.dev/dl")
    program = tmp_path_factory.mktemp("go") / "check"
    built = subprocess.run(
        ["go", "build", "-mod=readonly", "-o", program, "."], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return GoChecks(program)
