"""Generates the page docs/record-of-processing.md: the record of processing with the default settings."""

import sys
from pathlib import Path
from typing import Final

from registry.privacy.processing_record import make_record, write_markdown
from registry.settings.retention import KeptBasis, RetentionSetting

FILE: Final = Path("docs/record-of-processing.md")
_CONTROLLER: Final = "your university (with the default settings; `registry privacy record` has this node's own)"


def reference() -> str:
    """Return the page, as Markdown."""
    return write_markdown(make_record(_CONTROLLER, RetentionSetting(), KeptBasis()))


def main(arguments: list[str]) -> int:
    """Write the page, or check that it is current."""
    text = reference()
    if arguments == ["--check"]:
        if FILE.exists() and FILE.read_text() == text:
            return 0
        print(f"{FILE} is not up to date; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
