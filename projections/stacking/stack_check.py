"""Parts that are to be stacked, looked at before the larger credential is issued: all that others' streams, and the
composition, have against it.

The log refuses none of this; whoever issues should know it. What the flags will say is said by the same rules.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from psycopg import Connection

from projections.core.errors import TooCostly
from projections.queries import load_query
from projections.recognition.agreements import find_covering_by
from projections.relations.compositions import Stack, part_of
from projections.relations.crediting import Credited, Whole, by_agreement, by_decision
from projections.relations.reach import MAX_LEVELS, MAX_PARTS
from projections.relations.stacks import CIRCULAR, IMPAIRED, MISMATCH, PENDING, TOO_DEEP, Key, Stacks
from projections.stacking.held import Held, by_ids
from registry.rules.compositions import Part, unmet
from registry.wire.credentials import CountedBy
from registry.wire.credentials import Part as Asked


class Breach(NamedTuple):
    """One thing that speaks against it."""

    code: str
    """What speaks against it.

    A flag's name (`pending`, `learner-mismatch`, `impaired`, `circular`, `too-deep`), the composition's field, as
    `minOwnEcts`, or `not-active`, `by`, `ects`, `not-composed`, `too-costly` (what the parts rest on was not checked).
    """
    detail: str
    path: str
    """Where in the request, as `parts[0].by`."""


class Wanted(NamedTuple):
    """A larger credential that is to be issued."""

    achievement: Key
    version: int
    learner: str
    awarded: date
    parts: Sequence[Asked]
    replaces: str | None


def breaches(connection: Connection, wanted: Wanted) -> list[Breach]:
    """All that speaks against it, in the order of its parts; then what they do not satisfy together."""
    row = connection.execute(
        load_query("composition_of_version"),
        {"member": wanted.achievement[0], "achievement": wanted.achievement[1], "version": wanted.version},
    ).fetchone()
    if row is None:
        return [Breach(PENDING, "this node has not projected that version of the achievement yet", "achievement")]
    if row[4] is None:
        return [Breach("not-composed", "nothing is stacked into this achievement: it has no composition", "parts")]
    return _Check(connection, wanted, Stack.of(wanted.achievement, wanted.awarded, row[4], row[1])).all()


class _Check:
    def __init__(self, connection: Connection, wanted: Wanted, stack: Stack) -> None:
        self._connection = connection
        self._wanted = wanted
        self._stack = stack
        keys = [(part.member, part.credential) for part in wanted.parts]
        rows = by_ids(connection, keys, wanted.achievement[0], wanted.replaces)
        self._known = {held.key: held for held in rows}
        self._found: list[Breach] = []
        self._stacks: Stacks | None = None
        try:
            self._stacks = Stacks.read(connection, list(self._known))
        except TooCostly as error:
            self._say("too-costly", f"what the parts rest on was not checked: {error}", "parts")

    def all(self) -> list[Breach]:
        parts = [
            part for place, asked in enumerate(self._wanted.parts) if (part := self._look(place, asked)) is not None
        ]
        self._look_deep()
        self._count_once()
        issuer, awarded = self._wanted.achievement[0], self._wanted.awarded
        for one in unmet(self._stack.composition, issuer, awarded, parts):
            self._found.append(Breach(one.name, f"{one.requirement}: {one.detail}", "parts"))
        return self._found

    def _say(self, code: str, detail: str, path: str) -> None:
        self._found.append(Breach(code, detail, path))

    def _look(self, place: int, asked: Asked) -> Part | None:
        key, path = (asked.member, asked.credential), f"parts[{place}]"
        held = self._known.get(key)
        if held is None:
            self._say(PENDING, "no such credential is known here (yet)", path)
            return None
        if held.learner is None:
            self._say(MISMATCH, "its issuer has erased the learner: whose it is cannot be told any more", path)
        elif held.learner != self._wanted.learner:
            self._say(MISMATCH, "it is another learner's", path)
        trouble = held.trouble(self._wanted.awarded, self._stacks)
        if trouble == IMPAIRED:
            self._say(IMPAIRED, "it rests on a part that no longer holds", path)
        elif trouble is not None:
            self._say("not-active", f"it is {trouble}", path)
        credited = None if asked.by is None else self._credited(held, asked.by, path)
        worth = held.ects if credited is None or credited.ects is None else credited.ects
        if Decimal(str(asked.ects)) > (worth or Decimal(0)):
            self._say("ects", f"{asked.ects} ECTS, and it counts for {worth or 0:f} at most", f"{path}.ects")
        return part_of(
            (asked.member, held.achievement, held.version),
            held.fields,
            held.eqf_level,
            Decimal(str(asked.ects)),
            held.awarded,
            asked.by is not None,
            held.shared,
            credited,
        )

    def _credited(self, held: Held, by: CountedBy, path: str) -> Credited | None:
        found = self._decided(held, by) if by.decision is not None else self._agreed(held, by)
        if found is None:
            what = f"decision {by.decision}" if by.decision is not None else f"agreement {by.agreement}"
            self._say("by", f"no {what} of {by.member}, in force here, lets it count", f"{path}.by")
        return found

    def _decided(self, held: Held, by: CountedBy) -> Credited | None:
        row = self._connection.execute(
            "SELECT content::text FROM decisions WHERE member = %s AND decision = %s AND state = 'inForce'",
            (by.member, by.decision),
        ).fetchone()
        return None if row is None else by_decision(row[0], held.key, self._whole)

    def _agreed(self, held: Held, by: CountedBy) -> Credited | None:
        for agreement, content in find_covering_by(self._connection, by.member, [held.key]).get(held.key, ()):
            if agreement == by.agreement:
                return by_agreement(content, held.ects, self._whole)
        return None

    @property
    def _whole(self) -> Whole:
        return self._stack.whole

    def _look_deep(self) -> None:
        """What is flagged `too-deep` or `circular` adds no credit, and takes none off."""
        if self._stacks is None:
            return
        for place, part in enumerate(self._wanted.parts):
            if (key := (part.member, part.credential)) not in self._known:
                continue
            if self._stacks.too_deep(key):
                self._say(TOO_DEEP, f"it has {_TOO_MUCH}", f"parts[{place}]")
            elif self._stacks.circular(key):
                self._say(CIRCULAR, "it is, however deep, a part of itself", f"parts[{place}]")
        if self._stacks.would_be_too_deep((part.member, part.credential) for part in self._wanted.parts):
            self._say(TOO_DEEP, f"with these parts it would have {_TOO_MUCH}", "parts")

    def _count_once(self) -> None:
        """A part, and a part of its own beside it, bring together no more than the larger of them is worth."""
        if self._stacks is None:
            return
        brought = {(part.member, part.credential): Decimal(str(part.ects)) for part in self._wanted.parts}
        for place, part in enumerate(self._wanted.parts):
            key = (part.member, part.credential)
            if key not in self._known:
                continue
            within = self._stacks.deep_parts(key) & brought.keys() - {key}
            worth = self._known[key].ects or Decimal(0)
            if within and sum((brought[one] for one in within), brought[key]) > max(worth, brought[key]):
                names = ", ".join("/".join(one) for one in sorted(within))
                self._say("ects", f"its credit counts already by its own parts {names}", f"parts[{place}].ects")


_TOO_MUCH: Final = f"more than {MAX_LEVELS} levels of parts, or more than {MAX_PARTS} parts"
