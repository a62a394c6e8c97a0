"""Shorten custom resource definitions to the schemas that the tests read.

    python -m tests.helm.crd_schemas FILE.yaml ...

Writes one file for each kind into `schemas`: the OpenAPI schema of the version that is stored, without descriptions and
defaults, and closed as `kubectl apply --validate=strict` closes it.
"""

import hashlib
import json
import sys
from pathlib import Path

import yaml

FOLDER = Path(__file__).parent / "schemas"
WORDS = {"description", "default", "x-kubernetes-validations", "x-kubernetes-list-type", "x-kubernetes-list-map-keys"}


def shorten(schema):
    """Return a schema without words for people, whose objects take no unknown field."""
    short = {}
    for key, value in schema.items():
        if key == "properties":
            short[key] = {name: shorten(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            short[key] = shorten(value)
        elif key not in WORDS:
            short[key] = value
    if short.pop("x-kubernetes-int-or-string", False):
        short.pop("anyOf", None)
        short["type"] = ["integer", "string"]
    is_open = short.pop("x-kubernetes-preserve-unknown-fields", False)
    if "properties" in short and not is_open:
        short.setdefault("additionalProperties", False)
    return short


def schema_of(file):
    """Return the kind and the schema that a definition has."""
    definition = yaml.safe_load(file.read_text())
    [version] = [each for each in definition["spec"]["versions"] if each["storage"]]
    names, group = definition["spec"]["names"], definition["spec"]["group"]
    schema = shorten(version["schema"]["openAPIV3Schema"])
    properties = schema["properties"]
    properties["apiVersion"] = {"const": f"{group}/{version['name']}"}
    properties["kind"] = {"const": names["kind"]}
    properties["metadata"] = {"type": "object"}
    schema["required"] = sorted({"apiVersion", "kind", "metadata", *schema.get("required", ())})
    return names["kind"], schema


def main(files):
    """Write the schemas, and print what the README says of each."""
    for file in map(Path, files):
        kind, schema = schema_of(file)
        (FOLDER / f"{kind}.json").write_text(json.dumps(schema, separators=(",", ":"), sort_keys=True) + "\n")
        print(kind, file.name, hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main(sys.argv[1:])
