"""Each type of event of a member is collected by some view."""

from projections.catalogue.achievements import AchievementRows
from projections.catalogue.search_rows import SearchRows
from projections.credentials.credentials import CredentialRows
from projections.fold.seals import SealRows
from projections.issuing_keys.rows import IssuingKeyRows
from projections.precedents.rows import PrecedentRows
from projections.recognition.recognition import RecognitionRows
from registry.wire.events import MEMBER_TYPES

COLLECTORS = (CredentialRows, AchievementRows, RecognitionRows, SealRows, SearchRows, PrecedentRows, IssuingKeyRows)
STATUS_CHANGES = {"credential.suspended.v1", "credential.reinstated.v1", "credential.revoked.v1"}
"""`fold` passes these to `CredentialRows.change`, with issuings that replace a credential."""


def test_each_event_of_a_member_is_collected():
    collected = set().union(*(collector.TYPES for collector in COLLECTORS))
    assert collected == MEMBER_TYPES.keys() - STATUS_CHANGES
