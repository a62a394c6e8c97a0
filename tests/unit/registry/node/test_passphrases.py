"""The passphrase of a key that belongs to no node yet, for commands that nobody sits in front of."""

import pytest

from registry.node.passphrases import read_passphrase
from registry.settings.settings import SettingsError


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv("REGISTRY_PASSPHRASE", raising=False)
    monkeypatch.delenv("REGISTRY_PASSPHRASE_FILE", raising=False)


def test_a_file_that_is_named_counts_before_the_environment(tmp_path, monkeypatch):
    for name in ("option", "variable"):
        (tmp_path / name).write_text(f"{name}\n")
    assert read_passphrase() is None
    monkeypatch.setenv("REGISTRY_PASSPHRASE_FILE", str(tmp_path / "variable"))
    assert read_passphrase() == b"variable"
    monkeypatch.setenv("REGISTRY_PASSPHRASE", "itself")
    assert read_passphrase() == b"itself"
    assert read_passphrase(tmp_path / "option") == b"option"


def test_a_file_that_is_missing_or_empty_makes_no_key_without_a_passphrase(tmp_path, monkeypatch):
    monkeypatch.setenv("REGISTRY_PASSPHRASE_FILE", str(tmp_path / "missing"))
    with pytest.raises(SettingsError, match="REGISTRY_PASSPHRASE_FILE: cannot read .*missing: No such file"):
        read_passphrase()
    (tmp_path / "empty").write_text("\n")
    with pytest.raises(SettingsError, match="--passphrase-file: .*empty is empty"):
        read_passphrase(tmp_path / "empty")
