"""`registry log verify`: a log that lacks something that this node has seen is no verified log."""

import pytest

from tests.support.command import Consortium, printed_json


@pytest.fixture
def consortium(tmp_path, postgres):
    return Consortium(tmp_path, postgres)


def words(done):
    return " ".join((done.stdout + done.stderr).split())


def verify(consortium, *arguments, check=0):
    return printed_json(consortium.run("log", "verify", "twente", "--json", *arguments, check=check))


def test_a_log_that_was_cut_or_emptied_is_not_verified(consortium):
    log = consortium.folder / "log" / "twente.log"
    consortium.offer()
    short = log.read_bytes()
    consortium.offer("Statistics")
    whole = verify(consortium)
    assert (whole["expected"], whole["refused"], whole["faults"]) == (whole["size"], [], [])
    [fault] = verify(consortium, "--expect", whole["size"] + 1, check=1)["faults"]
    assert f"it has {whole['size']:,} valid entries, and --expect says {whole['size'] + 1:,}" in fault
    for content in (short, b""):
        log.write_bytes(content)
        cut = verify(consortium, check=1)
        assert (cut["expected"], cut["refused"]) == (whole["size"], [])
        assert cut["size"] < whole["size"]
        assert "The log was cut, or is an old copy" in words(consortium.run("log", "verify", "twente", check=1))


def test_without_a_database_it_says_that_it_was_not_compared_and_an_empty_log_is_not_verified(consortium):
    log, settings = consortium.folder / "log" / "twente.log", consortium.home / "registry.toml"
    consortium.offer()
    settings.write_text(settings.read_text().replace(consortium.name("twente"), "no_such_database"))
    done = consortium.run("log", "verify", "twente")
    assert "Not compared with this node's database" in words(done)
    log.write_bytes(b"")
    assert "Nothing was verified: twente has no valid entry" in words(
        consortium.run("log", "verify", "twente", check=1)
    )
