"""Roll a member's rows back to an earlier size of its log, without reading the log.

Every row has the leaf that made it, and the leaf of what ended or changed it, so the effects of the leaves from a size
on can be taken back. Folding on from there leads to the same rows as a fold from the first leaf if governance judges
the earlier leaves alike (`consumers/projecting/projector.py`); tests compare the two. Rows are not rolled back to a
position under which governance had refused something (`diverged`): the effects of the leaves alone are stored for the
newest position only.
"""

from typing import Final

from psycopg import Connection

from projections.catalogue.search_rows import rebuild_text_rules
from projections.credentials import award_counts
from projections.precedents import rows as precedent_rows
from projections.recognition import decision_counts


def roll_back(connection: Connection, member: str, size: int, position: int) -> None:
    """Take back the effects of the leaves from `size` on, in the caller's transaction.

    The commit that follows that size begins at `position` in the log. The caller saves the position and folds on.
    """
    parameters = {"member": member, "size": size, "position": position}
    programmes = [row[0] for row in connection.execute(_PROGRAMMES, parameters)]
    precedents = connection.execute(_PRECEDENTS_TOUCHED, parameters).fetchone() is not None
    credentials = connection.execute(_CREDENTIALS_TOUCHED, parameters).fetchone() is not None
    decisions = connection.execute(_DECISIONS_MADE, parameters).fetchone() is not None
    versions = connection.execute(_VERSIONS_TOUCHED, parameters).fetchone() is not None
    for statement in _STATEMENTS:
        connection.execute(statement, parameters)
    if credentials:
        award_counts.rebuild_counts(connection, member)
    if decisions:
        decision_counts.rebuild_counts(connection, member)
    if precedents:
        precedent_rows.rebuild_counts(connection, member)
        precedent_rows.rebuild_programmes(connection, member, programmes)
    if versions:
        rebuild_text_rules(connection, member)


_PROGRAMMES: Final = (
    "SELECT DISTINCT towards FROM precedents WHERE member = %(member)s AND leaf >= %(size)s AND towards IS NOT NULL"
)

_CREDENTIALS_TOUCHED: Final = """
SELECT WHERE EXISTS (SELECT FROM credentials WHERE member = %(member)s AND leaf >= %(size)s)
    OR EXISTS (SELECT FROM status_changes WHERE member = %(member)s AND effective AND leaf >= %(size)s)
"""

_DECISIONS_MADE: Final = "SELECT FROM decisions WHERE member = %(member)s AND leaf >= %(size)s LIMIT 1"

_PRECEDENTS_TOUCHED: Final = """
SELECT WHERE EXISTS (SELECT FROM precedents WHERE member = %(member)s AND leaf >= %(size)s)
    OR EXISTS (SELECT FROM decisions WHERE member = %(member)s AND closed >= %(size)s)
    OR EXISTS (SELECT FROM assessments WHERE member = %(member)s AND closed >= %(size)s)
"""

_VERSIONS_TOUCHED: Final = "SELECT FROM achievement_versions WHERE member = %(member)s AND leaf >= %(size)s LIMIT 1"

