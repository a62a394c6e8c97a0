"""Whether a node is well: what `status`, `run`, `/ready` and the API's member resource say of it, from one place.

A node judges its own stream as everybody else does: what the views have quarantined or refused of it did not count,
whatever its own database says.
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
from registry.ceremony.act_words import plural
from registry.intake.lost_events import lost_events
from registry.keys.keystore import SIGNING, KeystoreError
from registry.log import GOVERNANCE, LogError, SharedLog
from registry.node.health.view_lag import own_lag
from registry.node.health.waiting import held_events, stopped, waiting_events
from registry.publishing.errors import ForeignCommits
from registry.rules.governance import MemberRecord
from registry.wire.keys import VerifierKey

if TYPE_CHECKING:
    from registry.node.node import Node

WAITING_SECONDS: Final = 60
"""A stored event that waits longer than this to be published says that the publisher is stopped."""

COMPONENTS: Final = (
    "health", "database", "log", "other_streams", "own_stream", "key", "membership", "publisher", "held", "vault",
    "views", "intake",
)  # fmt: skip
"""All components that faults are found in; `health` is where the node could not look at itself."""

KeyStanding = Literal["counts", "retired", "not-yet", "unknown", "unreadable", "not-checked"]
"""`unknown`: governance never added this key. `not-checked`: the key's file is encrypted, and nobody was asked."""


