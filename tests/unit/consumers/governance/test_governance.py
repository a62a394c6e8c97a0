"""Governance's own log: where trust in it begins."""

import pytest

from consumers.governance.governance import GovernanceFold
from registry.wire.governance import ConsortiumFounded
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import leaf_hash
from tests.support.streams import CONSORTIUM, Stream

ROOT = Ed25519Signer.generate(CONSORTIUM)


def founded_by(line):
    """A stream whose first event is this line, folded by a reader that knows its hash."""
    stream = Stream(CONSORTIUM, [ROOT])
    return GovernanceFold(CONSORTIUM, leaf_hash(line)).take(stream.seal(line))[0].code


def founding(keys, threshold=1):
    stream = Stream(CONSORTIUM, [ROOT])
    return stream.line("consortium.founded.v1", CONSORTIUM, ConsortiumFounded(CONSORTIUM, keys, threshold))


def test_the_founding_that_was_told_is_where_trust_begins():
    assert founded_by(founding([str(ROOT.vkey)])) == "ok"


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON",
        b"{}",
        founding([str(ROOT.vkey)], threshold=2),
        founding(["no key"]),
        Stream(CONSORTIUM, [ROOT]).line("some.new.v1", "x", {}),
    ],
)
def test_where_the_hash_that_was_told_is_of_no_founding_no_key_counts(line):
    assert founded_by(line) == "key-not-valid"


def test_another_founding_than_the_one_that_was_told_counts_for_nothing():
    stream = Stream(CONSORTIUM, [ROOT])
    fold = GovernanceFold(CONSORTIUM, leaf_hash(b"another"))
    assert fold.take(stream.seal(founding([str(ROOT.vkey)])))[0].code == "key-not-valid"


def test_a_commit_that_does_not_begin_at_leaf_0_begins_nothing():
    line = founding([str(ROOT.vkey)])
    fold = GovernanceFold(CONSORTIUM, leaf_hash(line))
    ahead = Stream(CONSORTIUM, [ROOT])
    ahead.tree = ahead.tree.extend([leaf_hash(b"{}")])
    assert fold.take(ahead.seal(line))[0].code == "not-an-extension"
    assert fold.take(Stream(CONSORTIUM, [ROOT]).seal(line))[0].code == "ok"
