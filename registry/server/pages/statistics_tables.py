"""The tables of the statistics, for their page and for the open data.

A small consortium's are made for each reader. Those of hundreds of universities take a second to build: readers get the
last ones, with the position and the moment that they were made from, while new ones are made once a minute.
"""

import asyncio
import time
from collections.abc import Mapping
from contextvars import Context
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import structlog
from anyio.to_thread import run_sync

from projections.api.reading import Views
from projections.records.member_names import read_member_names
from projections.statistics.datasets import CountRows, DataSet, build_all, read_counts
from registry.http.responses import POSITION, Position
from registry.server.pages.yearly_figures import Figures, figures_of, narrow_to, years_of

_log = structlog.get_logger(__name__)
_SLOW_SECONDS: Final = 0.1
"""Processor time of building from which on tables are shared."""
_FRESH_SECONDS: Final = 60.0
"""Age of shared tables from which on new ones are made, while readers still get these."""
_MAX_AGE_SECONDS: Final = 3600.0
"""Age of shared tables that nobody gets any more."""
_RETRY_SECONDS: Final = 60.0
"""Time after a failure in which readers of shared tables get the last ones, and no new ones are made."""


class StatisticsTables:
    """All tables at one position of the views."""

    def __init__(
        self, datasets: Mapping[str, DataSet], names: dict[str, str], position: Position, read_at: datetime
    ) -> None:
        self.datasets = datasets
        self.names = names
        self.position = position
        self.read_at = read_at
        self.years = years_of(datasets)
        self._by_year = {year: narrow_to(datasets, year) for year in self.years}
        self._of_all: dict[str, Figures] = {}

    def figures(self, year: str, member: str = "") -> Figures:
        """Return the figures of a year, or of the newest; those of all universities are added up once."""
        year = year if year in self._by_year else next(iter(self.years), "")
        if not member and year in self._of_all:
            return self._of_all[year]
        figures = figures_of(self._by_year.get(year, self.datasets), year, member)._replace(years=self.years)
        if not member:
            self._of_all[year] = figures
        return figures


class _Read(NamedTuple):
    counts: CountRows
    names: dict[str, str]


class _Built(NamedTuple):
    tables: StatisticsTables
    seconds: float


class SharedTables:
    """The tables of one process: others may have some from another position. For one event loop."""

    def __init__(self) -> None:
        self._last: _Built | None = None
        self._last_at = 0.0
        self._failed_at: float | None = None
        self._making: asyncio.Task[StatisticsTables] | None = None

    async def read(self, views: Views) -> StatisticsTables:
        """Return tables: new ones, or the last if new ones are slow to make and these are young enough."""
        age = time.monotonic() - self._last_at
        if self._last is not None and self._last.seconds >= _SLOW_SECONDS and age < _MAX_AGE_SECONDS:
            if age > _FRESH_SECONDS and not self._has_just_failed():
                self.begin(views)
            return self._last.tables
        if self._last is not None and self._last.seconds < _SLOW_SECONDS:
            return await self._make(views)
        return await asyncio.shield(self.begin(views))  # all who wait get the same

    def begin(self, views: Views) -> "asyncio.Task[StatisticsTables]":
        """Return the making that is under way, or begin one. It goes on when the reader who caused it has left.

        A node that starts begins one, so that no reader waits for the first.
        """
        if self._making is None or self._making.done():
            self._making = asyncio.create_task(self._make(views), context=Context())
            self._making.add_done_callback(self._note_failure)
        return self._making

    def _has_just_failed(self) -> bool:
        return self._failed_at is not None and time.monotonic() - self._failed_at < _RETRY_SECONDS

    def _note_failure(self, task: "asyncio.Task[StatisticsTables]") -> None:
        """Log why a making failed: nobody may have waited for it. The message stays out: it may hold values."""
        error = None if task.cancelled() else task.exception()
        if error is None:
            self._failed_at = None
            return
        self._failed_at = time.monotonic()
        _log.warning("statistics.failed", error=type(error).__name__, retry_after=_RETRY_SECONDS)

    async def _make(self, views: Views) -> StatisticsTables:
        response = await views.answer("", _read, "scan")
        read_at, begun = datetime.now(UTC), time.monotonic()
        read: _Read = response.content
        built = await run_sync(_build, read, response.headers.get(POSITION, ""), read_at)
        self._last, self._last_at = built, begun
        return built.tables


def _read(connection: Any) -> _Read:  # noqa: ANN401 - a connection
    return _Read(read_counts(connection), read_member_names(connection))


def _build(read: _Read, position: Position, read_at: datetime) -> _Built:
    begun = time.thread_time()
    tables = StatisticsTables(build_all(read.counts), read.names, position, read_at)
    return _Built(tables, time.thread_time() - begun)
