"""Write notices to the feed, in the transaction that writes the views' rows, and each notice distinct.

The cause of a notice (member, leaf), its kind and the id that it is about identify it, so folding again repeats none.
Some notices follow from two streams together, such as a credential of the owner and its part that another member
revoked. They are looked for from both sides, under a lock that is held until the transaction ends: of two streams that
are folded at the same time, the second sees the first. The same lock makes ids ascend in the order of commits.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple

import msgspec
from psycopg import Connection

from projections.feed.collector import Change, NoticeCollector, PendingNotice, columns
from projections.feed.feed import CHANNEL
from projections.feed.impairments import find_impaired

STEPS: Final = (1, 2, 5)
LEAST: Final = 10
"""The smallest count of decisions that a notice tells of; the next are 20, 50, 100, 200 …"""


class FeedPosition(NamedTuple):
    """The part of a stream that the feed covers, and the size of governance at which it was read."""

    size: int
    governance: int


def read_feed_positions(connection: Connection) -> dict[str, FeedPosition]:
    """Return how far the feed has come in each stream."""
    rows = connection.execute("SELECT member, size, governance FROM feed.taken")
    return {member: FeedPosition(size, governance) for member, size, governance in rows}


def write_notices(
    connection: Connection, collector: NoticeCollector, governance: int, *, size: int, again_from: int | None = None
) -> int:
    """Write the notices of a part of a stream whose rows are in the views, and return how many there are.

    `size` is the stream's size after that part. With `again_from` the part is the whole stream from that leaf on, and
    earlier notices that no longer follow from it are withdrawn. The transaction is the caller's.
    """
    written = 0
    begin = 0 if collector.begin is None else collector.begin
    refused = _read_refused(connection, collector.member, begin, collector.end)
    collector.discard(refused)
    if again_from is not None or refused or not collector.is_empty():
        # Nobody else writes notices until the transaction ends.
        connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.order'))")
        notices = [*collector.notices, *_read_notices(connection, collector, sorted(refused))]
        written = _write(connection, notices)
        if again_from is not None or refused:
            written += _withdraw(connection, collector.member, notices, sorted(refused), again_from)
    connection.execute(
        "INSERT INTO feed.taken (member, size, governance) VALUES (%s, %s, %s)"
        " ON CONFLICT (member) DO UPDATE SET size = excluded.size, governance = excluded.governance",
        (collector.member, size, governance),
    )
    return written


def _read_refused(connection: Connection, member: str, begin: int, end: int) -> set[int]:
    rows = connection.execute(
        "SELECT leaf FROM refusals WHERE member = %s AND leaf >= %s AND leaf < %s", (member, begin, end)
    )
    return {leaf for (leaf,) in rows}


def _read_notices(connection: Connection, collector: NoticeCollector, refused: list[int]) -> list[PendingNotice]:
    """Return the notices that need other rows than the event's own, by one statement for each kind of change."""
    common = {"owners": sorted(collector.owners), "member": collector.member}
    notices: list[PendingNotice] = []

    def add(sql: str, changes: list[Change]) -> None:
        if changes:
            notices.extend(PendingNotice(*row) for row in connection.execute(sql, {**common, **columns(changes)}))

    add(_CLOSED, collector.closed_decisions)
    add(_UNASSESSED, collector.withdrawn_assessments)
    add(_UNAGREED, collector.withdrawn_agreements)
    add(_PART_CHANGED, collector.changed_credentials)
    add(_DECIDED_CHANGED, collector.changed_credentials)
    add(_ERASED, collector.erased_learners)
    if collector.member in collector.owners:
        add(_PART_WAS_CHANGED, collector.own_stacks)
        add(_DECIDED_WAS_CHANGED, collector.own_decisions)
        add(_WAS_ERASED, [*collector.own_stacks, *collector.own_decisions])
    voided: list[str] = []
    if refused:
        rows = connection.execute(
            "SELECT credential::text, leaf FROM voided_credentials WHERE member = %s AND leaf = ANY(%s)",
            (collector.member, refused),
        ).fetchall()
        voided = [credential for credential, _ in rows]
        if collector.member in collector.owners:
            notices.extend(
                PendingNotice(
                    collector.member, "credential.voided", credential, collector.member, leaf, collector.end, {}
                )
                for credential, leaf in rows
            )
    moved = {change.id for change in (*collector.changed_credentials, *collector.own_stacks)} | set(voided)
    notices.extend(find_impaired(connection, collector.owners, collector.member, sorted(moved)))
    return notices


