"""Keys that sign documents are announced once, and end once."""

import pytest

from registry.domain.errors import Duplicate, IllegalTransition, UnknownKey
from registry.domain.issuing_key import IssuingKey
from registry.rules import issuing_keys as rules
from registry.rules.governance import CREATES
from registry.wire.issuing_keys import IssuingKeyAnnounced, IssuingKeyEnded, PublicJwk

JWK = PublicJwk("OKP", "Ed25519", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
KEY = JWK.thumbprint


@pytest.mark.parametrize("state", ["inForce", "rotated", "lost", "compromised"])
def test_a_key_is_never_announced_again(state):
    with pytest.raises(Duplicate):
        rules.announce(state, KEY)


@pytest.mark.parametrize("reason", ["rotated", "lost", "compromised"])
def test_a_key_in_force_ends_for_a_reason_and_never_again(reason):
    state = rules.end("inForce", IssuingKeyEnded(KEY, reason))
    assert state == reason
    with pytest.raises(IllegalTransition):
        rules.end(state, IssuingKeyEnded(KEY, "compromised"))


def test_what_was_not_announced_does_not_end():
    with pytest.raises(UnknownKey):
        rules.end(None, IssuingKeyEnded(KEY, "lost"))


def test_only_an_issuer_in_standing_announces_and_everybody_may_end():
    assert CREATES["issuing.key.announced.v1"] == "issuer"
    assert "issuing.key.ended.v1" not in CREATES


def test_an_aggregate_keeps_its_end():
    key = IssuingKey.announce(IssuingKeyAnnounced(KEY, JWK, ["open"]))
    key.end("lost")
    assert key.state == "lost"
    with pytest.raises(IllegalTransition):
        key.end("rotated")
    assert [type(event) for event in key.collect_events()] == [IssuingKey.Announced, IssuingKey.Ended]
