"""Merging two learners who are one person, and splitting one learner who is two.

One person proposes the change and sees its effect; another confirms it. Each credential concerned is revoked and issued
again to the right learner, all in one transaction with the links from old to new, which are in the vault
alone: on the log a credential cannot replace another learner's.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg import Cursor
from psycopg.rows import DictRow

from registry.application.acting import list_journal_rows
from registry.application.registry import Registry
from registry.application.requests import IssueRequest
from registry.application.restricted import refuse_restricted
from registry.domain.credential import Credential
from registry.domain.errors import Duplicate, IllegalTransition
from registry.learners.change import (
    CannotChange,
    Change,
    Kind,
    Move,
    Preview,
    ProposedChange,
    SamePerson,
    StalePreview,
    Stay,
    UnknownChange,
)
from registry.learners.moves import ConfirmedChange, Issue, Party, find_merge_targets, read_issued_data, read_records
from registry.learners.numbers import find_learner
from registry.learners.own_decisions import find_cases, find_own_decisions
from registry.values.actors import person_of
from registry.values.persons import PERSON, contradictions, normalise_identifier, normalise_name
from registry.vault.vault import random_id
from registry.wire.today import utc_today

MAX_CREDENTIALS: Final = 1_000
"""The most credentials that a learner who is merged or split may have."""
MAX_OPEN: Final = 1_000
"""The most changes that may wait for confirmation."""
ReliedOn = Callable[[Sequence[str]], Mapping[str, str]]
"""Says in words what in the views rests on each of this university's credentials; leaves out those without any."""
_STATUS_STAYS: Final = {"suspended": "it is suspended: reinstate it first, or revoke it"}


class _Plan(msgspec.Struct):
    """A change as it was proposed, stored under the source's key."""

    kind: Kind
    source: str
    target: str
    target_is_new: bool
    credentials: list[str] | None
    person: dict[str, Any]
    """The person of a new target."""
    takes_number: bool


