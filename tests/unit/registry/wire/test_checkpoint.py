"""Signed notes: which key a signature line stands for."""

import pytest

from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.merkle import EMPTY_ROOT
from tests.vectors.key_cases import SAME_ID, TWIN
from tests.vectors.writer import signer

FIRST, SECOND = (signer(TWIN, number) for number in SAME_ID)
HEAD = Checkpoint(TWIN, 0, EMPTY_ROOT)


@pytest.mark.parametrize("maker", [FIRST, SECOND])
@pytest.mark.parametrize("keys", [[FIRST.vkey, SECOND.vkey], [SECOND.vkey, FIRST.vkey]])
def test_a_line_stands_for_the_key_that_made_it_whatever_the_order_of_keys_with_its_id(maker, keys):
    note = SignedNote.sign(HEAD, [maker])
    [(key, line)] = note.by(keys)
    assert key == maker.vkey
    assert key.verifies(line.signature, note.text.encode())


def test_a_line_by_neither_of_two_keys_with_its_id_stands_once_and_does_not_verify():
    note = SignedNote.sign(HEAD, [FIRST])
    altered = SignedNote(note.checkpoint, note.text + "x", note.signatures)
    [(key, line)] = altered.by([FIRST.vkey, SECOND.vkey])
    assert not key.verifies(line.signature, altered.text.encode())


def test_a_line_by_a_key_that_is_not_asked_for_is_left_out():
    assert SignedNote.sign(HEAD, [signer(TWIN, 1)]).by([FIRST.vkey]) == []
