"""Write the generated reference pages, or check with `--check` that they are what the code says."""

import sys
from pathlib import Path
from typing import Final

from registry.cli.reference import commands, events, http_api, problems

DOCS: Final = Path(__file__).parents[3] / "docs"


def pages() -> dict[Path, str]:
    """Return the text of each generated page by its file."""
    texts = {**commands.pages(), **events.pages(), **http_api.pages(), **problems.pages()}
    return {DOCS / name: text for name, text in texts.items()}


def main(arguments: list[str]) -> int:
    """Write the pages; with `--check`, return 1 if one is not current."""
    current_pages = pages()
    present = set((DOCS / "commands").glob("*.md"))
    if arguments == ["--check"]:
        stale = [path for path, text in current_pages.items() if not path.exists() or path.read_text() != text]
        for path in [*stale, *sorted(present - current_pages.keys())]:
            print(f"{path.name} is not what the code says; run `make schemas`", file=sys.stderr)  # noqa: T201 - a command
        return 1 if stale or present - current_pages.keys() else 0
    for path in present - current_pages.keys():
        path.unlink()
    for path, text in current_pages.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