_STATEMENTS: Final = (
    # Credentials get the status of the newest earlier change. A replaced credential does not change again.
    """
    UPDATE credentials AS c SET replaced_by = NULL, status = coalesce((
        SELECT s.status FROM status_changes s
        WHERE s.member = c.member AND s.credential = c.credential AND s.effective AND s.leaf < %(size)s
        ORDER BY s.leaf DESC LIMIT 1), 'active')
    WHERE c.member = %(member)s AND c.credential IN (
        SELECT credential FROM status_changes WHERE member = %(member)s AND effective AND leaf >= %(size)s)
    """,
    "DELETE FROM status_changes WHERE member = %(member)s AND leaf >= %(size)s",
    # An erasure keeps the learner's id; restore it to the credentials before the erasure itself is deleted.
    """
    UPDATE credentials AS c SET learner = e.learner, holder = NULL
    FROM erasures e
    WHERE e.member = %(member)s AND e.leaf >= %(size)s AND c.member = %(member)s AND c.learner IS NULL
        AND c.holder = sha256(convert_to(c.credential::text || ' ' || e.learner::text, 'UTF8'))
    """,
    "DELETE FROM erasures WHERE member = %(member)s AND leaf >= %(size)s",
    """
    WITH gone AS (
        DELETE FROM credentials WHERE member = %(member)s AND leaf >= %(size)s RETURNING credential, has_parts)
    DELETE FROM parts p USING gone g WHERE g.has_parts AND p.member = %(member)s AND p.credential = g.credential
    """,
    "DELETE FROM voided_credentials WHERE member = %(member)s AND leaf >= %(size)s",
    "DELETE FROM seals WHERE member = %(member)s AND leaf >= %(size)s",
    # Achievements, and the catalogue as it is searched.
    """
    DELETE FROM achievement_search s USING achievement_versions v
    WHERE v.member = %(member)s AND v.leaf >= %(size)s
        AND s.member = v.member AND s.achievement = v.achievement AND s.version = v.version
    """,
    """
    WITH gone AS (
        DELETE FROM achievement_versions WHERE member = %(member)s AND leaf >= %(size)s RETURNING achievement)
    UPDATE achievements AS a SET versions = a.versions - g.number
    FROM (SELECT achievement, count(*) AS number FROM gone GROUP BY 1) AS g
    WHERE a.member = %(member)s AND a.achievement = g.achievement
    """,
    "DELETE FROM achievements WHERE member = %(member)s AND versions = 0",
    "UPDATE achievements SET retired = false, retired_by = NULL WHERE member = %(member)s AND retired_by >= %(size)s",
    """
    UPDATE achievement_search AS s SET newest = (s.version = a.versions), retired = a.retired
    FROM achievements a
    WHERE a.member = %(member)s AND s.member = a.member AND s.achievement = a.achievement
        AND (s.newest, s.retired) IS DISTINCT FROM (s.version = a.versions, a.retired)
    """,
    "DELETE FROM joined WHERE member = %(member)s AND leaf >= %(size)s",
    # Decisions, assessments and agreements: made later, gone; ended later, in force again.
    "DELETE FROM precedents WHERE member = %(member)s AND leaf >= %(size)s",
    """
    UPDATE precedents AS p SET state = 'inForce'
    FROM (
        SELECT leaf FROM decisions WHERE member = %(member)s AND closed >= %(size)s
        UNION ALL SELECT leaf FROM assessments WHERE member = %(member)s AND closed >= %(size)s
    ) AS o
    WHERE p.member = %(member)s AND p.leaf = o.leaf
    """,
    """
    WITH gone AS (DELETE FROM decisions WHERE member = %(member)s AND leaf >= %(size)s RETURNING decision)
    DELETE FROM decision_bases b USING gone g WHERE b.member = %(member)s AND b.decision = g.decision
    """,
    """
    UPDATE decisions SET state = 'inForce', superseded_by = NULL, closed = NULL
    WHERE member = %(member)s AND closed >= %(size)s
    """,
    "DELETE FROM assessments WHERE member = %(member)s AND leaf >= %(size)s",
    "UPDATE assessments SET state = 'inForce', closed = NULL WHERE member = %(member)s AND closed >= %(size)s",
    """
    WITH gone AS (DELETE FROM agreements WHERE member = %(member)s AND leaf >= %(size)s RETURNING agreement)
    DELETE FROM agreement_targets t USING gone g WHERE t.member = %(member)s AND t.agreement = g.agreement
    """,
    "UPDATE agreements SET withdrawn_from = NULL, closed = NULL WHERE member = %(member)s AND closed >= %(size)s",
    "DELETE FROM issuing_keys WHERE member = %(member)s AND leaf >= %(size)s",
    """
    UPDATE issuing_keys SET ended = NULL, ended_at = NULL, reason = NULL
    WHERE member = %(member)s AND ended >= %(size)s
    """,
    # Refusals. What the leaves alone say differs from a later leaf on only.
    "DELETE FROM refusals WHERE member = %(member)s AND leaf >= %(size)s",
    "DELETE FROM published_achievements WHERE member = %(member)s",
    "DELETE FROM published_credentials WHERE member = %(member)s",
    # Evidence: records after that place are judged again. A disputed head that stays has a size below the new anchors,
    # up to which the stream is the same, so it stays settled.
    "DELETE FROM waypoints WHERE member = %(member)s AND size > %(size)s",
    "DELETE FROM quarantine WHERE member = %(member)s AND position >= %(position)s",
    "DELETE FROM claims WHERE member = %(member)s AND position >= %(position)s",
)
