"""A compose file as Docker Compose reads it: variables put in, anchors and merges resolved."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose" / "compose.yaml"
_VARIABLE = re.compile(r"\$\$|\$\{(?P<name>[A-Z][A-Z0-9_]*)(?:(?P<how>:[-?])(?P<text>[^}]*))?\}")


def variables_of(text):
    """The names of the variables in a file."""
    return {match["name"] for match in _VARIABLE.finditer(text) if match["name"]}


def read_environment(file):
    """The variables of an `.env` file."""
    lines = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def interpolate(text, environment):
    """Put variables in. A missing one without a default is an error, as for Docker Compose."""

    def value(match):
        name, how = match["name"], match["how"]
        if name is None:
            return "$"
        if environment.get(name):
            return environment[name]
        if how == ":-":
            return match["text"]
        raise KeyError(f"{name}: {match['text'] or 'not set'}")

    return _VARIABLE.sub(value, text)


def load(environment, file=COMPOSE):
    """The file's content with these variables."""

    def put_in(value):
        if isinstance(value, dict):
            return {key: put_in(each) for key, each in value.items()}
        if isinstance(value, list):
            return [put_in(each) for each in value]
        return interpolate(value, environment) if isinstance(value, str) else value

    content = yaml.safe_load(file.read_text())
    return {key: put_in(value) for key, value in content.items() if not key.startswith("x-")}


def with_one_broker(content):
    """The same with one broker in place of three, for a test that has no time for three."""
    alone = {
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@kafka-1:9093", "KAFKA_DEFAULT_REPLICATION_FACTOR": "1",
        "KAFKA_MIN_INSYNC_REPLICAS": "1", "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1", "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    }  # fmt: skip
    gone = {"kafka-2", "kafka-3"}
    services = {name: dict(service) for name, service in content["services"].items() if name not in gone}
    for service in services.values():
        needed = service.get("depends_on", {})
        service["depends_on"] = {name: how for name, how in needed.items() if name not in gone}
    services["kafka-1"]["environment"] = {**services["kafka-1"]["environment"], **alone}
    return {**content, "services": services}


def words(value):
    """A command or an entry point as a list."""
    return list(value) if isinstance(value, list) else [value] if value else []


def container_ports(service):
    """The ports at which a service listens."""
    published = [port.rpartition(":")[2] for port in service.get("ports", ())]
    return list(dict.fromkeys([*service.get("expose", ()), *published]))


def must_complete(services, name):
    """Whether others wait until this service has ended well."""
    needs = [service.get("depends_on", {}).get(name, {}) for service in services.values()]
    return {"condition": "service_completed_successfully"} in needs


def started_after(services, names):
    """These services and those that they depend on, each after those."""
    order = []

    def add(name):
        for needed in services[name].get("depends_on", ()):
            add(needed)
        if name not in order:
            order.append(name)

    for name in names:
        add(name)
    return order
