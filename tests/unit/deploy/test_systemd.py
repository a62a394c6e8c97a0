"""The units for one server: systemd reads them, the program knows their words, and they are locked down."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from registry.node.services.names import Service
from tests.support.command_words import parse_words

FOLDER = Path(__file__).parents[3] / "deploy" / "systemd"
SERVICES = sorted(FOLDER.glob("*.service"))
APART = [file for file in SERVICES if file.name != "registry@.service"]
MAX_EXPOSURE = 2.0
"""Of systemd's own scale from 0 to 10; a web server as Debian ships it has 9."""

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def options_of(file):
    """The lines of a unit as pairs; a name may occur several times."""
    lines = [line for line in file.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return [tuple(line.split("=", 1)) for line in lines]


def option(file, name):
    return [value for key, value in options_of(file) if key == name]


def words_of(file):
    [start] = option(file, "ExecStart")
    program, *words = shlex.split(start)
    assert program == "/usr/local/bin/registry"
    return words


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    for file in FOLDER.iterdir():
        # The program is not installed on the machine of the tests.
        (tmp_path / file.name).write_text(file.read_text().replace("/usr/local/bin/registry", "/bin/true"))
    names = [file.name.replace("@.", "@delft.") for file in tmp_path.iterdir()]
    done = subprocess.run(
        ["systemd-analyze", "verify", *names], capture_output=True, text=True, check=False,
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_a_service_may_do_little(file):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", file], capture_output=True, text=True, check=True
    )
    assert float(re.search(r"Overall exposure level .*: ([0-9.]+)", done.stdout)[1]) <= MAX_EXPOSURE
    assert option(file, "ReadWritePaths") == ["/var/lib/registry/%i"]
    assert option(file, "User") == ["registry"]


@pytest.mark.parametrize("file", SERVICES, ids=lambda file: file.name)
def test_the_program_knows_the_words_of_a_unit(file):
    parse_words(words_of(file))


def test_the_services_apart_are_all_services_of_a_node_and_each_runs_once():
    chosen = [service for file in APART for service in parse_words(words_of(file)).get("only") or ()]
    # The intake needs a Kafka of the university's own, which few have.
    assert sorted(chosen) == sorted(set(Service) - {Service.INTAKE})
    [answering] = [file for file in APART if "serve" in words_of(file)]
    assert parse_words(words_of(answering))["http_only"] is True


def test_each_process_shows_its_metrics_at_a_port_of_its_own():
    ports = [re.search(r"METRICS_PORT=(\d+)", "\n".join(option(file, "Environment")))[1] for file in APART]
    assert len(set(ports)) == len(APART) == 3


def test_the_target_starts_them_all_and_never_beside_the_one_that_does_everything():
    target = FOLDER / "registry@.target"
    [wanted] = option(target, "Wants")
    assert sorted(wanted.split()) == sorted(file.name.replace("@.", "@%i.") for file in APART)
    assert option(target, "Conflicts") == ["registry@%i.service"]
    assert all(option(file, "PartOf") == ["registry@%i.target"] for file in APART)
