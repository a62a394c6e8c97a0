"""Moving credentials from one learner to another: issuing them again, and changing the vault's rows."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.held_row_decision import MAX_FORMER
from registry.application.registry import Registry
from registry.application.requests import CLAIMS, IssueRequest
from registry.application.status_notes import move_notes
from registry.application.student_numbers import drop_number, release_number
from registry.domain.errors import Duplicate
from registry.values.persons import FORMERLY, PERSON
from registry.vault.vault import Learner, Vault, random_id
from registry.vault.vault_rows import VaultRows, write_person
from registry.wire.credentials import CredentialIssued
from registry.wire.disclosures import claims_digest, open_disclosures, salts

_FIELDS: Final = {"grade": "grade", "originalGrade": "original_grade", "nationalId": "national_id", "note": "note"}
"""Claims that are carried over, and the field of a request for each."""


class Party(NamedTuple):
    """One of the two learners of a change."""

    learner: Learner
    person: dict[str, Any]
    sealed: bytes = b""
    """The person as the vault's row has it, encrypted; empty for a learner who has none yet."""

    @property
    def is_new(self) -> bool:
        """True if the learner has no row yet."""
        return not self.sealed

    def __repr__(self) -> str:
        return f"Party({self.learner!r})"  # a person is never shown by accident


class Record(NamedTuple):
    """A row of the vault: a credential and its disclosures about the person."""

    credential: str
    disclosures: list[str]

    def __repr__(self) -> str:
        return f"Record({self.credential})"  # a person is never shown by accident

    def read_claims(self, registry: Registry) -> dict[str, Any]:
        """Return what the credential says of the person."""
        digest = read_issued_data(registry, self.credential).claims
        return open_disclosures(digest, self.disclosures) if digest is not None else {}


def read_records(registry: Registry, party: Party) -> list[Record]:
    """Return the vault's records of a learner, in the order of their credentials."""
    rows = (
        registry.cursor()
        .execute(
            "SELECT credential::text, sealed FROM vault.records WHERE learner = %s ORDER BY credential",
            (party.learner.learner,),
        )
        .fetchall()
    )
    vault = registry.vault
    return [Record(row["credential"], vault.open(party.learner, row["credential"], row["sealed"])) for row in rows]


def read_issued_data(registry: Registry, credential: str) -> CredentialIssued:
    """Return the data with which this university issued a credential."""
    [first] = registry.recorder.select_events(UUID(credential), limit=1)
    event: Any = registry.mapper.to_domain_event(first)
    data = event.data
    assert isinstance(data, CredentialIssued)  # noqa: S101 - a credential begins with its issuing
    return data


def find_merge_targets(
    cursor: Cursor[DictRow], learners: Collection[str], besides: str | None = None
) -> dict[str, str]:
    """Return the learner into whom each of these was merged. `besides` is a change that is left out of account."""
    rows = cursor.execute(
        "SELECT source::text, target::text FROM vault.learner_changes WHERE kind = 'merge' AND confirmed IS NOT NULL"
        " AND source = ANY(%s::uuid[]) AND change IS DISTINCT FROM %s::uuid",
        (list(learners), besides),
    )
    return {row["source"]: row["target"] for row in rows.fetchall()}


class Issue(NamedTuple):
    """A credential that is issued in the place of another."""

    old: str
    old_disclosures: list[str]
    data: CredentialIssued
    disclosures: list[str]

    def __repr__(self) -> str:
        return f"Issue({self.old}, {self.data.credential})"  # a person is never shown by accident

    @classmethod
    def prepare(cls, registry: Registry, record: Record, target: Party) -> "Issue":
        """Return the credential to issue: the same award for the target's person, with the grades of the old one."""
        before, claims = read_issued_data(registry, record.credential), record.read_claims(registry)
        carried = {field: claims[name] for name, field in _FIELDS.items() if isinstance(claims.get(name), str)}
        request = IssueRequest(
            f"moved {record.credential}",
            before.achievement,
            before.version,
            target.person.get("student", ""),
            target.person.get("familyName", ""),
            target.person.get("givenName", ""),
            target.person.get("dateOfBirth", ""),
            before.awarding_date,
            valid_until=before.valid_until,
            **carried,
        )
        disclosures = request.disclosures(salts(len(CLAIMS)), 0)
        data = msgspec.structs.replace(
            before,
            credential=random_id(),
            learner=target.learner.learner,
            replaces=None,
            claims=claims_digest(disclosures),
        )
        return cls(record.credential, record.disclosures, data, disclosures)


