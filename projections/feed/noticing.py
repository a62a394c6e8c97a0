"""How the feed grows: in the transaction that writes the views' rows, set by set, and never twice.

A notice is told apart by its cause (member, leaf), its kind and the own thing that it is about, so that folding
again makes none of them anew. What two streams bring about together (an own credential with a part that another
member revoked) is looked for from both sides; whoever looks holds a lock until its transaction ends, so that of
two that are folded at once the second sees the first. The same lock lets ids ascend in the order of commits.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.feed.causes import Act, Causes, Found, columns
from projections.feed.feed import CHANNEL
from projections.feed.impairments import impaired

STEPS: Final = (1, 2, 5)
LEAST: Final = 10
"""Counts of decisions that name no credential are told at 10, 20, 50, 100, 200 …, and never under it."""


class Taken(NamedTuple):
    """How much of a stream the feed has looked at, under which size of governance."""

    size: int
    governance: int


def taken(connection: Connection) -> dict[str, Taken]:
    """Of every stream."""
    rows = connection.execute("SELECT member, size, governance FROM feed.taken")
    return {member: Taken(size, governance) for member, size, governance in rows}


def notice(connection: Connection, causes: Causes, governance: int, *, size: int, anew: int | None = None) -> int:
    """Write what a part of a stream, whose rows are in the views, means for the owners; gives how many notices.

    `size` is the stream's after it. `anew`: the part is all of the stream from this leaf on, and what earlier notices
    said of that and it no longer says is withdrawn. In the caller's transaction.
    """
    written = 0
    begin = 0 if causes.begin is None else causes.begin
    refused = _refused(connection, causes.member, begin, causes.end)
    causes.without(refused)
    if anew is not None or refused or _something(causes):
        # From here on until the transaction ends nobody else writes notices.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.order'))")
        found = [*causes.found, *_joined(connection, causes, sorted(refused))]
        written = _write(connection, found)
        if anew is not None or refused:
            written += _withdraw(connection, causes.member, found, sorted(refused), anew)
    connection.execute(
        "INSERT INTO feed.taken (member, size, governance) VALUES (%s, %s, %s)"
        " ON CONFLICT (member) DO UPDATE SET size = excluded.size, governance = excluded.governance",
        (causes.member, size, governance),
    )
    return written


def _something(causes: Causes) -> bool:
    return bool(
        causes.found or causes.closed or causes.unassessed or causes.unagreed or causes.changed or causes.stacks
        or causes.decided or causes.erased
    )  # fmt: skip


def _refused(connection: Connection, member: str, begin: int, end: int) -> set[int]:
    rows = connection.execute(
        "SELECT leaf FROM refusals WHERE member = %s AND leaf >= %s AND leaf < %s", (member, begin, end)
    )
    return {leaf for (leaf,) in rows}


def _joined(connection: Connection, causes: Causes, refused: list[int]) -> list[Found]:
    """What needs other rows than the event's own: one statement a kind, and none where there is no such event."""
    common = {"owners": sorted(causes.owners), "member": causes.member}
    found: list[Found] = []

    def add(sql: str, acts: list[Act]) -> None:
        if acts:
            found.extend(Found(*row) for row in connection.execute(sql, {**common, **columns(acts)}))

    add(_CLOSED, causes.closed)
    add(_UNASSESSED, causes.unassessed)
    add(_UNAGREED, causes.unagreed)
    add(_PART_CHANGED, causes.changed)
    add(_DECIDED_CHANGED, causes.changed)
    add(_ERASED, causes.erased)
    if causes.member in causes.owners:
        add(_PART_WAS_CHANGED, causes.stacks)
        add(_DECIDED_WAS_CHANGED, causes.decided)
        add(_WAS_ERASED, [*causes.stacks, *causes.decided])
    voided: list[str] = []
    if refused:
        rows = connection.execute(
            "SELECT credential::text, leaf FROM voided_credentials WHERE member = %s AND leaf = ANY(%s)",
            (causes.member, refused),
        ).fetchall()
        voided = [credential for credential, _ in rows]
        if causes.member in causes.owners:
            found.extend(
                Found(causes.member, "credential.voided", credential, causes.member, leaf, causes.end, {})
                for credential, leaf in rows
            )
    moved = {act.id for act in (*causes.changed, *causes.stacks)} | set(voided)
    found.extend(impaired(connection, causes.owners, causes.member, sorted(moved)))
    return found