class LearnerChanges:
    """The changes to learners of one university."""

    def __init__(self, registry: Registry, relied_on: ReliedOn) -> None:
        self._registry = registry
        self._vault = registry.vault
        self._relied_on = relied_on

    def propose_merge(self, source: str, target: str, by: str) -> ProposedChange:
        """Propose to merge a learner into another one, who is the same person. Raises `Refusal`."""
        if source == target:
            raise CannotChange("a learner is not merged into themselves", "target")
        self._party(source)
        self._party(target)
        plan = _Plan("merge", source, target, target_is_new=False, credentials=None, person={}, takes_number=True)
        return self._propose(plan, by)

    def propose_split(
        self, source: str, credentials: Sequence[str], student: str, stated: Mapping[str, str], by: str
    ) -> ProposedChange:
        """Propose that some of a learner's credentials become those of another person, with their own number.

        A number that leads to nobody, or to the source itself, makes a new learner. Their name and birth date are
        `stated`, or those that the credentials name. Raises `Refusal`.
        """
        self._party(source)
        student = normalise_identifier(student)
        owner = find_learner(self._registry, student)
        chosen = sorted(set(credentials))
        if not chosen:
            raise CannotChange("name at least one credential of the other person", "credentials")
        if owner is not None and owner.learner.learner != source:
            if stated:
                raise CannotChange("that number has a learner already; leave name and birth date out", "student")
            target, person, is_new = owner.learner.learner, {}, False
        else:
            target, person, is_new = random_id(), self._person_of(source, chosen, stated, student), True
        takes_number = is_new and owner is not None
        return self._propose(_Plan("split", source, target, is_new, chosen, person, takes_number), by)

    def _person_of(
        self, source: str, credentials: Sequence[str], stated: Mapping[str, str], student: str
    ) -> dict[str, str]:
        """Return the person of a split's new learner, checked as a row's would be."""
        records = {record.credential: record for record in read_records(self._registry, self._party(source))}
        named: dict[str, str] = {}
        for credential in credentials:
            if (record := records.get(credential)) is None:
                continue  # the preview refuses it
            claims = record.read_claims(self._registry)
            if not stated and contradictions(named, claims):
                raise CannotChange("these credentials name more than one person; give the name and birth date", "name")
            named |= {name: claims[name] for name in PERSON if isinstance(claims.get(name), str)}
        person = {name: normalise_name(value) for name, value in (dict(stated) or named).items() if value}
        request = IssueRequest(
            "split",
            "",
            None,
            student,
            person.get("familyName", ""),
            person.get("givenName", ""),
            person.get("dateOfBirth", ""),
            utc_today().isoformat(),
        )
        if (fault := request.fault()) is not None:
            raise CannotChange(f"{fault[0]} {fault[1]}", fault[0])
        return request.person()

    def _party(self, learner: str) -> Party:
        stored = self._vault.read_learner(self._registry.cursor(), learner)
        if stored is None:
            raise CannotChange(f"this university has no learner {learner}, or has erased them", "learner")
        refuse_restricted(self._registry.cursor(), learner, "learner")
        if (target := find_merge_targets(self._registry.cursor(), [learner]).get(learner)) is not None:
            raise CannotChange(f"learner {learner} was merged into {target}; name that one", "learner")
        return Party(stored.learner, stored.person, stored.sealed)

    def _propose(self, plan: _Plan, by: str) -> ProposedChange:
        preview = self._preview(plan)
        if not preview.moves and plan.kind == "split":
            raise CannotChange(
                "none of these credentials can be moved: "
                + "; ".join(f"{stay.credential}: {stay.why}" for stay in preview.stays),
                "credentials",
            )
        change = random_id()
        source = self._party(plan.source)
        sealed = self._vault.seal(source.learner, f"change {change}", msgspec.to_builtins(plan))
        with self._registry.cursor() as cursor, cursor.connection.transaction():
            self._insert(cursor, change, plan, preview, sealed, by)
            for row in list_journal_rows([plan.source]):
                row.write(cursor)
        return ProposedChange(change, preview)

    def _insert(
        self, cursor: Cursor[DictRow], change: str, plan: _Plan, preview: Preview, sealed: bytes, by: str
    ) -> None:
        """Store a proposed change. Raises `CannotChange` where too many wait."""
        added = cursor.execute(
            "INSERT INTO vault.learner_changes"
            " (change, kind, source, target, preview, sealed, proposed_by, proposed, moves)"
            " SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s"
            " WHERE (SELECT count(*) FROM vault.learner_changes WHERE confirmed IS NULL) < %s",
            (
                change,
                plan.kind,
                plan.source,
                plan.target,
                self._digest(preview),
                sealed,
                by,
                datetime.now(UTC),
                len(preview.moves),
                MAX_OPEN,
            ),
        )
        if added.rowcount != 1:
            raise CannotChange(f"{MAX_OPEN:,} changes wait to be confirmed; confirm or drop some", "change")

    def _digest(self, preview: Preview) -> bytes:
        return self._vault.digest(msgspec.json.encode(preview))

    def review(self, change: str, by: str) -> Preview | None:
        """Return the preview of a change that somebody is about to confirm; None if it was confirmed before.

        Raises `UnknownChange`, `SamePerson`, `StalePreview`, `CannotChange`.
        """
        row = (
            self._registry.cursor()
            .execute("SELECT preview, proposed_by, confirmed FROM vault.learner_changes WHERE change = %s", (change,))
            .fetchone()
        )
        if row is None:
            raise UnknownChange(f"no change {change} was proposed; `registry learner changes` lists them", "change")
        if row["confirmed"] is not None:
            return None
        cursor = self._registry.cursor()
        if person_of(cursor, row["proposed_by"]) == person_of(cursor, by):
            raise SamePerson(f"{by} proposed this change; somebody else confirms it", "by")
        preview = self._preview(self._read_plan(change))
        if self._digest(preview) != bytes(row["preview"]):
            raise StalePreview("something has changed since this was proposed; propose it again", "change")
        return preview

    def preview(self, change: str) -> Preview:
        """Return the effect that a change would have now. Raises `UnknownChange`, `Refusal`."""
        return self._preview(self._read_plan(change))

    def _read_plan(self, change: str) -> _Plan:
        row = (
            self._registry.cursor()
            .execute("SELECT source::text, sealed FROM vault.learner_changes WHERE change = %s", (change,))
            .fetchone()
        )
        if row is None:
            raise UnknownChange(f"no change {change} was proposed; `registry learner changes` lists them", "change")
        source = self._party(row["source"])
        return msgspec.convert(self._vault.open(source.learner, f"change {change}", row["sealed"]), _Plan)

    def _preview(self, plan: _Plan) -> Preview:
        source = self._party(plan.source)
        target_person = plan.person if plan.target_is_new else self._party(plan.target).person
        records = {record.credential: record for record in read_records(self._registry, source)}
        if len(records) > MAX_CREDENTIALS:
            raise CannotChange(f"the learner has more than {MAX_CREDENTIALS:,} credentials", "learner")
        chosen = list(records) if plan.credentials is None else plan.credentials
        if unknown := [credential for credential in chosen if credential not in records]:
            raise CannotChange(f"credential {unknown[0]} is not one of learner {plan.source}", "credentials")
        chosen = list({*chosen, *self._moved_before(chosen) & records.keys()})
        relied_on = {
            **self._relied_on(chosen),
            **find_own_decisions(self._registry, chosen),
            **find_cases(self._registry, chosen),
        }
        moves: list[Move] = []
        stays: list[Stay] = []
        history: list[str] = []
        for identifier in sorted(chosen):
            credential = self._registry.credentials.get(identifier)
            if credential.state.status in ("revoked", "replaced"):
                history.append(identifier)
            elif (why := self._find_objection(credential, relied_on.get(identifier))) is not None:
                stays.append(Stay(identifier, why))
            else:
                data = read_issued_data(self._registry, identifier)
                moves.append(Move(identifier, data.achievement, data.version, data.awarding_date, credential.version))
        return Preview(
            plan.kind,
            plan.source,
            plan.target,
            plan.target_is_new,
            _select_person(source.person),
            _select_person(target_person),
            contradictions(target_person, source.person),
            plan.takes_number,
            moves,
            stays,
            history,
        )

    def _moved_before(self, credentials: Sequence[str]) -> set[str]:
        """Return the credentials that earlier changes replaced by these: they are the same person's."""
        rows = self._registry.cursor().execute(
            "SELECT old::text FROM vault.moved_credentials WHERE new = ANY(%s::uuid[])", (list(credentials),)
        )
        return {row["old"] for row in rows.fetchall()}

    def _find_objection(self, credential: Credential, relied_on: str | None) -> str | None:
        if (why := _STATUS_STAYS.get(credential.state.status)) is not None:
            return why
        if relied_on is not None:
            return relied_on
        if read_issued_data(self._registry, str(credential.id)).parts:
            return "it has parts: issue it again by hand, with the parts that the right learner has"
        if self._registry.achievements.get(credential.state.achievement).state.retired:
            return "its achievement is retired, so that it cannot be issued again"
        return None

    def confirm(self, change: str, by: str) -> tuple[Change, Preview | None]:
        """Let a change take effect, all of it or nothing. What was confirmed before is returned as it is.

        The preview is None if somebody confirmed the change before, or at the same time. Raises `UnknownChange`,
        `SamePerson`, `StalePreview`, `NotAccepted` where consumers would refuse the events, and `Duplicate` where
        somebody changed something at that moment.
        """
        try:
            if (preview := self.review(change, by)) is not None:
                self._carry_out(change, self._read_plan(change), preview, by)
        except (CannotChange, Duplicate, IllegalTransition, StalePreview):
            if self.get(change).confirmed is None:
                raise
            preview = None
        return self.get(change), preview

    def _carry_out(self, change: str, plan: _Plan, preview: Preview, by: str) -> None:
        registry = self._registry
        source = self._party(plan.source)
        if plan.target_is_new:
            target = Party(self._vault.new_learner_with_id(plan.target), plan.person)
        else:
            target = self._party(plan.target)
        achievements = {move.achievement: registry.achievements.get(move.achievement) for move in preview.moves}
        issues: list[Issue] = []
        credentials: list[Credential] = []
        records = {record.credential: record for record in read_records(registry, source)}
        for move in preview.moves:
            old = registry.credentials.get(move.credential)
            if old.version != move.stored_version:
                raise StalePreview(f"credential {move.credential} has changed; propose it again", "change")
            issue = Issue.prepare(registry, records[move.credential], target)
            old.revoke("issuedInError")
            new = Credential.issue(issue.data, achievements[move.achievement].state, None)
            credentials += [old, new]
            issues.append(issue)
        credentials.sort(key=lambda credential: str(credential.id))  # so the log does not show who became whom
        rows = ConfirmedChange(
            self._vault, change, plan.kind, by, source, target, list(records), issues, preview.history,
            takes_number=plan.takes_number,
        )  # fmt: skip
        with registry.transaction() as transaction:
            transaction.add(rows)
            transaction.save(*credentials)
            transaction.expect({achievement.id: achievement.version for achievement in achievements.values()})
            transaction.conflict = Duplicate("one of these credentials was changed just now; look again")
            transaction.commit()

    def drop(self, change: str) -> None:
        """Delete a change that nobody has confirmed. Raises `UnknownChange`."""
        deleted = self._registry.cursor().execute(
            "DELETE FROM vault.learner_changes WHERE change = %s AND confirmed IS NULL", (change,)
        )
        if deleted.rowcount != 1:
            raise UnknownChange(f"no change {change} waits to be confirmed", "change")

    def get(self, change: str) -> Change:
        """Return a change. Raises `UnknownChange`."""
        rows = self._read(change, None, 1)
        if not rows:
            raise UnknownChange(f"no change {change} was proposed", "change")
        return rows[0]

    def list_changes(self, learner: str | None = None, limit: int = 500) -> list[Change]:
        """Return the changes of a learner, or all of them, the newest first."""
        return self._read(None, learner, limit)

    def _read(self, change: str | None, learner: str | None, limit: int) -> list[Change]:
        rows = self._registry.cursor().execute(
            "SELECT change::text, kind, source::text, target::text, proposed_by, proposed, confirmed_by, confirmed,"
            " moves, coalesce((SELECT json_object_agg(old, new ORDER BY old) FROM vault.moved_credentials m"
            " WHERE m.change = c.change), '{}') AS credentials FROM vault.learner_changes c"
            " WHERE (%(change)s::uuid IS NULL OR change = %(change)s::uuid)"
            " AND (%(learner)s::uuid IS NULL OR %(learner)s::uuid IN (source, target))"
            " ORDER BY proposed DESC, change LIMIT %(limit)s",
            {"change": change, "learner": learner, "limit": limit},
        )
        return [Change(**row) for row in rows.fetchall()]


def _select_person(person: Mapping[str, Any]) -> dict[str, str]:
    return {name: person[name] for name in (*PERSON, "student") if person.get(name)}
