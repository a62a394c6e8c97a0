"""A node that published, signed or proposed governance goes by no shorter one later, also where it never projected."""

import os
import re

import pytest

from tests.support.command import Consortium, registry


@pytest.fixture
def consortium(tmp_path, postgres):
    return Consortium(tmp_path, postgres)


def told(done):
    return " ".join((done.stdout + done.stderr).split())


def cut(consortium):
    """Cut the newest record off governance's file; return the whole."""
    file = consortium.folder / "log" / "governance.log"
    whole = file.read_bytes()
    os.truncate(file, whole.rindex(b"test.example\n"))
    return file, whole


def test_the_consortiums_node_remembers_what_it_published(consortium):
    home, signed = consortium.folder / "consortium", consortium.folder / "signed.json"
    suspend = ("twente", "--reason", "administrative")
    registry("governance", "propose", "suspend", signed, *suspend, home=home)
    file, whole = cut(consortium)
    for words in (
        ("governance", "show"),
        ("member", "list"),
        ("governance", "propose", "suspend", consortium.folder / "other.json", *suspend),
        ("governance", "sign", signed, "--yes"),
        ("governance", "publish", signed),
        ("status",),
    ):
        said = told(registry(*words, home=home, check=1))
        assert "governance on the log is shorter than what was read here before: 1 of 2 entries" in said, words
    assert not (consortium.folder / "other.json").exists()
    file.write_bytes(whole)
    registry("governance", "sign", signed, "--yes", home=home)
    registry("governance", "publish", signed, home=home)
    assert "Nothing is wrong." in told(registry("status", home=home))


def test_a_node_remembers_the_governance_that_it_signed_under(consortium):
    """Somebody else has published since the founding, and this holder's node has never projected."""
    holder, file = consortium.folder / "holder", consortium.folder / "proposal.json"
    text = (consortium.folder / "consortium" / "registry.toml").read_text()
    database = f'database = "{consortium.server.dsn(consortium.name("holder"))}"'
    holder.mkdir()
    (holder / "registry.toml").write_text(re.sub("^database = .*$", database, text, flags=re.MULTILINE))
    root = consortium.folder / "consortium" / "keys" / "root-1.pem"
    registry("governance", "propose", "suspend", file, "twente", "--reason", "administrative", home=holder)
    registry("governance", "sign", file, "--yes", "--key", root, home=holder)
    cut(consortium)
    said = told(registry("governance", "show", home=holder, check=1))
    assert "governance on the log is shorter than what was read here before: 1 of 2 entries" in said
