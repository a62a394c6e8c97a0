"""Vectors: what must come out for the wire format, and for what a set of streams means."""

import json
import os
from pathlib import Path

import pytest

from tests.support.examples import examples
from tests.vectors import make
from tests.vectors.run import main, run

OWN = Path(__file__).parents[1] / "vectors"
SHARED = Path(__file__).parents[3] / "shared"


def test_the_projects_own_vectors_give_their_verdicts():
    assert [said for said in run(OWN, random_orders=examples(1, thorough=3)) if not said.startswith("#")] == []


def test_the_projects_own_vectors_are_what_their_command_makes(tmp_path):
    make.write(tmp_path)
    for file in sorted(tmp_path.iterdir()):
        assert file.read_bytes() == (OWN / file.name).read_bytes(), f"{file.name}: run python -m tests.vectors.make"


def test_a_wrong_expectation_is_seen(tmp_path):
    streams = (OWN / "streams.json").read_text()
    (tmp_path / "streams.json").write_text(streams.replace('"stale"', '"ok"', 1))
    said = [line for line in run(tmp_path) if not line.startswith("#")]
    assert len(said) == 1
    assert "instead of ok" in said[0]


@pytest.mark.parametrize("name", ["merkle.json", "streams.json"])
def test_a_folder_may_hold_one_of_the_files_alone(tmp_path, name):
    (tmp_path / name).write_bytes((OWN / name).read_bytes())
    [said] = run(tmp_path)
    assert said.startswith(f"# {name}: ")


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("streams.json", b"[{", "truncated"),
        ("streams.json", b"\xff", "invalid character"),
        ("streams.json", b"{}", "Expected `array`"),
        ("streams.json", b'[{"name":"x"}]', "missing required field `origin` - at `$[0]`"),
        ("merkle.json", b'{"leaves":["?"],"trees":[]}', "$.leaves[0]"),
        ("merkle.json", b'{"leaves":[]}', "missing required field `trees`"),
        ("folds.json", b'[{"name":"x","consortium":"a","founded":"","streams":{}}]', "missing required field `expect`"),
    ],
)
def test_a_file_that_is_not_of_the_form_is_said_with_the_place(tmp_path, capsys, monkeypatch, name, content, place):
    (tmp_path / name).write_bytes(content)
    monkeypatch.setattr("sys.argv", ["run", str(tmp_path)])
    assert main() == 1
    said = capsys.readouterr().out
    assert said.startswith(f"{name}: not of the form of vectors: ")
    assert place.lower() in said.lower()
    assert said.endswith("1 difference\n")


def test_a_folder_without_vectors_is_a_failure_and_so_is_none(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["run", str(tmp_path / "nowhere")])
    assert main() == 1
    assert "holds none of merkle.json, streams.json, folds.json" in capsys.readouterr().out
    monkeypatch.setattr("sys.argv", ["run"])
    assert main() == 2


def test_cases_that_contradict_themselves_are_differences(tmp_path):
    [plain, *_] = json.loads((OWN / "streams.json").read_text())
    wrong = [
        plain | {"name": "key", "keys": [{"vkey": "no key", "from": 0, "to": None}]},
        plain | {"name": "short", "verdicts": plain["verdicts"][:-1]},
    ]
    (tmp_path / "streams.json").write_text(json.dumps(wrong))
    trees = json.loads((OWN / "merkle.json").read_text())
    trees["trees"] = [
        {"size": 99, "root": "", "proofs": []},
        {"size": 1, "root": "", "proofs": [{"index": 1, "path": []}]},
    ]
    (tmp_path / "merkle.json").write_text(json.dumps(trees))
    said = [line for line in run(tmp_path) if not line.startswith("#")]
    assert [line.split(":")[0] for line in said] == ["merkle", "merkle", "merkle", "streams/key", "streams/short"]


@pytest.mark.parametrize("name", ["vectors", "vectors-2"])
def test_the_shared_vectors_give_their_verdicts(name):
    folder = SHARED / name
    if not folder.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the shared vectors must be run in CI, and are not at {folder}")
        pytest.skip(f"the shared vectors are not beside this checkout (../shared/{name})")
    assert [said for said in run(folder, random_orders=examples(0, thorough=3)) if not said.startswith("#")] == []
