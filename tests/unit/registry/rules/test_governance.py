"""Rules of governance about keys: no two keys of a member ever share a key id."""

import pytest

from registry.rules.errors import Duplicate
from registry.rules.governance import Governance
from registry.wire.events import Event
from registry.wire.governance import Head, MemberAdmitted, MemberKeyAdded, MemberKeyRetired
from registry.wire.merkle import EMPTY_ROOT
from tests.vectors.key_cases import SAME_ID, TWIN
from tests.vectors.writer import CONSORTIUM, TIME, signer, text

HEAD = Head(0, text(EMPTY_ROOT))
FIRST, SECOND = (str(signer(TWIN, number).vkey) for number in SAME_ID)


def after(*acts):
    state = Governance(CONSORTIUM)
    for leaf, (kind, data) in enumerate(acts, 1):
        state = state.apply(Event("1.0", f"g{leaf}", CONSORTIUM, kind, data.member, TIME, data), leaf)
    return state


def admitted(*keys):
    data = MemberAdmitted(
        "twin", legal_name="Twin", country="NL", identifiers=[], accreditations=[], keys=list(keys), roles=["issuer"]
    )
    return "member.admitted.v1", data


def added(key):
    return "member.key.added.v1", MemberKeyAdded("twin", key, HEAD)


def retired(key):
    return "member.key.retired.v1", MemberKeyRetired("twin", key, HEAD, "rotated")


@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_a_key_whose_id_the_member_has_is_not_added_again(key):
    with pytest.raises(Duplicate) as refused:
        after(admitted(FIRST), added(key))
    assert refused.value.path == "$.data.vkey"


@pytest.mark.parametrize("key", [FIRST, SECOND])
def test_nor_is_one_whose_id_the_member_had_before_its_key_was_retired(key):
    other = str(signer(TWIN, 1).vkey)
    with pytest.raises(Duplicate, match="had"):
        after(admitted(FIRST, other), retired(FIRST), added(key))


def test_a_key_with_an_id_of_its_own_is_added():
    other = str(signer(TWIN, 1).vkey)
    keys = after(admitted(FIRST), added(other)).members["twin"].keys
    assert [str(window.key) for window in keys] == [FIRST, other]


@pytest.mark.parametrize("keys", [(FIRST, SECOND), (FIRST, FIRST)])
def test_a_list_of_keys_in_which_two_share_an_id_is_not_of_the_form(keys):
    data = admitted(*keys)[1]
    path, detail = data.fault(CONSORTIUM)
    assert path == ".keys"
    assert "36b2fd70" in detail
