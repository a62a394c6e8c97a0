"""Metrics: their definitions and reference, the files that processes count in, and readings that hang or fail."""

import subprocess
import sys
import threading

import pytest

from registry.metrics import reference
from registry.metrics.definitions import LABELS, all_definitions
from registry.metrics.latest import Latest
from registry.node.health.health import COMPONENTS
from tests.support.command import ROOT

FORBIDDEN = {"credential", "learner", "student", "person", "achievement", "batch", "webhook", "endpoint", "url", "path"}


def test_the_reference_is_what_the_definitions_say():
    assert reference.FILE.read_text() == reference.reference()
    assert reference.main(["--check"]) == 0


def test_every_label_is_explained_and_none_names_a_person_or_what_a_client_chooses():
    used = {label for metric in all_definitions() for label in metric.labels}
    assert used == set(LABELS)
    assert used.isdisjoint(FORBIDDEN)


def test_names_follow_prometheus_habits():
    for metric in all_definitions():
        assert metric.name.startswith("registry_"), metric
        assert not metric.name.endswith("_total"), metric  # the library adds it
        assert bool(metric.buckets) == (metric.kind == "histogram"), metric
        assert not metric.buckets or metric.name.endswith("_seconds"), metric
        assert list(metric.buckets) == sorted(metric.buckets), metric


def test_the_faults_that_alarms_name_are_components_of_the_health():
    rules = (ROOT / "deploy" / "prometheus" / "rules" / "registry.yaml").read_text()
    named = {part.split('"')[1] for part in rules.split("registry_faults{component=")[1:]}
    assert named
    assert named <= set(COMPONENTS)


def test_what_a_process_counts_never_outgrows_the_blocks_that_its_files_have_from_the_start(tmp_path):
    # In a process of its own: the library counts in one folder for as long as its process lives.
    program = """
import sys
from pathlib import Path
from registry.metrics.instruments import Instruments
instruments = Instruments(Path(sys.argv[1]), "http-0")
for number in range(250):
    route = f"/v1/a-route-of-a-long-name/{{member}}/{{credential}}/{number}"
    for method in ("GET", "HEAD", "POST", "PROPFIND"):
        for status in (200, 400, 404, 429, 503):
            instruments.count_request(method, route, status, 1)
instruments.note_pool(1, 2, 3)
"""

    def sizes():
        return {file.name: (file.stat().st_size, file.stat().st_blocks * 512) for file in tmp_path.iterdir()}

    def count(code):
        subprocess.run([sys.executable, "-c", code, tmp_path], check=True, cwd=ROOT)

    count("import sys; from pathlib import Path; from registry.metrics.instruments import Instruments as i;"
          "i(Path(sys.argv[1]), 'http-0')")  # fmt: skip
    before = sizes()
    assert len(before) == 3
    assert all(blocks >= size for size, blocks in before.values())
    count(program)
    assert {name: size for name, (size, _) in sizes().items()} == {name: size for name, (size, _) in before.items()}


def test_a_reading_that_hangs_is_waited_for_once_and_what_was_read_before_is_shown():
    go, reads = threading.Event(), []

    def read():
        reads.append(None)
        if len(reads) > 1:
            go.wait()
        return len(reads)

    latest = Latest("test", read)
    assert latest.get(10) == 1
    assert latest.get(0.01) == 1
    assert latest.get(0.01) == 1
    assert len(reads) == 2  # one is under way; no other was begun
    go.set()
    assert latest.get(10) > 1


@pytest.mark.parametrize("before", [True, False])
def test_a_reading_that_fails_leaves_nothing_of_the_one_before(before):
    answers = iter([1] if before else [])
    latest = Latest("test", lambda: next(answers))
    assert latest.get(10) == (1 if before else None)
    assert latest.get(10) is None


def test_what_a_reading_opened_is_closed_at_the_end_unless_it_hangs():
    go, closed = threading.Event(), []
    hanging = Latest("test", go.wait, lambda: closed.append("hanging"))
    hanging.get(0.01)
    hanging.stop(0.01)
    ended = Latest("test", lambda: 1, lambda: closed.append("ended"))
    ended.get(10)
    ended.stop(10)
    assert closed == ["ended"]
    go.set()
