"""The output of commands: text for people, JSON for programs, progress at a terminal. Lists are in listing.py."""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from registry import observability

SHORT: Final = 8
"""The least number of characters of an id in a table."""
_ID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_UNLIMITED: Final = 1_000_000
"""The width without a terminal and COLUMNS: a line is as long as it needs to be."""

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
"""Characters that move a terminal's cursor, reverse text, are invisible or cannot be encoded.

Names and titles are other people's text.
"""
_MAX_CELL: Final = 300
"""The greatest number of characters of a text in a table that is not wide."""


def _visible(text: str) -> str:
    """Return a text with its control characters as escapes."""
    return _CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)


class _Console(Console):
    """A console that shows control characters instead of obeying them."""

    def render_str(self, text: str, **how: Any) -> Text:  # noqa: ANN401 - as Rich has it
        """Return the text with its control characters as escapes."""
        return super().render_str(_visible(text), **how)


class _Errors(_Console):
    """The console of standard error; in a service without a terminal, each message is a line of its log."""

    def print(self, *objects: Any, **how: Any) -> None:  # noqa: ANN401 - as Rich has it
        """Print a message, or write it to the log."""
        if not observability.writes_messages():
            super().print(*objects, **how)
            return
        markup = how.get("markup", True)
        texts = [Text.from_markup(each) if markup and isinstance(each, str) else Text(str(each)) for each in objects]
        observability.write_message(_visible(" ".join(text.plain for text in texts)))


def _width() -> int | None:
    """Return the width of standard output; None leaves it to the terminal."""
    return None if sys.stdout.isatty() or os.environ.get("COLUMNS") else _UNLIMITED


out = _Console(soft_wrap=True, width=_width(), emoji=False)
errors = _Errors(stderr=True, soft_wrap=True, emoji=False)

_json = msgspec.json.Encoder(decimal_format="number")

Year = Annotated[int | None, typer.Option(min=1, max=9998, help="The calendar year (else this one).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV (RFC 4180) for spreadsheets, with all columns.")]
Wide = Annotated[bool, typer.Option("--wide", help="Show whole ids and all columns, however wide the table gets.")]


def print_json(value: Any, *, verbatim: bool = False) -> None:  # noqa: ANN401 - any struct
    """Print a struct, or a mapping, as JSON. Names are in snake_case.

    Objects of the published language (an event, an achievement's content, a grant) keep their own names. `verbatim`
    keeps all names, for a document that another command reads. A list is printed as an object with `items`, so that
    more fields can be added later.
    """
    if isinstance(value, list) and not verbatim:
        value = {"items": value}
    text = msgspec.json.format(_json.encode(value if verbatim else plain(value)), indent=2)
    sys.stdout.write(text.decode() + "\n")


def plain(value: Any) -> Any:  # noqa: ANN401 - any value that commands print
    """Turn structs into mappings by their fields' Python names; keys of mappings are data, and stay the same."""
    if isinstance(value, msgspec.Struct):
        if type(value).__module__.startswith("registry.wire."):
            return value
        return {name.rstrip("_"): plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def text_of(value: Any) -> str:  # noqa: ANN401 - any column's value
    """Return a value as people read it, in a table or in CSV."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(text_of, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {text_of(item)}" for key, item in value.items())
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return str(plain(value))


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    wide: bool = False,
    cut: Collection[str] = (),
) -> None:
    """Print rows under headings, within the width of the terminal.

    Ids are shortened to beginnings that are unique, and never broken; commands accept them. `wide` shows whole ids and
    lines of any length. Texts in the columns `cut` are cut to the width of their column. Nothing in a value is markup,
    and control characters are printed as escapes.
    """
    texts = [[_visible(text_of(value)) for value in row] for row in rows]
    if not wide:
        texts = [[text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…" for text in row] for row in texts]
        short = shorten_ids(identifier for row in texts for text in row for identifier in _ID.findall(text))
        texts = [[_ID.sub(lambda match: short[match[0]], text) for text in row] for row in texts]
    # One blank between columns: a table has up to nine of them, and a terminal 80 characters.
    grid = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for number, column in enumerate(columns):
        cells = [row[number] for row in texts]
        one_line = column in cut and not wide
        grid.add_column(
            column,
            overflow="ellipsis" if one_line else "fold",
            min_width=_narrowest(column, cells),
            no_wrap=wide or one_line,
        )
    for row in texts:
        grid.add_row(*(text.replace("[", "\\[") for text in row))
    paper = _Console(width=_UNLIMITED if wide else _width(), emoji=False)
    with paper.capture() as captured:
        paper.print(grid)
    for line in captured.get().splitlines():
        sys.stdout.write(line.rstrip() + "\n")


def _narrowest(column: str, cells: Sequence[str]) -> int:
    """Return the least width of a column: its heading, ids, days and numbers are not broken."""
    words = [*column.split(), *(cell for cell in cells if " " not in cell and len(cell) <= 12)]
    return max((len(word) for word in words), default=1)


def shorten_ids(ids: Iterable[str]) -> dict[str, str]:
    """Return unique beginnings of ids, all of one length of at least 8 characters."""
    whole_ids = set(ids)
    for length in (SHORT, 13, 18, 23):
        short = {each: each[:length] for each in whole_ids}
        if len(set(short.values())) == len(whole_ids):
            return short
    return {each: each for each in whole_ids}


def say(text: str, style: str | None = None) -> None:
    """Print a line for people."""
    out.print(text, style=style, markup=False, highlight=False)


def warn(warning: str) -> None:
    """Print a warning to standard error."""
    errors.print(f"warning: {warning}", markup=False, highlight=False)


def title_of(texts: dict[str, str] | None) -> str:
    """Return a text in English, or else in its first language."""
    if not texts:
        return ""
    return texts.get("en") or next(iter(texts.values()))


class _Rate(ProgressColumn):
    """The recent rate a second."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Counter:
    """A progress bar at a terminal, an occasional line elsewhere."""

    def __init__(self, what: str, total: int | None, bar: Progress | None) -> None:
        self._what = what
        self._total = total
        self._bar = bar
        self._task = bar.add_task(what, total=total) if bar else None
        self._done = 0
        self._printed = 0

    def advance(self, by: int = 1) -> None:
        """Add to the number that is done."""
        self.reach(self._done + by)

    def reach(self, done: int) -> None:
        """Set the number that is done."""
        self._done = done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)
        elif done - self._printed >= max(1000, (self._total or 0) // 10):
            self._printed = done
            errors.print(f"{self._what}: {done:,}" + (f" of {self._total:,}" if self._total else ""), highlight=False)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Counter]:
    """Show the progress of long work."""
    if not errors.is_terminal:
        yield Counter(what, total, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        yield Counter(what, total, bar)
