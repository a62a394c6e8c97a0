"""Events: CloudEvents 1.0 in strict JSON, one a line, read into typed structs (SPEC.md, sections 6 and 7).

There are two ways to the same verdict. `decode_all` reads a commit's lines the fast way: it guesses each line's type
from its text, has msgspec read envelope and data in one pass, and checks the commonest type in columns. (An
event without an unknown field nests no deeper than its fields do; otherwise brackets are counted.)
Every line that the fast way does not accept, for whatever reason, goes through `decode_one`, which decides.
"""

import contextlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, Literal, NoReturn, TypeVar

import msgspec

from registry.wire import achievements, credentials, governance, issuing_keys, recognition
from registry.wire.commit import MAX_EVENT, Commit
from registry.wire.errors import InvalidEvent
from registry.wire.forms import (
    Checker,
    Fault,
    Time,
    all_base64url,
    all_uuids,
    check_credits,
    check_date,
    check_time,
    checker,
)

MAX_DEPTH: Final = 32

D = TypeVar("D")

NonEmpty = Annotated[str, msgspec.Meta(min_length=1)]


class Event(msgspec.Struct, Generic[D], gc=False, frozen=True):
    """An event: the attributes of CloudEvents and the typed data."""

    specversion: Literal["1.0"]
    id: NonEmpty
    source: NonEmpty
    type: NonEmpty
    subject: NonEmpty
    time: Time
    data: D


class Skipped(msgspec.Struct, gc=False, frozen=True):
    """An event of a type that is unknown on this log: kept, counted, without effect."""

    type: str


class Refused(msgspec.Struct, gc=False, frozen=True):
    """An event that is refused for its own bytes: the code (docs/events.md), the JSON path at fault, and why."""

    code: str
    path: str
    detail: str


GOVERNANCE_TYPES: Final[dict[str, type[Any]]] = {
    "consortium.founded.v1": governance.ConsortiumFounded,
    "consortium.keys.rotated.v1": governance.RootKeysRotated,
    "member.admitted.v1": governance.MemberAdmitted,
    "member.revised.v1": governance.MemberRevised,
    "member.key.added.v1": governance.MemberKeyAdded,
    "member.key.retired.v1": governance.MemberKeyRetired,
    "member.roles.changed.v1": governance.MemberRolesChanged,
    "member.suspended.v1": governance.MemberSuspended,
    "member.reinstated.v1": governance.MemberReinstated,
    "member.withdrawn.v1": governance.MemberWithdrawn,
    "member.range.voided.v1": governance.MemberRangeVoided,
}

MEMBER_TYPES: Final[dict[str, type[Any]]] = {
    "achievement.published.v1": achievements.AchievementContent,
    "achievement.revised.v1": achievements.AchievementContent,
    "achievement.retired.v1": achievements.AchievementRetired,
    "achievement.joined.v1": achievements.AchievementJoined,
    "credential.issued.v1": credentials.CredentialIssued,
    "credential.suspended.v1": credentials.CredentialSuspended,
    "credential.reinstated.v1": credentials.CredentialReinstated,
    "credential.revoked.v1": credentials.CredentialRevoked,
    "recognition.decided.v1": recognition.RecognitionDecided,
    "recognition.withdrawn.v1": recognition.RecognitionWithdrawn,
    "recognition.assessed.v1": recognition.RecognitionAssessed,
    "recognition.assessment.withdrawn.v1": recognition.AssessmentWithdrawn,
    "agreement.declared.v1": recognition.AgreementDeclared,
    "agreement.withdrawn.v1": recognition.AgreementWithdrawn,
    "learner.erased.v1": credentials.LearnerErased,
    "status.sealed.v1": credentials.StatusSealed,
    "issuing.key.announced.v1": issuing_keys.IssuingKeyAnnounced,
    "issuing.key.ended.v1": issuing_keys.IssuingKeyEnded,
}

ISSUED: Final = "credential.issued.v1"


class _PlainData(credentials.CredentialIssued, gc=False, frozen=True, forbid_unknown_fields=True):
    pass


class _PlainIssued(Event[_PlainData], gc=False, frozen=True, forbid_unknown_fields=True):
    """The commonest event, without an unknown field."""

    type: Literal["credential.issued.v1"]


_plain_issued: Final = msgspec.json.Decoder(_PlainIssued).decode


class _Kind:
    """The decoders and the check of one event type."""

    __slots__ = ("check", "data", "fast", "name")

    def __init__(self, name: str, data: type[Any]) -> None:
        self.name = name
        self.fast = [msgspec.json.Decoder(Event[data]).decode]  # type: ignore[valid-type] # a generic struct made at run time
        """Decoders of a whole event, tried in this order; the one that accepts no unknown field comes first."""
        if name == ISSUED:
            self.fast.insert(0, _plain_issued)
        self.data = msgspec.json.Decoder(data)
        self.check: Checker | None = checker(data)  # type: ignore[arg-type] # a class is hashable


