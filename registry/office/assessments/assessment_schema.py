"""The JSON Schema of an assessment: `python -m registry.office.assessments.assessment_schema` writes it.

It is made from the structs. With `--check` it writes nothing and exits 1 where the file is not what the structs give.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from registry.office.assessments.assessment import Assessment

FILE: Final = Path(__file__).parents[3] / "docs" / "assessment.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of an assessment, as `registry case assess` and POST /v1/cases/{case}/assess read it."""
    made = msgspec.json.schema(Assessment)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Assessment", **made}


def main(arguments: list[str]) -> int:
    """Write the schema, or check that it is current."""
    wanted = json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
    if arguments == ["--check"]:
        current = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
        if current != wanted:
            print(f"{FILE.name} is not what the structs give; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
            return 1
        return 0
    FILE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
