"""Keys of a member, as its page lists them."""

from registry.server.pages.members import SigningKey, read_keys


def test_the_newest_key_comes_first_and_has_no_end_while_it_counts():
    assert read_keys(["test.example/twente+1+A 0 41", "test.example/twente+2+B 41 -"]) == [
        SigningKey("test.example/twente+2+B", 41, None),
        SigningKey("test.example/twente+1+A", 0, 41),
    ]
