"""The compose file: valid, complete, and as locked down as it can be."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from registry.node.services.names import Service
from tests.support import compose_file
from tests.support.command_words import parse_words

FOLDER = compose_file.COMPOSE.parent
TEXT = compose_file.COMPOSE.read_text()
CONTENT = compose_file.load({"PUBLIC_HOST": "registry.example.org", "KAFKA_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk"})
SERVICES = CONTENT["services"]
SCHEMA = Path(__file__).parents[2] / "support" / "compose_spec" / "compose-spec.json"
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("registry:")]
MEMBERS = ("twente", "lund")

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_file_is_what_the_specification_of_compose_files_says():
    schema = json.loads(SCHEMA.read_text())
    jsonschema.validate(CONTENT, schema, cls=jsonschema.Draft7Validator)
    wrong = {**CONTENT, "services": {"x": {"image": "x", "comand": []}}}
    with pytest.raises(jsonschema.ValidationError, match="comand"):
        jsonschema.validate(wrong, schema, cls=jsonschema.Draft7Validator)


def test_each_variable_is_in_the_example_of_the_environment_and_no_other():
    example = compose_file.read_environment(FOLDER / ".env.example")
    assert example.keys() == compose_file.variables_of(TEXT)
    # What has a default in the file has the same in the example.
    for name, default in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT):
        assert example[name] == default, name


def test_a_variable_without_a_default_must_be_set():
    with pytest.raises(KeyError, match="PUBLIC_HOST: the name by which browsers reach the proxy"):
        compose_file.load({"KAFKA_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk"})


def test_the_step_that_makes_secrets_makes_each_that_the_file_names_and_changes_none(tmp_path):
    make = [sys.executable, FOLDER / "make_secrets.py", tmp_path, "registry.example.org"]
    subprocess.run(make, check=True)
    named = {Path(secret["file"]).name for secret in CONTENT["secrets"].values()}
    made = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert named <= made.keys()
    readable = {file.name for file in tmp_path.iterdir() if file.stat().st_mode & 0o077}
    assert readable == {"authority"}
    (tmp_path / "twente-passphrase").unlink()
    subprocess.run(make, check=True)
    again = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert {name for name in made if made[name] != again[name]} == {"twente-passphrase"}


@pytest.mark.parametrize(
    ("removed", "said"),
    [
        ("proxy-certificate", "proxy-key and proxy-certificate belong together"),
        ("twente-key", "twente-key and twente-certificate belong together"),
        ("authority", "authority-key and authority belong together"),
        ("twente-database", "postgres-roles.sql does not fit"),
    ],
)
def test_half_of_what_belongs_together_is_not_made_again(tmp_path, removed, said):
    make = [sys.executable, FOLDER / "make_secrets.py", tmp_path, "registry.example.org"]
    subprocess.run(make, check=True, capture_output=True)
    (tmp_path / removed).unlink()
    again = subprocess.run(make, check=False, capture_output=True, text=True)
    assert again.returncode == 1
    assert said in again.stderr


def test_each_secret_is_some_services_and_each_mounted_file_exists():
    used = set()
    for service in SERVICES.values():
        used |= {secret if isinstance(secret, str) else secret["source"] for secret in service.get("secrets", ())}
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (FOLDER / source).exists(), source
            else:
                assert source in CONTENT["volumes"]
    assert used == CONTENT["secrets"].keys()


@each_service
def test_a_service_is_locked_down(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"])
    assert re.fullmatch(r"[a-z0-9./-]+:v?\d+(\.\d+)+", service["image"]), service["image"]


@each_service
def test_no_secret_stands_in_the_environment(name):
    for key, value in SERVICES[name].get("environment", {}).items():
        if re.search("PASS|SECRET|KEY|CREDENTIAL", key):
            assert str(value).startswith("/run/secrets/") or key.endswith("_TYPE"), key
        assert not re.search(r"://[^/@]*:[^/@]*@", str(value)), key


def test_only_the_proxy_is_reached_from_other_machines():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    elsewhere = {name for name, ports in published.items() if not all(port.startswith("127.0.0.1:") for port in ports)}
    assert elsewhere == {"proxy"}
    assert all(service.get("network_mode") is None for service in SERVICES.values())


@pytest.mark.parametrize("name", OURS)
def test_the_program_knows_the_words_of_a_service(name):
    assert SERVICES[name]["entrypoint"] == ["registry"]
    parse_words(SERVICES[name]["command"])


@pytest.mark.parametrize("member", MEMBERS)
def test_all_services_of_a_member_run_and_each_once(member):
    names = [name for name in OURS if name.startswith(f"{member}-")]
    options = [parse_words(SERVICES[name]["command"]) for name in names]
    chosen = [service for each in options for service in each.get("only") or ()]
    # The intake needs a Kafka of the university's own, which few have.
    assert sorted(chosen) == sorted(set(Service) - {Service.INTAKE})
    assert [each.get("http_only") for each in options].count(True) == 1
    environments = [SERVICES[name]["environment"] for name in names]
    assert environments[1:] == environments[:-1]
    json.loads(environments[0]["REGISTRY_HTTP"])


def prometheus_settings():
    return yaml.safe_load((FOLDER.parent / "prometheus" / "prometheus.yml").read_text())


def test_prometheus_asks_each_process_of_the_members():
    jobs = {job["job_name"]: job for job in prometheus_settings()["scrape_configs"]}
    assert {name for name in jobs if name.startswith("registry")} == {f"registry-{member}" for member in MEMBERS}
    for member in MEMBERS:
        targets = [target for each in jobs[f"registry-{member}"]["static_configs"] for target in each["targets"]]
        assert sorted(targets) == sorted(f"{name}:9464" for name in OURS if name.startswith(f"{member}-"))


def test_prometheus_reads_the_alerts_and_not_their_tests():
    folder = FOLDER.parent / "prometheus"
    files = [file for pattern in prometheus_settings()["rule_files"] for file in folder.glob(pattern)]
    assert files == [folder / "rules" / "registry.yaml"]
    assert "../prometheus:/etc/prometheus:ro" in SERVICES["prometheus"]["volumes"]


def test_a_publisher_that_is_replaced_is_waited_for():
    assert {name for name in OURS if "--standby" in SERVICES[name]["command"]} == {f"{m}-publisher" for m in MEMBERS}


def test_a_health_check_asks_at_a_port_of_its_own_service():
    for name, service in SERVICES.items():
        check = " ".join(service.get("healthcheck", {}).get("test", ()))
        ports = re.findall(r"localhost(?:[:/]| --port=|', | )(\d+)", check)
        assert all(port in compose_file.container_ports(service) for port in ports), name
        if name in OURS and name not in {"consortium", "topics"}:
            assert ports, name