def _write(connection: Connection, notices: Iterable[PendingNotice]) -> int:
    distinct = {
        (notice.member, notice.cause_member, notice.leaf, notice.kind, notice.subject): notice for notice in notices
    }
    if not distinct:
        return 0
    rows = sorted(distinct.values(), key=lambda notice: (notice.leaf, notice.kind, notice.subject))
    owners = connection.execute(
        "INSERT INTO feed.notices (member, kind, thing, cause_member, leaf, size, data)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::json[])"
        " ON CONFLICT DO NOTHING RETURNING member",
        (
            [notice.member for notice in rows],
            [notice.kind for notice in rows],
            [notice.subject for notice in rows],
            [notice.cause_member for notice in rows],
            [notice.leaf for notice in rows],
            [notice.size for notice in rows],
            [msgspec.json.encode(notice.data).decode() for notice in rows],
        ),
    ).fetchall()
    _notify(connection, (member for (member,) in owners))
    return len(owners)


def _withdraw(
    connection: Connection, member: str, notices: list[PendingNotice], leaves: list[int], again_from: int | None
) -> int:
    """Withdraw what these leaves of a stream, and those from `again_from` on, had caused and no longer cause."""
    owners = connection.execute(
        _WITHDRAW,
        {
            "cause": member,
            "of": leaves,
            "again_from": again_from,
            "members": [notice.member for notice in notices if notice.cause_member == member],
            "leaves": [notice.leaf for notice in notices if notice.cause_member == member],
            "kinds": [notice.kind for notice in notices if notice.cause_member == member],
            "things": [notice.subject for notice in notices if notice.cause_member == member],
        },
    ).fetchall()
    _notify(connection, (owner for (owner,) in owners))
    return len(owners)


def _notify(connection: Connection, members: Iterable[str]) -> None:
    for member in sorted(set(members)):
        connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, member))


def write_counts(connection: Connection, owners: Iterable[str], today: date) -> int:
    """Write which counts of decisions dated before `today` have reached a step, once a day; return how many.

    Others' decisions in force that name no credential openly are counted by achievement and outcome. Counts change once
    a day and are never under `LEAST`, so that nobody can recognise a single decision in a count that grows.
    """
    written = 0
    for owner in sorted(owners):
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('projections.feed.order'))")
            done = connection.execute("SELECT day FROM feed.counted WHERE member = %s", (owner,)).fetchone()
            if done is not None and done[0] >= today:
                continue
            notices = []
            for achievement, outcome, number in connection.execute(
                _COUNTS, {"owner": owner, "today": today}
            ).fetchall():
                step, kind = step_of(number), f"achievement.decided.{outcome}"
                if not _is_written(connection, owner, kind, achievement, step):
                    details = {"outcome": outcome, "atLeast": step, "before": today.isoformat()}
                    notices.append(PendingNotice(owner, kind, achievement, "", step, 0, details))
            written += _write(connection, notices)
            connection.execute(
                "INSERT INTO feed.counted (member, day) VALUES (%s, %s)"
                " ON CONFLICT (member) DO UPDATE SET day = excluded.day",
                (owner, today),
            )
    return written


def step_of(number: int) -> int:
    """Return the greatest of 10, 20, 50, 100, 200 … that a count has reached; 0 under the first.

    >>> [step_of(n) for n in (9, 10, 19, 70, 100, 4999)]
    [0, 10, 10, 50, 100, 2000]
    """
    reached, power = 0, LEAST
    while number >= power:
        reached = max(step * power for step in STEPS if step * power <= number)
        power *= 10
    return reached


def _is_written(connection: Connection, owner: str, kind: str, achievement: str, step: int) -> bool:
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
"""  # noqa: S608 - names of our own

_UNASSESSED: Final = f"""
SELECT a.of_member, 'achievement.assessment.withdrawn', a.achievement::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'assessment', w.id, 'version', a.version, 'reason', w.by)
FROM {_ACTS} JOIN assessments a ON a.member = %(member)s AND a.assessment = w.id
WHERE a.of_member = ANY(%(owners)s) AND a.of_member <> %(member)s
"""  # noqa: S608 - names of our own

_UNAGREED: Final = f"""
SELECT DISTINCT ON (a.agreement, t.achievement)
    a.with_member, 'achievement.agreement.withdrawn', coalesce(t.achievement::text, a.with_member), %(member)s,
    w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'agreement', w.id, 'withdrawnFrom', w.by)
