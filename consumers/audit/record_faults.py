"""Records of one stream that were not accepted: each first cause, with its consequences folded under it."""

import re
from typing import Final

import msgspec

from consumers.audit.audit_report import Fault
from consumers.streams.verifier import DISPUTABLE
from registry.log import origin_of
from registry.wire.commit import parse
from registry.wire.errors import MalformedCommit

KEY_NOT_VALID: Final = "key-not-valid"

_MAX_LISTED: Final = 20
"""Consequences of a cause that are listed; the others are counted."""

_MAX_REMEMBERED: Final = 1000
"""Bases of records out of place that are remembered, to distinguish a change of order from a loss."""

_CHECKPOINT: Final = re.compile(rb"([^\n]{1,200})\n(0|[1-9][0-9]{0,18})\n[A-Za-z0-9+/=]{44}\n")
_HARMLESS: Final = frozenset({"stale", "fork"})
"""Heads that are refused and leave what follows them as it is."""
_FORGIVABLE: Final = DISPUTABLE | {KEY_NOT_VALID}
_WINDOWS: Final = frozenset({"key-not-valid", "below-threshold", "off-anchor"})


class _Cause:
    def __init__(self, fault: Fault, size: int) -> None:
        self.fault = fault
        self.size = size
        """The size of the verified tree when the record was read."""
        self.other = ""
        """The origin whose log is here instead of the member's own."""
        self.base: int | None = None
        """The size that the record extends, if the commit before it is missing."""
        self.number = 0
        self.fragments = 0
        """The number of consequences that are pieces of records."""
        self.forgiven = 0
        """The number of consequences that turned out to be sound."""
        self.is_forgiven = False
        self.reach = 0
        """The largest size of a signed head that does not extend the tree, here or in a consequence."""
        self._look_at(fault)
        self.consequences: list[Fault] = []

    def _look_at(self, fault: Fault) -> None:
        if fault.code == "not-an-extension":
            self.reach = max(self.reach, fault.size or 0)

    def add(self, fault: Fault) -> None:
        self.number += 1
        self.fragments += fault.code == "malformed"
        self._look_at(fault)
        if len(self.consequences) < _MAX_LISTED:
            self.consequences.append(fault)

    def forgive(self, position: int) -> None:
        """Take back the record at a position, which is this cause or follows from it."""
        if self.fault.position == position:
            self.is_forgiven = True
            return
        self.forgiven += 1
        self.consequences = [fault for fault in self.consequences if fault.position != position]

    @property
    def is_well(self) -> bool:
        return self.is_forgiven and self.forgiven == self.number

    def frozen(self) -> Fault:
        self.number -= self.forgiven
        self.forgiven = 0
        if self.is_forgiven and self.consequences:
            # Its consequences have no other cause now: the first of them becomes the cause.
            ends_stream = self.fault.ends_stream
            self.fault, *self.consequences = self.consequences
            self.fault = msgspec.structs.replace(self.fault, ends_stream=ends_stream)
            self.number -= 1
            self.is_forgiven = False
        if not self.number:
            return self.fault
        records = self.number - self.fragments
        parts = [f"{records:,} further {'record' if records == 1 else 'records'}"] if records else []
        if self.fragments:
            parts.append(f"{self.fragments:,} {'piece' if self.fragments == 1 else 'pieces'} of records")
        detail = f"{self.fault.detail}; {' and '.join(parts)} could not be judged because of it"
        return msgspec.structs.replace(self.fault, detail=detail, further=self.number, consequences=self.consequences)