class ConfirmedChange:
    """The rows of the vault that a confirmed change writes, in one transaction with its events."""

    def __init__(
        self,
        vault: Vault,
        change: str,
        kind: str,
        by: str,
        source: Party,
        target: Party,
        credentials: Collection[str],
        issues: Sequence[Issue],
        history: Sequence[str],
        *,
        takes_number: bool,
    ) -> None:
        """`credentials` are all that the source had when the change was previewed."""
        self._vault = vault
        self._change, self._kind, self._by = change, kind, by
        self._source, self._target = source, target
        self._credentials = set(credentials)
        self._issues = issues
        self._history = sorted(history)
        self._takes_number = takes_number
        self._now = datetime.now(UTC)

    def write(self, cursor: Cursor[DictRow]) -> None:
        """Write the change. Raises `Duplicate` where somebody else changed something meanwhile."""
        # A batch with rows of one of the two commits before, or finds the change and is built again.
        cursor.execute("LOCK TABLE registry_events IN EXCLUSIVE MODE")
        confirmed = cursor.execute(
            "UPDATE vault.learner_changes SET confirmed_by = %s, confirmed = %s"
            " WHERE change = %s AND confirmed IS NULL",
            (self._by, self._now, self._change),
        ).rowcount
        source, target = self._source.learner, self._target.learner
        rows = cursor.execute(
            "SELECT credential::text, record, content FROM vault.records WHERE learner = %s FOR UPDATE",
            (source.learner,),
        ).fetchall()
        records = {row["credential"]: row for row in rows}
        if confirmed != 1 or set(records) != self._credentials or not self._are_as_read(cursor):
            raise Duplicate("one of these learners was changed just now; look again")
        if self._target.is_new:
            self._add_target(cursor)
        if self._kind == "merge":
            self._merge(cursor)
        for issue in self._issues:
            self._move(cursor, issue.old, issue.old_disclosures)
        self._move_history(cursor)
        new = VaultRows()
        for issue in self._issues:
            # The university's row leads to the newest credential from now on, even if the other learner is erased.
            row = records[issue.old]
            cursor.execute(
                "UPDATE vault.records SET record = %s WHERE credential = %s",
                (self._vault.hash_for_lookup("moved", issue.old), issue.old),
            )
            sealed = self._vault.seal(target, issue.data.credential, issue.disclosures)
            new.add_record(row["record"], row["content"], issue.data.credential, target.learner, sealed)
        new.write(cursor)
        self._link(cursor)

    def _are_as_read(self, cursor: Cursor[DictRow]) -> bool:
        """Return whether both learners are stored with the persons that were read, and neither was merged since."""
        read = {party.learner.learner: party.sealed for party in (self._source, self._target) if not party.is_new}
        rows = cursor.execute(
            "SELECT learner::text, person FROM vault.learners WHERE learner = ANY(%s::uuid[]) FOR UPDATE",
            (list(read),),
        ).fetchall()
        if {row["learner"]: row["person"] for row in rows} != read:
            return False
        return not find_merge_targets(cursor, list(read), besides=self._change)

    def _add_target(self, cursor: Cursor[DictRow]) -> None:
        """Add the new learner of a split. Their number has led to nobody, or to the source, until now."""
        vault, learner, person = self._vault, self._target.learner, self._target.person
        student = vault.hash_for_lookup("student", person["student"])
        if self._takes_number:
            owner = vault.find_learners(cursor, [student]).get(student)
            if owner is None or owner.learner.learner != self._source.learner.learner:
                raise Duplicate("the student number belongs to somebody else now; look again")
            former = drop_number(owner.person, person["student"], self._by, self._now)
            write_person(cursor, owner.learner.learner, vault.seal(owner.learner, "person", former), owner.sealed)
            release_number(cursor, vault, student, owner.learner.learner)
        cursor.execute(
            "INSERT INTO vault.learners (learner, student, key, person) VALUES (%s, %s, %s, %s)",
            (learner.learner, student, vault.wrap(learner), vault.seal(learner, "person", person)),
        )

    def _merge(self, cursor: Cursor[DictRow]) -> None:
        """Let the source's numbers lead to the target, and store the source's description as the same person's."""
        source, target = self._source, self._target
        cursor.execute(
            "UPDATE vault.further_numbers SET learner = %s WHERE learner = %s",
            (target.learner.learner, source.learner.learner),
        )
        number = source.person.get("student")
        if number:
            row = cursor.execute(
                "SELECT student FROM vault.learners WHERE learner = %s", (source.learner.learner,)
            ).fetchone()
            assert row is not None  # noqa: S101 - its rows are locked
            release_number(cursor, self._vault, row["student"], source.learner.learner)
            cursor.execute(
                "INSERT INTO vault.further_numbers (student, learner) VALUES (%s, %s)",
                (row["student"], target.learner.learner),
            )
        former = {name: source.person[name] for name in PERSON if source.person.get(name)}
        former |= {"until": self._now.isoformat(), "by": self._by}
        formerly = [*target.person.get(FORMERLY, ()), *source.person.get(FORMERLY, ()), former]
        person = {**target.person, FORMERLY: formerly[-MAX_FORMER:]}
        if number:
            person.setdefault("student", number)
        sealed = self._vault.seal(target.learner, "person", person)
        write_person(cursor, target.learner.learner, sealed, target.sealed)

    def _move(self, cursor: Cursor[DictRow], credential: str, disclosures: list[str]) -> None:
        """Seal an old credential's disclosures and notes under the target's key."""
        target = self._target.learner
        cursor.execute(
            "UPDATE vault.records SET learner = %s, sealed = %s WHERE credential = %s",
            (target.learner, self._vault.seal(target, credential, disclosures), credential),
        )
        move_notes(self._vault, cursor, credential, self._source.learner, target)

    def _move_history(self, cursor: Cursor[DictRow]) -> None:
        for credential in self._history:
            self._move(cursor, credential, self._vault.read_disclosures(cursor, credential))

    def _link(self, cursor: Cursor[DictRow]) -> None:
        for issue in self._issues:
            # A credential that was moved before leads to the newest one.
            cursor.execute(
                "UPDATE vault.moved_credentials SET new = %s WHERE new = %s", (issue.data.credential, issue.old)
            )
            cursor.execute(
                "INSERT INTO vault.moved_credentials (old, new, change) VALUES (%s, %s, %s)",
                (issue.old, issue.data.credential, self._change),
            )
