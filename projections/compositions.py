"""Whether stacked credentials satisfy their achievements' compositions: read for all of them at once."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from psycopg import Connection

from projections import contents
from projections.stacks import Key
from registry.rules.compositions import Part, unmet
from registry.wire.achievements import Composition

UNMET: Final = "requirements-unmet"
"""The flag of a credential whose parts do not satisfy its composition."""


def unmet_requirements(connection: Connection, keys: Sequence[Key]) -> dict[Key, list[str]]:
    """What each of these credentials' parts do not satisfy, in words; those that satisfy all are left out."""
    stacked = connection.execute(_STACKED, ([key[0] for key in keys], [key[1] for key in keys])).fetchall()
    if not stacked:
        return {}
    parts: dict[Key, list[Part]] = {}
    rows: list[Any] = connection.execute(_PARTS, ([row[0] for row in stacked], [row[1] for row in stacked])).fetchall()
    for member, credential, *part in rows:
        parts.setdefault((member, credential), []).append(Part(*part))
    found: dict[Key, list[str]] = {}
    for member, credential, awarded, composition in stacked:
        key = member, credential
        asked = msgspec.convert(contents.read(composition), Composition)
        if breaches := unmet(asked, member, awarded, parts.get(key, ())):
            found[key] = [f"{breach.requirement}: {breach.detail}" for breach in breaches]
    return found


_STACKED = """
SELECT c.member, c.credential::text, c.awarding_date, (v.content -> 'composition')::text
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
JOIN credentials c USING (member, credential)
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
WHERE v.content ->> 'composition' IS NOT NULL
"""

_PARTS = """
SELECT p.member, p.credential::text, c.member, c.achievement::text, c.version, v.fields, v.eqf_level, p.ects,
       c.awarding_date, p.by_member IS NOT NULL,
       s.status <> 'replaced' AND EXISTS (
           SELECT FROM parts o JOIN credentials other USING (member, credential)
           WHERE o.part_member = p.part_member AND o.part_credential = p.part_credential
             AND (o.member, o.credential) <> (p.member, p.credential) AND other.status IN ('active', 'suspended'))
FROM unnest(%s::text[], %s::uuid[]) AS w (member, credential)
JOIN credentials s USING (member, credential)
JOIN parts p USING (member, credential)
JOIN credentials c ON c.member = p.part_member AND c.credential = p.part_credential
JOIN achievement_versions v
    ON v.member = c.member AND v.achievement = c.achievement AND v.version = c.version
ORDER BY p.member, p.credential, p.part
"""
