"""The words for codes: a group that two rooms have would show the words of one and the codes of the other."""

from collections import Counter

from consumers.audit.audit_verdict import INCONCLUSIVE, NOT_WELL, WELL
from registry.server.pages import vocabulary


def test_no_two_rooms_have_a_group_of_one_name():
    groups = Counter(group for room in vocabulary._ROOMS for group in room.WORDS)  # noqa: SLF001 - no page needs them
    assert {group for group, count in groups.items() if count > 1} == set()


def test_every_verdict_of_an_audit_and_of_a_comparison_has_words():
    for group in ("audit verdict", "audit comparison"):
        assert set(vocabulary.VOCABULARY[group]) == {WELL, NOT_WELL, INCONCLUSIVE}
