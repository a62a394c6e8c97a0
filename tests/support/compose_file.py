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
    return yaml.safe_load(interpolate(file.read_text(), environment))


def words(value):
    """A command or an entry point as a list."""
    return list(value) if isinstance(value, list) else [value] if value else []


def container_ports(service):
    """The ports at which a service listens."""
    published = [port.rpartition(":")[2] for port in service.get("ports", ())]
    return list(dict.fromkeys([*service.get("expose", ()), *published]))


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
