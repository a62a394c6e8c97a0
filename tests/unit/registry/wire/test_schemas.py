"""The published schemas are those of the structs: a schema that is old, missing or of no event is named."""

import json

import pytest

from registry.wire import schemas
from registry.wire.events import GOVERNANCE_TYPES, MEMBER_TYPES


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(schemas, "FOLDER", tmp_path / "schemas")
    assert schemas.main([]) == 0
    return tmp_path / "schemas"


def test_every_event_type_has_a_schema_that_names_it(folder):
    assert {file.stem for file in folder.iterdir()} == {*GOVERNANCE_TYPES, *MEMBER_TYPES}
    for file in folder.iterdir():
        schema = json.loads(file.read_text())
        assert schema["properties"]["type"] == {"const": file.stem}
        assert {"data", "source", "time"} <= set(schema["required"])


def test_what_was_just_written_is_current(folder, capsys):
    assert folder.exists()
    assert schemas.main(["--check"]) == 0
    assert capsys.readouterr().err == ""


def test_a_schema_that_is_old_missing_or_of_no_event_is_named(folder, capsys):
    (folder / "learner.erased.v1.json").write_text("{}")
    (folder / "status.sealed.v1.json").unlink()
    (folder / "forgotten.v1.json").write_text("{}")
    assert schemas.main(["--check"]) == 1
    assert {line.partition(".json")[0] for line in capsys.readouterr().err.splitlines()} == {
        "learner.erased.v1", "status.sealed.v1", "forgotten.v1",
    }  # fmt: skip
    assert schemas.main([]) == 0
    assert not (folder / "forgotten.v1.json").exists()
    assert schemas.main(["--check"]) == 0
