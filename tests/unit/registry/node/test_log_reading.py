"""The log's part of the metrics: where each stream begins."""

from projections.core.stream_counts import ReadUpTo
from registry.log import LogUnavailable
from registry.metrics import definitions
from registry.node.metrics.log_reading import LogReading
from tests.support.memory_log import MemoryLog


class ShortenedLog(MemoryLog):
    """A log that has deleted records of one stream, and may fail."""

    begin = 0
    asked = 0

    def beginnings(self, streams):
        self.asked += 1
        if self.begin is None:
            raise LogUnavailable("Kafka is away")
        return super().beginnings(streams) | {"twente": self.begin}


def read(log):
    for stream in ("governance", "twente"):
        log.create(stream)
    reading = LogReading(lambda: log)
    reading.streams = [ReadUpTo("governance", 0, 0), ReadUpTo("twente", 0, 0), ReadUpTo("lund", 0, 0)]
    return reading


def values(samples, metric):
    return {"".join(sample.labels): sample.value for sample in samples if sample.metric is metric}


def test_the_beginning_of_each_stream_is_shown_and_not_asked_for_on_each_page():
    log = ShortenedLog()
    log.begin = 300
    reading = read(log)
    for _ in range(3):
        samples = reading.read()
        assert values(samples, definitions.LOG_BEGINS) == {"governance": 0, "twente": 300}
        assert values(samples, definitions.PART_READ) == {"log": 1}
    assert log.asked == 1


def test_beginnings_that_cannot_be_read_are_missing_and_the_page_says_so():
    log = ShortenedLog()
    log.begin = None
    reading = read(log)
    samples = reading.read()
    assert values(samples, definitions.LOG_BEGINS) == {}
    assert values(samples, definitions.PART_READ) == {"log": 0}
    log.begin = 0
    assert values(reading.read(), definitions.LOG_BEGINS) == {"governance": 0, "twente": 0}
