"""The page of metrics in Prometheus' format: current samples, and the counters of all processes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from registry.metrics.definitions import PART_READ, Definition

_log = structlog.get_logger(__name__)
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class Sample(NamedTuple):
    """A gauge's value, with the values of its labels in order."""

    metric: Definition
    value: float
    labels: tuple[str, ...] = ()


def render_page(samples: Iterable[Sample], folder: Path) -> bytes:
    """Return the page with these samples and the processes' counters in a folder."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Samples(samples, folder))
    return generate_latest(registry)


class _Samples(Collector):
    def __init__(self, samples: Iterable[Sample], folder: Path) -> None:
        self._samples = list(samples)
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Yield a family for each metric."""
        counters = _read_counters(self._folder)
        samples = [*self._samples, Sample(PART_READ, float(counters is not None), ("process",))]
        families: dict[str, GaugeMetricFamily] = {}
        for sample in samples:
            metric = sample.metric
            family = families.get(metric.name)
            if family is None:
                families[metric.name] = family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
            family.add_metric(sample.labels, sample.value)
        yield from families.values()
        yield from counters or ()


def _read_counters(folder: Path) -> Sequence[Metric] | None:
    """Return the processes' counters; None if a file cannot be read, for example while it is being written."""
    try:
        collector = MultiProcessCollector(None, str(folder))  # type: ignore[no-untyped-call] # it has no types
        return list(collector.collect())  # type: ignore[no-untyped-call] # likewise
    except (OSError, ValueError, RuntimeError) as error:
        _log.error("metrics.not_counted", error=str(error))
        return None
