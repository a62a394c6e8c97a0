"""The health of a node, for `status`, `run`, `/ready` and the API's member resource.

A node judges its own stream as every other member does: commits and events that the views have quarantined or refused
do not count, whatever its own database says.
"""

from datetime import UTC, datetime, timedelta
from importlib import metadata
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec
from psycopg import Connection

from consumers.history.log_state import BEGINS_LATE, NO_GOVERNANCE, REFUSED, UNREADABLE, EarlierLooks, check_log
from consumers.streams.cursor import parse_commit
from consumers.streams.verifier import FORM
from projections.core import positions
from registry.application.owner import table_exists
from registry.application.refusals import RefusedCommits
from registry.intake.lost_events import lost_events
from registry.keys.keystore import SIGNING, KeystoreError
from registry.log import GOVERNANCE, LogError, SharedLog
from registry.node.health.view_lag import own_lag
from registry.node.health.waiting import explain_stopped_publisher, held_events, is_refused, waiting_events
from registry.publishing.errors import ForeignCommits
from registry.rules.governance import MemberRecord
from registry.values.plural import plural
from registry.wire.keys import VerifierKey

if TYPE_CHECKING:
    from registry.node.node import Node

WAITING_SECONDS: Final = 60
"""If a stored event waits longer than this, the publisher counts as stopped."""

COMPONENTS: Final = (
    "health", "database", "log", "other_streams", "own_stream", "key", "membership", "publisher", "held", "vault",
    "views", "intake",
)  # fmt: skip
"""All components with faults of their own; `health` is for a node that could not check itself."""

KeyStanding = Literal["counts", "retired", "not-yet", "unknown", "unreadable", "not-checked"]
"""`unknown`: governance never added this key. `not-checked`: the key's file is encrypted, and nobody was asked."""


