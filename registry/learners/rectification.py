"""Correcting a learner's name or date of birth in the vault. What was known before stays known as the same person's.

Credentials that were issued before keep what they say: each is corrected by one that replaces it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.held_row_decision import MAX_FORMER
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.domain.errors import Duplicate, Refusal
from registry.learners.erasure import UnknownLearner
from registry.values.formulas import begins_formula
from registry.values.persons import FORMERLY, NAMES, PERSON, doubtful_name, normalise_name
from registry.vault.shown_version import shown_version
from registry.vault.vault import KnownLearner, LearnerGone, Vault
from registry.vault.vault_rows import write_person
from registry.wire.today import utc_today


class InvalidPerson(Refusal):
    """The name or the date of birth cannot be right, or nothing differs from what is known."""

    code = "invalid-person"


class DoubtfulName(Refusal):
    """A name that is probably no person's name. The person who corrects it can confirm it."""

    code = "doubtful-name"


def person_version(vault: Vault, person: Mapping[str, Any]) -> str:
    """Return what stands for all that a person who corrects a learner has read of them."""
    shown = [person.get(name) for name in (*PERSON, "student")]
    return shown_version(vault, "person", shown)


def rectify(
    registry: Registry, learner: str, stated: Mapping[str, str], version: str, by: str, *, keep_text: bool = False
) -> None:
    """Replace a learner's names and date of birth. An empty name is one that the person does not have.

    `keep_text`: a name that looks wrong is right.

    Raises `UnknownLearner`, `InvalidPerson`, `DoubtfulName`, and `Duplicate` where the person has another `version`.
    """
    stored = registry.vault.read_learner(registry.cursor(), learner)
    if stored is None:
        raise UnknownLearner(f"this university has no learner {learner}, or has erased them", "$.learner")
    if person_version(registry.vault, stored.person) != version:
        raise Duplicate("this learner was changed since you read it; look again", "$.version")
    person = {name: value for name in PERSON if (value := normalise_name(stated.get(name, "")))}
    request = IssueRequest(
        "rectified", "", None, stored.person.get("student") or "rectified", person.get("familyName", ""),
        person.get("givenName", ""), person.get("dateOfBirth", ""), utc_today().isoformat(),
    )  # fmt: skip
    if (fault := request.fault()) is not None:
        raise InvalidPerson(f"{fault[0]} {fault[1]}", fault[0])
    for name in NAMES:
        if begins_formula(person.get(name, "")):
            raise InvalidPerson(f"{name} begins with a character that a spreadsheet would run as a formula", name)
        if not keep_text and (doubt := doubtful_name(person.get(name, ""))) is not None:
            raise DoubtfulName(f"{name} {doubt}", name)
    if person == {name: stored.person[name] for name in PERSON if stored.person.get(name)}:
        raise InvalidPerson("this is what is known already; nothing was changed", "family_name")
    try:
        registry.store_rows(_Rectified(registry.vault, stored, person, by))
    except LearnerGone as error:
        raise Duplicate("this learner was changed or erased just now; look again", "$.version") from error


class _Rectified:
    """The corrected person, to be written."""

    def __init__(self, vault: Vault, stored: KnownLearner, person: Mapping[str, str], by: str) -> None:
        self._vault = vault
        self._stored = stored
        self._person = person
        self._by = by
        self._now = datetime.now(UTC)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the person. Raises `LearnerGone` where it was changed meanwhile."""
        # A batch with rows of this learner commits before, or finds the change and is built again.
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        before = self._stored.person
        former = {name: before[name] for name in PERSON if before.get(name)}
        former |= {"until": self._now.isoformat(), "by": self._by}
        others = {name: value for name, value in before.items() if name not in (*NAMES, "dateOfBirth")}
        person = {**others, **self._person, FORMERLY: [*before.get(FORMERLY, ()), former][-MAX_FORMER:]}
        learner = self._stored.learner
        write_person(cursor, learner.learner, self._vault.seal(learner, "person", person), self._stored.sealed)
