"""The chart's copy of the alerts: `python -m deploy.helm.rules` writes it, since a chart has only files of its own.

With `--check` it writes nothing, and exits 1 if the copy differs.
"""

import sys
from pathlib import Path
from typing import Final

from deploy.generated_file import write_or_check

_DEPLOY: Final = Path(__file__).parents[1]
SOURCE: Final = _DEPLOY / "prometheus" / "rules" / "registry.yaml"
COPY: Final = _DEPLOY / "helm" / "registry" / "files" / "rules" / "registry.yaml"


def main(arguments: list[str]) -> int:
    """Write the copy, or check that it is the same."""
    return write_or_check(COPY, SOURCE.read_bytes(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
