"""The wheel: made twice it is the same, it has all files that the program reads, and the program starts from it."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.unit.deploy.test_image import packages

TOP = Path(__file__).parents[3]
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "registry", "consumers", "projections")
UV = Path(sys.executable).with_name("uv")


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A folder with the wheel, an environment with the program, and the list of what it consists of."""
    if not UV.exists():
        pytest.skip("needs uv beside Python, as `make venv` installs it")
    folder = tmp_path_factory.mktemp("image")
    environment = os.environ | {"SBOM_OPTIONS": "--no-validate"}
    run("sh", TOP / "deploy" / "image" / "make_sbom.sh", folder, UV, sys.executable, env=environment)
    return folder


def wheel_in(folder):
    [wheel] = folder.glob("credential_registry-*.whl")
    return wheel


def test_the_same_source_becomes_the_same_wheel_in_another_folder_at_another_time(built, tmp_path):
    (tmp_path / "copy").mkdir()
    for name in SOURCES:
        source, copy = TOP / name, tmp_path / "copy" / name
        if source.is_dir():
            shutil.copytree(source, copy, copy_function=shutil.copyfile, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, copy)
    stale = tmp_path / "copy" / "registry" / "__pycache__"
    stale.mkdir()
    (stale / "cli.pyc").write_bytes(b"of an earlier day")
    (tmp_path / "copy" / "registry" / "py.typed").chmod(0o664)
    run("sh", TOP / "deploy/image/make_wheel.sh", tmp_path / "copy", tmp_path / "wheel", sys.executable)
    digests = {hashlib.sha256(wheel_in(folder).read_bytes()).hexdigest() for folder in (built, tmp_path / "wheel")}
    assert len(digests) == 1


def test_the_wheel_has_every_file_of_its_packages_but_their_readmes(built):
    with zipfile.ZipFile(wheel_in(built)) as archive:
        contained = set(archive.namelist())
    expected = {
        str(path.relative_to(TOP))
        for name in SOURCES
        if (TOP / name).is_dir()
        for path in (TOP / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    missing = {name for name in expected - contained if not re.search(r"/(README|THREATS)\.md$", name)}
    assert missing == set()
    assert not [name for name in contained - expected if ".dist-info/" not in name]


def test_the_program_starts_from_the_wheel_and_reads_its_own_files(built, tmp_path):
    python = built / "program" / "bin" / "python"
    assert re.fullmatch(r"registry \d+\.\d+\.\d+\n", run(python.with_name("registry"), "--version", cwd=tmp_path))
    script = """
import sys
import registry, consumers, projections
from registry.server.pages.templates import environment
from registry.store import migrations
assert registry.__file__.startswith(sys.argv[1]), registry.__file__
pages = environment("nl")
for name in pages.list_templates():
    pages.get_template(name)
print(len(pages.list_templates()), pages.globals["_"]("Sign in"))
"""
    count, _, words = run(python, "-c", script, built / "program", cwd=tmp_path).strip().partition(" ")
    assert int(count) > 50
    assert words != "Sign in"


def test_the_bill_of_materials_names_every_package_of_the_lock_with_its_version(built):
    bill = json.loads((built / "sbom.cdx.json").read_text())
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    listed = {
        (part["name"].lower().replace("_", "-").replace(".", "-"), part["version"]) for part in bill["components"]
    }
    locked = {(name.replace("_", "-").replace(".", "-"), version) for name, version in _installed_here()}
    assert locked - listed == set()
    assert bill["metadata"]["component"]["name"] == "credential-registry"
    without_licence = [part["name"] for part in bill["components"] if not part.get("licenses")]
    assert len(without_licence) <= 3


def _installed_here():
    """The packages of the lock without those for other systems or other versions of Python."""
    text = (TOP / "deploy/image/requirements.lock").read_text()
    elsewhere = {
        line.split("==")[0].lower()
        for line in text.splitlines()
        if re.search(r"sys_platform == 'win32'|python_full_version|platform_", line)
    }
    return {each for each in packages(TOP / "deploy/image/requirements.lock") if each[0] not in elsewhere}
