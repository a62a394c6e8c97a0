"""A request to a witness: the old size, the consistency path, and a signed head, each of its form."""

import base64

import pytest

from consumers.witness.requests import parse_request
from registry.wire.checkpoint import Checkpoint, SignedNote
from registry.wire.errors import InvalidProof, MalformedNote
from registry.wire.keys import Ed25519Signer

NOTE = SignedNote.sign(Checkpoint("test.example/twente", 4, b"\x01" * 32), [Ed25519Signer.generate("test.example/t")])
PATH = [b"\x02" * 32, b"\x03" * 32]
LINES = [base64.b64encode(each).decode() for each in PATH]


@pytest.mark.parametrize(("size", "path"), [(0, []), (3, PATH)])
def test_a_request_is_read_as_it_was_written(size, path):
    lines = "\n".join([f"old {size}", *LINES[: len(path)]])
    assert parse_request(f"{lines}\n\n{NOTE}") == (size, path, NOTE)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the first line is not"),
        (f"old 3\n{NOTE}".replace("\n\n", "\n"), "the first line is not"),
        (f"new 3\n\n{NOTE}", "the first line is not"),
        (f"old -3\n\n{NOTE}", "the first line is not"),
        (f"old ٣\n\n{NOTE}", "the first line is not"),
        (f"old 1{'0' * 19}\n\n{NOTE}", "the first line is not"),
        (f"old 03\n\n{NOTE}", "leading zeroes"),
        ("\n".join(["old 3", *LINES[:1] * 64]) + f"\n\n{NOTE}", "the proof is too long"),
        (f"old 3\n\n{NOTE.text}", "no checkpoint with signatures"),
    ],
    ids=["empty", "no gap", "another word", "negative", "other digits", "too large", "zeroes", "long", "unsigned"],
)
def test_what_is_not_of_the_form_is_refused_with_the_reason(body, message):
    with pytest.raises(MalformedNote, match=message):
        parse_request(body)


def test_a_path_of_something_else_than_hashes_is_no_proof():
    with pytest.raises(InvalidProof):
        parse_request(f"old 3\nAAAA\n\n{NOTE}")