def _write(connection: Connection, found: Iterable[Found]) -> int:
    once = {(f.member, f.cause_member, f.leaf, f.kind, f.thing): f for f in found}
    if not once:
        return 0
    rows = sorted(once.values(), key=lambda f: (f.leaf, f.kind, f.thing))
    grown = connection.execute(
        "INSERT INTO feed.notices (member, kind, thing, cause_member, leaf, size, data)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::json[])"
        " ON CONFLICT DO NOTHING RETURNING member",
        (
            [f.member for f in rows],
            [f.kind for f in rows],
            [f.thing for f in rows],
            [f.cause_member for f in rows],
            [f.leaf for f in rows],
            [f.size for f in rows],
            [msgspec.json.encode(f.data).decode() for f in rows],
        ),
    ).fetchall()
    _tell(connection, (member for (member,) in grown))
    return len(grown)


def _withdraw(connection: Connection, member: str, found: list[Found], leaves: list[int], anew: int | None) -> int:
    """Take back what these leaves of a stream, and those from `anew` on, were said to have caused and have not."""
    grown = connection.execute(
        _WITHDRAW,
        {
            "cause": member,
            "of": leaves,
            "anew": anew,
            "members": [f.member for f in found if f.cause_member == member],
            "leaves": [f.leaf for f in found if f.cause_member == member],
            "kinds": [f.kind for f in found if f.cause_member == member],
            "things": [f.thing for f in found if f.cause_member == member],
        },
    ).fetchall()
    _tell(connection, (owner for (owner,) in grown))
    return len(grown)


def _tell(connection: Connection, members: Iterable[str]) -> None:
    for member in sorted(set(members)):
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, member))


def count(connection: Connection, owners: Iterable[str], today: date) -> int:
    """Once a day: tell which counts of decisions dated before `today` have crossed a step; gives how many.

    Counted per achievement and outcome are others' decisions in force that name no credential openly. A day's
    granularity and no number under `LEAST`, so that nobody's own decision can be told from a count's growing.
    """
    written = 0
    for owner in sorted(owners):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.order'))")
            done = connection.execute("SELECT day FROM feed.counted WHERE member = %s", (owner,)).fetchone()
            if done is not None and done[0] >= today:
                continue
            found = []
            for achievement, outcome, number in connection.execute(
                _COUNTS, {"owner": owner, "today": today}
            ).fetchall():
                step, kind = step_of(number), f"achievement.decided.{outcome}"
                if not _told(connection, owner, kind, achievement, step):
                    said = {"outcome": outcome, "atLeast": step, "before": today.isoformat()}
                    found.append(Found(owner, kind, achievement, "", step, 0, said))
            written += _write(connection, found)
            connection.execute(
                "INSERT INTO feed.counted (member, day) VALUES (%s, %s)"
                " ON CONFLICT (member) DO UPDATE SET day = excluded.day",
                (owner, today),
            )
    return written


def step_of(number: int) -> int:
    """The greatest of 10, 20, 50, 100, 200 … that a count has reached; 0 under the first.

    >>> [step_of(n) for n in (9, 10, 19, 70, 100, 4999)]
    [0, 10, 10, 50, 100, 2000]
    """
    reached, power = 0, LEAST
    while number >= power:
        reached = max(step * power for step in STEPS if step * power <= number)
        power *= 10
    return reached


def _told(connection: Connection, owner: str, kind: str, achievement: str, step: int) -> bool:
    return (
        connection.execute(
            "SELECT FROM feed.notices WHERE member = %s AND cause_member = '' AND kind = %s AND thing = %s"
            " AND leaf >= %s LIMIT 1",
            (owner, kind, achievement, step),
        ).fetchone()
        is not None
    )


_ACTS: Final = (
    "unnest(%(leaves)s::bigint[], %(sizes)s::bigint[], %(ids)s::uuid[], %(words)s::text[], %(bys)s::text[])"
    " AS w (leaf, size, id, word, by)"
)

