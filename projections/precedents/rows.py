"""Write what a batch changes in precedents and their counts.

They depend on the deciding member's stream alone. Counts change in the transaction that changes the rows, so they are
always exact; folding a member again begins by deleting them.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any, ClassVar, Final

import msgspec
from psycopg import Connection

from projections.core.copy import copy, line
from projections.core.state import array
from projections.core.texts import LONGEST, in_one_language, plain
from projections.queries import load_query
from registry.rules.stream import MemberState
from registry.wire.events import Event
from registry.wire.recognition import (
    AssessmentWithdrawn,
    Ground,
    RecognitionAssessed,
    RecognitionDecided,
    RecognitionWithdrawn,
    Towards,
)

NOBODY: Final = ""
ALL: Final = "00000000-0000-0000-0000-000000000000"
"""In `precedent_counts`: sums over all members' achievements (`NOBODY`), or over all achievements of a member."""

EVER: Final = "-infinity"
"""In place of a month: the sum over all time, in one row."""

ANY: Final = ""
"""In place of a purpose and an effect: the sum over all of them."""

_LONGEST_TITLE: Final = 200
_STATES: Final = ("inForce", "superseded", "withdrawn")


class _Row(msgspec.Struct, frozen=True, gc=False):
    leaf: int
    basis: int
    grant: int
    kind: str
    id: str
    of_member: str
    achievement: str
    version: int
    day: str
    purpose: str
    effect: str
    outcome: str
    grounds: list[str]
    towards: str | None


