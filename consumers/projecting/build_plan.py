"""Estimate of a build of views: disk by the size of the present views, time by the last build."""

from typing import Final, NamedTuple

from consumers.projecting.rebuild import Source, count_events
from projections.core import building, views
from projections.core.positions import all_positions

_USUAL_BYTES: Final = 320
"""Bytes of an event in the views, with indexes, where there are no views to measure (docs/benchmarks.md)."""
_MEASURABLE_EVENTS: Final = 1000
"""With fewer events, empty pages and indexes weigh more than rows."""


class BuildPlan(NamedTuple):
    """Estimate of what a build takes."""

    events: int
    """Events on the log, as its newest records name them."""
    disk_bytes: int
    is_measured: bool
    """True where the present views were measured, False where a usual size was taken."""
    seconds: float | None
    """None where no build was measured on this database."""


def plan_build(dsn: str, source: Source) -> BuildPlan:
    """Return what a build of a log's views takes; nothing is written. Raises errors of the log and the database."""
    events = count_events(source)
    with views.connect(dsn) as connection:
        bytes_of_views = views.measure(connection)
        projected = 0
        if bytes_of_views:
            projected = sum(position.tree.size for position in all_positions(connection).values())
        rate = building.read_last_rate(connection)
    is_measured = projected >= _MEASURABLE_EVENTS
    bytes_of_event = bytes_of_views / projected if is_measured else _USUAL_BYTES
    return BuildPlan(events, round(bytes_of_event * events), is_measured, None if rate is None else events / rate)