_CLOSED: Final = f"""
SELECT DISTINCT ON (b.of_member, b.credential, w.leaf)
    b.of_member, 'credential.decision.' || w.word, b.credential::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'decision', w.id,
                      CASE w.word WHEN 'superseded' THEN 'supersededBy' ELSE 'reason' END, w.by)
FROM {_ACTS} JOIN decision_bases b ON b.member = %(member)s AND b.decision = w.id
WHERE b.of_member = ANY(%(owners)s) AND b.of_member <> %(member)s AND b.credential IS NOT NULL
"""  # noqa: S608 - names of our own; likewise below

_UNASSESSED: Final = f"""
SELECT a.of_member, 'achievement.assessment.withdrawn', a.achievement::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'assessment', w.id, 'version', a.version, 'reason', w.by)
FROM {_ACTS} JOIN assessments a ON a.member = %(member)s AND a.assessment = w.id
WHERE a.of_member = ANY(%(owners)s) AND a.of_member <> %(member)s
"""  # noqa: S608

_UNAGREED: Final = f"""
SELECT DISTINCT ON (a.agreement, t.achievement)
    a.with_member, 'achievement.agreement.withdrawn', coalesce(t.achievement::text, a.with_member), %(member)s,
    w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'agreement', w.id, 'withdrawnFrom', w.by)
FROM {_ACTS} JOIN agreements a ON a.member = %(member)s AND a.agreement = w.id
LEFT JOIN agreement_targets t ON t.member = a.member AND t.agreement = a.agreement
WHERE a.with_member = ANY(%(owners)s) AND a.with_member <> %(member)s
"""  # noqa: S608

_AFTER: Final = "CASE s.status WHEN 'active' THEN 'reinstated' ELSE s.status END"

_PART_CHANGED: Final = f"""
SELECT DISTINCT ON (p.member, p.credential, w.leaf)
    p.member, 'credential.part.' || {_AFTER}, p.credential::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'part', w.id)
FROM {_ACTS}
JOIN status_changes s ON s.member = %(member)s AND s.credential = w.id AND s.leaf = w.leaf AND s.effective
JOIN parts p ON p.part_member = %(member)s AND p.part_credential = w.id
WHERE p.member = ANY(%(owners)s) AND p.member <> %(member)s
"""  # noqa: S608

# The part was known before the own credential that names it: what counts is how its story ended.
_PART_WAS_CHANGED: Final = f"""
SELECT DISTINCT ON (p.credential, p.part_member, p.part_credential)
    p.member, 'credential.part.' || {_AFTER}, p.credential::text, p.part_member, s.leaf, o.size,
    json_build_object('by', p.part_member, 'part', p.part_credential)
FROM {_ACTS}
JOIN parts p ON p.member = %(member)s AND p.credential = w.id AND p.part_member <> %(member)s
CROSS JOIN LATERAL (
    SELECT c.leaf, c.status FROM status_changes c
    WHERE c.member = p.part_member AND c.credential = p.part_credential AND c.effective
    ORDER BY c.leaf DESC LIMIT 1
) AS s
JOIN positions o ON o.member = p.part_member
WHERE s.status <> 'active'
"""  # noqa: S608

_DECIDED_CHANGED: Final = f"""
SELECT DISTINCT ON (b.member, b.decision, w.id, w.leaf)
    b.member, 'decision.credential.' || {_AFTER}, b.decision::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'credential', w.id)
FROM {_ACTS}
JOIN status_changes s ON s.member = %(member)s AND s.credential = w.id AND s.leaf = w.leaf AND s.effective
JOIN decision_bases b ON b.of_member = %(member)s AND b.credential = w.id
JOIN decisions d ON d.member = b.member AND d.decision = b.decision AND d.state = 'inForce'
WHERE b.member = ANY(%(owners)s) AND b.member <> %(member)s
"""  # noqa: S608

# The change was known before the own decision: what counts is how the credential's story ended.
_DECIDED_WAS_CHANGED: Final = f"""
SELECT DISTINCT ON (b.decision, b.of_member, b.credential)
    b.member, 'decision.credential.' || {_AFTER}, b.decision::text, b.of_member, s.leaf, o.size,
    json_build_object('by', b.of_member, 'credential', b.credential)
FROM {_ACTS}
JOIN decision_bases b ON b.member = %(member)s AND b.decision = w.id
    AND b.of_member <> %(member)s AND b.credential IS NOT NULL
CROSS JOIN LATERAL (
    SELECT c.leaf, c.status FROM status_changes c
    WHERE c.member = b.of_member AND c.credential = b.credential AND c.effective
    ORDER BY c.leaf DESC LIMIT 1
) AS s
JOIN positions o ON o.member = b.of_member
WHERE s.status <> 'active'
"""  # noqa: S608

