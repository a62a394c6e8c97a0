"""Weak passphrases of backups are refused, and told what is wrong with them."""

import pytest

from registry.keys.passphrase import find_weakness


@pytest.mark.parametrize(
    "weak",
    [
        "a", "", "password123", "aaaaaaaaaaaaaaaa", "ababababababab", "passwordpassword", "Password1234",
        "123456789012", "qwertyuiop12345", "RegistryBackup1", "abcdefghijklmnop",
    ],
)  # fmt: skip
def test_a_short_repeated_or_common_passphrase_is_weak(weak):
    assert find_weakness(weak.encode()) is not None


@pytest.mark.parametrize(
    "strong", ["correct horse battery staple", "vB7/qk2LrTz09+aa", "zwölf Boxkämpfer jagen", "correct horse"]
)
def test_several_words_or_random_characters_are_not(strong):
    assert find_weakness(strong.encode()) is None


def test_what_is_wrong_is_said_without_the_passphrase():
    assert "3 of at least 12" in find_weakness(b"xyz")
    assert "xyz" not in find_weakness(b"xyz")