class RecordFaults:
    """Collects the faults of one stream's records, in the order of the log."""

    def __init__(self, consortium: str, stream: str) -> None:
        self._consortium = consortium
        self._stream = stream
        self._origin = origin_of(consortium, stream)
        self._causes: list[_Cause] = []
        self._out_of_place: set[int] = set()
        self._cause_at: dict[int, _Cause] = {}
        """By position: the causes of records that may turn out to be sound."""

    def add(self, position: int, code: str, detail: str, record: bytes, size: int) -> None:
        """Add a record that the verifier refused when the tree had `size` leaves."""
        try:
            commit = parse(record)
        except MalformedCommit:
            commit = None
        claimed = commit.checkpoint.size if commit is not None else None
        cause = next((each for each in reversed(self._causes) if each.fault.code not in _HARMLESS), None)
        other = self._other_origin(record)
        if commit is None and claimed is None:
            claimed = _claimed_size(record)
        fault = Fault("record", self._stream, code, detail, position, claimed)
        if other:
            self._add_foreign(fault, other, size, cause)
            return
        base = commit.base if commit is not None else None
        if cause is not None and self._follows(cause, code, base, size):
            if base is not None and len(self._out_of_place) < _MAX_REMEMBERED:
                self._out_of_place.add(base)
            cause.add(fault)
            self._remember(fault, cause)
            return
        new = _Cause(fault, size)
        self._remember(fault, new)
        if code == "not-an-extension" and base == size:
            detail = (
                f"the record that ends at {claimed:,} was altered: its events do not lead to the root that was signed"
            )
            new.fault = msgspec.structs.replace(fault, detail=detail)
        if code == "not-an-extension" and base is not None and base > size:
            new.base = base
            self._out_of_place.add(base)
            detail = f"a commit is missing between {size:,} and {base:,}"
            new.fault = msgspec.structs.replace(fault, detail=detail)
        self._causes.append(new)

    def _follows(self, cause: _Cause, code: str, base: int | None, size: int) -> bool:
        """True if the cause before it explains a refused record."""
        if code == "malformed":
            # One altered byte can break a record into several pieces.
            return cause.size == size and (cause.fault.code == "malformed" or bool(cause.other))
        if base is None or base <= size:
            return False
        if code in _WINDOWS and code != cause.fault.code:
            return False
        if code not in _WINDOWS and code != "not-an-extension":
            return False
        if cause.size == size:
            return True
        # The stream went on: the commit that seemed to be missing comes later.
        if cause.base is not None and size in self._out_of_place:
            self._tell_order(cause)
            return True
        return False

    def _tell_order(self, cause: _Cause) -> None:
        if cause.base is not None:
            detail = f"the commits are not in their order: the one that ends at {cause.base:,} comes later"
            cause.fault = msgspec.structs.replace(cause.fault, detail=detail)

    def _add_foreign(self, fault: Fault, other: str, size: int, cause: _Cause | None) -> None:
        if cause is not None and cause.other == other:
            cause.add(fault)
            return
        if cause is not None and cause.other and cause.size == size:
            cause.add(fault)
            return
        name = other.removeprefix(f"{self._consortium}/")
        whose = "the consortium's own log, governance" if other == self._consortium else f"{name}'s log"
        detail = f"the log of {self._stream} holds records of {whose}"
        new = _Cause(msgspec.structs.replace(fault, code="other-log", detail=detail), size)
        new.other = other
        self._causes.append(new)

    def _other_origin(self, record: bytes) -> str:
        """Return the other origin of the consortium that a record carries; empty if it carries none."""
        if (head := _CHECKPOINT.match(record)) is None:
            return ""
        origin = head[1].decode(errors="replace")
        if origin == self._origin or not (origin == self._consortium or origin.startswith(f"{self._consortium}/")):
            return ""
        return origin

    def _remember(self, fault: Fault, cause: _Cause) -> None:
        if fault.position is not None and fault.code in _FORGIVABLE:
            self._cause_at[fault.position] = cause

    def forgive(self, position: int) -> None:
        """Take back a record that turned out to repeat what the stream holds."""
        if (cause := self._cause_at.pop(position, None)) is not None:
            cause.forgive(position)

    def all(self, size: int) -> list[Fault]:
        """Return the faults, first causes only; `size` is the size at its end."""
        for cause in self._causes:
            if cause.base is not None and cause.base <= size:
                self._tell_order(cause)
            if cause.fault.code not in _HARMLESS and (cause.size == size or cause.reach > size):
                cause.fault = msgspec.structs.replace(cause.fault, ends_stream=True)
        return [cause.frozen() for cause in self._causes if not cause.is_well]


def _claimed_size(record: bytes) -> int | None:
    lines = bytes(record[:400]).split(b"\n", 2)
    readable = len(lines) == 3 and lines[1].isdigit() and len(lines[1]) < 20
    return int(lines[1]) if readable else None
