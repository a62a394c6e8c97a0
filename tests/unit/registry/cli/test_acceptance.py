"""What consumers would say of this node's events and commits, under governance as it is read from the log."""

import base64
from types import SimpleNamespace

import pytest

from registry.application.acceptance import NotAccepted
from registry.log import LogUnavailable
from registry.node.adapters.acceptance import ConsumerRules
from registry.wire import governance as wire
from registry.wire.keys import Ed25519Signer
from registry.wire.merkle import leaf_hashes
from tests.support.governance_follower import FollowerWithoutViews
from tests.support.streams import CONSORTIUM, Consortium

ISSUED = {"credential.issued.v1"}


class Node:
    """A member's node as far as the adapter looks at it; `size` is that of its log."""

    def __init__(self, member="twente"):
        self.consortium = Consortium("twente")
        self.university = self.consortium.universities["twente"]
        self.settings = SimpleNamespace(
            consortium=CONSORTIUM, founded_hash=self.consortium.founded, member=member, origin=f"{CONSORTIUM}/{member}"
        )
        self.key = self.university.signers[0].vkey
        self.size = 0
        self.away = None
        self.governance_follower = FollowerWithoutViews(self)
        self.rules = ConsumerRules(self.settings, self.governance_follower, lambda: self.key, lambda: self.size)

    def log(self):
        if self.away:
            raise self.away
        return self.consortium.log()

    def govern(self, kind, data):
        """Let governance say something at the head that the member's log has now."""
        self.consortium.seal(self.consortium.line(kind, "twente", data))
        self.governance_follower.read_on()

    def head(self):
        return self.university.head

    def publish(self):
        self.university.seal(self.university.publish()[1])
        self.size = self.university.tree.size


@pytest.fixture
def node():
    made = Node()
    made.publish()
    return made


def refusal(act, *arguments):
    with pytest.raises(NotAccepted) as refused:
        act(*arguments)
    return refused.value


def test_a_member_in_standing_with_its_role_and_key_is_accepted(node):
    node.rules.check_events({*ISSUED, "recognition.decided.v1", "credential.revoked.v1"})


def test_a_member_that_is_not_admitted_is_unknown():
    found = refusal(Node("gent").rules.check_events, ISSUED)
    assert (found.code, "gent is not a member of" in found.detail) == ("unknown-member", True)


def test_a_suspension_holds_from_its_head_on_and_for_what_creates_only(node):
    node.govern("member.suspended.v1", wire.MemberSuspended("twente", node.head(), "administrative"))
    found = refusal(node.rules.check_events, ISSUED)
    assert found.code == "member-suspended"
    assert "(governance entry 3)" in found.detail
    assert found.remedy == "Try again after reinstatement"
    node.rules.check_events({"credential.revoked.v1", "learner.erased.v1"})
    node.rules.check_events(ISSUED, leaf=0)
    assert refusal(node.rules.check_events, ISSUED, 1).code == "member-suspended"
    node.govern("member.reinstated.v1", wire.MemberReinstated("twente", node.head(), "administrative"))
    node.rules.check_events(ISSUED)


def test_a_missing_role_is_named_and_other_roles_still_act(node):
    node.govern("member.roles.changed.v1", wire.MemberRolesChanged("twente", ["recogniser"], node.head()))
    found = refusal(node.rules.check_events, ISSUED)
    assert (found.code, "does not have the role issuer since" in found.detail) == ("role-missing", True)
    node.rules.check_events({"recognition.decided.v1"})


def test_a_retired_key_and_one_that_governance_never_knew_sign_nothing_not_even_what_reduces_harm(node):
    node.key = Ed25519Signer.generate(node.settings.origin).vkey
    found = refusal(node.rules.check_events, {"credential.revoked.v1"})
    assert (found.code, "is not a key of" in found.detail) == ("key-not-valid", True)
    node.key = node.university.signers[0].vkey
    node.govern("member.key.retired.v1", wire.MemberKeyRetired("twente", str(node.key), node.head(), "lost"))
    found = refusal(node.rules.check_events, {"credential.revoked.v1"})
    assert (found.code, "was retired since" in found.detail) == ("key-not-valid", True)


def test_a_commit_is_judged_by_its_keys_and_its_anchors_with_governance_read_again(node):
    before, after = node.university.tree, node.university.tree.extend(leaf_hashes([b"one", b"two"]))
    node.rules.check_commit(before, after, [node.key])
    other = Ed25519Signer.generate(node.settings.origin).vkey
    assert refusal(node.rules.check_commit, before, after, [other]).code == "key-not-valid"
    elsewhere = node.university.tree.extend(leaf_hashes([b"other"]))
    anchor = wire.Head(elsewhere.size, base64.b64encode(elsewhere.root).decode())
    node.consortium.seal(
        node.consortium.line("member.suspended.v1", "twente", wire.MemberSuspended("twente", anchor, "administrative"))
    )
    over = refusal(node.rules.check_commit, before, after, [node.key])
    assert (over.code, f"anchored at {anchor.size}" in over.detail) == ("off-anchor", True)
    another = before.extend(leaf_hashes([b"one"]))
    assert refusal(node.rules.check_commit, before, another, [node.key]).code == "off-anchor"
    node.rules.check_commit(before, elsewhere, [node.key])
    node.size = before.size
    assert refusal(node.rules.check_events, {"credential.revoked.v1"}).code == "off-anchor"


def test_a_log_that_is_away_leaves_what_was_read_last(node):
    node.rules.check_events(ISSUED)
    node.away = LogUnavailable("away")
    node.governance_follower.read_on()
    node.rules.check_events(ISSUED)