def _kinds(types: dict[str, type[Any]]) -> dict[bytes, _Kind]:
    return {name.encode(): _Kind(name, data) for name, data in types.items()}


_MEMBER_KINDS: Final = _kinds(MEMBER_TYPES)
_GOVERNANCE_KINDS: Final = _kinds(GOVERNANCE_TYPES)


class _Envelope(msgspec.Struct, gc=False, frozen=True):
    specversion: Literal["1.0"]
    id: NonEmpty
    source: NonEmpty
    type: NonEmpty
    subject: NonEmpty
    time: Time
    data: msgspec.Raw = msgspec.Raw(b"null")


_envelope = msgspec.json.Decoder(_Envelope)


class _DataAlone(msgspec.Struct, gc=False, frozen=True):
    """The data of an event. Of duplicate names the last counts, so earlier ones are ignored here."""

    data: msgspec.Raw


_data_alone = msgspec.json.Decoder(_DataAlone)


class Reader:
    """Reads the events of one log: a member's, or the consortium's own."""

    def __init__(self, origin: str) -> None:
        """Read events of the log with this `origin`: `<consortium>/<member>` or `<consortium>`."""
        consortium, _, member = origin.partition("/")
        self.origin = origin
        self._publisher = member or consortium
        self._kinds = _MEMBER_KINDS if member else _GOVERNANCE_KINDS

    def decode_all(self, commit: Commit) -> list[Event[Any] | Skipped | Refused]:
        """Read a commit's events, in order."""
        return self.decode_lines(commit.lines)

    def decode_lines(self, lines: Sequence[bytes]) -> list[Event[Any] | Skipped | Refused]:
        """Read lines, without their LF, in order."""
        read: list[Event[Any] | Skipped | Refused] = []
        while (at := len(read)) < len(lines):
            kind = self._kinds.get(_seeming_type(lines[at]))
            run: list[Event[Any]] = []
            for decode in kind.fast if kind is not None else ():
                if run := _run(decode, lines, at):
                    break
            if kind is None or not run:
                read.append(self._decode_slowly(lines[at]))
            elif decode is _plain_issued and _all_valid(run, self.origin):
                read += run
            else:
                for event, line in zip(run, lines[at:], strict=False):
                    # A line that nests too deep has at least this many brackets.
                    deep = _brackets(line) > MAX_DEPTH
                    read.append(self._decode_slowly(line) if deep else self._judge(kind, event))
        return read

    def decode_one(self, line: bytes) -> Event[Any] | Skipped:
        """Read one event and check all of it. Raises `InvalidEvent`, which names the code and the JSON path."""
        if len(line) > MAX_EVENT:
            _refuse("schema", "$", f"{len(line):,} bytes, {MAX_EVENT:,} at most")
        line = _strict(line)
        try:
            envelope = _envelope.decode(line)
        except msgspec.DecodeError as error:
            raise _schema(error) from error
        if (wrong := check_time(envelope.time)) is not None:
            _refuse("schema", "$.time", wrong)
        if envelope.source != self.origin:
            _refuse("wrong-source", "$.source", self._foreign(envelope.source))
        kind = self._kinds.get(envelope.type.encode())
        if kind is None:
            return Skipped(envelope.type)
        try:
            data = kind.data.decode(envelope.data)
        except msgspec.DecodeError as error:
            raise _schema(error, prefix="$.data") from error
        event: Event[Any] = Event(
            "1.0", envelope.id, envelope.source, envelope.type, envelope.subject, envelope.time, data
        )
        if (fault := self._fault(event, kind)) is not None:
            _refuse("schema", f"${fault[0]}", fault[1])
        return event

    def _decode_slowly(self, line: bytes) -> Event[Any] | Skipped | Refused:
        try:
            return self.decode_one(line)
        except InvalidEvent as refusal:
            return Refused(refusal.code, refusal.path, refusal.detail)

    def _judge(self, kind: "_Kind", event: Event[Any]) -> Event[Any] | Refused:
        if (wrong := check_time(event.time)) is not None:
            return Refused("schema", "$.time", wrong)
        if event.source != self.origin:
            return Refused("wrong-source", "$.source", self._foreign(event.source))
        fault = self._fault(event, kind)
        return event if fault is None else Refused("schema", f"${fault[0]}", fault[1])

    def _foreign(self, source: str) -> str:
        return f"{source[:80]!r} is not this log's {self.origin!r}"

    def _fault(self, event: Event[Any], kind: _Kind) -> Fault | None:
        """Return what is wrong with an event whose envelope is right, judged from the event and its source alone."""
        if kind.check is not None and (fault := kind.check(event.data)) is not None:
            return f".data{fault[0]}", fault[1]
        expected = event.data.subject
        if expected is None:
            expected = self.origin
        if event.subject != expected:
            return ".subject", f"{event.subject[:80]!r} is not what the data is about, {expected!r}"
        if (fault := event.data.fault(self._publisher)) is not None:
            return f".data{fault[0]}", fault[1]
        return None