class PrecedentRows:
    """A batch's changes of precedents."""

    TYPES: ClassVar = frozenset(
        {
            "recognition.decided.v1",
            "recognition.withdrawn.v1",
            "recognition.assessed.v1",
            "recognition.assessment.withdrawn.v1",
        }
    )

    def __init__(self, member: str) -> None:
        self._member = member
        self._rows: list[_Row] = []
        self._new: dict[str, set[str]] = {"decision": set(), "assessment": set()}
        self._changed: dict[str, set[str]] = {"decision": set(), "assessment": set()}
        self._programmes: dict[str, set[str]] = {}

    def take(self, event: Event[Any], leaf: int, raw: bytes) -> None:  # noqa: ARG002 - as all collectors
        """Add an effective decision or assessment, or its withdrawal."""
        data = event.data
        if isinstance(data, RecognitionDecided):
            self._decide(data, leaf)
        elif isinstance(data, RecognitionAssessed):
            ref = data.achievement
            self._new["assessment"].add(data.assessment)
            self._rows.append(
                _Row(
                    leaf,
                    0,
                    0,
                    "assessment",
                    data.assessment,
                    ref.member,
                    ref.achievement,
                    ref.version,
                    event.time[:10],
                    data.purpose,
                    data.effect,
                    data.outcome,
                    _codes(data.grounds),
                    self._towards(data.towards),
                )
            )
        elif isinstance(data, RecognitionWithdrawn):
            self._changed["decision"].add(data.decision)
        elif isinstance(data, AssessmentWithdrawn):
            self._changed["assessment"].add(data.assessment)

    def _decide(self, data: RecognitionDecided, leaf: int) -> None:
        self._new["decision"].add(data.decision)
        if data.supersedes is not None:
            self._changed["decision"].add(data.supersedes)
        for number, grant in enumerate(data.grants):
            for index in sorted(set(grant.from_)):
                ref = data.basis[index].achievement
                if ref is None:
                    continue
                self._rows.append(
                    _Row(
                        leaf,
                        index,
                        number,
                        "decision",
                        data.decision,
                        ref.member,
                        ref.achievement,
                        ref.version,
                        data.decision_date,
                        data.purpose,
                        data.effect,
                        grant.outcome,
                        _codes(grant.grounds),
                        self._towards(grant.towards),
                    )
                )

    def _towards(self, towards: Towards | None) -> str | None:
        if towards is None:
            return None
        if towards.title is None:
            key = f"{towards.member}/{towards.achievement}"
            self._programmes.setdefault(key, set())
            return key
        key = programme_key(in_one_language(towards.title))
        self._programmes.setdefault(key, set()).update(plain(text) for text in towards.title.values())
        return key

    def write(self, connection: Connection, after: MemberState) -> None:
        """Write the changes; `after` are the states after the batch."""
        states: dict[str, Mapping[str, str]] = {"decision": after.decisions, "assessment": after.assessments}
        copy(
            connection,
            "precedents",
            "member, leaf, basis, grant_no, kind, thing, state, of_member, achievement, version, day, purpose, effect,"
            " outcome, grounds, towards",
            [
                line(
                    (
                        self._member,
                        row.leaf,
                        row.basis,
                        row.grant,
                        row.kind,
                        row.id,
                        states[row.kind][row.id],
                        row.of_member,
                        row.achievement,
                        row.version,
                        row.day,
                        row.purpose,
                        row.effect,
                        row.outcome,
                        row.grounds,
                        row.towards,
                    )
                )
                for row in self._rows
            ],
        )
        self._write_programmes(connection)
        counts: dict[_Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in self._rows:
            state = _STATES.index(states[row.kind][row.id])
            for key in _keys(row.of_member, row.achievement, row.version, row.day, row.purpose, row.effect):
                for what in (row.outcome, *row.grounds):
                    counts[*key, what][state] += 1
        for kind, changed in self._changed.items():
            earlier = sorted(changed - self._new[kind])
            if earlier:
                self._close(connection, kind, earlier, [states[kind][identifier] for identifier in earlier], counts)
        self._write_counts(connection, counts)

    def _close(self, connection: Connection, kind: str, ids: list[str], states: list[str], counts: "_Counts") -> None:
        """Close precedents of earlier batches, which were in force until now."""
        parameters = {"member": self._member, "kind": kind, "things": array(ids), "states": states}
        closed = connection.execute(load_query("close_precedents"), parameters)
        for of_member, achievement, version, day, purpose, effect, whats, state in closed:
            for key in _keys(of_member, achievement, version, day, purpose, effect):
                for what in whats:
                    changes = counts[*key, what]
                    changes[0] -= 1
                    changes[_STATES.index(state)] += 1

    def _write_programmes(self, connection: Connection) -> None:
        _add_programmes(connection, self._member, self._programmes)

    def _write_counts(self, connection: Connection, counts: "_Counts") -> None:
        changed = sorted((key, changes) for key, changes in counts.items() if any(changes))
        if not changed:
            return
        names = ("of_members", "achievements", "versions", "months", "purposes", "effects", "whats")
        columns: dict[str, Any] = {
            # None of these values needs quoting (see `array`) except the empty one.
            name: array(str(key[place]) or '""' for key, _ in changed)
            for place, name in enumerate(names)
        }
        for place, name in enumerate(("in_force", "superseded", "withdrawn")):
            columns[name] = array(str(changes[place]) for _, changes in changed)
        connection.execute(load_query("add_precedent_counts"), columns | {"member": self._member})


def _add_programmes(connection: Connection, member: str, programmes: Mapping[str, set[str]]) -> None:
    if programmes:
        connection.execute(
            load_query("add_programmes"),
            {
                "member": member,
                "towards": list(programmes),
                "words": [" ".join(sorted(words))[:LONGEST] or None for words in programmes.values()],
            },
        )


def rebuild_counts(connection: Connection, member: str) -> None:
    """Replace a deciding member's counts by those of its precedents."""
    connection.execute("DELETE FROM precedent_counts WHERE member = %s", (member,))
    connection.execute(
        load_query("recount_precedents"),
        {"member": member, "all": ALL, "nobody": NOBODY},
    )


def rebuild_programmes(connection: Connection, member: str, towards: list[str]) -> None:
    """Replace these programmes of a member by those of its precedents."""
    connection.execute("DELETE FROM programmes WHERE member = %s AND towards = ANY(%s)", (member, towards))
    programmes: dict[str, set[str]] = {}
    for key, title in connection.execute(load_query("titles_of_programmes"), {"member": member, "towards": towards}):
        words = programmes.setdefault(key, set())
        if title is not None:
            words.update(plain(text) for text in msgspec.json.decode(title, type=dict[str, str]).values())
    _add_programmes(connection, member, programmes)


_Key = tuple[str, str, int, str, str, str, str]
_Counts = dict[_Key, list[int]]


def _keys(
    of_member: str, achievement: str, version: int, day: str, purpose: str, effect: str
) -> Iterable[tuple[str, str, int, str, str, str]]:
    """Yield the keys of the rows of `precedent_counts` in which a precedent counts, without `what`."""
    wholes = (of_member, achievement, version), (of_member, ALL, 0), (NOBODY, ALL, 0)
    sums = (f"{day[:7]}-01", purpose, effect), (EVER, purpose, effect), (EVER, ANY, ANY)
    for whole, total in product(wholes, sums):
        yield *whole, *total


def _codes(grounds: list[Ground] | None) -> list[str]:
    return sorted({f"{ground.aspect}:{ground.difference}" for ground in grounds or ()})


def programme_key(title: str) -> str:
    """Return the key of a programme's title: without accents and capitals, and short enough for an index."""
    key = plain(title)
    if len(key) <= _LONGEST_TITLE:
        return key
    return f"{key[:_LONGEST_TITLE]} {hashlib.sha256(key.encode()).hexdigest()[:16]}"
