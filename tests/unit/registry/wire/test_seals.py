"""A seal's proof: it shows what was sealed of a credential, and nothing else can be made of it."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.wire import merkle
from registry.wire.credentials import StatusSealed
from registry.wire.errors import InvalidProof
from registry.wire.seals import key_of, prove, verify
from tests.support.streams import new_id
from tests.vectors.writer import text


def sealed(statuses):
    leaves = sorted(key_of(credential) + status.encode() for credential, status in statuses.items())
    root = merkle.root_of([merkle.leaf_hash(leaf) for leaf in leaves])
    return leaves, StatusSealed(9, len(leaves), text(root))


@given(st.integers(0, 20))
def test_every_sealed_credential_is_shown_and_every_other_is_shown_absent(count):
    statuses = {new_id(): ["suspended", "revoked", "replaced"][n % 3] for n in range(count)}
    leaves, data = sealed(statuses)
    for credential, status in statuses.items():
        assert verify(prove(credential, "", leaves), data) == status
    for credential in (new_id() for _ in range(5)):
        assert verify(prove(credential, "", leaves), data) is None


def test_a_proof_that_was_altered_proves_nothing():
    statuses = {new_id(): "revoked" for _ in range(9)}
    leaves, data = sealed(statuses)
    revoked = next(iter(statuses))
    absent = next(c for c in iter(new_id, None) if key_of(leaves[3][:1].hex()) and leaves[2] < key_of(c) < leaves[6])
    good = prove(absent, "", leaves)
    wrong = [
        msgspec.structs.replace(good, credential=revoked),
        msgspec.structs.replace(good, before=None),
        msgspec.structs.replace(good, after=None),
        msgspec.structs.replace(good, before=None, after=None),
        msgspec.structs.replace(good, after=good.before),
        msgspec.structs.replace(prove(revoked, "", leaves), credential=absent),
        prove(revoked, "", [leaf for leaf in leaves if not leaf.startswith(key_of(revoked))]),
    ]
    for proof in wrong:
        with pytest.raises(InvalidProof):
            verify(proof, data)
    for change in ({"count": 8}, {"root": text(bytes(32))}):
        with pytest.raises(InvalidProof):
            verify(good, msgspec.structs.replace(data, **change))
