"""What an audit found, as data: for terminals, programs, pages, and for the next audit to go on from."""

from typing import Any

import msgspec


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is not as it should be."""

    kind: str
    """`record` not taken in, `event` refused, `fork`, `seal` that lies, `views` that differ, `history` that is
    another than an earlier report's, `stream`: a log that is missing, cut or belongs to nobody,
    `witness`: a cosigned head that the log contradicts, `stored`: a stored event of the auditing node that is not
    what it published."""
    member: str
    code: str
    detail: str
    position: int | None = None
    """Where the record begins in the log."""
    size: int | None = None
    """The tree size that a commit or claim names, where it could be read."""
    leaf: int | None = None
    event: str | None = None
    """The event's id, where it could be read."""
    evidence: list[str] | None = None
    """The contradictory signed notes, or the rows that differ."""
    further: int = 0
    """How many more things could not be judged because of this one."""
    consequences: list["Fault"] = []
    """The first of those."""
    ends_stream: bool = False
    """Whether nothing of the stream after it could be verified."""
    earlier: bool = False
    """Whether an earlier report found it, and this audit, which goes on from it, did not check it again."""


class Unchecked(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was asked for and could not be checked."""

    what: str
    why: str
    kind: str = ""
    """What it would have found a fault of: `stream`, `views`, `stored` or `witness`, as faults are named."""
    member: str = ""
    """Whose it is; empty where it is of several."""
    size: int | None = None
    """The size of the head that nobody vouches for."""
    earlier: bool = False
    """Whether an earlier report could not check it, and this audit, which goes on from it, did not try again."""


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
    """All that is needed to go on from here, and to compare what two auditors saw."""

    member: str
    size: int
    root: str
    hashes: list[str]
    """The compact range, in hexadecimal."""
    next: int
    governance: int
    """The governance size under which it was judged."""
    anchors: int
    voids: int
    doubtful: bool
    """Whether a record was refused for a reason that governance may change."""
    skipped: int
    refused: dict[str, int]
    """Records and events refused so far, by code."""
    heads: list[Head]
    """Some of the heads that it passed through, and the last ones."""
    mentions: dict[str, int] = {}
    """Other members whose achievements or credentials its events name, each with the first leaf that does."""
    records: int = 0
    """How many records there are up to the one that led to the head, refused ones among them."""
    records_digest: str = ""
    """Of these records (`RecordsDigest`, hexadecimal); empty where it is not known."""
    records_end: int = 0
    """Where in the log that was read the last of them ends."""


class MemberReport(msgspec.Struct, frozen=True):
    """One stream for readers: how far it was replayed, and what it came to."""

    member: str
    size: int
    root: str
    governance: int
    skipped: int
    faults: int
    served: str
    """The served views: `equal`, `differ`, `behind` (the same as far as they go), `ahead` or `not compared`."""
    lag: int | None = None
    """How many leaves the served views lack."""
    standing: str = ""
    keys: list[KeyUse] = []
    repeated: int = 0
    """Records that say once more what the stream holds already; they change nothing."""


class CosignedHead(msgspec.Struct, frozen=True):
    """What witnesses say of one stream's newest head."""

    member: str
    size: int
    """The newest head that enough of them cosigned, 0 where there is none."""
    witnesses: int
    """How many of them cosigned it."""
    time: str = ""
    """The oldest of these cosignatures, RFC 3339; empty where there is none."""


class SignedDigest(msgspec.Struct, frozen=True):
    """A node's signed word on its views, and how it stands to those rebuilt."""

    origin: str
    verdict: str
    """`agrees`, `contradicts`, `bad-signature`, or `not compared` where it is of other positions or another
    version, or where no views were rebuilt."""
    note: str
    why: str = ""
    """Why it was not compared."""


class AuditReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an audit found. `verdict` and `summary` come from the rest (`audit_verdict.conclude`)."""

    ok: bool
    """Whether the verdict is `well`."""
    mode: str
    """`full`: log, and views rebuilt and compared; `log`: the log alone, not the views' rows."""
    consortium: str
    founded: str
    log: str
    events: int
    """Read in this run."""
    seconds: float
    members: list[MemberReport]
    faults: list[Fault]
    streams: list[StreamState]
    since: int | None = None
    """How many events an earlier report had verified already, where this one went on from it."""
    read_again: list[str] = []
    """Streams that an earlier report covers, and that were read from their first record all the same."""
    digest: str | None = None
    """Of the views rebuilt."""
    served_digest: str | None = None
    positions: str | None = None
    """The hash over the positions of the views rebuilt."""
    signed: list[SignedDigest] = []
    """What nodes signed of their views, held against those rebuilt."""
    verdict: str = ""
    """`well`, `not well` or `inconclusive`."""
    summary: str = ""
    """What a board needs to know, in plain sentences; the first one is the verdict."""
    warnings: list[Fault] = []
    """What deserves a look and is no fault."""
    unchecked: list[Unchecked] = []
    """What was asked for and could not be checked: the verdict is then `inconclusive` at best."""
    unknown_streams: dict[str, int] = {}
    """Streams of this log that belong to no member, each with the size that it claims."""
    witnesses: int = 0
    """How many witnesses the auditor relies on."""
    cosigned_heads: list[CosignedHead] = []
    """What they say of each stream."""
    views: str = ""
    """What was done about the views of a node, in one sentence; empty where no views were to be compared."""
    only: list[str] = []
    """The members that the audit was restricted to; all where it is empty."""

    @classmethod
    def read(cls, data: bytes) -> "AuditReport":
        """A report's JSON. Raises `NoReport`."""
        try:
            return msgspec.json.decode(data, type=cls)
        except msgspec.DecodeError as error:
            raise NoReport(f"this is no audit report: {error}") from error


class NoReport(ValueError):
    """A file that is not an audit's report."""


def count(into: dict[str, int], code: str, by: int = 1) -> None:
    """One more refused."""
    into[code] = into.get(code, 0) + by


def event_id(line: bytes) -> str | None:
    """An event's id, if its line can be read at all."""
    try:
        found: Any = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    identifier = found.get("id") if isinstance(found, dict) else None
    return identifier if isinstance(identifier, str) else None
