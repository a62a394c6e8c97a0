"""The consumers' rules applied to this node's own events and commits: the adapter of `registry.application.acceptance`.

The rules are those that the projector and the auditor apply to every member (`registry.rules.governance`,
`consumers.streams.verifier`), under governance as this node has read it from the log. While the log is unavailable, the
last state that was read counts; if this process has read nothing yet, the views' rows of members.
"""

import time
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final

from consumers.governance.governance import Change
from registry.application.acceptance import NotAccepted
from registry.keys.keystore import KeystoreError
from registry.log import GOVERNANCE
from registry.node.governance_follower import GovernanceFollower
from registry.publishing.errors import ForeignCommits
from registry.rules.errors import MemberSuspended, Refusal, RoleMissing
from registry.rules.governance import CREATES, MemberRecord
from registry.settings.settings import Settings
from registry.wire.keys import VerifierKey
from registry.wire.merkle import Tree

_OWN_LOG_SECONDS: Final = 10.0
"""The interval in which the own log is compared with the database."""
_RESTORE = "Restore this node's database from its newest backup; docs/repair.md says what to do where there is none"


class ConsumerRules:
    """Applies the consumers' rules to one member. May be shared by threads."""

    def __init__(
        self,
        settings: Settings,
        standings: GovernanceFollower,
        own_key: Callable[[], VerifierKey],
        published_size: Callable[[], int],
        check_own_log: Callable[[], None] = lambda: None,
    ) -> None:
        """`published_size` returns the size of the member's log with the newest commit that was stored for signing.

        `check_own_log` raises `ForeignCommits` where the log has commits of this member that the database does not
        know.
        """
        self._check_own_log = check_own_log
        self._own_log_checked = -_OWN_LOG_SECONDS
        self._member = settings.member
        self._consortium = settings.consortium
        self._standings = standings
        self._own_key = own_key
        self._published_size = published_size

    def check_events(self, event_types: Collection[str], leaf: int | None = None) -> None:
        """Raise `NotAccepted` where an event of one of these types would be refused at that leaf.

        Without a leaf the end of the log is meant, and the node's own key must be valid there. Every anchor is at or
        before the end of what is published, so stored events that wait to be published make no difference.
        """
        record = self._record()
        if leaf is None:
            leaf = self._published_size()
            self._check_known()
            self._check_anchored(record, leaf)
            self._check_own_key(record, leaf)
        for event_type in sorted(event_types):
            try:
                record.check(leaf, event_type)
            except Refusal as refusal:
                raise self._explain(refusal, record, event_type) from None

    def check_commit(self, before: Tree, after: Tree, keys: Sequence[VerifierKey]) -> None:
        """Raise `NotAccepted` where a commit from `before` to `after`, signed by `keys`, would be refused.

        Reads governance from the log first.
        """
        self._standings.read_on()
        record = self._record()
        if not any(w.counts(before.size, after.size) for w in record.keys for key in keys if w.key == key):
            raise self._key_not_valid(record, keys)
        for anchor in record.anchors:
            if before.size < anchor.size < after.size or (
                anchor.size == after.size and anchor.root_bytes != after.root
            ):
                raise NotAccepted(
                    "off-anchor",
                    f"a commit from {before.size:,} to {after.size:,} events does not pass through the head that"
                    f" governance has anchored at {anchor.size:,}",
                    _RESTORE,
                )

    def member_record(self) -> MemberRecord | None:
        """Return this member's record in governance; None where it is not admitted."""
        return self._standings.record(self._member)

    def _record(self) -> MemberRecord:
        record = self.member_record()
        if record is None:
            raise NotAccepted(
                "unknown-member",
                f"{self._member} is not a member of {self._consortium} as of governance entry {self._standings.size}",
                "Ask the consortium to admit it (`registry member admit --help`), then try again",
            )
        return record

    def _check_anchored(self, record: MemberRecord, size: int) -> None:
        if record.anchors and record.anchors[-1].size > size:
            raise NotAccepted(
                "off-anchor",
                f"governance has anchored {self._member}'s log at {record.anchors[-1].size:,} events, and this node's"
                f" database knows {size:,}",
                _RESTORE,
            )

    def _check_known(self) -> None:
        """Raise `NotAccepted` where the log has commits that the database does not know. Checked every few seconds."""
        if time.monotonic() - self._own_log_checked < _OWN_LOG_SECONDS:
            return
        try:
            self._check_own_log()
        except ForeignCommits as error:
            detail = error.detail.removesuffix(".")
            raise NotAccepted("not-an-extension", detail, "New events of this database could not extend it") from error
        self._own_log_checked = time.monotonic()

    def _check_own_key(self, record: MemberRecord, leaf: int) -> None:
        try:
            key = self._own_key()
        except KeystoreError as error:
            raise NotAccepted("key-not-valid", str(error), "The node cannot sign without it") from error
        if not any(window.key == key and window.counts(leaf, leaf + 1) for window in record.keys):
            raise self._key_not_valid(record, [key])

    def _key_not_valid(self, record: MemberRecord, keys: Sequence[VerifierKey]) -> NotAccepted:
        """Return why none of these keys is valid: retired, valid only later, or never added."""
        retired = [w for w in record.keys for key in keys if w.key == key and w.end is not None]
        added = [w for w in record.keys for key in keys if w.key == key]
        names = ", ".join(key.key_id.hex() for key in keys) or "no key"
        valid = ", ".join(w.key.key_id.hex() for w in record.keys if w.end is None) or "none"
        if retired:
            since = self._since(lambda c: c.type == "member.key.retired.v1" and c.vkey == str(retired[0].key))
            detail = f"this node's signing key {names} was retired{since}"
        elif added:
            detail = f"this node's signing key {names} is valid only from {added[0].start:,} events on"
        else:
            detail = f"this node's signing key {names} is not a key of {self._member} in governance"
        return NotAccepted(
            "key-not-valid",
            detail,
            f"Change to a valid key: `registry key rotate`, step by step (valid keys: {valid})",
        )

    def _explain(self, refusal: Refusal, record: MemberRecord, event_type: str) -> NotAccepted:
        if isinstance(refusal, MemberSuspended):
            standing = record.standing
            kinds = ("member.suspended.v1", "member.withdrawn.v1")
            detail = f"{self._member} is {standing}{self._since(lambda c: c.type in kinds)}"
            remedy = (
                "Try again after reinstatement"
                if standing == "suspended"
                else "A withdrawn member cannot publish new events"
            )
            return NotAccepted(refusal.code, detail, remedy)
        if isinstance(refusal, RoleMissing):
            role = CREATES[event_type]
            since = self._since(lambda c: c.type in ("member.admitted.v1", "member.roles.changed.v1"))
            return NotAccepted(
                refusal.code,
                f"{self._member} does not have the role {role}{since}",
                f"Ask the consortium for the role {role} (`registry governance propose roles --help`), then try again",
            )
        return NotAccepted(refusal.code, refusal.detail, "Ask the consortium")

    def _since(self, matches: Callable[[Change], bool]) -> str:
        """Return *since DAY* for the last change that matches; empty where only the views were read."""
        changes = [c for c in self._standings.changes(self._member) if matches(c)]
        if not changes:
            return ""
        day = datetime.fromisoformat(changes[-1].time)
        return f" since {day.day} {day:%B %Y} ({GOVERNANCE} entry {changes[-1].leaf + 1})"
