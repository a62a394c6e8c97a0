"""Receipts from end to end: made on a node, checked elsewhere with nothing but files and a hash."""

import pytest

from tests.support.command import Consortium, printed_json, registry


@pytest.fixture(scope="module")
def made(tmp_path_factory, postgres):
    """A consortium with credentials, of which one is revoked and all are sealed; a receipt and its folder."""
    consortium = Consortium(tmp_path_factory.mktemp("receipts"), postgres)
    achievement = consortium.offer()
    consortium.run("import", consortium.rows(achievement, 300))
    consortium.run("project")
    ids = [
        printed_json(consortium.run("learner", "show", "--student", f"s{n}", "--json"))["credentials"][0]["credential"]
        for n in (3, 7)
    ]
    consortium.run("credential", "revoke", ids[0], "--reason", "issuedInError")
    consortium.run("seal")
    consortium.run("project")
    folder = consortium.folder / "given"
    folder.mkdir()
    files = [folder / f"{name}.tlog-proof" for name in ("revoked", "good")]
    for identifier, file in zip(ids, files, strict=True):
        consortium.run("receipt", "credential", identifier, "--seal", "--out", file)
    return consortium, files


def check(consortium, file, *more, **how):
    return registry("verify-receipt", file, "--founded", consortium.founded, *more, **how)


def test_a_receipt_is_checked_offline_and_says_what_was_sealed(made):
    consortium, (revoked, good) = made
    found = printed_json(check(consortium, good, "--json"))
    assert found["receipt"]["type"] == "credential.issued.v1"
    assert found["receipt"]["standing_now"] == "active"
    assert found["status"]["status"] is None
    assert printed_json(check(consortium, revoked, "--json"))["status"]["status"] == "revoked"
    assert "neither suspended, revoked nor replaced" in check(consortium, good).stdout


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("index ", "index 1"),
        ("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"),
        ("test.example/twente\n303", "test.example/twente\n302"),
        ("extra ey", "extra eY"),
    ],
)
def test_an_altered_receipt_is_refused(made, tmp_path, old, new):
    consortium, (_, good) = made
    text = good.read_text()
    assert old in text
    altered = tmp_path / "altered.tlog-proof"
    altered.write_text(text.replace(old, new, 1))
    done = check(consortium, altered, "--governance", good.parent, check=1)
    assert "error" in done.stderr


def test_another_founding_or_somebody_elses_seal_is_refused(made, tmp_path):
    consortium, (revoked, good) = made
    other = registry("verify-receipt", good, "--founded", "ab" * 32, check=1)
    assert "founding" in other.stderr
    nobody = registry("verify-receipt", good, check=3, home=tmp_path)
    assert "--founded" in nobody.stderr
    file = tmp_path / good.name
    file.write_text(good.read_text())
    (tmp_path / f"{good.name}.seal.json").write_text(revoked.with_name(f"{revoked.name}.seal.json").read_text())
    swapped = check(consortium, file, "--governance", good.parent, check=1)
    assert "another credential" in swapped.stderr


def test_one_head_is_proved_to_begin_with_another_and_no_altered_one(made, tmp_path):
    consortium, _ = made
    sizes = [commit["size"] for commit in printed_json(consortium.run("log", "ls", "twente", "--json"))]
    newest, oldest = sizes[0], sizes[-1]
    file = tmp_path / "grown.consistency"
    consortium.run("receipt", "consistency", "twente", oldest, newest, "--out", file)
    found = printed_json(check(consortium, file, "--json"))
    assert [head["size"] for head in found["heads"]] == [oldest, newest]
    assert "begins with the one at 1," in check(consortium, file).stdout
    text = file.read_text()
    path = text.split("\n")[1]
    for old, new in ((path, "A" * 43 + "="), (f"twente\n{newest}\n", f"twente\n{newest - 1}\n"), ("twente", "aveiro")):
        altered = tmp_path / "altered.consistency"
        altered.write_text(text.replace(old, new, 1))
        assert "error" in check(consortium, altered, check=1).stderr
    between = consortium.run("receipt", "consistency", "twente", oldest + 1, check=1)
    assert "those around it are" in between.stderr
    consortium.run("receipt", "consistency", "governance", 1, "--out", tmp_path / "g")
    assert "test.example at 2" in check(consortium, tmp_path / "g").stdout


def test_a_static_log_is_exported_and_grows(made, tmp_path):
    consortium, _ = made
    consortium.run("export", "tiles", tmp_path / "static", "--entries")
    first = (tmp_path / "static" / "twente" / "checkpoint").read_text()
    consortium.offer()
    again = consortium.run("export", "tiles", tmp_path / "static", "--entries").stdout
    assert (tmp_path / "static" / "twente" / "checkpoint").read_text() != first
    assert "new leaves" in again
    (tmp_path / "static" / "twente" / "checkpoint").write_text(first.replace("303", "302"))
    refused = consortium.run("export", "tiles", tmp_path / "static", check=1)
    assert "another history" in refused.stderr
