"""The findings of an audit as data: for terminals, programs, pages, and for the next audit to go on from."""

from typing import Any

import msgspec


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding that makes an audit fail."""

    kind: str
    """`record`: not accepted; `event`: refused; `fork`; `seal`: contradicted by the log; `views`: differ from the log;
    `history`: another than that of an earlier report; `stream`: missing, cut, or of no member; `witness`: a cosigned
    head that the log contradicts; `stored`: a stored event of the auditing node that is not the published one."""
    member: str
    code: str
    detail: str
    position: int | None = None
    """The position of the record in the log."""
    size: int | None = None
    """The tree size that a commit or disputed head names, if it could be read."""
    leaf: int | None = None
    event: str | None = None
    """The event's id, if it could be read."""
    evidence: list[str] | None = None
    """The contradictory signed notes, or the rows that differ."""
    further: int = 0
    """The number of further records and events that could not be judged because of this fault."""
    consequences: list["Fault"] = []
    """The first of those."""
    ends_stream: bool = False
    """True if no later part of the stream could be verified."""
    earlier: bool = False
    """True if an earlier report found it, and this audit, which goes on from it, did not check it again."""


class Unchecked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A check that was asked for and could not be made."""

    what: str
    why: str
    kind: str = ""
    """The kind of fault that it would have found: `stream`, `views`, `stored` or `witness`."""
    member: str = ""
    """The member concerned; empty for several."""
    size: int | None = None
    """The size of the head for which no witness vouches."""
    earlier: bool = False
    """True if an earlier report could not make it, and this audit, which goes on from it, did not try again."""


class KeyUse(msgspec.Struct, frozen=True):
    """A key of a member, and the tree sizes between which it signs."""

    vkey: str
    start: int
    end: int | None


class Head(msgspec.Struct, frozen=True):
    """A signed head that the stream passed through."""

    size: int
    note: str
    time: str
    """The time of its last event, as the member claims."""


class StreamState(msgspec.Struct, frozen=True):
    """The state of a stream from which a later audit can go on, and by which two auditors compare what they saw."""

    member: str
    size: int
    root: str
    hashes: list[str]
    """The compact range, in hexadecimal."""
    next: int
    governance: int
    """The size of governance under which it was judged."""
    anchors: int
    voids: int
    doubtful: bool
    """True if a record was refused for a reason that governance may change."""
    skipped: int
    refused: dict[str, int]
    """Records and events refused so far, by code."""
    heads: list[Head]
    """Some of the heads that it passed through, and the last ones."""
    mentions: dict[str, int] = {}
    """Other members whose achievements or credentials its events name, each with the first leaf that does."""
    records: int = 0
    """The number of records up to the one that led to the head, refused ones included."""
    records_digest: str = ""
    """The digest of these records (`RecordsDigest`, hexadecimal); empty if unknown."""
    records_end: int = 0
    """The end of the last of them in the log that was read."""


class MemberReport(msgspec.Struct, frozen=True):
    """One stream, for readers: how far it was replayed, and with what result."""

    member: str
    size: int
    root: str
    governance: int
    skipped: int
    faults: int
    served: str
    """The served views: `equal`, `differ`, `behind` (the same as far as they go), `ahead` or `not compared`."""
    lag: int | None = None
    """The number of leaves that the served views lack."""
    standing: str = ""
    keys: list[KeyUse] = []
    repeated: int = 0
    """Records that repeat what the stream already holds; they change nothing."""


class CosignedHead(msgspec.Struct, frozen=True):
    """The newest head of one stream that witnesses cosigned."""

    member: str
    size: int
    """The size of the newest head that enough of them cosigned; 0 if there is none."""
    witnesses: int
    """The number of witnesses that cosigned it."""
    time: str = ""
    """The oldest of these cosignatures, RFC 3339; empty if there is none."""


class SignedDigest(msgspec.Struct, frozen=True):
    """A digest of its views that a node signed, compared with the views rebuilt."""

    origin: str
    verdict: str
    """`agrees`, `contradicts`, `bad-signature`, or `not compared` if it is of other positions or another
    version, or if no views were rebuilt."""
    note: str
    why: str = ""
    """Why it was not compared."""


class AuditReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """The findings of an audit. `verdict` and `summary` follow from the rest (`audit_verdict.conclude`)."""

    ok: bool
    """True if the verdict is `well`."""
    mode: str
    """`full`: log, and views rebuilt and compared; `log`: the log alone, not the views' rows."""
    consortium: str
    founded: str
    log: str
    events: int
    """Events that were read in this run."""
    seconds: float
    members: list[MemberReport]
    faults: list[Fault]
    streams: list[StreamState]
    since: int | None = None
    """The number of events that an earlier report had verified, if this audit went on from it."""
    retry_read: list[str] = []
    """Streams that an earlier report covers and that were read from their first record again."""
    digest: str | None = None
    """The digest of the views rebuilt."""
    served_digest: str | None = None
    positions: str | None = None
    """The hash over the positions of the views rebuilt."""
    signed: list[SignedDigest] = []
    """The digests that nodes signed, compared with the views rebuilt."""
    verdict: str = ""
    """`well`, `not well` or `inconclusive`."""
    summary: str = ""
    """A summary for a board, in plain sentences; the first is the verdict."""
    warnings: list[Fault] = []
    """Findings that deserve a look and are not faults."""
    unchecked: list[Unchecked] = []
    """Checks that were asked for and could not be made: the verdict is then `inconclusive` at best."""
    unknown_streams: dict[str, int] = {}
    """Streams of this log that belong to no member, each with the size that it claims."""
    witnesses: int = 0
    """The number of witnesses on which the auditor relies."""
    cosigned_heads: list[CosignedHead] = []
    """The newest head of each stream that they cosigned."""
    views: str = ""
    """The result for the views of a node, in one sentence; empty if no views were to be compared."""
    only: list[str] = []
    """The members to which the audit was restricted; empty for all."""

    @classmethod
    def read(cls, data: bytes) -> "AuditReport":
        """Read a report from its JSON. Raises `NoReport`."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise NoReport(f"this is not an audit report: {error}") from error


class NoReport(ValueError):
    """A file is not an audit report."""


def count(into: dict[str, int], code: str, by: int = 1) -> None:
    """Add to the count of a code."""
    into[code] = into.get(code, 0) + by


def event_id(line: bytes) -> str | None:
    """Return an event's id, if its line can be read."""
    try:
        decoded: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    identifier = decoded.get("id") if isinstance(decoded, dict) else None
    return identifier if isinstance(identifier, str) else None
