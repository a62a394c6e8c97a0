"""Programme profiles: the requirements of the office's programmes, in its own words. They are private.

With profiles, an office that publishes no achievements can state what it compares credentials with. A profile is about
a programme, never about a person.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.domain.case_errors import UnknownProfile
from registry.office.assessments.offered import Requirement
from registry.values.persons import comparison_key
from registry.wire.errors import InvalidEvent
from registry.wire.forms import Checker, checker

MAX_PROFILES: Final = 2_000
ProfileName = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Profile(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A programme's name and its requirement."""

    name: ProfileName
    requirement: Requirement


class StoredProfile(msgspec.Struct, frozen=True, rename="camel"):
    """A stored profile, and who changed it last."""

    name: str
    requirement: Requirement
    changed: datetime
    by: str


class ProfileRow(NamedTuple):
    """The row of a profile, to be written in the transaction of its request."""

    name: str
    requirement: Requirement | None
    """None removes the profile."""
    by: str

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Store or remove the profile. Raises `InvalidEvent`, `UnknownProfile`."""
        if self.requirement is None:
            _remove(cursor, self.name)
        else:
            _save(cursor, Profile(self.name, self.requirement), self.by)


_check: Final[Checker] = checker(Profile) or (lambda _: None)


def _save(cursor: Cursor[DictRow], profile: Profile, by: str) -> None:
    """Store a profile in the place of one with the same name, without case and accents. Raises `InvalidEvent`."""
    if (fault := _check(profile)) is not None:
        raise InvalidEvent("schema", f"${fault[0]}", fault[1])
    key = comparison_key(profile.name)
    if not key:
        raise InvalidEvent("schema", "$.name", "the name needs a letter or a digit")
    row = cursor.execute("SELECT count(*) AS n FROM office.profiles WHERE key <> %s", (key,)).fetchone()
    if row is not None and row["n"] >= MAX_PROFILES:
        raise InvalidEvent("schema", "$.name", f"there are {MAX_PROFILES:,} profiles already; remove one first")
    cursor.execute(
        "INSERT INTO office.profiles (key, name, requirement, changed, by) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (key) DO UPDATE SET name = excluded.name, requirement = excluded.requirement,"
        " changed = excluded.changed, by = excluded.by",
        (key, profile.name, msgspec.json.encode(profile.requirement).decode(), datetime.now(UTC), by),
    )


def find_profile(cursor: Cursor[DictRow], name: str) -> StoredProfile | None:
    """Return the profile with this name, without case and accents; None where there is none."""
    row = cursor.execute(f"{_SELECT} WHERE key = %s", (comparison_key(name),)).fetchone()
    return None if row is None else _read(row)


def get_profile(cursor: Cursor[DictRow], name: str) -> StoredProfile:
    """Return the profile with this name. Raises `UnknownProfile`."""
    profile = find_profile(cursor, name)
    if profile is None:
        raise UnknownProfile(f"there is no profile {name!r}; `registry office profile list` shows them", "$.name")
    return profile


def list_profiles(cursor: Cursor[DictRow], limit: int = MAX_PROFILES) -> list[StoredProfile]:
    """Return the profiles in the order of their names."""
    return [_read(row) for row in cursor.execute(f"{_SELECT} ORDER BY key LIMIT %s", (limit,))]


def _remove(cursor: Cursor[DictRow], name: str) -> None:
    """Remove a profile; assessments keep the requirement that they used. Raises `UnknownProfile`."""
    get_profile(cursor, name)
    cursor.execute("DELETE FROM office.profiles WHERE key = %s", (comparison_key(name),))


_SELECT: Final = "SELECT name, requirement::text, changed, by FROM office.profiles"


def _read(row: dict[str, Any]) -> StoredProfile:
    requirement = msgspec.json.decode(row["requirement"], type=Requirement)
    return StoredProfile(row["name"], requirement, row["changed"], row["by"])
