"""Changes of credentials after a decision about them: revoked, suspended, replaced, erased, disputed, and back.

The office's own tables know which credential a case is about, also where the decision on the log names it by digest
only. A change is shown until somebody acknowledges it; what happens after that is shown again.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.registry import Registry
from registry.application.transaction import Transaction
from registry.domain.case import Case
from registry.domain.case_errors import UnknownSubject
from registry.office.ports import CredentialFacts, CredentialLookup, Key

MAX_SEARCHED: Final = 20_000
"""The number of credentials of decided cases that one search reads, those of the newest cases first."""
_CHUNK: Final = 1000


class CredentialChange(msgspec.Struct, frozen=True, rename="camel"):
    """A credential that is not what it was when the case was decided."""

    subject: int
    member: str | None
    credential: str | None
    """None of what no member issued."""
    then: str
    """The status when the decision was made."""
    now: str
    """The present condition in words."""
    acknowledged_by: str | None
    """The person who has seen the change; null while nobody has."""
    acknowledged: datetime | None
    condition: str | None = None
    """The present condition, to compare with the one that was seen; null where its issuer denies it."""

    @property
    def sentence(self) -> str:
        """The change in one sentence."""
        suffix = f"; seen by {self.acknowledged_by}" if self.acknowledged_by is not None else ""
        return f"credential {self.subject} was {self.then} when it was decided, and is {self.now} now{suffix}"


class ChangedCases(NamedTuple):
    """Decided cases with changes that nobody acknowledged, and whether all decided cases were looked at."""

    cases: Mapping[str, list[CredentialChange]]
    complete: bool


class _Decided(NamedTuple):
    """A credential of a decided case, and how somebody saw it last."""

    case: str
    subject: int
    key: Key
    then: str
    acknowledged: str | None
    by: str | None
    at: datetime | None


def changes_of(
    cursor: Cursor[DictRow], lookup: CredentialLookup, cases: Sequence[str]
) -> dict[str, list[CredentialChange]]:
    """Return what changed since the decision in each of these cases, acknowledged or not; without cases of none."""
    rows = cursor.execute(f"{_DECIDED} AND c.id = ANY(%s::uuid[])", (list(cases),)).fetchall()
    changes = _by_case(lookup, map(_decided_credential, rows))
    denials = cursor.execute(f"{_DENIED} AND c.id = ANY(%s::uuid[]) ORDER BY d.subject", (list(cases),))
    _add_denials(changes, denials)
    return changes


def changed_cases(cursor: Cursor[DictRow], lookup: CredentialLookup) -> ChangedCases:
    """Return the decided cases in which something changed that nobody acknowledged."""
    rows = cursor.execute(
        f"{_DECIDED} ORDER BY c.opened DESC, c.id LIMIT %s",
        (MAX_SEARCHED + 1,),
    ).fetchall()
    changes = _by_case(lookup, map(_decided_credential, rows[:MAX_SEARCHED]))
    _add_denials(
        changes, cursor.execute(f"{_DENIED} ORDER BY c.opened DESC, c.id, d.subject LIMIT %s", (MAX_SEARCHED,))
    )
    waiting = {
        case: [change for change in of_case if change.acknowledged_by is None] for case, of_case in changes.items()
    }
    return ChangedCases({case: of_case for case, of_case in waiting.items() if of_case}, len(rows) <= MAX_SEARCHED)


def acknowledge(
    registry: Registry, lookup: CredentialLookup, case: Case, by: str, transaction: Transaction | None = None
) -> list[CredentialChange]:
    """Note that somebody has seen what changed in a case; return what that is.

    Raises `UnknownSubject` where nothing changed that was not seen already.
    """
    cursor = registry.cursor()
    changes = changes_of(cursor, lookup, [str(case.id)]).get(str(case.id), [])
    fresh = [change for change in changes if change.acknowledged_by is None]
    if not fresh:
        raise UnknownSubject("nothing changed in this case since it was decided that was not seen already", "$.case")
    now = datetime.now(UTC)
    rows = [(case.id, change.subject, change.condition, now, by) for change in fresh if change.condition is not None]
    denied = [(now, by, case.id, change.subject) for change in fresh if change.condition is None]
    with registry.join(transaction) as joined:
        joined.add(_Acknowledged(rows, denied))
    return fresh


class _Acknowledged:
    """Rows to be written."""

    def __init__(self, rows: Sequence[tuple[object, ...]], denied: Sequence[tuple[object, ...]]) -> None:
        self._rows = rows
        self._denied = denied

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write them."""
        cursor.executemany(
            "UPDATE office.denials SET acknowledged = %s, by = %s WHERE case_id = %s AND subject = %s", self._denied
        )
        cursor.executemany(
            "INSERT INTO office.acknowledgements (case_id, subject, condition, acknowledged, by)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (case_id, subject) DO UPDATE SET condition = excluded.condition,"
            " acknowledged = excluded.acknowledged, by = excluded.by",
            self._rows,
        )


