"""Automatic recognition: which agreements cover a credential, and which are mutual."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections import contents
from projections.queries import named
from projections.stacks import Key

COVERS: Final = """a.with_member = c.member
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

_COVERING: Final = f"""
SELECT c.member, c.credential::text, a.agreement::text, a.content::text
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN achievement_versions v ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
JOIN agreements a ON {COVERS}
WHERE a.member = %s
ORDER BY c.member COLLATE "C", c.credential, a.agreement
"""  # noqa: S608 - names of our own


def covering_by(connection: Connection, member: str, keys: Sequence[Key]) -> dict[Key, list[tuple[str, str]]]:
    """One member's agreements that recognise each of these credentials: id and content (JSON)."""
    found: dict[Key, list[tuple[str, str]]] = {}
    asked = [key[0] for key in keys], [key[1] for key in keys], member
    for of, credential, agreement, content in connection.execute(_COVERING.encode(), asked):
        found.setdefault((of, credential), []).append((agreement, content))
    return found


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
    rows = connection.execute(
        named("recognising"), {"member": member, "achievement": achievement, "day": day}
    ).fetchall()
    return [
        Recognition(
            by,
            agreement,
            mutual,
            content["purpose"],
            content["outcome"],
            Decimal(str(content["ectsRatio"])),
            content.get("towards"),
            begin,
            end,
        )
        for by, agreement, mutual, text, begin, end in rows
        for content in [contents.read(text)]
    ]
