"""The content of a form, without the fields by which it is checked."""

from registry.server.pages.forms import content_of


def test_a_form_that_is_sent_again_has_the_same_content():
    first = {"csrf": "a token", "key": "a key", "note": "text"}
    again = {"csrf": "another token", "again": "yes", "key": "a key", "note": "text"}
    assert content_of(first) == content_of(again) == {"note": "text"}