_DECIDED: Final = """
SELECT c.id::text, s.number, s.member, s.credential::text, coalesce(s.seen, 'active') AS seen,
    a.condition, a.by, a.acknowledged
FROM office.cases c JOIN office.subjects s ON s.case_id = c.id
LEFT JOIN office.acknowledgements a ON a.case_id = c.id AND a.subject = s.number
WHERE NOT s.left_out AND c.decision IS NOT NULL AND c.state IN ('decided', 'proposed', 'approved', 'appealed', 'closed')
"""


_DENIED: Final = """
SELECT c.id::text, d.subject, s.member, s.credential::text, d.by, d.acknowledged
FROM office.cases c JOIN office.denials d ON d.case_id = c.id
LEFT JOIN office.subjects s ON s.case_id = d.case_id AND s.number = d.subject
WHERE c.decision IS NOT NULL AND c.state IN ('decided', 'proposed', 'approved', 'appealed', 'closed')
"""


def _add_denials(changes: dict[str, list[CredentialChange]], rows: Iterable[DictRow]) -> None:
    """Add the credentials that their issuers denied after the decision."""
    for row in rows:
        change = CredentialChange(
            row["subject"], row["member"], row["credential"], "not denied by its issuer", "denied by its issuer",
            row["by"], row["acknowledged"],
        )  # fmt: skip
        changes.setdefault(row["id"], []).append(change)


def _decided_credential(row: DictRow) -> _Decided:
    return _Decided(
        row["id"], row["number"], (row["member"], row["credential"]), row["seen"], row["condition"], row["by"],
        row["acknowledged"],
    )  # fmt: skip


def _by_case(lookup: CredentialLookup, decided: Iterable[_Decided]) -> dict[str, list[CredentialChange]]:
    every = list(decided)
    relevant = _worth_a_look(lookup, every)
    changes: dict[str, list[CredentialChange]] = {}
    for start in range(0, len(relevant), _CHUNK):
        part = relevant[start : start + _CHUNK]
        facts = lookup.find_credentials(list({each.key for each in part}))
        for each in part:
            if (change := _change(each, facts.get(each.key))) is not None:
                changes.setdefault(each.case, []).append(change)
    return changes


def _worth_a_look(lookup: CredentialLookup, decided: Sequence[_Decided]) -> list[_Decided]:
    """Return those that may have changed: a cheap question, so that only these are read whole."""
    changed: set[Key] = set()
    keys = list({each.key for each in decided})
    for start in range(0, len(keys), _CHUNK):
        changed |= lookup.find_changed(keys[start : start + _CHUNK])
    return [each for each in decided if each.key in changed or each.then != "active" or each.acknowledged is not None]


def _change(decided: _Decided, facts: CredentialFacts | None) -> CredentialChange | None:
    """Return what changed with a credential, or None."""
    condition = _condition(facts)
    acknowledged = decided.acknowledged == condition
    as_decided = _words(facts) == decided.then
    if as_decided and (decided.acknowledged is None or acknowledged):
        return None
    return CredentialChange(
        decided.subject,
        *decided.key,
        decided.then,
        _words(facts),
        decided.by if acknowledged else None,
        decided.at if acknowledged else None,
        condition,
    )


def _condition(facts: CredentialFacts | None) -> str:
    """Return how a credential is, for comparing: it is another each time that something happens to it."""
    return "unknown" if facts is None else f"{_words(facts)}, at {facts.changed_at}"


def _words(facts: CredentialFacts | None) -> str:
    if facts is None:
        return "unknown"
    more = [flag for flag in facts.flags if flag != "pending"]
    if facts.erased:
        more.append("its learner was erased")
    if facts.disputed:
        more.append("its issuer signed two histories")
    return ", ".join([facts.status, *more])
