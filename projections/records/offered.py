"""Read a credential that is offered for recognition: its achievement, its issuer and its present state.

Accreditations are checked for the day of awarding, the level and the field. Governance has them with their own dates:
an accreditation that is valid today may not have been when the credential was awarded.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from psycopg import Connection

from projections.credentials import credentials
from projections.credentials.credentials import CredentialView
from projections.relations.reach import Key
from registry.wire.achievements import AchievementContent
from registry.wire.governance import Accreditation


class AccreditationView(msgspec.Struct, frozen=True, rename="camel"):
    """One of the issuer's accreditations, and whether it covers the achievement on that day."""

    accreditation: Accreditation
    covers: bool


class OfferedView(msgspec.Struct, frozen=True, rename="camel"):
    """A version of an achievement, its issuer, and the credential if there is one."""

    member: str
    country: str
    content: AchievementContent
    accreditations: list[AccreditationView]
    accredited: bool | None
    """True if any accreditation covers it; None if governance has none of the issuer."""
    leaf: int
    """The leaf of the credential, or else of the version, in the issuer's log."""
    credential: CredentialView | None


def of_credentials(connection: Connection, keys: Sequence[Key]) -> dict[Key, OfferedView]:
    """Return credentials with their achievements and issuers; those that are not known here are left out."""
    versions: dict[tuple[str, str, int, date], OfferedView | None] = {}
    offered = {}
    for view in credentials.read(connection, keys):
        awarded = view.member, view.achievement, view.version, view.awarding_date
        if awarded not in versions:
            versions[awarded] = of_version(connection, *awarded)
        if (version := versions[awarded]) is not None:
            offered[view.member, view.credential] = msgspec.structs.replace(version, leaf=view.leaf, credential=view)
    return offered


def of_credential(connection: Connection, member: str, credential: str) -> OfferedView | None:
    """Return a credential with its achievement and issuer; None if it is not known here."""
    return of_credentials(connection, [(member, credential)]).get((member, credential))


def of_version(connection: Connection, member: str, achievement: str, version: int, day: date) -> OfferedView | None:
    """Return a version that is awarded on a day, with its issuer; None if it is not known here."""
    row = connection.execute(
        "SELECT v.content::text, v.leaf, m.country, m.content FROM achievement_versions v"
        " JOIN members m ON m.member = v.member WHERE v.member = %s AND v.achievement = %s AND v.version = %s",
        (member, achievement, version),
    ).fetchone()
    if row is None:
        return None
    text, leaf, country, about = row
    content = msgspec.json.decode(text, type=AchievementContent)
    accreditations = [
        AccreditationView(accreditation, covers(accreditation, content.eqf_level, content.fields_of_education, day))
        for accreditation in _accreditations(about)
    ]
    accredited = any(view.covers for view in accreditations) if accreditations else None
    return OfferedView(member, country, content, accreditations, accredited, leaf, None)


def covers(accreditation: Accreditation, level: int | None, fields: Iterable[str], day: date) -> bool:
    """Return whether an accreditation was valid on a day, is not negative, and covers the level and one of the fields.

    An accreditation that names no level, or no field, is for all. A shorter code covers longer ones.
    """
    until = accreditation.valid_until
    if not accreditation.valid_from <= day.isoformat() or (until is not None and until < day.isoformat()):
        return False
    if accreditation.decision.casefold().startswith(("negative", "refus", "withdrawn")):
        return False
    if accreditation.eqf_levels and level is not None and level not in accreditation.eqf_levels:
        return False
    named = accreditation.fields_of_education
    return not named or any(field.startswith(code) for field in fields for code in named)


def _accreditations(content: dict[str, Any]) -> list[Accreditation]:
    return msgspec.convert(content.get("accreditations", []), list[Accreditation])
