"""An audit's report as one page: nothing is fetched from anywhere, no script runs."""

from datetime import UTC, datetime
from importlib import resources
from typing import Any, Final, NamedTuple

from consumers.audit.audit_report import AuditReport, MemberReport, StreamState
from consumers.audit.audit_verdict import AS_BEFORE, INCONCLUSIVE, WELL

_WIDTH: Final = 640
_HEIGHT: Final = 180
_LEFT: Final = 70
_DAY: Final = 86400


class Line(NamedTuple):
    """A polyline of a chart, in the chart's own units, and what it stands for."""

    name: str
    points: str
    style: int


def page(report: AuditReport, time: datetime | None = None) -> str:
    """Return the whole page as HTML."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - few audits write a page

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(resources.files("consumers.audit").joinpath("audit_page.html.j2").read_text())
    moment = (time or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    refusals: dict[str, int] = {}
    for fault in report.faults:
        name = f"{fault.member}: {fault.code}"
        refusals[name] = refusals.get(name, 0) + 1
    return template.render(
        report=report,
        as_before=AS_BEFORE,
        style={WELL: "good", INCONCLUSIVE: "open"}.get(report.verdict, "bad"),
        made=moment,
        growth=_growth(report.streams),
        sizes=_bars({state.member: state.size for state in report.streams}),
        largest=max((state.size for state in report.streams), default=0),
        span=_span(report.streams),
        refusals=_bars(refusals),
        keys=[_windows(member) for member in report.members],
        lag=_bars({m.member: m.lag for m in report.members if m.lag is not None}),
    )


def _times(streams: list[StreamState]) -> list[float]:
    return sorted(t for state in streams for head in state.heads if (t := _seconds(head.time)) is not None)


def _seconds(time: str) -> float | None:
    try:
        return datetime.fromisoformat(time).timestamp()
    except ValueError:
        return None


def _span(streams: list[StreamState]) -> tuple[str, str]:
    times = _times(streams)
    if not times:
        return "", ""
    first, last = (datetime.fromtimestamp(t, UTC).date().isoformat() for t in (times[0], times[-1]))
    return first, last


def _growth(streams: list[StreamState]) -> list[Line]:
    """Each stream's size over the times that its events claim, as steps; nothing where all are of one day."""
    times = _times(streams)
    largest = max((state.size for state in streams), default=0)
    if not times or not largest or times[-1] - times[0] < _DAY:
        return []
    first, length = times[0], times[-1] - times[0]
    lines = []
    for number, state in enumerate(streams):
        points: list[tuple[float, float]] = []
        for head in state.heads:
            if (at := _seconds(head.time)) is not None:
                x = _LEFT + (at - first) / length * (_WIDTH - _LEFT)
                y = _HEIGHT - head.size / largest * (_HEIGHT - 10)
                points += [(x, points[-1][1] if points else _HEIGHT), (x, y)]
        if points:
            points.append((_WIDTH, points[-1][1]))  # it is that large still
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        lines.append(Line(state.member, text, number % 8))
    return lines


def _bars(values: dict[str, int]) -> list[dict[str, Any]]:
    most = max(values.values(), default=0) or 1
    return [
        {"name": name, "value": value, "width": value / most * (_WIDTH - 260)}
        for name, value in sorted(values.items(), key=lambda item: -item[1])
    ]


def _windows(member: MemberReport) -> dict[str, Any]:
    """A member's keys along its log: from which size to which each of them signs."""
    whole = max(member.size, 1)
    scale = (_WIDTH - _LEFT) / whole
    keys = []
    for key in member.keys:
        start, end = min(key.start, whole), min(whole if key.end is None else key.end, whole)
        window = f"from {key.start:,}" + ("" if key.end is None else f" to {key.end:,}")
        width = max(2.0, (end - start) * scale)
        x = min(_LEFT + start * scale, _WIDTH - width)
        keys.append({"id": key.vkey.split("+")[1], "end": key.end, "x": x, "width": width, "told": window})
    return {"member": member.member, "size": member.size, "keys": keys}