FROM {_ACTS} JOIN agreements a ON a.member = %(member)s AND a.agreement = w.id
LEFT JOIN agreement_targets t ON t.member = a.member AND t.agreement = a.agreement
WHERE a.with_member = ANY(%(owners)s) AND a.with_member <> %(member)s
"""  # noqa: S608 - names of our own

_AFTER: Final = "CASE s.status WHEN 'active' THEN 'reinstated' ELSE s.status END"

_LAST_CHANGE: Final = """
    SELECT c.leaf, c.status FROM status_changes c
    WHERE c.member = {member} AND c.credential = {credential} AND c.effective
    ORDER BY c.leaf DESC LIMIT 1
"""
"""The newest status change of a credential that has effect."""

_PART_CHANGED: Final = f"""
SELECT DISTINCT ON (p.member, p.credential, w.leaf)
    p.member, 'credential.part.' || {_AFTER}, p.credential::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'part', w.id)
FROM {_ACTS}
JOIN status_changes s ON s.member = %(member)s AND s.credential = w.id AND s.leaf = w.leaf AND s.effective
JOIN parts p ON p.part_member = %(member)s AND p.part_credential = w.id
WHERE p.member = ANY(%(owners)s) AND p.member <> %(member)s
"""  # noqa: S608 - names of our own

# The part was known before the own credential that names it: its last status counts.
_PART_WAS_CHANGED: Final = f"""
SELECT DISTINCT ON (p.credential, p.part_member, p.part_credential)
    p.member, 'credential.part.' || {_AFTER}, p.credential::text, p.part_member, s.leaf, o.size,
    json_build_object('by', p.part_member, 'part', p.part_credential)
FROM {_ACTS}
JOIN parts p ON p.member = %(member)s AND p.credential = w.id AND p.part_member <> %(member)s
CROSS JOIN LATERAL ({_LAST_CHANGE.format(member="p.part_member", credential="p.part_credential")}) AS s
JOIN positions o ON o.member = p.part_member
WHERE s.status <> 'active'
"""  # noqa: S608 - names of our own

_DECIDED_CHANGED: Final = f"""
SELECT DISTINCT ON (b.member, b.decision, w.id, w.leaf)
    b.member, 'decision.credential.' || {_AFTER}, b.decision::text, %(member)s, w.leaf, w.size,
    json_build_object('by', %(member)s::text, 'credential', w.id)
FROM {_ACTS}
JOIN status_changes s ON s.member = %(member)s AND s.credential = w.id AND s.leaf = w.leaf AND s.effective
JOIN decision_bases b ON b.of_member = %(member)s AND b.credential = w.id
JOIN decisions d ON d.member = b.member AND d.decision = b.decision AND d.state = 'inForce'
WHERE b.member = ANY(%(owners)s) AND b.member <> %(member)s
"""  # noqa: S608 - names of our own

# The change was known before the own decision: the credential's last status counts.
_DECIDED_WAS_CHANGED: Final = f"""
SELECT DISTINCT ON (b.decision, b.of_member, b.credential)
    b.member, 'decision.credential.' || {_AFTER}, b.decision::text, b.of_member, s.leaf, o.size,
    json_build_object('by', b.of_member, 'credential', b.credential)
FROM {_ACTS}
JOIN decision_bases b ON b.member = %(member)s AND b.decision = w.id
    AND b.of_member <> %(member)s AND b.credential IS NOT NULL
CROSS JOIN LATERAL ({_LAST_CHANGE.format(member="b.of_member", credential="b.credential")}) AS s
JOIN positions o ON o.member = b.of_member
WHERE s.status <> 'active'
"""  # noqa: S608 - names of our own

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
"""  # noqa: S608 - names of our own

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
"""  # noqa: S608 - names of our own

_WITHDRAW: Final = """
WITH gone AS (
    UPDATE feed.notices n SET withdrawn = true
    WHERE n.cause_member = %(cause)s AND NOT n.withdrawn AND n.withdraws = 0
      AND (n.leaf >= %(again_from)s::bigint OR n.leaf = ANY(%(of)s::bigint[]))
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
