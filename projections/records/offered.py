"""What is known of a credential that is offered for recognition: what it is of, who issued it, and how it is now.

Accreditation is held against the day of awarding, the level and the field. It stands in governance, and says what it
says by its own dates: an accreditation of today is none of the day when the credential was awarded.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec
from psycopg import Connection

from projections.credentials import credentials
from projections.credentials.credentials import CredentialView
from registry.wire.achievements import AchievementContent
from registry.wire.governance import Accreditation


class AccreditationView(msgspec.Struct, frozen=True, rename="camel"):
    """One of the issuer's accreditations, and whether it covers what is asked about."""

    accreditation: Accreditation
    covers: bool


class OfferedView(msgspec.Struct, frozen=True, rename="camel"):
    """A version of an achievement, its issuer, and, where one is asked about, the credential."""

    member: str
    country: str
    content: AchievementContent
    accreditations: list[AccreditationView]
    accredited: bool | None
    """Whether any covers it; None where governance says nothing of the issuer's accreditation."""
    leaf: int
    """Where in the issuer's log it stands: of the credential, or of the version."""
    credential: CredentialView | None


def of_credential(connection: Connection, member: str, credential: str) -> OfferedView | None:
    """A credential's. None where it is not known here."""
    found = credentials.read(connection, [(member, credential)])
    if not found:
        return None
    [one] = found
    version = of_version(connection, member, one.achievement, one.version, one.awarding_date)
    return None if version is None else msgspec.structs.replace(version, leaf=one.leaf, credential=one)


def of_version(connection: Connection, member: str, achievement: str, version: int, day: date) -> OfferedView | None:
    """A version's, awarded on a day. None where it is not known here."""
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
        AccreditationView(one, covers(one, content.eqf_level, content.fields_of_education, day))
        for one in _accreditations(about)
    ]
    accredited = any(one.covers for one in accreditations) if accreditations else None
    return OfferedView(member, country, content, accreditations, accredited, leaf, None)


def covers(accreditation: Accreditation, level: int | None, fields: Iterable[str], day: date) -> bool:
    """Whether it was valid on that day, not negative, and for this level and one of these fields.

    An accreditation that names no level or field is for all of them; a shorter code covers the longer.
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
