"""JSON Schemas of every event, generated from the structs: `python -m registry.wire.schemas` writes them.

With `--check` it writes nothing and exits 1 where a file is not what the structs give.
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
    """The schema of one event type: CloudEvents' envelope with its data."""
    made = msgspec.json.schema(Event[data])  # type: ignore[valid-type] # a generic struct made at run time
    definitions = made["$defs"]
    envelope = definitions.pop(made["$ref"].rsplit("/", 1)[1])
    envelope["properties"]["type"] = {"const": name}
    envelope["properties"]["specversion"] = {"const": "1.0"}
    described = {"title": name, "description": (data.__doc__ or "").strip()}
    return {"$schema": DIALECT, **envelope, **described, "$defs": definitions}


def files() -> dict[Path, str]:
    """Each schema's file and text."""
    return {
        FOLDER / f"{name}.json": json.dumps(schema(name, data), indent=2, ensure_ascii=False) + "\n"
        for name, data in {**GOVERNANCE_TYPES, **MEMBER_TYPES}.items()
    }


def main(arguments: list[str]) -> int:
    """Write the schemas, or check that they are current."""
    wanted = files()
    present = set(FOLDER.glob("*.json")) if FOLDER.exists() else set()
    if arguments == ["--check"]:
        stale = [path for path, text in wanted.items() if path not in present or path.read_text() != text]
        stale += sorted(present - wanted.keys())
        for path in stale:
            print(f"{path.name} is not what the structs give; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path in present - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