class OwnStreamFaults(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of this member's own stream that do not count, as the views have it."""

    refused_events: int = 0
    """Events in valid commits that have no effect, and that nobody has dealt with since."""
    quarantined_commits: int = 0
    """Commits beyond the tree's end that nobody accepts: their events exist for nobody."""
    disputed_heads: int = 0
    """Heads that this member signed and that contradict its own tree."""
    codes: tuple[str, ...] = ()
    """The rules' names in docs/events.md."""
    foreign_records: int = 0
    """Records beyond the tree's end that do not count and are not this node's: anybody can append one."""
    foreign_codes: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """Warnings for the operator, which need no action of this node."""
        if not self.foreign_records:
            return []
        warning = (
            f"{plural(self.foreign_records, 'record')} in this member's name {_were(self.foreign_records)} not written"
            f" by this node and {'does' if self.foreign_records == 1 else 'do'} not count"
            f" ({', '.join(self.foreign_codes)}): somebody else writes to this stream. That has no effect, and"
            " publishing goes on. `registry log quarantine list` shows them"
        )
        return [warning]

    @property
    def faults(self) -> list[str]:
        """All faults, each with the command that repairs it."""
        codes = ", ".join(self.codes)
        sentences = []
        if self.quarantined_commits:
            sentences.append(
                f"{self.quarantined_commits:,} of this node's own commits did not count ({codes}): their events"
                " exist for nobody. `registry log quarantine list` says why; with a key that counts, `registry"
                " publish` signs them again"
            )
        if self.refused_events:
            sentences.append(
                f"{self.refused_events:,} of this node's own events {_were(self.refused_events)} refused ({codes}):"
                " what was said there exists for nobody. `registry refused list` shows it, and `registry refused"
                " publish-again` repairs it"
            )
        if self.disputed_heads:
            sentences.append(
                f"heads that this member signed and that contradict its own log: {self.disputed_heads:,}. Somebody else"
                " signs with its key, or its database was restored from an old state"
            )
        return sentences


class NodeHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a node, with all its faults. Nothing in it is secret."""

    member: str
    version: str
    standing: str | None = None
    """The current standing; None if the member is not admitted, or governance was never read."""
    roles: tuple[str, ...] = ()
    key: str | None = None
    """The id of the node's signing key: 8 hexadecimal digits."""
    key_standing: KeyStanding = "not-checked"
    own: OwnStreamFaults = OwnStreamFaults()
    waiting: int = 0
    """Stored events that are not on the log yet, held events included."""
    waiting_since: str | None = None
    """The time at which the oldest of them was stored, without held events (RFC 3339)."""
    held: int = 0
    """Stored events that are not published, because consumers would refuse them now."""
    held_because: str | None = None
    """The rule and the remedy for the first of them."""
    faults: dict[str, list[str]] = {}
    """Faults by component of `COMPONENTS`; components without faults are left out.

    `database`: the node's log has commits that it does not know. Then nothing is checked that depends on it: repaired
    events, the key at the log's end, waiting events. `other_streams`: other members' streams changed since this node
    read them.
    """
    peers: list[str] = []
    """Faults of other members' streams, which those members have to repair."""
    log_away: bool = False
    """True if the log cannot be reached, or is gone."""

    @property
    def sentences(self) -> list[str]:
        """All faults, one sentence each."""
        return [sentence for sentences in self.faults.values() for sentence in sentences]

    @property
    def warnings(self) -> list[str]:
        """Warnings for the operator that are not faults of this node."""
        return [*self.own.warnings, *self.peers]


def read_own_stream(connection: Connection, member: str) -> OwnStreamFaults:
    """Return what does not count of a member's stream. `connection` sees the views and this node's private side."""
    quarantined = _count_quarantined(connection, member)
    own = [(code, count) for code, ours, count in quarantined if ours]
    foreign = [(code, count) for code, ours, count in quarantined if not ours]
    dealt_with = "SELECT leaf FROM publisher.dealt_with"
    if not table_exists(connection, "publisher.dealt_with"):
        dealt_with = "SELECT NULL::bigint"
    refused = connection.execute(
        f"SELECT code, count(*) FROM refusals WHERE member = %s AND NOT leaf = ANY(ARRAY({dealt_with}))"  # noqa: S608 - our own
        " GROUP BY code",
        (member,),
    ).fetchall()
    disputed = connection.execute(
        "SELECT count(*) FROM claims WHERE member = %s AND settled = 'contradicts'", (member,)
    ).fetchone()
    return OwnStreamFaults(
        refused_events=sum(count for _, count in refused),
        quarantined_commits=sum(count for _, count in own),
        disputed_heads=disputed[0] if disputed is not None else 0,
        codes=tuple(sorted({code for code, _ in (*own, *refused)})),
        foreign_records=sum(count for _, count in foreign),
        foreign_codes=tuple(sorted({code for code, _ in foreign})),
    )


def _count_quarantined(connection: Connection, member: str) -> list[tuple[str, bool, int]]:
    """Return the number of commits beyond the tree's end that do not count, by rule and whether they are this node's.

    Anybody can append a record with any size. This node's are those whose head (size and root) it has stored.
    """
    ours = "false"
    if table_exists(connection, "publisher.commits"):
        # A checkpoint is three lines: origin, size, root (registry/wire/checkpoint.py).
        ours = (
            "EXISTS (SELECT FROM publisher.commits c WHERE c.size = q.size AND position(convert_to("
            "E'\\n' || c.size || E'\\n' || encode(c.root, 'base64') || E'\\n\\n', 'UTF8')"
            " IN substring(q.record FROM 1 FOR 1024)) > 0)"
        )
    return connection.execute(
        f"SELECT q.code, {ours} AS ours, count(*) FROM quarantine q LEFT JOIN positions p USING (member)"  # noqa: S608 - our own
        " WHERE q.member = %s AND q.code <> ALL(%s) AND q.size > coalesce(p.size, 0) GROUP BY 1, 2",
        (member, sorted(FORM)),
    ).fetchall()


def own_commits_refused(connection: Connection, member: str) -> RefusedCommits | None:
    """Return why this node's own commits do not count, so that its publisher stops; None if they count."""
    own = read_own_stream(connection, member)
    if not own.quarantined_commits:
        return None
    row = connection.execute("SELECT next FROM positions WHERE member = %s", (member,)).fetchone()
    return RefusedCommits(own.faults[0], own.codes, own.quarantined_commits, 0 if row is None else row[0])


class LogState(NamedTuple):
    """Faults of the log, in sentences."""

    faults: list[str]
    """Faults of the whole log, governance and this member's own stream."""
    away: bool
    """True if the log cannot be read."""
    changed: list[str]
    """Other members' streams that changed since this node read them."""
    peers: list[str]
    """Other members' streams that nobody can read, or whose newest records do not count."""
    unknown: str = ""
    """A sentence about commits of this member that the node's database does not know; empty if there are none."""


def check_node_log(node: "Node", connection: Connection, earlier: EarlierLooks | None = None) -> LogState:
    """Compare the log with what the views have read of it, and with the settings. Creates nothing.

    `earlier` has the results of earlier checks, for a process that checks repeatedly.
    """
    settings = node.settings
    try:
        log_faults = check_log(
            node.unchecked_log(),
            positions.all_positions(connection),
            settings.consortium,
            settings.founded_hash,
            earlier=earlier or EarlierLooks(settings.member),
        )
    except LogError as error:
        return LogState([f"the log cannot be reached: {error}"], away=True, changed=[], peers=[])
    own, state = settings.member, LogState([], any(fault.away for fault in log_faults), [], [])
    for fault in log_faults:
        if fault.stream not in ("", GOVERNANCE, own):
            kind = state.peers if fault.code in (BEGINS_LATE, REFUSED, UNREADABLE) else state.changed
            kind.append(fault.detail)
        elif own == GOVERNANCE and fault.code == NO_GOVERNANCE:
            continue  # the consortium's own node creates governance
        elif (
            fault.stream != own or fault.code != REFUSED
        ):  # anybody can append there; `read_own_stream` judges what is ours
            state.faults.append(fault.detail)
    if own != GOVERNANCE and not state.away and (unknown := _unknown_commits(node)):
        return state._replace(unknown=unknown)
    if not state.faults:
        state.faults.extend(_own_end(node.unchecked_log(), connection, own))
    return state


def _unknown_commits(node: "Node") -> str:
    """Return a sentence about commits of this member that its database does not know; empty if there are none."""
    try:
        node.own_log.check()
    except ForeignCommits as error:
        return error.detail
    except LogError:  # not the log of the settings, which is reported already
        return ""
    return ""


def _own_end(log: SharedLog, connection: Connection, member: str) -> list[str]:
    """Return a fault if the newest published commit, which the views have not read, is no longer on the log."""
    if not table_exists(connection, "publisher.commits"):
        return []
    newest = connection.execute(
        "SELECT c.size, c.root, c.next,"
        "  (SELECT coalesce(max(b.next), 0) FROM publisher.commits b WHERE b.next < c.next)"
        " FROM publisher.commits c WHERE c.next IS NOT NULL"
        " AND c.size > coalesce((SELECT p.size FROM positions p WHERE p.member = %s), 0) ORDER BY c.size DESC LIMIT 1",
        (member,),
    ).fetchone()
    if newest is None:
        return []
    size, root, end, start = newest
    try:
        for record in log.records(member, start):
            if record.next < end:
                continue
            commit = parse_commit(record) if record.next == end else None
            if commit is not None and (commit.checkpoint.size, commit.checkpoint.root) == (size, root):
                return []
            break
    except LogError:  # a missing or shorter stream lacks the commit, too
        pass
    detail = (
        f"the log of {member} ends before entry {size:,}, which this node has published: it was cut or replaced."
        " `registry publish` puts the rest back"
    )
    return [detail]


def check_node(node: "Node", connection: Connection, log: LogState | None = None) -> NodeHealth:
    """Return the node's health. Asks for no passphrase and creates nothing; `log` is a fresh check of the log."""
    member = node.settings.member
    faults: dict[str, list[str]] = {}
    health = NodeHealth(member=member, version=metadata.version("credential-registry"), faults=faults)
    log = log or check_node_log(node, connection)
    if log.unknown:
        faults["database"] = [log.unknown]
    if log.faults:
        faults["log"] = log.faults
    if log.changed:
        faults["other_streams"] = log.changed
    health = msgspec.structs.replace(health, peers=log.peers, log_away=log.away)
    if member == GOVERNANCE:
        return health
    own = read_own_stream(connection, member)
    if own.faults and not log.unknown:
        faults["own_stream"] = own.faults
    waiting, since, published = waiting_events(connection)
    if "own_stream" not in faults and (lag := own_lag(connection, member)) is not None:
        faults["views"] = [lag]
    if node.settings.keys_folder.exists() and (vault := node.keystore.vault_fault()) is not None:
        faults["vault"] = [vault]
    if table_exists(connection, "intake.lost") and (losses := lost_events(connection)):
        faults["intake"] = [loss.sentence for loss in losses]
    held_count, held_because = held_events(connection)
    if held_because is not None:
        are = "is" if held_count == 1 else "are"
        fault = f"{plural(held_count, 'stored event')} {are} held back and not on the log, since"
        fault += " consumers would refuse them now"
        faults["held"] = [f"{fault}: {held_because}"]
    record = _record(node, faults)
    key, key_standing = _key(node, None if log.unknown else record, published)
    if key_standing in ("retired", "not-yet", "unknown", "unreadable"):
        faults["key"] = [_KEY_FAULTS[key_standing].format(key=key)]
    if (
        not log.unknown
        and since is not None
        and (datetime.now(UTC) - since > timedelta(seconds=WAITING_SECONDS) or is_refused(node.settings.home, since))
    ):
        faults["publisher"] = [explain_stopped_publisher(node.settings.home, waiting, since, by_key="key" in faults)]
    return msgspec.structs.replace(
        health,
        standing=None if record is None else record.standing,
        roles=() if record is None else record.current_roles,
        key=key,
        key_standing=key_standing,
        own=own,
        waiting=waiting + held_count,
        held=held_count,
        held_because=held_because,
        waiting_since=None if since is None else since.isoformat(timespec="seconds"),
    )


_KEY_FAULTS: Final = {
    "retired": "this node's signing key {key} was retired: change it with `registry key rotate`",
    "not-yet": "this node's signing key {key} does not count yet at the end of its log",
    "unknown": "this node's signing key {key} is not among this member's keys in governance",
    "unreadable": "this node's signing key cannot be read: restore it from a backup (`registry node restore --help`)",
}


def _record(node: "Node", faults: dict[str, list[str]]) -> MemberRecord | None:
    """Return governance's record of this member, and note if it is not admitted or not active."""
    member = node.settings.member
    if "log" in faults:
        size, records = node.governance_follower.read_views()
    else:
        try:
            size, records = node.governance_follower.size, node.governance_follower.fold().state.members
        except LogError:
            size, records = 0, {}
    record = records.get(member)
    if record is None and size:
        faults["membership"] = [f"{member} is not admitted: what it publishes counts for nobody"]
    elif record is not None and record.standing != "active":
        faults["membership"] = [f"{member} is {record.standing}: it can create nothing"]
    return record


def _key(node: "Node", record: MemberRecord | None, published: int) -> tuple[str | None, KeyStanding]:
    """Return the id of the signing key, and whether it counts for the next commit."""
    try:
        key = node.keystore.public(SIGNING, node.settings.origin)
    except KeystoreError:
        return None, "unreadable"
    if key is None:
        return None, "not-checked"
    if record is None:
        return key.key_id.hex(), "not-checked"
    return key.key_id.hex(), _key_standing(record, key, published)


def _key_standing(record: MemberRecord, key: VerifierKey, published: int) -> KeyStanding:
    windows = [window for window in record.keys if window.key == key]
    if not windows:
        return "unknown"
    if any(window.counts(published, published + 1) for window in windows):
        return "counts"
    return "not-yet" if any(window.start > published for window in windows) else "retired"


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
