"""The chart's copy of the alerts: `python -m deploy.helm.rules` writes it, since a chart has only files of its own.

With `--check` it writes nothing, and exits 1 if the copy differs.
"""

import sys
from pathlib import Path
from typing import Final

_DEPLOY: Final = Path(__file__).parents[1]
SOURCE: Final = _DEPLOY / "prometheus" / "rules" / "registry.yaml"
COPY: Final = _DEPLOY / "helm" / "registry" / "files" / "rules" / "registry.yaml"


def main(arguments: list[str]) -> int:
    """Write the copy, or check that it is the same."""
    text = SOURCE.read_bytes()
    if arguments != ["--check"]:
        COPY.parent.mkdir(exist_ok=True)
        COPY.write_bytes(text)
    elif not COPY.is_file() or COPY.read_bytes() != text:
        print(f"{COPY} is not the same as {SOURCE}; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
