"""No file uses words or names that this project does not use; docs/glossary.md has those it does."""

from pathlib import Path

import pytest

from tests.support.wording import ROOT, check_file, tracked

EXCEPTIONS = {
    ("registry/batches/batch.py", "held"): "a field of the JSON of a batch",
    ("registry/intake/drafts.py", "asked"): "a field of the JSON of a draft, which is stored and printed",
    ("registry/intake/drafts.py", "given"): "a field of the JSON of a draft, which is stored and printed",
    ("registry/node/health/health.py", "held"): "a field of what `registry status --json` prints",
    ("registry/application/held_row.py", "known"): "a field of the JSON of a held row",
    ("registry/backup/description.py", "taken"): "a field of a backup's description",
    ("registry/store/migrations/0001_private_side.sql", "Whoever"): "a migration never changes",
    ("registry/store/migrations/0001_private_side.sql", "anew"): "a migration never changes",
    ("registry/store/migrations/0001_private_side.sql", "is told"): "a migration never changes",
    ("registry/store/migrations/0001_private_side.sql", "whoever"): "a migration never changes",
    ("projections/stacking/progress.py", "held"): "a field of the JSON of `registry stack progress`",
    ("registry/intake/import_report.py", "held"): "a field of the JSON that `import file` prints",
    ("tests/support/private_before_keys.sql", "anew"): "a schema as it was, which the upgrade begins from",
    ("tests/vectors/corner_cases.py", "is told"): "the words of a published vector",
}
"""Words that stay, by file, each with its reason."""


def test_files_use_the_words_of_the_project():
    paths = [path for path in tracked() if ROOT / path != Path(__file__)]
    places = [place for path in paths for place in check_file(path) if (place.path, place.word) not in EXCEPTIONS]
    assert not places, "\n".join(map(str, places))


@pytest.mark.parametrize(("path", "word"), EXCEPTIONS, ids=lambda part: part)
def test_an_exception_is_needed(path, word):
    assert EXCEPTIONS[path, word]
    assert word in {place.word for place in check_file(path)}


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("page.txt", "It is done anew.", "anew"),
        ("code.py", "found = 1", "found"),
        ("code.py", "def asked(): ...", "asked"),
        ("code.py", "def read(one): ...", "one"),
        ("code.py", 'def read():\n    """What it reads."""', '"""What'),
        ("code.py", 'LIMIT = 1\n"""Whether it is."""', '"""Whether'),
    ],
)
def test_each_kind_of_place_is_found(tmp_path, monkeypatch, name, text, word):
    monkeypatch.setattr("tests.support.wording.ROOT", tmp_path)
    (tmp_path / name).write_text(text)
    assert [place.word for place in check_file(name)] == [word]