def _seeming_type(line: bytes) -> bytes:
    """Return the type that a line names, if it has the form in which writers of this project write it."""
    start = line.find(b'"type":"') + 8
    return line[start : line.find(b'"', start)]


def _run(decode: Callable[[bytes], Event[Any]], lines: Sequence[bytes], at: int) -> list[Event[Any]]:
    """Read the fast way, from line `at` on, the events of the type that this line seems to name."""
    name = _seeming_type(lines[at])
    kind = name.decode()
    # msgspec's errors are ValueErrors. The line that ends the run is read by itself afterwards.
    if _seeming_type(lines[-1]) == name:
        with contextlib.suppress(ValueError, RecursionError):
            run = [decode(line) for line in (lines[at:] if at else lines)]
            if decode is _plain_issued or {event.type for event in run} == {kind}:
                return run
    run = []
    with contextlib.suppress(ValueError, RecursionError):
        for line in lines[at:]:
            event = decode(line)
            if event.type != kind:
                break
            run.append(event)
    return run


def _all_valid(events: list[Event[credentials.CredentialIssued]], origin: str) -> bool:
    """Return whether all of these pass `Reader._judge`, checked in columns; False also where that cannot be decided."""
    issued = [event.data for event in events]
    ids = [data.credential for data in issued]
    if ids != [event.subject for event in events] or {event.source for event in events} != {origin}:
        return False
    if any([data.parts or data.replaces for data in issued]):  # noqa: C419 - a list is twice as fast as a generator here
        return False
    ids += [data.learner for data in issued]
    ids += {data.achievement for data in issued}
    dates = {data.awarding_date for data in issued} | {data.valid_until for data in issued}
    claims = [data.claims for data in issued]
    some_claims = [digest for digest in claims if digest is not None] if None in claims else claims
    return (
        all_uuids(ids)
        and all_base64url(some_claims)  # type: ignore[arg-type] # none of them is None
        and not any(check_date(day) for day in dates if day is not None)
        and not any(check_credits(ects) for ects in {data.ects for data in issued} if ects is not None)
        and not any(map(check_time, {event.time for event in events}))
    )


def encode(event: Event[Any]) -> bytes:
    """Return an event's line, without LF: the bytes that are hashed and published. Absent fields are left out."""
    return msgspec.json.encode(event)


def data_of(line: bytes) -> bytes:
    """Return the `data` of an event's line, byte for byte. The line must be one that was read without a refusal."""
    return bytes(_data_alone.decode(line).data)


def _refuse(code: str, path: str, detail: str) -> NoReturn:
    raise InvalidEvent(code, path, detail)


def _schema(error: msgspec.DecodeError, prefix: str = "$") -> InvalidEvent:
    message, _, path = str(error).partition(" - at `")
    return InvalidEvent("schema", prefix + path.rstrip("`").removeprefix("$").removeprefix("key in "), message)


def _strict(line: bytes) -> bytes:
    """Return the line as strict JSON in which every name occurs once: of duplicates the last counts.

    Numbers keep their text, so that none is rounded.
    """
    depth = _depth(line)
    if depth > MAX_DEPTH:
        _refuse("schema", "$", f"{depth} levels deep, {MAX_DEPTH} at most")
    try:
        # Decoded first: from bytes, json would accept other encodings than UTF-8, and a byte order mark.
        text = line.decode()
        value = json.loads(
            text, object_pairs_hook=_object, parse_float=_number, parse_int=_number, parse_constant=_constant
        )
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise InvalidEvent("schema", "$", "a lone surrogate") from error
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("schema", "$", f"not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    by_name = dict(pairs)
    if len(by_name) != len(pairs):
        msgspec.json.encode(pairs)  # a lone surrogate is refused also in a value that does not count
    return by_name


def _number(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _brackets(text: bytes) -> int:
    """Count the opening brackets: at least one per array or object. A search that finds none beats counting."""
    return text.count(b"{") + (text.count(b"[") if b"[" in text else 0)


def _depth(line: bytes) -> int:
    """Return how deep arrays and objects nest, ignoring brackets within strings."""
    deepest = depth = 0
    in_string = escaped = False
    for byte in line:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in (0x5B, 0x7B):
            depth += 1
            deepest = max(deepest, depth)
        elif byte in (0x5D, 0x7D):
            depth -= 1
    return deepest
