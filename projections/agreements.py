"""Automatic recognition: which agreements cover a credential, and which are mutual."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
from psycopg import Connection


class Recognition(msgspec.Struct, frozen=True, rename="camel"):
    """An agreement by which a member recognises an achievement without anybody deciding."""

    member: str
    """Who recognises it."""
    agreement: str
    mutual: bool
    """The other member recognises something of this one's in turn."""
    purpose: str
    outcome: str
    ects_ratio: Decimal
    """By which its credits are multiplied."""
    towards: dict[str, Any] | None
    valid_from: date
    valid_until: date | None


def recognising(connection: Connection, member: str, achievement: str, day: date) -> list[Recognition]:
    """The agreements that cover what is awarded on a day of an achievement's newest version, by member and id."""
    rows = connection.execute(_RECOGNISING, {"member": member, "achievement": achievement, "day": day}).fetchall()
    return [
        Recognition(
            by,
            agreement,
            mutual,
            content["purpose"],
            content["outcome"],
            Decimal(content["ectsRatio"]),
            content.get("towards"),
            begin,
            end,
        )
        for by, agreement, mutual, text, begin, end in rows
        for content in [json.loads(text, parse_float=Decimal)]
    ]


_RECOGNISING = """
SELECT a.member, a.agreement::text,
    EXISTS (SELECT FROM agreements b
        WHERE b.member = a.with_member AND b.with_member = a.member AND b.withdrawn_from IS NULL),
    a.content::text, a.valid_from, a.valid_until
FROM achievements offered
JOIN achievement_versions v
    ON v.member = offered.member AND v.achievement = offered.achievement AND v.version = offered.versions
JOIN agreements a ON a.with_member = v.member
    AND a.valid_from <= %(day)s AND (a.valid_until IS NULL OR a.valid_until >= %(day)s)
    AND (a.withdrawn_from IS NULL OR a.withdrawn_from > %(day)s)
WHERE offered.member = %(member)s AND offered.achievement = %(achievement)s
  AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
      THEN EXISTS (
          SELECT FROM agreement_targets t
          WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = v.achievement
            AND (t.version = v.version OR (a.include_revisions AND t.version < v.version)))
      ELSE (a.eqf_levels IS NULL OR v.eqf_level = ANY (a.eqf_levels))
       AND (a.fields IS NULL OR EXISTS (
          SELECT FROM unnest(a.fields) AS covered (code), unnest(v.fields) AS own (code)
          WHERE starts_with(own.code, covered.code)))
      END
ORDER BY a.member COLLATE "C", a.agreement
"""

COVERS = """a.with_member = c.member
    AND c.status = 'active'
    AND c.awarding_date >= a.valid_from
    AND (a.valid_until IS NULL OR c.awarding_date <= a.valid_until)
    AND (a.withdrawn_from IS NULL OR c.awarding_date < a.withdrawn_from)
    AND CASE WHEN a.eqf_levels IS NULL AND a.fields IS NULL
      THEN EXISTS (
          SELECT FROM agreement_targets t
          WHERE t.member = a.member AND t.agreement = a.agreement AND t.achievement = c.achievement
            AND (t.version = c.version OR (a.include_revisions AND t.version < c.version)))
      ELSE (a.eqf_levels IS NULL OR v.eqf_level = ANY (a.eqf_levels))
       AND (a.fields IS NULL OR EXISTS (
          SELECT FROM unnest(a.fields) AS covered (code), unnest(v.fields) AS own (code)
          WHERE starts_with(own.code, covered.code)))
      END"""
"""The condition, in SQL, that an agreement `a` covers a credential `c` of the achievement's version `v`.

It covers active credentials of the achievements that it names, awarded within its dates and before the day from which
it is withdrawn.
"""
