"""Vectors: what must come out for the wire format, and for what a set of streams means."""

import os
from pathlib import Path

import pytest

from tests.vectors import make
from tests.vectors.run import run

OWN = Path(__file__).parents[1] / "vectors"
SHARED = Path(__file__).parents[3] / "shared" / "vectors"


def test_the_projects_own_vectors_give_their_verdicts():
    assert [said for said in run(OWN) if not said.startswith("#")] == []


def test_the_projects_own_vectors_are_what_their_command_makes(tmp_path):
    make.write(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert file.read_bytes() == (OWN / file.name).read_bytes(), f"{file.name}: run python -m tests.vectors.make"


def test_a_wrong_expectation_is_seen(tmp_path, postgres):
    del postgres
    make.write(tmp_path)
    streams = tmp_path / "streams.json"
    streams.write_text(streams.read_text().replace('"stale"', '"ok"', 1))
    said = [line for line in run(tmp_path) if not line.startswith("#")]
    assert len(said) == 1
    assert "instead of ok" in said[0]


def test_the_shared_vectors_give_their_verdicts():
    if not SHARED.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the shared vectors must be run in CI, and are not at {SHARED}")
        pytest.skip("the shared vectors are not beside this checkout (../shared/vectors)")
    assert [said for said in run(SHARED) if not said.startswith("#")] == []
