"""The compose file at work: its services as processes, from the file itself, on real brokers, databases and proxies."""

import os
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from deploy.kafka.local import missing
from tests.support import compose_file
from tests.support.command import until
from tests.support.compose_machine import Machine, lacking
from tests.support.served import achievement, once, row

ENVIRONMENT = {"PUBLIC_HOST": "localhost", "KAFKA_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk", "HTTP_WORKERS": "1"}
SECRETS = compose_file.COMPOSE.parent / "make_secrets.py"


@pytest.fixture(scope="module")
def machine():
    lack = [*lacking(), *filter(None, [missing()])]
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the compose file must be tested in CI, and there is no {', '.join(lack)}")
        pytest.skip(f"needs {', '.join(lack)}")
    # Not pytest's own folder: it is closed to the account that root lends PostgreSQL.
    with tempfile.TemporaryDirectory(prefix="registry-tests-compose-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        secrets = folder / "made"
        subprocess.run([sys.executable, SECRETS, secrets, "localhost"], check=True)
        made = Machine(folder, compose_file.load(ENVIRONMENT), secrets)
        try:
            yield made
        finally:
            made.close()


HOME = "/var/lib/registry/node"
KAFKA = "kafka://kafka-1:9092,kafka-2:9092,kafka-3:9092"
SERVICES = [f"{member}-{part}" for member in ("twente", "lund") for part in ("publisher", "http", "work")]


def found(machine):
    """Do what docs/deploy-with-compose.md says for the first time; return the witness's key."""
    node = ("--consortium", "example.org", "--log", KAFKA)
    founding = machine.command(
        "consortium", "consortium", "create", HOME, *node, "--keys", 3, "--threshold", 2,
        "--database", "postgresql://consortium@postgres:5432/consortium",
    )  # fmt: skip
    founded = ("--founded", founding.stdout.split()[-1])
    for member in ("twente", "lund"):
        database = f"postgresql://{member}@postgres:5432/{member}"
        made = machine.command(
            f"{member}-publisher", "node", "init", HOME, "--member", member, *node, *founded, "--database", database
        )
        assert "encrypted with your passphrase" in made.stderr
        machine.command(
            "consortium", "member", "admit", member, "--key", made.stdout.split()[-1],
            "--legal-name", member.title(), "--country", "SE", "--role", "issuer", "--role", "recogniser",
        )  # fmt: skip
    made = machine.command("witness", "witness", "init", HOME, "--name", "witness.example/w1", *node, *founded)
    return made.stdout.strip()


@pytest.fixture(scope="module")
def running(machine):
    machine.start("kafka-1", "kafka-2", "kafka-3", "postgres")
    found(machine)
    machine.start(*SERVICES, "postgres-replica", "witness", "prometheus", "alertmanager", "proxy")
    return machine


@pytest.fixture(scope="module")
def proxy(running):
    trusted = ssl.create_default_context(cafile=running.secrets / "authority")
    url = f"https://localhost:{running.ports['proxy', '8443']}"
    with httpx.Client(base_url=url, verify=trusted, timeout=30) as client:
        yield client


def test_a_credential_that_one_member_issues_is_seen_at_the_other_through_the_proxy(running, proxy):
    key = running.command(
        "twente-publisher", "api-key", "add", "sis", "--scope", "achievements:write", "--scope", "credentials:write"
    ).stdout.split()[-1]
    system = {"X-API-Key": key}
    made = proxy.post("/twente/v1/achievements", json=achievement(), headers={**system, **once("offer")})
    assert made.status_code == 201, made.text
    issued = proxy.post(
        "/twente/v1/credentials", json=row(made.json()["achievement"]), headers={**system, **once("issue")}
    )
    assert issued.status_code == 201, issued.text
    address = issued.headers["location"]
    assert address.startswith("/twente/v1/credentials/twente/")
    at_lund = address.replace("/twente/", "/lund/", 1)
    until(lambda: proxy.get(at_lund).status_code == 200, says=lambda: running.said("lund-publisher"))
    assert proxy.get(at_lund).json()["status"] == "active"