class OwnStream(msgspec.Struct, frozen=True, kw_only=True):
    """What did not count of this member's own stream, as the views have it."""

    refused_events: int = 0
    """Events inside valid commits that had no effect and that nobody has dealt with since."""
    quarantined_commits: int = 0
    """Commits beyond the tree's end that nobody accepts: what they hold exists for nobody."""
    disputed_heads: int = 0
    """Heads that this member signed and that contradict its own tree."""
    codes: tuple[str, ...] = ()
    """docs/events.md's names of the rules."""
    foreign_records: int = 0
    """Records beyond the tree's end that do not count and that this node did not write: anybody can append one."""
    foreign_codes: tuple[str, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """What an operator should know, and what keeps this node from nothing."""
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
        """What is wrong, each with the command that repairs it."""
        codes = ", ".join(self.codes)
        found = []
        if self.quarantined_commits:
            found.append(
                f"{self.quarantined_commits:,} of this node's own commits did not count ({codes}): what they hold"
                " exists for nobody. `registry log quarantine list` says why; with a key that counts, `registry"
                " publish` seals them again"
            )
        if self.refused_events:
            found.append(
                f"{self.refused_events:,} of this node's own events {_were(self.refused_events)} refused ({codes}):"
                " what was said there exists for nobody. `registry refused list` shows it, and `registry refused"
                " publish-again` repairs it"
            )
        if self.disputed_heads:
            found.append(
                f"heads that this member signed and that contradict its own log: {self.disputed_heads:,}. Somebody else"
                " signs with its key, or its database was restored from an old state"
            )
        return found


class NodeHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How a node is. All that is wrong is in `faults`; nothing in it is secret."""

    member: str
    version: str
    standing: str | None = None
    """As governance says now; None where the member is not admitted, or governance was never read."""
    roles: tuple[str, ...] = ()
    key: str | None = None
    """The id of the node's signing key: 8 hexadecimal digits."""
    key_standing: KeyStanding = "not-checked"
    own: OwnStream = OwnStream()
    waiting: int = 0
    """Stored events that are not on the log yet, those that are held back included."""
    waiting_since: str | None = None
    """When the oldest of them that is not held back was stored (RFC 3339)."""
    held: int = 0
    """Stored events that are held back, because consumers would refuse them now."""
    held_because: str | None = None
    """The rule and the remedy for the first of them."""
    faults: dict[str, list[str]] = {}
    """By component of `COMPONENTS`.

    What is well is not in it. `database`: it does not know what the node's own log holds; what is judged by it (which
    events were repaired, whether the key counts at the log's end, what waits) is not looked at then. `other_streams`:
    streams of other members are not what was read of them here before.
    """
    peers: list[str] = []
    """What is wrong with other members' streams: they have to mend it, and it keeps this node from nothing."""
    log_away: bool = False
    """Whether the log cannot be reached or is gone."""

    @property
    def sentences(self) -> list[str]:
        """All that is wrong, one sentence each."""
        return [sentence for found in self.faults.values() for sentence in found]

    @property
    def warnings(self) -> list[str]:
        """What an operator should know, and what is no fault of this node."""
        return [*self.own.warnings, *self.peers]


def own_stream(connection: Connection, member: str) -> OwnStream:
    """What did not count of a member's stream; `connection` sees the views and this node's private side."""
    quarantined = _quarantined(connection, member)
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
    return OwnStream(
        refused_events=sum(count for _, count in refused),
        quarantined_commits=sum(count for _, count in own),
        disputed_heads=disputed[0] if disputed is not None else 0,
        codes=tuple(sorted({code for code, _ in (*own, *refused)})),
        foreign_records=sum(count for _, count in foreign),
        foreign_codes=tuple(sorted({code for code, _ in foreign})),
    )


def _quarantined(connection: Connection, member: str) -> list[tuple[str, bool, int]]:
    """Count the commits beyond the tree's end that do not count, by rule and by whether this node wrote them down.

    Anybody can append a record that names any size. Ours are those whose head, size and root, was written down.
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
    """Why this node's own commits do not count, for its publisher to stop; None where they do."""
    own = own_stream(connection, member)
    if not own.quarantined_commits:
        return None
    row = connection.execute("SELECT next FROM positions WHERE member = %s", (member,)).fetchone()
    return RefusedCommits(own.faults[0], 0 if row is None else row[0])


class LogState(NamedTuple):
    """What is wrong with the log, in sentences."""

    faults: list[str]
    """Of the whole log, governance and this member's own stream."""
    away: bool
    """Whether the log cannot be read at all."""
    changed: list[str]
    """Other members' streams that are not what was read of them here before."""
    peers: list[str]
    """Other members' streams that nobody can read, or whose newest records do not count."""
    unknown: str = ""
    """That the log holds commits of this member that the node's database does not know; empty where it does not."""


def log_state(node: "Node", connection: Connection, earlier: EarlierLooks | None = None) -> LogState:
    """Hold the log against what the views have read of it and against the settings. Creates nothing.

    `earlier`: what earlier looks found, for a process that looks again and again.
    """
    settings = node.settings
    try:
        found = check_log(
            node.log_as_it_is(),
            positions.all_positions(connection),
            settings.consortium,
            settings.founded_hash,
            earlier=earlier or EarlierLooks(settings.member),
        )
    except LogError as error:
        return LogState([f"the log cannot be reached: {error}"], away=True, changed=[], peers=[])
    own, state = settings.member, LogState([], any(fault.away for fault in found), [], [])
    for fault in found:
        if fault.stream not in ("", GOVERNANCE, own):
            kind = state.peers if fault.code in (BEGINS_LATE, REFUSED, UNREADABLE) else state.changed
            kind.append(fault.detail)
        elif own == GOVERNANCE and fault.code == NO_GOVERNANCE:
            continue  # the consortium's own node founds it
        elif fault.stream != own or fault.code != REFUSED:  # anybody can append there; `own_stream` judges what is ours
            state.faults.append(fault.detail)
    if own != GOVERNANCE and not state.away and (unknown := _unknown_commits(node)):
        return state._replace(unknown=unknown)
    if not state.faults:
        state.faults.extend(_own_end(node.log_as_it_is(), connection, own))
    return state


def _unknown_commits(node: "Node") -> str:
    """What the log holds of this member that its database does not know, in a sentence; empty where it knows all."""
    try:
        node.own_log.check()
    except ForeignCommits as error:
        return str(error).removesuffix(" Nothing was published.")
    except LogError:  # not the log of the settings, and that is said already
        return ""
    return ""


def _own_end(log: SharedLog, connection: Connection, member: str) -> list[str]:
    """Whether the newest commit that this node has published is still there, where the views had not read that far."""
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
    except LogError:  # no stream, or a shorter one: the same as a stream without that commit
        pass
    detail = (
        f"the log of {member} ends before entry {size:,}, which this node has published: it was cut or replaced."
        " `registry publish` puts the rest back"
    )
    return [detail]


def node_health(node: "Node", connection: Connection, log: LogState | None = None) -> NodeHealth:
    """How the node is. Asks for no passphrase and creates nothing; `log`: what was found out about it just now."""
    member = node.settings.member
    faults: dict[str, list[str]] = {}
    found = NodeHealth(member=member, version=metadata.version("credential-registry"), faults=faults)
    log = log or log_state(node, connection)
    if log.unknown:
        faults["database"] = [log.unknown]
    if log.faults:
        faults["log"] = log.faults
    if log.changed:
        faults["other_streams"] = log.changed
    found = msgspec.structs.replace(found, peers=log.peers, log_away=log.away)
    if member == GOVERNANCE:
        return found
    own = own_stream(connection, member)
    if own.faults and not log.unknown:
        faults["own_stream"] = own.faults
    waiting, since, published = waiting_events(connection)
    if "own_stream" not in faults and (lag := own_lag(connection, member)) is not None:
        faults["views"] = [lag]
    if node.settings.keys_folder.exists() and (vault := node.keystore.vault_fault()) is not None:
        faults["vault"] = [vault]
    if table_exists(connection, "intake.lost") and (lost := lost_events(connection)):
        faults["intake"] = [each.sentence for each in lost]
    held, held_because = held_events(connection)
    if held_because is not None:
        fault = f"{plural(held, 'stored event')} {'is' if held == 1 else 'are'} held back and not on the log, since"
        fault += " consumers would refuse what is said there now"
        faults["held"] = [f"{fault}: {held_because}"]
    record = _record(node, faults)
    key, key_standing = _key(node, None if log.unknown else record, published)
    if key_standing in ("retired", "not-yet", "unknown", "unreadable"):
        faults["key"] = [_KEY_FAULTS[key_standing].format(key=key)]
    if not log.unknown and since is not None and datetime.now(UTC) - since > timedelta(seconds=WAITING_SECONDS):
        faults["publisher"] = [stopped(node.settings.home, waiting, since, by_key="key" in faults)]
    return msgspec.structs.replace(
        found,
        standing=None if record is None else record.standing,
        roles=() if record is None else record.current_roles,
        key=key,
        key_standing=key_standing,
        own=own,
        waiting=waiting + held,
        held=held,
        held_because=held_because,
        waiting_since=None if since is None else since.isoformat(timespec="seconds"),
    )


_KEY_FAULTS: Final = {
    "retired": "this node's signing key {key} was retired: change it with `registry key rotate`",
    "not-yet": "this node's signing key {key} does not count yet at the end of its log",
    "unknown": "this node's signing key {key} is none that governance knows of this member",
    "unreadable": "this node's signing key cannot be read: restore it from a backup (`registry node restore --help`)",
}


def _record(node: "Node", faults: dict[str, list[str]]) -> MemberRecord | None:
    """What governance says of this member; that it is not admitted or not in standing is said."""
    member = node.settings.member
    if "log" in faults:
        size, records = node.standings.viewed()
    else:
        try:
            size, records = node.standings.size, node.standings.fold().state.members
        except LogError:
            size, records = 0, {}
    record = records.get(member)
    if record is None and size:
        faults["membership"] = [f"{member} is not admitted: nobody counts what it publishes"]
    elif record is not None and record.standing != "active":
        faults["membership"] = [f"{member} is {record.standing}: it can create nothing"]
    return record


def _key(node: "Node", record: MemberRecord | None, published: int) -> tuple[str | None, KeyStanding]:
    """The id of the signing key, and whether it counts for the next commit."""
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
