"""The chart's `values.schema.json`: its `settings` are those that the program knows, so that no other is accepted.

    python -m deploy.helm.values_schema [--check]

The rest of the file is written by hand. With `--check` this writes nothing, and exits with 1 where the file is out of
date.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from deploy.generated_file import write_or_check
from registry.settings.settings import Settings

FILE: Final = Path(__file__).parent / "registry" / "values.schema.json"
_OF_THE_CHART: Final = {
    "": {
        "home", "consortium", "member", "founded", "log", "database", "keys", "passphrase", "passphrase_file",
        "openid_client_secret", "metrics_port", "metrics_host",
    },
    "HttpSetting": {"host", "port", "workers"},
    "OpenIdSetting": {"client_secret_file"},
}  # fmt: skip
"""Settings that have a value of their own in the chart, or that its volumes and ports decide."""
_WORDS: Final = {"title", "description", "default"}
"""Keywords for readers, who have docs/settings.md; a default may depend on the machine."""


def describe_settings() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of the settings that a release may name, and the definitions that it refers to."""
    schema = Settings.model_json_schema()
    definitions = {name: _strip(name, part) for name, part in schema.pop("$defs").items()}
    return _strip("", schema), definitions


def _strip(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    properties = {
        key: _without_words(value)
        for key, value in schema["properties"].items()
        if key not in _OF_THE_CHART.get(name, ())
    }
    stripped = {"type": "object", "additionalProperties": False, "properties": properties}
    if required := [key for key in schema.get("required", ()) if key in properties]:
        stripped["required"] = required
    return stripped


def _without_words(value: Any) -> Any:  # noqa: ANN401 - any part of a JSON Schema
    if isinstance(value, dict):
        options = [option for option in value.get("anyOf", ()) if option != {"type": "null"}]
        if len(options) == 1:  # a setting that may be left out; of two options, a refusal would name neither
            return _without_words(options[0])
        return {key: _without_words(part) for key, part in value.items() if key not in _WORDS}
    return [_without_words(part) for part in value] if isinstance(value, list) else value


def render_schema() -> str:
    """Return the file with the settings that the program has now."""
    schema = json.loads(FILE.read_text())
    settings, definitions = describe_settings()
    schema["properties"]["settings"] = settings
    by_hand = {name: part for name, part in schema["$defs"].items() if name[0].islower()}
    schema["$defs"] = by_hand | definitions
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write the schema, or check that it is current."""
    return write_or_check(FILE, render_schema().encode(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
