"""Signing keys as files."""

import pytest

from registry.keys.keystore import Keystore, KeystoreError


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


def test_a_passphrase_that_is_too_long_for_a_key_is_refused_and_leaves_no_key(tmp_path):
    kept = Keystore(tmp_path / "keys", b"long " * 300)
    with pytest.raises(KeystoreError, match=r"has 1,500 bytes; at most 1,023 protect a key\. .* No key was made"):
        kept.create_signer("signing", "test.example/twente")
    assert not (tmp_path / "keys" / "signing.pem").exists()
