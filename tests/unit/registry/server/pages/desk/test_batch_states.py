"""The words for the states of batches and imports."""

import typing

from registry.batches.batch import State
from registry.server.pages.vocabulary.imports import WORDS


def test_every_state_of_a_batch_has_words_that_are_true_for_all_kinds():
    words = WORDS["batch state"]
    assert set(words) == set(typing.get_args(State))
    assert (words["cancelled"], words["working"]) == ("Cancelled", "Being worked through")
    assert WORDS["import state"]["releasing"] == words["working"]
    assert not any("issue" in text.lower() or "sent back" in text.lower() for text in words.values())
