"""Applicants of cases: read for many cases at once, and found by name.

Names are encrypted under each applicant's own key, so a search decrypts cases one after another. It reads at most
`MAX_SEARCHED`, and says whether it read all.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.values.persons import comparison_key, differences
from registry.vault.openings import no_openings
from registry.vault.vault import Vault, retry_read

MAX_SEARCHED: Final = 10_000
"""The number of cases that one search decrypts at most, the newest first."""
_CHUNK: Final = 500
_CLOSED: Final = ("withdrawn", "closed")


class Search(NamedTuple):
    """The result of a search by name: the cases, and whether all cases were read."""

    cases: list[str]
    complete: bool


class PersonCase(NamedTuple):
    """A case of the same person that is not closed."""

    case: str
    file_number: str
    state: str
    learner: str
    same_learner: bool
    """True if the learner is the same; else only the name and the date of birth agree."""


def read_applicants(cursor: Cursor[DictRow], vault: Vault, cases: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the applicants of these cases, as the applications describe them, without those who were erased."""
    return retry_read(lambda: _read_applicants(cursor, vault, cases))


def name_of(person: Mapping[str, str]) -> str:
    """Return a person's name as a list shows it: the family name first."""
    family_name, given_name = person.get("familyName", ""), person.get("givenName", "")
    return f"{family_name}, {given_name}" if family_name and given_name else family_name or given_name


def find_by_name(cursor: Cursor[DictRow], vault: Vault, text: str) -> Search:
    """Return the cases whose applicant's name has, for each word of `text`, another word that begins with it.

    Case, accents, punctuation and the order of the words do not count.
    """
    words = comparison_key(text).split()
    if not words:
        return Search([], complete=True)
    identifiers, complete = _newest(cursor, every_state=True)
    matches = []
    for case, person in _in_chunks(cursor, vault, identifiers):
        if _begin_with(comparison_key(name_of(person)).split(), words):
            matches.append(case)
    usable = cursor.execute(
        "SELECT id::text FROM office.cases WHERE id = ANY(%s::uuid[])"
        " AND learner NOT IN (SELECT learner FROM privacy.restrictions WHERE lifted IS NULL)",
        (matches,),
    ).fetchall()
    listed = {row["id"] for row in usable}  # finding a person by name is a use of their data
    return Search([case for case in matches if case in listed], complete)


def _begin_with(name: Sequence[str], words: Sequence[str]) -> bool:
    """Return whether each of some words begins a different part of a name."""
    parts = list(name)
    for word in sorted(words, key=len, reverse=True):  # a longer word has fewer parts to choose from
        part = next((part for part in parts if part.startswith(word)), None)
        if part is None:
            return False
        parts.remove(part)
    return True


def open_cases_of(cursor: Cursor[DictRow], vault: Vault, learner: str, person: Mapping[str, str]) -> list[PersonCase]:
    """Return the open cases of this learner, and of anybody with the same whole name and date of birth."""
    rows = cursor.execute(
        "SELECT id::text, file_number, state, learner::text FROM office.cases WHERE learner = %s AND state <> ALL(%s)"
        " ORDER BY file_number",
        (learner, list(_CLOSED)),
    ).fetchall()
    cases = {row["id"]: _person_case(row, same_learner=True) for row in rows}
    name, born = _sorted_name(person), person.get("dateOfBirth", "")
    if name and born:
        identifiers, _ = _newest(cursor, every_state=False)
        same = [case for case, other in _in_chunks(cursor, vault, identifiers) if is_same_person(person, other)]
        numbers = cursor.execute(
            "SELECT id::text, file_number, state, learner::text FROM office.cases WHERE id = ANY(%s::uuid[])"
            " ORDER BY file_number",
            (same,),
        ).fetchall()
        for row in numbers:
            cases.setdefault(row["id"], _person_case(row, same_learner=False))
    return list(cases.values())


def _person_case(row: DictRow, *, same_learner: bool) -> PersonCase:
    return PersonCase(row["id"], row["file_number"], row["state"], row["learner"], same_learner)


def is_same_person(person: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Return whether two have the same whole name, its words in any order, and the same date of birth."""
    if not _sorted_name(person) or _sorted_name(person) != _sorted_name(other):
        return False
    return bool(person.get("dateOfBirth") and other.get("dateOfBirth")) and not differences(person, other)


def _sorted_name(person: Mapping[str, str]) -> list[str]:
    return sorted(comparison_key(name_of(person)).split())


def _newest(cursor: Cursor[DictRow], *, every_state: bool) -> tuple[list[str], bool]:
    """Return the newest cases, and whether they are all."""
    rows = cursor.execute(
        "SELECT id::text FROM office.cases WHERE %s OR state <> ALL(%s) ORDER BY opened DESC, id LIMIT %s",
        (every_state, list(_CLOSED), MAX_SEARCHED + 1),
    ).fetchall()
    return [row["id"] for row in rows[:MAX_SEARCHED]], len(rows) <= MAX_SEARCHED


def _in_chunks(cursor: Cursor[DictRow], vault: Vault, cases: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    applicants: list[tuple[str, dict[str, str]]] = []
    for start in range(0, len(cases), _CHUNK):
        with no_openings():  # names are compared here; those that match are read again to be shown
            applicants += read_applicants(cursor, vault, cases[start : start + _CHUNK]).items()
    return applicants


def _read_applicants(cursor: Cursor[DictRow], vault: Vault, cases: Sequence[str]) -> dict[str, dict[str, str]]:
    rows = cursor.execute(
        "SELECT c.id::text, c.learner::text, l.key, l.person FROM office.cases c JOIN vault.learners l USING (learner)"
        " WHERE c.id = ANY(%s::uuid[])",
        (list(cases),),
    ).fetchall()
    learners = {row["id"]: vault.unwrap(row["learner"], row["key"]) for row in rows}
    people: dict[str, dict[str, str]] = {
        row["id"]: vault.open(learners[row["id"]], "person", row["person"]) for row in rows
    }
    texts = cursor.execute(
        "SELECT id::text, case_id::text, sealed FROM office.texts WHERE case_id = ANY(%s::uuid[])"
        " AND kind = 'applicant' ORDER BY written, id",
        (list(cases),),
    ).fetchall()
    for text in texts:
        learner = learners.get(text["case_id"])
        if learner is None:
            continue
        stated: Any = vault.open(learner, f"case {text['case_id']} {text['id']}", text["sealed"])
        people[text["case_id"]] = people[text["case_id"]] | stated
    return people
