"""The compose file at work: its services as processes, from the file itself, on real brokers, databases and proxies."""

import contextlib
import os
import re
import ssl
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from deploy.kafka.local import missing
from registry.log import LogError, LogUnavailable, open_log
from registry.log.addresses import parse_kafka
from registry.log.kafka import KafkaLog
from registry.log.kafka_security import KafkaSecurity
from tests.support import compose_file
from tests.support.command import until
from tests.support.compose_machine import Machine, lacking
from tests.support.forgotten_sockets import collect_sockets  # noqa: F401 - a fixture
from tests.support.scraping import Metrics
from tests.support.served import achievement, form, once, row

# The client forgets to close a socket whose connection was refused; the garbage collector does.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")
THOROUGH = bool(os.environ.get("TESTS_THOROUGH"))
BROKERS = ("kafka-1", "kafka-2", "kafka-3") if THOROUGH else ("kafka-1",)
ENVIRONMENT = {
    "PUBLIC_HOST": "localhost",
    "KAFKA_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk",
    "KAFKA_BROKERS": ",".join(f"{broker}:9092" for broker in BROKERS),
    "KAFKA_COPIES": str(len(BROKERS)),
    "HTTP_WORKERS": "1",
}
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
        content = compose_file.load(ENVIRONMENT)
        made = Machine(folder, content if THOROUGH else compose_file.with_one_broker(content), secrets)
        try:
            yield made
        finally:
            made.close()


HOME = "/var/lib/registry/node"
SERVICES = [f"{member}-{part}" for member in ("twente", "lund") for part in ("publisher", "http", "work")]


def log_of(principal):
    """The log's address with a principal's certificate, as it is in a container."""
    files = "".join(f"&{kind}_file=/run/secrets/{principal}-{kind}" for kind in ("certificate", "key"))
    return f"kafka://{ENVIRONMENT['KAFKA_BROKERS']}?ca_file=/run/secrets/authority{files}"


def found(machine):
    """Do what docs/deploy-with-compose.md says for the first time; return the witness's key."""
    node = ("--consortium", "example.org")
    founding = machine.command(
        "consortium", "consortium", "create", HOME, *node, "--log", log_of("consortium"), "--keys", 3,
        "--threshold", 2, "--database", "postgresql://consortium@postgres:5432/consortium",
    )  # fmt: skip
    founded = ("--founded", founding.stdout.split()[-1])
    for member in ("twente", "lund"):
        database = f"postgresql://{member}@postgres:5432/{member}"
        made = machine.command(
            f"{member}-publisher", "node", "init", HOME, "--member", member, *node, *founded,
            "--log", log_of(member), "--database", database,
        )  # fmt: skip
        assert "encrypted with your passphrase" in made.stderr
        machine.command(
            "consortium", "member", "admit", member, "--key", made.stdout.split()[-1],
            "--legal-name", member.title(), "--country", "SE", "--role", "issuer", "--role", "recogniser",
        )  # fmt: skip
    name = ("--name", "witness.example/w1")
    made = machine.command("witness", "witness", "init", HOME, *name, *node, *founded, "--log", log_of("witness"))
    return made.stdout.strip()


@pytest.fixture(scope="module")
def running(machine):
    machine.start(*BROKERS, "postgres")
    found(machine)
    machine.start(*SERVICES, "postgres-replica", "witness", "prometheus", "alertmanager", "proxy")
    return machine


