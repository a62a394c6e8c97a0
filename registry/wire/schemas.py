"""JSON Schemas of every event, generated from the structs: `python -m registry.wire.schemas` writes them.

With `--check` it writes nothing, and exits with 1 where a file is out of date.
"""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES, Event

FOLDER = Path(__file__).with_name("schemas")
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(name: str, data: type[Any]) -> dict[str, Any]:
    """Return the schema of one event type: the envelope of CloudEvents with its data."""
    generated = msgspec.json.schema(Event[data])  # type: ignore[valid-type] # a generic struct made at run time
    definitions = generated["$defs"]
    envelope = definitions.pop(generated["$ref"].rsplit("/", 1)[1])
    envelope["properties"]["type"] = {"const": name}
    envelope["properties"]["specversion"] = {"const": "1.0"}
    described = {"title": name, "description": (data.__doc__ or "").strip()}
    return {"$schema": DIALECT, **envelope, **described, "$defs": definitions}


def files() -> dict[Path, str]:
    """Return the text of each schema, by its file."""
    return {
        FOLDER / f"{name}.json": json.dumps(schema(name, data), indent=2, ensure_ascii=False) + "\n"
        for name, data in {**GOVERNANCE_TYPES, **MEMBER_TYPES}.items()
    }


def main(arguments: list[str]) -> int:
    """Write the schemas, or check that they are current."""
    current = files()
    present = set(FOLDER.glob("*.json")) if FOLDER.exists() else set()
    if arguments == ["--check"]:
        stale = [path for path, text in current.items() if path not in present or path.read_text() != text]
        stale += sorted(present - current.keys())
        for path in stale:
            print(f"{path.name} is out of date; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path in present - current.keys():
        path.unlink()
    for path, text in current.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