_HELD_BY: Final = "sha256(convert_to(c.credential::text || ' ' || {} , 'UTF8'))"

_ERASED: Final = f"""
WITH refs AS (
    SELECT p.member, p.credential AS thing, 'credential' AS what, p.part_credential AS credential FROM parts p
    WHERE p.part_member = %(member)s AND p.member = ANY(%(owners)s) AND p.member <> %(member)s
  UNION
    SELECT b.member, b.decision, 'decision', b.credential FROM decision_bases b
    WHERE b.of_member = %(member)s AND b.credential IS NOT NULL
      AND b.member = ANY(%(owners)s) AND b.member <> %(member)s
)
SELECT DISTINCT ON (r.member, r.thing, w.leaf)
    r.member, 'learner.erased', r.thing::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'is', r.what)
FROM refs r
JOIN credentials c ON c.member = %(member)s AND c.credential = r.credential AND c.learner IS NULL
JOIN {_ACTS} ON c.holder = {_HELD_BY.format("w.id::text")}
"""  # noqa: S608

_WAS_ERASED: Final = f"""
WITH refs AS (
    SELECT p.credential AS thing, 'credential' AS what, p.part_member AS of_member, p.part_credential AS credential
    FROM {_ACTS} JOIN parts p ON p.member = %(member)s AND p.credential = w.id
    WHERE p.part_member <> %(member)s
  UNION
    SELECT b.decision, 'decision', b.of_member, b.credential
    FROM {_ACTS} JOIN decision_bases b ON b.member = %(member)s AND b.decision = w.id
    WHERE b.credential IS NOT NULL AND b.of_member <> %(member)s
)
SELECT DISTINCT ON (r.thing, e.member, e.leaf)
    %(member)s, 'learner.erased', r.thing::text, e.member, e.leaf, o.size,
    json_build_object('by', e.member, 'is', r.what)
FROM refs r
JOIN credentials c ON c.member = r.of_member AND c.credential = r.credential AND c.learner IS NULL
JOIN erasures e ON e.member = c.member AND c.holder = {_HELD_BY.format("e.learner::text")}
JOIN positions o ON o.member = e.member
"""  # noqa: S608

_WITHDRAW: Final = """
WITH gone AS (
    UPDATE feed.notices n SET withdrawn = true
    WHERE n.cause_member = %(cause)s AND NOT n.withdrawn AND n.withdraws = 0
      AND (n.leaf >= %(anew)s::bigint OR n.leaf = ANY(%(of)s::bigint[]))
      AND NOT EXISTS (
        SELECT FROM unnest(%(members)s::text[], %(leaves)s::bigint[], %(kinds)s::text[], %(things)s::text[])
            AS k (member, leaf, kind, thing)
        WHERE (k.member, k.leaf, k.kind, k.thing) = (n.member, n.leaf, n.kind, n.thing))
    RETURNING n.id, n.member, n.kind, n.thing, n.leaf, n.size
)
INSERT INTO feed.notices (member, kind, thing, cause_member, leaf, size, withdraws, data)
SELECT g.member, 'withdrawn', g.thing, %(cause)s, g.leaf, g.size, g.id,
    json_build_object('by', 'governance', 'withdraws', g.id::text, 'kind', g.kind)
FROM gone g ORDER BY g.id
RETURNING member
"""

_COUNTS: Final = """
SELECT b.achievement::text, g.outcome, count(DISTINCT (b.member, b.decision))
FROM decision_bases b
JOIN decisions d ON d.member = b.member AND d.decision = b.decision
CROSS JOIN LATERAL (
    SELECT DISTINCT granted ->> 'outcome' AS outcome FROM json_array_elements(d.content -> 'grants') AS granted
    WHERE EXISTS (SELECT FROM json_array_elements_text(granted -> 'from') AS f (i) WHERE f.i = b.basis::text)
) AS g
WHERE b.of_member = %(owner)s AND b.member <> %(owner)s AND b.credential IS NULL
  AND d.state = 'inForce' AND d.decision_date < %(today)s
GROUP BY 1, 2 HAVING count(DISTINCT (b.member, b.decision)) >= 10
ORDER BY 1, 2
"""