@pytest.fixture(scope="module")
def proxy(running):
    trusted = ssl.create_default_context(cafile=running.secrets / "authority")
    url = f"https://localhost:{running.ports['proxy', '8443']}"
    with httpx.Client(base_url=url, verify=trusted, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def system(running):
    """The headers of a system that issues for twente."""
    scopes = ("--scope", "achievements:write", "--scope", "credentials:write")
    return {"X-API-Key": running.command("twente-publisher", "api-key", "add", "sis", *scopes).stdout.split()[-1]}


def test_a_credential_that_one_member_issues_is_seen_at_the_other_through_the_proxy(running, proxy, system):
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


def test_the_brokers_let_each_member_write_its_own_topic_only(running):
    address = running.text("lund-publisher", log_of("lund"))
    with contextlib.closing(open_log(address, "example.org")) as log:
        assert log.read("governance")
        needed = r"User:CN=lund needs the access list's entry to Write on the topic registry\.twente"
        with log.writer("twente"), pytest.raises(LogError, match=needed):
            log.append("twente", [b"not lund's"])


def test_the_witness_reads_and_writes_nothing(running):
    address = running.text("witness", log_of("witness"))
    with contextlib.closing(open_log(address, "example.org")) as log:
        assert log.read("governance")
        # Who may write no topic at all is refused before a topic is named.
        with log.writer("twente"), pytest.raises(LogError, match="ClusterAuthorizationFailed"):
            log.append("twente", [b"not the witness's"])


def test_a_client_without_a_certificate_is_refused(running):
    parsed = parse_kafka(running.text("lund-publisher", log_of("lund")))
    security = KafkaSecurity(running.secrets / "authority")
    with (
        contextlib.closing(KafkaLog(parsed.brokers, "example.org", patience=2, security=security)) as log,
        pytest.raises(LogUnavailable, match="set certificate_file and key_file"),
    ):
        log.read("governance")


def test_the_job_that_makes_topics_changes_nothing_when_it_is_done_again(running):
    assert "registry.twente" in running.said("topics")
    job = running.services["topics"]["command"]
    assert running.command("topics", *job).stdout == "Nothing was changed.\n"


def page(proxy, path="/twente/members", **headers):
    """Ask for a page as a browser does; return the answer and whether the proxy had it."""
    answer = proxy.get(path, headers={"Accept": "text/html", "Accept-Language": "en", **headers})
    assert answer.status_code == 200, answer.text
    return answer, "proxy; hit" in answer.headers.get("cache-status", "")


def test_public_pages_come_from_the_proxys_cache_in_each_readers_own_form(proxy):
    first, _ = page(proxy)
    again, was_stored = page(proxy)
    assert was_stored
    assert again.content == first.content
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    german, _ = page(proxy, **{"Accept-Language": "de"})
    assert '<html lang="de"' in german.text
    assert '<html lang="en"' in page(proxy)[0].text
    # A client that cannot unpack gets what it can read.
    plain, _ = page(proxy, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "<html" in plain.text
    until(lambda: not page(proxy)[1], 30, 0.5)  # after a few seconds it is asked for again


def test_what_is_somebodys_is_never_stored(running, proxy):
    name = "Zephyrine Quill"
    said = running.command("twente-publisher", "account", "add", name, "--role", "clerk").stdout
    link = urlsplit(re.search(r"https://\S+", said)[0]).path
    trusted = ssl.create_default_context(cafile=running.secrets / "authority")
    with httpx.Client(base_url=proxy.base_url, verify=trusted, timeout=30) as person:
        signed_in = person.post(link, data=form(person.get(link, headers={"Accept": "text/html"})))
        assert signed_in.status_code == 303, signed_in.text
        for path in ("/twente/account", "/twente/members", "/twente/members"):
            answer, was_stored = page(person, path)
            assert name in answer.text
            assert not was_stored
            assert answer.headers["cache-control"] == "no-store"
    assert name not in page(proxy)[0].text
    assert page(proxy)[1]
    # Verification is asked for each time, and so is whatever is asked with a key.
    for path in ("/twente/verify", "/twente/verify"):
        assert not page(proxy, path)[1]
    assert not page(proxy, Cookie="unknown=1")[1]
    stored = [file for file in (running.folder / "tmpfs" / "proxy").rglob("*") if file.is_file()]
    assert stored
    assert not any(name.encode() in file.read_bytes() for file in stored)


def test_prometheus_reaches_all_that_it_is_to_ask(running):
    url = f"http://{running.address('prometheus', '9090')}/api/v1"

    def targets():
        return httpx.get(f"{url}/targets").json()["data"]["activeTargets"]

    until(lambda: {target["health"] for target in targets()} == {"up"}, 60, 0.5, lambda: str(targets()))
    assert len(targets()) == len(SERVICES) + 2

    def ready():
        answered = httpx.get(f"{url}/query", params={"query": "count by (job) (registry_ready == 1)"}).json()
        return {each["metric"]["job"]: each["value"][1] for each in answered["data"]["result"]}

    # A process that has just started has not checked itself yet when it is first asked.
    until(lambda: ready() == {"registry-twente": "3", "registry-lund": "3"}, 60, 0.5, lambda: str(ready()))
    groups = httpx.get(f"{url}/rules").json()["data"]["groups"]
    assert {"RegistryDown", "RegistryBackupOld"} <= {rule["name"] for group in groups for rule in group["rules"]}
    assert {rule["health"] for group in groups for rule in group["rules"]} <= {"ok", "unknown"}  # none is in error
    alerting = httpx.get(f"{url}/alertmanagers").json()["data"]["activeAlertmanagers"]
    assert [each["url"] for each in alerting] == [f"http://{running.address('alertmanager', '9093')}/api/v2/alerts"]


def test_the_replica_has_what_the_database_has(running):
    def count(service):
        address = running.address(service, "5432")
        passwords = running.secrets / "twente-database"
        with psycopg.connect(f"postgresql://twente@{address}/twente", passfile=str(passwords)) as connection:
            return connection.execute("SELECT pg_is_in_recovery(), count(*) FROM public.registry_events").fetchone()

    primary = count("postgres")
    assert primary[0] is False
    assert primary[1] > 0
    until(lambda: count("postgres-replica") == (True, primary[1]))


def test_without_its_publisher_a_node_says_that_events_wait(running, proxy, system):
    running.stop("twente-publisher")
    made = proxy.post("/twente/v1/achievements", json=achievement(), headers={**system, **once("waits")})
    assert made.status_code == 201, made.text
    url = f"http://{running.address('twente-http', '9464')}/metrics"

    def metric(name):
        return Metrics(httpx.get(url, timeout=10).text).value(name)

    until(lambda: metric("registry_unpublished_events") == 1, 30)
    until(lambda: metric("registry_unpublished_age_seconds") > 0, 30)
    running.start("twente-publisher")
    until(lambda: metric("registry_unpublished_events") == 0, 30)
