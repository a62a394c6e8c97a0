"""Write the JSON Schema of an assessment: `python -m registry.office.assessments.assessment_schema`.

It is generated from the structs. With `--check` nothing is written, and the exit code is 1 if the file is outdated.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from registry.office.assessments.assessment import Assessment

FILE: Final = Path(__file__).parents[3] / "docs" / "assessment.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of an assessment for `registry case assess` and POST /v1/cases/{case}/assess."""
    generated = msgspec.json.schema(Assessment)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Assessment", **generated}


def main(arguments: list[str]) -> int:
    """Write the schema, or check that it is current."""
    expected = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        current = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
        if current != expected:
            print(f"{FILE.name} is outdated; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
            return 1
        return 0
    FILE.write_text(expected, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
