"""The geometry of charts: numbers to places in an SVG. Pure; `templates/macros/charts.html` draws them.

A chart never stands alone: its page has the same numbers in a table beside it.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_WIDTH: Final = 900.0
_LEFT: Final = 60.0
"""Room for the numbers of the scale."""
_TOP: Final = 24.0
_BASE: Final = 222.0
_HEIGHT: Final = 250
_SHADES: Final = 5
_FLOW_WIDTH: Final = 1040
_FLOW_SIDES: Final = (320.0, 720.0)
_LABEL_CHARS: Final = 28
"""Characters of a name beside a flow: with its number it is narrower than the room at its side."""
_FLOW_ROOM: Final = 440.0
_FLOW_GAP: Final = 12.0
_TOP_FLOWS: Final = 4


class Bar(NamedTuple):
    """A bar, its label and its number."""

    x: float
    y: float
    width: float
    height: float
    label: str
    number: int

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return round(self.x + self.width / 2, 1)


class Tick(NamedTuple):
    """A line of the scale."""

    y: float
    number: int


class BarChart(NamedTuple):
    """Upright bars on a scale from zero."""

    width: int
    height: int
    left: float
    bars: list[Bar]
    ticks: list[Tick]


def bar_chart(numbers: Sequence[tuple[str, int]]) -> BarChart:
    """Return the chart of numbers with their labels, in their order."""
    step = scale_step(max((number for _, number in numbers), default=0))
    top = step * max(1, -(-max((number for _, number in numbers), default=0) // step))
    room = (_WIDTH - _LEFT) / max(1, len(numbers))
    ticks = [Tick(round(_BASE - (_BASE - _TOP) * number / top, 1), number) for number in range(0, top + 1, step)]
    bars = []
    for place, (label, number) in enumerate(numbers):
        height = round((_BASE - _TOP) * number / top, 1)
        bars.append(
            Bar(
                round(_LEFT + room * (place + 0.16), 1),
                round(_BASE - height, 1),
                round(room * 0.68, 1),
                height,
                label,
                number,
            )
        )
    return BarChart(int(_WIDTH), _HEIGHT, _LEFT, bars, ticks)


def scale_step(most: int) -> int:
    """Return the distance between the lines of a scale of at most five: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if most <= 5 * factor * power:
                return factor * power
        power *= 10


def spark_bars(numbers: Sequence[int]) -> list[Bar]:
    """Return small bars of one row, the highest of which has the full height of 28."""
    most = max(numbers, default=0) or 1
    return [
        Bar(10 * place, round(28 - 28 * number / most, 1), 8, round(28 * number / most, 1), "", number)
        for place, number in enumerate(numbers)
    ]


def bar_width(number: int, most: int) -> float:
    """Return the width of a lying bar, of 100."""
    return round(100 * number / most, 1) if most else 0.0


def shade_of(number: int, most: int) -> int:
    """Return how dark a cell is, from 0 for nothing to 5 for the most."""
    return 0 if not number or not most else max(1, -(-_SHADES * number // most))


class Side(NamedTuple):
    """A block at the side of a chart of flows: one university, with the sum of its flows."""

    label: str
    x: float
    y: float
    height: float
    number: int

    @property
    def short_label(self) -> str:
        """The label, shortened to what the room at its side holds."""
        return self.label if len(self.label) <= _LABEL_CHARS else f"{self.label[: _LABEL_CHARS - 1].rstrip()}…"


class Ribbon(NamedTuple):
    """A flow from one side to the other."""

    source: str
    target: str
    number: int
    path: str
    width: float
    is_wide: bool
    """True for the few widest."""


class FlowChart(NamedTuple):
    """Flows between universities: blocks at both sides, and ribbons between them."""

    width: int
    height: int
    left: float
    """The x of the blocks at the left; their labels end before it."""
    right: float
    sources: list[Side]
    targets: list[Side]
    ribbons: list[Ribbon]


def flow_chart(flows: Mapping[tuple[str, str], int]) -> FlowChart:
    """Return the chart of flows by source and target; the widest flows first at each side."""
    total = sum(flows.values()) or 1
    unit = _FLOW_ROOM / total
    sources = _sides(flows, 0, unit)
    targets = _sides(flows, 1, unit)
    used = {("source", side.label): side.y for side in sources} | {("target", side.label): side.y for side in targets}
    widest = sorted(flows, key=lambda pair: -flows[pair])[:_TOP_FLOWS]
    ribbons = []
    source_order = {side.label: place for place, side in enumerate(sources)}
    target_order = {side.label: place for place, side in enumerate(targets)}
    for source, target in sorted(flows, key=lambda pair: (source_order[pair[0]], target_order[pair[1]])):
        width = flows[source, target] * unit
        begin, end = used["source", source] + width / 2, used["target", target] + width / 2
        used["source", source] += width
        used["target", target] += width
        left, right = _FLOW_SIDES
        middle = (left + right) / 2
        path = f"M{left:g} {begin:.1f}C{middle:g} {begin:.1f} {middle:g} {end:.1f} {right:g} {end:.1f}"
        is_wide = (source, target) in widest
        ribbons.append(Ribbon(source, target, flows[source, target], path, round(max(width, 1), 1), is_wide))
    height = int(max((side.y + side.height for side in (*sources, *targets)), default=_TOP) + _FLOW_GAP)
    return FlowChart(_FLOW_WIDTH, height, *_FLOW_SIDES, sources, targets, ribbons)


def _sides(flows: Mapping[tuple[str, str], int], which: int, unit: float) -> list[Side]:
    sums: dict[str, int] = {}
    for pair, number in flows.items():
        sums[pair[which]] = sums.get(pair[which], 0) + number
    sides, y = [], _TOP + _FLOW_GAP
    for label in sorted(sums, key=lambda label: (-sums[label], label)):
        height = sums[label] * unit
        sides.append(Side(label, _FLOW_SIDES[which], round(y, 1), round(height, 1), sums[label]))
        y += max(height, 18) + _FLOW_GAP
    return sides
