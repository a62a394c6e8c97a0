"""A check of the parts of a larger credential before it is issued: against other members' streams and the composition.

The log would refuse none of the breaches, so the clerk should see them first. The flags of the credential, once
issued, are computed by the same rules.
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
from projections.stacking.holdings import Holding, read_holdings
from registry.rules.compositions import Part, unmet
from registry.wire.credentials import CountedBy
from registry.wire.credentials import Part as RequestedPart


class Breach(NamedTuple):
    """A reason not to issue the larger credential."""

    code: str
    """The kind of the breach.

    A flag's name (`pending`, `learner-mismatch`, `impaired`, `circular`, `too-deep`), a field of the composition, for
    example `minOwnEcts`, or `not-active`, `by`, `ects`, `not-composed`, `too-costly` (the parts' own parts were not
    checked).
    """
    detail: str
    path: str
    """The place in the request, for example `parts[0].by`."""


class PlannedCredential(NamedTuple):
    """A larger credential that is to be issued."""

    achievement: Key
    version: int
    learner: str
    awarded: date
    parts: Sequence[RequestedPart]
    replaces: str | None


def find_breaches(connection: Connection, planned: PlannedCredential) -> list[Breach]:
    """Return the breaches of a credential, in the order of its parts, and then those of all parts together."""
    row = connection.execute(
        load_query("composition_of_version"),
        {"member": planned.achievement[0], "achievement": planned.achievement[1], "version": planned.version},
    ).fetchone()
    if row is None:
        return [Breach(PENDING, "this node has not projected that version of the achievement yet", "achievement")]
    if row[4] is None:
        return [Breach("not-composed", "nothing is stacked into this achievement: it has no composition", "parts")]
    return _Check(connection, planned, Stack.of(planned.achievement, planned.awarded, row[4], row[1])).run()


class _Check:
    def __init__(self, connection: Connection, planned: PlannedCredential, stack: Stack) -> None:
        self._connection = connection
        self._planned = planned
        self._stack = stack
        keys = [(part.member, part.credential) for part in planned.parts]
        holdings = read_holdings(connection, keys, planned.achievement[0], planned.replaces)
        self._holdings = {holding.key: holding for holding in holdings}
        self._breaches: list[Breach] = []
        self._stacks: Stacks | None = None
        try:
            self._stacks = Stacks.read(connection, list(self._holdings))
        except TooCostly as error:
            self._add("too-costly", f"what the parts rest on was not checked: {error}", "parts")

    def run(self) -> list[Breach]:
        checked = [self._check_part(place, requested) for place, requested in enumerate(self._planned.parts)]
        parts = [part for part in checked if part is not None]
        self._check_depth()
        self._check_nested_credit()
        issuer, awarded = self._planned.achievement[0], self._planned.awarded
        for requirement in unmet(self._stack.composition, issuer, awarded, parts):
            self._add(requirement.name, f"{requirement.requirement}: {requirement.detail}", "parts")
        return self._breaches

    def _add(self, code: str, detail: str, path: str) -> None:
        self._breaches.append(Breach(code, detail, path))

    def _check_part(self, place: int, requested: RequestedPart) -> Part | None:
        key, path = (requested.member, requested.credential), f"parts[{place}]"
        holding = self._holdings.get(key)
        if holding is None:
            self._add(PENDING, "no such credential is known here (yet)", path)
            return None
        if holding.learner is None:
            self._add(MISMATCH, "its issuer has erased the learner: nobody can say any more whose it is", path)
        elif holding.learner != self._planned.learner:
            self._add(MISMATCH, "it is another learner's", path)
        obstacle = holding.find_obstacle(self._planned.awarded, self._stacks)
        if obstacle == IMPAIRED:
            self._add(IMPAIRED, "it rests on a part that no longer holds", path)
        elif obstacle is not None:
            self._add("not-active", f"it is {obstacle}", path)
        credited = None if requested.by is None else self._find_credit(holding, requested.by, path)
        worth = holding.ects if credited is None or credited.ects is None else credited.ects
        if Decimal(str(requested.ects)) > (worth or Decimal(0)):
            self._add("ects", f"{requested.ects} ECTS, and it counts for {worth or 0:f} at most", f"{path}.ects")
        return part_of(
            (requested.member, holding.achievement, holding.version),
            holding.fields,
            holding.eqf_level,
            Decimal(str(requested.ects)),
            holding.awarded,
            requested.by is not None,
            holding.shared,
            credited,
        )

    def _find_credit(self, holding: Holding, by: CountedBy, path: str) -> Credited | None:
        """Return the credit that a decision or an agreement grants; note a breach if it grants none."""
        by_decided = by.decision is not None
        credited = self._find_decided(holding, by) if by_decided else self._find_agreed(holding, by)
        if credited is None:
            basis = f"decision {by.decision}" if by_decided else f"agreement {by.agreement}"
            self._add("by", f"no {basis} of {by.member}, in force here, lets it count", f"{path}.by")
        return credited

    def _find_decided(self, holding: Holding, by: CountedBy) -> Credited | None:
        row = self._connection.execute(
            "SELECT content::text FROM decisions WHERE member = %s AND decision = %s AND state = 'inForce'",
            (by.member, by.decision),
        ).fetchone()
        return None if row is None else by_decision(row[0], holding.key, self._whole)

    def _find_agreed(self, holding: Holding, by: CountedBy) -> Credited | None:
        for agreement, content in find_covering_by(self._connection, by.member, [holding.key]).get(holding.key, ()):
            if agreement == by.agreement:
                return by_agreement(content, holding.ects, self._whole)
        return None

    @property
    def _whole(self) -> Whole:
        return self._stack.whole

    def _check_depth(self) -> None:
        """Note parts that will be flagged `too-deep` or `circular`: they neither add nor subtract credit."""
        if self._stacks is None:
            return
        for place, part in enumerate(self._planned.parts):
            if (key := (part.member, part.credential)) not in self._holdings:
                continue
            if self._stacks.too_deep(key):
                self._add(TOO_DEEP, f"it has {_TOO_MUCH}", f"parts[{place}]")
            elif self._stacks.circular(key):
                self._add(CIRCULAR, "it is, however deep, a part of itself", f"parts[{place}]")
        if self._stacks.would_be_too_deep((part.member, part.credential) for part in self._planned.parts):
            self._add(TOO_DEEP, f"with these parts it would have {_TOO_MUCH}", "parts")

    def _check_nested_credit(self) -> None:
        """Note a part whose own part is stacked beside it, if together they count more than the larger is worth."""
        if self._stacks is None:
            return
        brought = {(part.member, part.credential): Decimal(str(part.ects)) for part in self._planned.parts}
        for place, part in enumerate(self._planned.parts):
            key = (part.member, part.credential)
            if key not in self._holdings:
                continue
            within = self._stacks.deep_parts(key) & brought.keys() - {key}
            worth = self._holdings[key].ects or Decimal(0)
            if within and sum((brought[inner] for inner in within), brought[key]) > max(worth, brought[key]):
                names = ", ".join("/".join(inner) for inner in sorted(within))
                self._add("ects", f"its credit counts already by its own parts {names}", f"parts[{place}].ects")


_TOO_MUCH: Final = f"more than {MAX_LEVELS} levels of parts, or more than {MAX_PARTS} parts"
