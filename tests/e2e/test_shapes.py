"""What commands print with --json, as a table and as CSV is what their reference says."""

import csv
import io
import json
import re

import pytest

from registry.cli import json_shapes
from registry.cli.json_shapes import SHAPES
from tests.support.command import Consortium
from tests.support.every_command import ALL

UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
READING = {
    "achievement list": (), "achievement show": ("{achievement}",), "achievement draft list": (),
    "account journal": (), "account list": (), "agreement list": (), "api-key list": (),
    "case list": (), "course-code list": (), "credential list": (),
    "credential find": ("jansen",), "credential show": ("{credential}",), "governance show": (),
    "issuing-key list": (), "key show": (), "learner changes": (), "learner held": (), "learner show": ("{learner}",),
    "learner restrictions": ("{learner}",), "privacy reads": ("{learner}",), "privacy retention": (),
    "privacy record": (), "privacy small-groups": (), "privacy drill": ("--table", "vault.learners"),
    "log list": (), "log quarantine list": (), "log show": ("twente", "0"), "log verify": ("twente",),
    "member list": (), "member reliance": ("twente",), "precedents": (), "reasons list": (), "recognition show": (),
    "refused list": (), "stack impaired": (), "status": (), "university show": ("twente", "--year", "2026"),
    "views digest": (), "webhook dead": (), "webhook list": (), "audit": (),
}  # fmt: skip
WITH_JSON = sorted(path for path, command in ALL.items() if any("--json" in one.opts for one in command.params))
LISTS = sorted(path for path, shape in SHAPES.items() if shape.items is not None)
NO_CSV = {"achievement show", "achievement draft publish", "log archive", "recognition cohort", "refused list",
          "topics plan", "witness caught"}  # fmt: skip
"""Lists in JSON that are not tables: what a command did, or documents one below the other."""


@pytest.fixture(scope="module")
def node(tmp_path_factory, postgres):
    consortium = Consortium(tmp_path_factory.mktemp("shapes"), postgres)
    consortium.ids = {"achievement": consortium.offer()}
    consortium.run("import", "file", consortium.rows(consortium.ids["achievement"], 3))
    consortium.run("views", "update")
    consortium.run("api-key", "add", "a-rather-long-name-of-a-student-system", "--scope", "credentials:write")
    [first, *_] = json.loads(consortium.run("credential", "list", "--json").stdout)["items"]
    consortium.ids |= {"credential": first["credential"], "learner": first["learner"]}
    return consortium


def run(node, path, *more, **how):
    words = [word.format(**node.ids) for word in READING[path]]
    return node.run(*path.split(), *words, *more, check=False, **how).stdout


def test_every_command_with_json_has_a_documented_shape_and_the_reference_is_current():
    assert sorted(SHAPES) == WITH_JSON
    assert json_shapes.FILE.read_text() == json_shapes.reference()


def test_every_list_has_csv():
    with_csv = {path for path, command in ALL.items() if any("--csv" in one.opts for one in command.params)}
    assert set(LISTS) - NO_CSV <= with_csv
    assert {path for path in ALL if path.split()[-1] in ("list", "find")} - NO_CSV <= with_csv


@pytest.mark.parametrize("path", sorted(READING))
def test_what_is_printed_as_json_has_the_names_of_the_reference(node, path):
    found = json.loads(run(node, path, "--json"))
    assert sorted(found) == sorted(SHAPES[path].names)
    for item in found["items"] if SHAPES[path].items is not None else ():
        assert sorted(item) == sorted(SHAPES[path].items)


@pytest.mark.parametrize("path", sorted(set(READING) & set(LISTS) - NO_CSV | {"learner show", "university show"}))
def test_a_list_fits_80_columns_as_a_table_and_is_whole_as_csv(node, path):
    table = run(node, path, environment={"COLUMNS": "80"})
    lines = table.splitlines()
    assert all(len(line) <= 80 for line in lines), table
    assert all(line == line.rstrip() for line in lines), table
    rows = list(csv.reader(io.StringIO(run(node, path, "--csv"))))
    assert rows, path
    assert {len(row) for row in rows} == {len(rows[0])}


def test_a_pipe_gets_a_row_a_line(node, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    for line in run(node, "credential list").splitlines():
        assert len(re.findall(r"\d{4}-\d{2}-\d{2}", line)) == (0 if line.startswith("credential") else 1)
