"""What commands print: tables for people, JSON for programs, progress where somebody watches."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_WIDE = 200
"""Columns where nobody has said how wide the paper is: ids must come out whole, to be copied."""

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What would move a terminal's cursor, or could not be written: names and titles are other people's text."""


class _Console(Console):
    """A console that shows control characters instead of obeying them."""

    def render_str(self, text: str, **how: Any) -> Text:  # noqa: ANN401 - as Rich has it
        """The text as Rich has it, control characters written out."""
        return super().render_str(_COMMANDS.sub(lambda match: ascii(match[0])[1:-1], text), **how)


out = _Console(soft_wrap=True, width=None if sys.stdout.isatty() else _WIDE)
errors = _Console(stderr=True, soft_wrap=True)

_json = msgspec.json.Encoder(decimal_format="number")

Year = Annotated[int | None, typer.Option(min=1, max=9998, help="The calendar year (else this one).")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of tables for people.")]


def print_json(value: Any) -> None:  # noqa: ANN401 - any struct
    """Print a struct, or a list of them, as JSON."""
    text = msgspec.json.format(_json.encode(value), indent=2)
    sys.stdout.write(text.decode() + "\n")


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, title: str | None = None) -> None:
    """Print rows under headings. Values are printed as they are: nothing in them is markup."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*("" if value is None else _plain(value) for value in row))
    out.print(made)


def _plain(value: Any) -> str:  # noqa: ANN401 - any column's value
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text.replace("[", "\\[")


def counted(number: int, noun: str) -> str:
    """`1 event`, `2 events`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say(text: str, style: str | None = None) -> None:
    """A line for people."""
    out.print(text, style=style, markup=False, highlight=False)


def title_of(texts: dict[str, str] | None) -> str:
    """A text in English, or else in the first language that it has."""
    if not texts:
        return ""
    return texts.get("en") or next(iter(texts.values()))


class _Rate(ProgressColumn):
    """How many a second, as of the last moments."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Counter:
    """A progress bar on a terminal, a line now and then elsewhere."""

    def __init__(self, what: str, total: int | None, bar: Progress | None) -> None:
        self._what = what
        self._total = total
        self._bar = bar
        self._task = bar.add_task(what, total=total) if bar else None
        self._done = 0
        self._said = 0

    def advance(self, by: int = 1) -> None:
        """So many more are done."""
        self.reach(self._done + by)

    def reach(self, done: int) -> None:
        """So many are done in all."""
        self._done = done
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done)
        elif done - self._said >= max(1000, (self._total or 0) // 10):
            self._said = done
            errors.print(f"{self._what}: {done:,}" + (f" of {self._total:,}" if self._total else ""), highlight=False)


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Counter]:
    """Count long work for whoever watches."""
    if not errors.is_terminal:
        yield Counter(what, total, None)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        yield Counter(what, total, bar)
