"""A report of tables as PDF/A and PDF/UA, by the compiler and the fonts of the letters."""

from collections.abc import Sequence
from datetime import date
from importlib import resources
from typing import Final

import msgspec

from registry.letters.letter import compile_page

_TEMPLATE: Final = resources.files("registry.letters").joinpath("report.typ").read_bytes()


class ReportTable(msgspec.Struct, frozen=True):
    """A table of a report. All cells are text; the last column has numbers."""

    caption: str
    head: list[str]
    rows: list[list[str]]
    note: str = ""


class Report(msgspec.Struct, frozen=True):
    """A report in words, in the language that it names."""

    language: str
    title: str
    author: str
    lead: str
    page: str
    """The words for the page's number, with `{page}` and `{pages}`."""
    tables: Sequence[ReportTable]


def render_report(report: Report, day: date) -> bytes:
    """Return the PDF, dated `day`. Raises `CannotWrite`."""
    data = msgspec.to_builtins(report) | {"day": {"year": day.year, "month": day.month, "day": day.day}}
    return compile_page(_TEMPLATE, data, day)
