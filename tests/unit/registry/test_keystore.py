"""Signing keys as files."""

import pytest

from registry.keystore import Keystore


def test_the_public_half_is_known_without_the_passphrase_and_only_of_the_key_that_is_there(tmp_path):
    kept = Keystore(tmp_path / "keys", b"correct horse")
    made = kept.create_signer("signing", "test.example/twente")
    asking = Keystore(tmp_path / "keys", None, lambda: pytest.fail("nobody is asked"))
    assert asking.public("signing", "test.example/twente") == made.vkey
    assert asking.public("signing", "test.example/lund") is None
    other = Keystore(tmp_path / "other", b"correct horse").create_signer("signing", "test.example/twente")
    (tmp_path / "keys" / "signing.pem").write_bytes((tmp_path / "other" / "signing.pem").read_bytes())
    assert other.vkey != made.vkey
    assert asking.public("signing", "test.example/twente") is None
    plain = Keystore(tmp_path / "plain").create_signer("signing", "test.example/twente")
    assert Keystore(tmp_path / "plain").public("signing", "test.example/twente") == plain.vkey
